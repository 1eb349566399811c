import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { stationLoyalty } from "../../test/fakes/station-rig.ts";
import type { ActiveLoyalty } from "../config/loyalty.ts";
import { gatewayId } from "../core/brand.ts";
import type { JourneyEvent } from "../core/events.ts";
import { SILENT_LOG } from "../core/lifecycle.ts";
import { loadGatewayDocument } from "./config-files.ts";
import { openConsent } from "./consent/open-consent.ts";
import { type LoyaltyUnit, openLoyaltyUnit } from "./loyalty-unit.ts";
import { anchorOf, createSystemClock } from "./system-clock.ts";

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
const site = join(import.meta.dirname, "../../config/site.example.json");
const clock = createSystemClock();
const FACES_OFF = { jurisdiction: "off", station: { id: "desk" } };

/** Loyalty of a gateway on a state folder, with what a test changes of the section. */
async function open(
  change: Partial<Pick<ActiveLoyalty, "authority" | "keyLevel">> & {
    readonly station?: object;
    readonly isResting?: boolean;
  } = {},
  stateDir = mkdtempSync(join(tmpdir(), "vitrine-loyalty-unit-")),
  environment: Record<string, string> = { VITRINE_STATION_TOKEN: "token-of-the-station" },
) {
  folders.push(stateDir);
  const { authority = "gateway", keyLevel = "file", isResting = false, ...section } = change;
  const loyalty = { ...stationLoyalty(section), authority, keyLevel };
  const document = { gateway: { id: "gw-1" }, site, stateDir };
  const loaded = await loadGatewayDocument(document, join(stateDir, "gateway.yaml"));
  const unit = await openLoyaltyUnit({
    ...{ loaded, loyalty, isResting, environment, boot: "b", clock },
    ...{ log: SILENT_LOG, random: () => 0.5, outbox: { since: () => [] }, history: null },
    anchor: () => anchorOf(clock, "synced"),
    isClockAwaited: () => false,
  });
  const events: JourneyEvent[] = [];
  const ports = {
    onEvent: (event: JourneyEvent) => void events.push(event),
    record: (event: JourneyEvent) => events.push(event) > 0,
  };
  return { unit, events, ports, stateDir };
}

/** As staff does it on the command line. */
function revokeAll(stateDir: string): void {
  const { file, ledger } = openConsent({
    ...{ path: join(stateDir, "consent.db"), gatewayId: gatewayId("gw-1") },
    loyalty: stationLoyalty(FACES_OFF),
    time: {
      anchor: () => anchorOf(clock, "synced"),
      isAwaited: () => false,
      mono: () => clock.mono(),
    },
  });
  for (const grant of ledger.book.live())
    ledger.revoke({ subjectRef: grant.subjectRef, grants: [grant], by: "staff", ref: "staff-17" });
  file.close();
}

function joining(unit: LoyaltyUnit): {
  readonly code: string;
  readonly granted: readonly string[];
} {
  const { station } = unit;
  assert.ok(station !== undefined);
  const { purposes } = station.facts("en");
  const purpose = "loyalty-beacon";
  const sha256 = purposes.find((one) => one.purpose === purpose)?.sha256 ?? "";
  return station.join({ language: "en", isAdult: true, purposes: [{ purpose, sha256 }] });
}

test("what was agreed to before the gateway was put together is told once it is", async () => {
  const { unit, events, ports } = await open(FACES_OFF);
  const { granted } = joining(unit);
  assert.deepEqual(granted, ["loyalty-beacon"]);
  assert.deepEqual(events, []);
  unit.begin(ports);
  for (const { run } of unit.chores()) run();
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ["consent-recorded"],
  );
  assert.deepEqual([unit.health().live, unit.notices()], [1, []]);
  unit.close();
});

test("where loyalty was switched off nobody is recognised, and who takes a consent back is erased as ever", async () => {
  const first = await open(FACES_OFF);
  joining(first.unit);
  first.unit.close();
  const { unit, events, ports, stateDir } = await open(
    { ...FACES_OFF, isResting: true },
    first.stateDir,
  );
  unit.begin(ports);
  assert.deepEqual([unit.members, unit.station], [null, undefined]);
  assert.match(unit.notices().join(" "), /switched off/);
  assert.equal(unit.health().live, 1);
  revokeAll(stateDir);
  for (const { run } of unit.chores()) run();
  assert.equal(unit.health().live, 0);
  assert.ok(events.some(({ kind }) => kind === "consent-recorded"));
  unit.close();
});

test("a recognition goes where figures and visits are made, under a pseudonym", async () => {
  const { unit, events, ports } = await open(FACES_OFF);
  unit.begin(ports);
  const { code } = joining(unit);
  assert.equal(unit.station?.recognise(code).kind, "recognised");
  const told = events.filter((event) => event.kind === "shopper-recognised");
  assert.equal(told.length, 1);
  unit.close();
});

test("without a token there is no page, and with one that cannot be read that is said and nothing stops", async () => {
  const silent = await open(FACES_OFF, undefined, {});
  assert.deepEqual([silent.unit.station, silent.unit.notices()], [undefined, []]);
  silent.unit.close();
  const tokenFile = join(silent.stateDir, "no-such-token");
  const { unit } = await open({ ...FACES_OFF, station: { tokenFile } }, undefined, {});
  assert.equal(unit.station, undefined);
  assert.match(unit.notices().join("\n"), /There is no station.*CONFIG_UNREADABLE/);
  assert.ok(unit.services.length > 0, "members are found by what they carry all the same");
  unit.close();
  const guessable = await open(FACES_OFF, undefined, { VITRINE_STATION_TOKEN: "fifteen-letters" });
  assert.equal(guessable.unit.station, undefined);
  assert.match(guessable.unit.notices().join("\n"), /no station.*16 characters.*CONFIG_INVALID/);
  guessable.unit.close();
});

test("a ledger that cannot be opened, and a vault that is none, are said: nobody joins, nothing is thrown", async () => {
  const stateDir = mkdtempSync(join(tmpdir(), "vitrine-loyalty-unit-"));
  for (const name of ["consent.db", "template-keys.bin", "templates.bin", "members.db"])
    writeFileSync(join(stateDir, name), "this is no file of ours, ".repeat(400));
  const { unit, events, ports } = await open({}, stateDir);
  unit.begin(ports);
  assert.deepEqual(joining(unit).granted, []);
  for (const { run } of unit.chores()) run();
  assert.match(unit.notices().join("\n"), /CONSENT_LEDGER/);
  assert.equal(unit.health().refusal, "ledger-damaged");
  assert.ok(unit.health().code !== null);
  assert.deepEqual(events, []);
  assert.equal(unit.station?.forget("VL1").kind, "refused");
  unit.close();
});

test("until the centre sent the key of the templates that is said, and there is no key on the disk", async () => {
  const { unit, stateDir } = await open({ authority: "centre", keyLevel: "centre" });
  assert.match(unit.notices().join("\n"), /has not sent the key/);
  unit.close();
  assert.deepEqual(
    readdirSync(stateDir).filter((name) => name.includes("key")),
    [],
  );
  assert.equal(existsSync(join(stateDir, "members.db")), false);
});

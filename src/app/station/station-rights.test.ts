import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { StationRig, stationLoyalty } from "../../../test/fakes/station-rig.ts";
import { epochMs, gatewayId, monoMs, storeId, subjectRef, tenantId } from "../../core/brand.ts";
import { claimCodeOf } from "../../core/claim-code.ts";
import type { Refusal } from "../../core/consent.ts";
import { GatewayError } from "../../core/errors.ts";
import type { ShopperRecognised } from "../../core/events.ts";
import type { FaceConsent } from "../../face/station/station-ports.ts";
import { healthSchema } from "../../wire/health-message.ts";
import { consentHealth } from "../consent/consent-health.ts";
import { consentDocuments } from "../consent/documents/consent-documents.ts";
import type { Eraser } from "../consent/erasure-duty.ts";
import { createLogger } from "../logger.ts";
import { recognitionTeller } from "./recognition-teller.ts";
import { siteLooks } from "./site-looks.ts";
import { StationDesk, type StationDeskDeps } from "./station-desk.ts";

const ANN = 1;
const looks = (count: number, person = ANN) => Array.from({ length: count }, () => ({ person }));
const refused = (reason: Refusal, next: string) => ({ kind: "refused", reason, next });
const ann = subjectRef("AAAAAAAAAAAAAAAAAAAAAA");

/** What the page sends when somebody agrees to a purpose. */
function wishFor(rig: StationRig, purpose: "loyalty-beacon" | "loyalty-face" | "messages") {
  return { language: "en", isAdult: true, purpose, sha256: rig.sha256Of(purpose) } as const;
}

/** A consent to the face as the station notes it, and nothing else of an enrolment: the power went. */
function cutOff(rig: StationRig, code: string, proofRef = "station"): void {
  const granted = rig.consents.grant({
    ...{ tenantId: tenantId("acme"), subjectRef: rig.subjectOf(code), purpose: "loyalty-face" },
    notice: { id: "n", version: 1, language: "en", sha256: rig.sha256Of("loyalty-face") },
    proof: { kind: "screen", ref: proofRef },
    isMinor: false,
  });
  assert.ok(granted.ok);
}

test("a face is set up only beside a code that works, and who has no such code can agree to one", async () => {
  await using rig = new StationRig(looks(5));
  await rig.start();
  const { port } = rig.station;
  const face = [{ purpose: "loyalty-face", sha256: rig.sha256Of("loyalty-face") }] as const;
  const { code, granted } = port.join({ language: "en", isAdult: true, purposes: face });
  assert.deepEqual(granted, []);
  assert.deepEqual(await rig.enrol(code), refused("no-grant", "code"));
  assert.equal(rig.camera.opened, 0);
  assert.deepEqual(port.recognise(code), refused("no-grant", "again"));
  assert.deepEqual(port.agree(code, wishFor(rig, "loyalty-beacon")), { kind: "agreed" });
  assert.equal(port.recognise(code).kind, "recognised");
  assert.deepEqual(await rig.enrol(code), { kind: "enrolled" });
});

test("a consent that ended is given anew with the same code: no refusal is a dead end", async () => {
  const clock = new FakeClock();
  await using rig = new StationRig([], { clock });
  await rig.start();
  const { port } = rig.station;
  const code = rig.join();
  port.forget(code);
  assert.deepEqual(port.recognise(code), refused("grant-revoked", "again"));
  assert.deepEqual(port.agree(code, wishFor(rig, "loyalty-beacon")), { kind: "agreed" });
  assert.equal(port.recognise(code).kind, "recognised");
  clock.setWall(epochMs(clock.now() + 400 * 86_400_000));
  assert.deepEqual(port.recognise(code), refused("grant-expired", "again"));
  assert.deepEqual(port.agree(code, wishFor(rig, "loyalty-beacon")), { kind: "agreed" });
  assert.equal(port.recognise(code).kind, "recognised");
  const minor = { ...wishFor(rig, "loyalty-beacon"), isAdult: false };
  assert.deepEqual(port.agree(code, minor), refused("minor", "again"));
  const stale = { ...wishFor(rig, "loyalty-beacon"), sha256: "0".repeat(64) };
  assert.deepEqual(port.agree(code, stale), refused("notice-missing", "again"));
  assert.deepEqual(port.agree("VL1", wishFor(rig, "loyalty-beacon")).kind, "refused");
  for (const purpose of ["loyalty-face", "messages"] as const)
    assert.equal(port.agree(code, wishFor(rig, purpose)).kind, "refused", "not asked for here");
  assert.deepEqual(port.consents(code), ["loyalty-beacon"]);
});

test("while nothing is permitted an enrolment writes no entry and destroys nothing", async () => {
  const clock = new FakeClock();
  await using rig = new StationRig(looks(5), { clock });
  await rig.start();
  const code = rig.join();
  const stranger = rig.join();
  await rig.enrol(code);
  const { seq } = rig.consents.status().ledger ?? {};
  clock.setWall(epochMs(clock.now() - 86_400_000));
  for (const whose of [code, stranger])
    assert.deepEqual(await rig.enrol(whose), refused("clock-unsure", "code"));
  assert.equal(rig.consents.status().ledger?.seq, seq);
  assert.equal(rig.templates.vault?.has(rig.subjectOf(code)), true);
});

test("while the centre is not heard nobody new is enrolled: no consent is written to be taken back", async () => {
  const asked: unknown[] = [];
  const sha256 = "0".repeat(64);
  let refusal: Refusal | null = "lease-lost";
  const desk = new StationDesk({
    ...{ loyalty: stationLoyalty(), mono: () => monoMs(0), onRefused: () => undefined },
    notices: () => ({ paragraphs: [], purposes: { "loyalty-face": { sha256 } } }),
    consents: { status: () => ({ refusal }), holds: () => true },
    station: {
      enrol: async (_who: unknown, consent: FaceConsent) => {
        asked.push(consent.refusal());
        return { kind: "enrolled" };
      },
    },
  } as unknown as StationDeskDeps);
  const wish = { language: "en", isAdult: true, sha256 } as const;
  await desk.enrol(claimCodeOf(ann), wish);
  refusal = null;
  await desk.enrol(claimCodeOf(ann), wish);
  assert.deepEqual(asked, ["lease-lost", null]);
});

test("what cannot be erased at once is told as such, and is gone when the place works again", async () => {
  await using rig = new StationRig(looks(5));
  await rig.start();
  const code = rig.join();
  await rig.enrol(code);
  const eraser = rig.templates.eraser as { erase: Eraser["erase"] };
  const { erase } = eraser;
  eraser.erase = () => {
    throw new GatewayError("TEMPLATE_VAULT_UNAVAILABLE", "EIO");
  };
  assert.deepEqual(rig.station.port.forget(code), { kind: "forgotten", state: "erasing" });
  assert.deepEqual(await rig.station.port.verify(code), refused("grant-revoked", "code"));
  assert.equal(rig.templates.vault?.has(rig.subjectOf(code)), true);
  eraser.erase = erase;
  rig.consents.sweep();
  assert.equal(rig.templates.vault?.has(rig.subjectOf(code)), false);
  assert.deepEqual(rig.station.port.forget(code), { kind: "forgotten", state: "done" });
});

test("the shopper is told how far a taking-back is, the loss of it before everything else", () => {
  for (const [isKept, isErased, state] of [
    [true, true, "done"],
    [true, false, "erasing"],
    [false, true, "unkept"],
    [false, false, "unkept"],
  ] as const) {
    const desk = new StationDesk({
      ...{ loyalty: stationLoyalty(), mono: () => monoMs(0), station: { stop: () => undefined } },
      consents: { revoke: () => ({ ended: [], isWritten: isKept, isKept, isErased }) },
    } as unknown as StationDeskDeps);
    assert.deepEqual(desk.forget(claimCodeOf(ann)), { kind: "forgotten", state });
  }
});

test("a consent to a face of which the power cut left no template is taken back, no other one is", async () => {
  const clock = new FakeClock();
  await using rig = new StationRig(looks(5), { clock });
  await rig.start();
  const [cut, set, elsewhere, late] = [rig.join(), rig.join(), rig.join(), rig.join()];
  cutOff(rig, cut);
  cutOff(rig, elsewhere, "another-station");
  await rig.enrol(set);
  const [chore] = rig.station.chores();
  assert.ok(chore !== undefined && chore.periodMs <= 60_000);
  chore.run();
  assert.equal(rig.consents.holds(rig.subjectOf(cut), "loyalty-face"), true, "it may be under way");
  clock.advance(240_000);
  cutOff(rig, late);
  clock.advance(60_001);
  const { vault } = rig.templates;
  Object.defineProperty(rig.templates, "vault", { configurable: true, get: () => null });
  chore.run();
  assert.equal(rig.consents.holds(rig.subjectOf(cut), "loyalty-face"), true, "the vault is away");
  Object.defineProperty(rig.templates, "vault", { configurable: true, get: () => vault });
  chore.run();
  const held = [cut, set, elsewhere, late].map((code) =>
    rig.consents.holds(rig.subjectOf(code), "loyalty-face"),
  );
  assert.deepEqual(held, [false, true, true, true]);
  assert.equal(vault?.has(rig.subjectOf(set)), true);
});

test("a stop in mid-enrolment takes its consent back before ledger and vault are closed", async () => {
  await using rig = new StationRig([{ refusal: "no-face" }]);
  await rig.start();
  const code = rig.join();
  const looking = rig.enrol(code);
  while (rig.station.port.act().hint === null) await new Promise((r) => setImmediate(r));
  assert.equal(rig.consents.holds(rig.subjectOf(code), "loyalty-face"), true);
  await rig.station[Symbol.asyncDispose]();
  assert.equal(rig.consents.holds(rig.subjectOf(code), "loyalty-face"), false);
  assert.deepEqual(await looking, refused("not-at-station", "again"));
});

test("a recognised member whose visit cannot be told is recognised, and told with the next press", async () => {
  const events: ShopperRecognised[] = [];
  const lines: string[] = [];
  let fault: Error | null = new GatewayError("MEMBERS_DAMAGED", "the key is away");
  const visits: unknown[] = [];
  const clock = new FakeClock();
  const tell = recognitionTeller({
    ...{ stationId: "station", boot: "b1", onEvent: (event) => void events.push(event) },
    anchor: () => ({ mono: clock.mono(), epoch: clock.now(), clock: "synced" }),
    pseudonymOf: () => {
      if (fault !== null) throw fault;
      return "AAAAAAAAAAAAAAAA";
    },
    consents: { visited: () => void visits.push(1) },
    log: createLogger("warn", { write: (line: string) => void lines.push(line) }),
  });
  tell(ann, "code");
  assert.deepEqual([events.length, visits.length, lines.length], [0, 1, 1]);
  assert.match(lines[0] ?? "", /station\.not-told.*MEMBERS_DAMAGED/);
  assert.equal(lines.join("").includes(ann), false);
  fault = null;
  tell(ann, "code");
  tell(ann, "code");
  assert.deepEqual(
    events.map(({ seq }) => seq),
    [0],
    "told once, without a gap",
  );
  fault = new TypeError("a bug");
  assert.throws(() => tell(ann, "face"), TypeError);
});

test("nobody fills the ledger from the page: after twenty consents six a minute are written", async () => {
  const clock = new FakeClock();
  await using rig = new StationRig([], { clock });
  await rig.start();
  const { port } = rig.station;
  const codes = Array.from({ length: 20 }, () => rig.join());
  assert.ok(codes.every((code) => port.consents(code).length === 1));
  const before = rig.consents.status().ledger?.seq;
  const purposes = [wishFor(rig, "loyalty-beacon")].map(({ purpose, sha256 }) => ({
    purpose,
    sha256,
  }));
  const joined = port.join({ language: "en", isAdult: true, purposes });
  assert.deepEqual(joined.refused, [{ purpose: "loyalty-beacon", reason: "busy" }]);
  const [code] = codes;
  assert.ok(code !== undefined);
  assert.deepEqual(port.agree(code, wishFor(rig, "loyalty-beacon")), refused("busy", "again"));
  assert.equal(rig.consents.status().ledger?.seq, before);
  assert.equal(port.recognise(code).kind, "recognised", "who is a member is not kept waiting");
  clock.advance(10_000);
  assert.equal(port.consents(rig.join()).length, 1);
  assert.equal(port.consents(rig.join()).length, 0);
});

test("how looks ended is in the health at once, and the site's report has the sums of days", async () => {
  const clock = new FakeClock();
  await using rig = new StationRig(looks(4), { clock });
  await rig.start();
  const ledger = join(rig.folder, "consent.db");
  assert.equal(siteLooks(ledger), null);
  const code = rig.join();
  await rig.enrol(code);
  await rig.station.port.verify(code);
  const counted = { matches: 1, nonMatches: 0, doubted: 0, unusable: 0, enrolled: 1 };
  const health = consentHealth(rig.consents.status(), rig.station.counts);
  assert.deepEqual(healthSchema.shape.consent.parse(health)?.looks, counted);
  const runAll = (): void => {
    for (const { run } of rig.station.chores()) run();
  };
  runAll();
  assert.equal(siteLooks(ledger), null, "kept by the day: no time of a look is noted");
  const fromMs = clock.now() + 86_400_000;
  clock.setWall(epochMs(fromMs));
  runAll();
  runAll();
  assert.deepEqual(siteLooks(ledger), { ...counted, fromMs, toMs: fromMs });
  await rig.station.port.verify(code);
  await rig.station[Symbol.asyncDispose]();
  const sums = siteLooks(ledger);
  assert.deepEqual(
    [sums?.matches, sums?.enrolled],
    [2, 1],
    "and what was counted since, at the stop",
  );
  const documents = consentDocuments({
    ...{ loyalty: stationLoyalty(), store: { id: storeId("s1"), name: "Acme" }, mqtt: null },
    ...{ gatewayId: gatewayId("gw-1"), date: "2026-11-23", looks: sums },
  });
  const report = documents.find(({ name }) => name === "impact-assessment.html");
  assert.match(report?.html ?? "", /2 matches, 0 non-matches, .* 1 enrolments/);
});

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { FakeDashboard } from "../../../test/fakes/fake-dashboard.ts";
import { parseSitePlan } from "../../config/site.ts";
import { monoMs, receiverId } from "../../core/brand.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { ibeaconPayload } from "../../io/radio/hci-packets.ts";
import { createRadioInput } from "../../io/radio/radio-input.ts";
import { sitePlanInMemory } from "../../io/site/site-plan-file.ts";
import { DEFINITIONS } from "../../metrics/definitions.ts";
import type { AdvertisementSource } from "../../radio/source.ts";
import { identityBytes } from "../../radio/tag-registry.ts";
import { UI_FILES, type UiFiles } from "../../web/assets.ts";
import { createDashboard, type Dashboard } from "../../web/server.ts";
import { connectGateway } from "../record/gateway-api.ts";
import { gatewayTags } from "./gateway-tags.ts";
import { openTagDesk } from "./open-tag-desk.ts";
import type { TagDesk } from "./tag-desk.ts";

const stateDir = mkdtempSync(join(tmpdir(), "vitrine-api-tags-"));
const open: Dashboard[] = [];
after(async () => {
  for (const dashboard of open) await dashboard[Symbol.asyncDispose]();
  rmSync(stateDir, { recursive: true, force: true });
});

const IDENTITY = {
  format: "ibeacon",
  uuid: "0d9f4a52-8c1e-4f57-9d2b-6a1c3e5f7b90",
  major: 1,
  minor: 9,
} as const;
const never = new AbortController().signal;
const UUID = IDENTITY.uuid;
const csv = (...rows: string[]): Uint8Array =>
  Buffer.from(["id,kind,format,uuid,major,minor", ...rows].join("\n"));
const YES = { isDryRun: false, skipsInvalid: false };

async function gateway(password: string): Promise<{
  readonly desk: TagDesk;
  readonly url: string;
  readonly clock: FakeClock;
}> {
  const document = { v: 1, store: { id: "s", name: "Shop", timeZone: "UTC" } };
  const site = parseSitePlan(document);
  assert.ok(site.ok);
  const clock = new FakeClock({ mono: 60_000 });
  const anchor = () => ({ mono: clock.mono(), epoch: clock.now(), clock: "synced" as const });
  const store = sitePlanInMemory(document);
  const parts = { site: site.value, store, anchor, clock, log: SILENT_LOG };
  const { desk } = await openTagDesk(stateDir, parts);
  const bytes = new TextEncoder().encode("/* page */");
  const dashboard = createDashboard({
    source: Object.assign(new FakeDashboard(), { tags: desk }),
    definitions: () => DEFINITIONS,
    host: "127.0.0.1",
    port: 0,
    password,
    assets: Object.fromEntries(UI_FILES.map((name) => [name, bytes])) as UiFiles,
    clock,
    log: SILENT_LOG,
  });
  open.push(dashboard);
  await dashboard.start(never);
  return { desk, url: dashboard.url ?? "", clock };
}

test("a tag imported into a running gateway is heard from its next packet on, and no more once it is removed", async () => {
  const { desk, url, clock } = await gateway("open sesame");
  const source: AdvertisementSource = {
    receiverId: receiverId("counter"),
    onReport: () => undefined,
    onState: () => undefined,
    counts: () => ({ reports: 0, malformed: 0, rearms: 0, resets: 0 }),
  } as unknown as AdvertisementSource;
  const { tags } = desk.known();
  const radio = createRadioInput({
    sources: [source],
    tags,
    run: "r",
    clock,
    onEvent: () => undefined,
  });
  desk.follow(radio);
  const hear = (): void =>
    source.onReport({
      atMono: monoMs(clock.mono()),
      payload: ibeaconPayload(identityBytes(IDENTITY), -59),
      rssiDbm: -60,
      address: new Uint8Array(6),
    } as unknown as Parameters<AdvertisementSource["onReport"]>[0]);
  hear();
  const api = gatewayTags(await connectGateway(url, "open sesame", never));
  assert.equal((await api.list()).total, 0);
  const outcome = await api.importCsv(csv(`cart-1,cart,ibeacon,${UUID},1,9`), YES);
  assert.equal(outcome.isAccepted, true);
  assert.equal((await api.list()).tags[0]?.lastSeenAt, null);
  hear();
  assert.equal((await api.list()).tags[0]?.lastSeenAt, clock.now());
  assert.equal(await api.remove("cart-1"), true);
  assert.equal(await api.remove("cart-1"), false);
  clock.advance(1_000);
  hear();
  await api.importCsv(csv(`cart-1,cart,ibeacon,${UUID},1,9`), YES);
  assert.equal((await api.list()).tags[0]?.lastSeenAt, null);
});

test("what the gateway refuses is told row by row or by its own code", async () => {
  const { url } = await gateway("open sesame");
  const api = gatewayTags(await connectGateway(url, "open sesame", never));
  const refused = await api.importCsv(csv("a b,cart,ibeacon,x,1,9"), YES);
  assert.deepEqual([refused.isAccepted, refused.refusedRows], [false, 1]);
  await assert.rejects(api.importCsv(Buffer.from([0xff]), YES), { code: "INPUT_INVALID" });
  const locked = gatewayTags(await connectGateway(url, null, never));
  await assert.rejects(locked.importCsv(csv(), YES), { code: "GATEWAY_REFUSED" });
});

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { FakeLink } from "../../test/fakes/fake-link.ts";
import { gatewayHealth } from "../../test/fakes/gateway-health.ts";
import { GatewayError } from "../core/errors.ts";
import type { Log } from "../core/lifecycle.ts";
import { FleetDesk } from "./fleet/fleet-desk.ts";
import { Gate, type UpChannel } from "./gate.ts";
import { Ingest } from "./ingest.ts";
import { SqliteStore } from "./sqlite/sqlite-store.ts";

const CHANNELS: readonly UpChannel[] = ["up/ev", "up/birth", "up/health", "up/reported"];
const EPOCH = "7b0e8c1e-6d1c-4f6e-9a53-0d5bb1a3c0de";
const ASIDES_AT_ONCE = 32;
let clock: FakeClock;
let link: FakeLink;
let store: SqliteStore;
let gate: Gate;
let ingest: Ingest;
let desk: FleetDesk;
let lines: { readonly event?: unknown; readonly [key: string]: unknown }[];

beforeEach(() => {
  clock = new FakeClock();
  link = new FakeLink();
  store = new SqliteStore(":memory:");
  lines = [];
  const note = (fields: object): void => void lines.push({ ...fields });
  const log = { error: note, warn: note, info: () => undefined, debug: () => undefined } as Log;
  const shared = { repository: store, link, root: "vitrine", clock, log, random: () => 0.5 };
  gate = new Gate(shared);
  ingest = new Ingest({ ...shared, gate });
  desk = new FleetDesk({ ...shared, gate, run: "c1" });
});
afterEach(() => store.close());

const send = (
  gateway: string,
  channel: UpChannel,
  body: unknown,
): ReturnType<FakeLink["receive"]> => link.receive(`vitrine/v1/${gateway}/${channel}`, body);
const birth = (session: number): object => ({
  ...{ v: 1, online: true, session: `s-${session}`, boot: "b", storeId: "shop1", epoch: EPOCH },
  ...{ versions: {}, schemaHash: "x", sensors: [] },
});

for (const channel of CHANNELS)
  test(`of 500 unreadable messages on ${channel} a few are kept, the rest is counted; another gateway's are all kept`, async () => {
    for (let n = 0; n < 500; n += 1) await send("noisy", channel, `{"junk":${n}}`);
    for (let n = 0; n < 5; n += 1) await send("quiet", channel, `{"junk":${n}}`);
    const rows = await store.quarantined(null, 500);
    const of = (id: string): number => rows.filter(({ gatewayId }) => gatewayId === id).length;
    assert.deepEqual([of("noisy"), of("quiet")], [ASIDES_AT_ONCE, 5]);
    const { unkept, flooded } = gate.counts;
    assert.equal(ASIDES_AT_ONCE + unkept + flooded, 500);
    assert.equal(ingest.counts.unkept, unkept);
    clock.advance(60_000);
    for (let n = 0; n < 10; n += 1) await send("noisy", channel, `{"later":${n}}`);
    assert.equal(
      (await store.quarantined(null, 500)).length,
      rows.length + 6,
      "one every ten seconds",
    );
  });

test("every channel counts towards the one quota of its gateway; the others are answered", async () => {
  for (let n = 0; n < 400; n += 1) {
    await send("noisy", "up/birth", birth(n));
    await send("noisy", "up/health", gatewayHealth("shop1"));
    await send("noisy", "up/reported", "junk");
  }
  const { flooded } = gate.counts;
  assert.ok(flooded >= 600, `${flooded} of 1200 were dropped unread`);
  assert.equal(desk.counts.health + desk.counts.quarantined + answers("noisy") + flooded, 1200);
  assert.deepEqual(gate.flooders(), [{ gatewayId: "noisy", messages: flooded }]);
  for (let n = 0; n < 20; n += 1) await send(`quiet${n}`, "up/birth", birth(n));
  assert.equal(Array.from({ length: 20 }, (_, n) => answers(`quiet${n}`)).join(""), "1".repeat(20));
});

const answers = (gateway: string): number =>
  link.published.filter(({ topic }) => topic === `vitrine/v1/${gateway}/down/ack`).length;

test("what comes under a topic outside the grammar is counted and set aside with the topic", async () => {
  const long = "g".repeat(65);
  for (const gateway of ["göte", "a b", long]) await send(gateway, "up/ev", "{}");
  await send("a.b", "up/health", "{}");
  assert.equal(gate.counts.foreign, 4);
  const rows = await store.quarantined(null, 10);
  assert.deepEqual(new Set(rows.map(({ gatewayId }) => gatewayId)), new Set(["?"]));
  assert.match(
    rows.at(-1)?.reason ?? "",
    /^topic: expected .*, found "vitrine\/v1\/göte\/up\/ev"$/,
  );
  assert.equal(rows.length, 4);
});

test("a store that fails, and a fault of the program, let the message go instead of rejecting", async () => {
  const faults = [new GatewayError("STORE_FAILED", "gone"), new TypeError("4711 is not a card")];
  for (const fault of faults) {
    store.recordBirth = () => Promise.reject(fault);
    store.saveDocument = () => Promise.reject(fault);
    for (let n = 0; n < 3; n += 1) {
      await send("gw1", "up/birth", birth(n));
      await send("gw1", "up/health", gatewayHealth("shop1"));
    }
  }
  assert.equal(gate.counts.failed, 12);
  assert.deepEqual(
    lines.map(({ event, channel }) => [event, channel]),
    [
      ["ingest.not-noted", "up/birth"],
      ["ingest.not-noted", "up/health"],
      ["ingest.broken", "up/birth"],
      ["ingest.broken", "up/health"],
    ],
    "each is said once",
  );
  assert.doesNotMatch(JSON.stringify(lines), /4711/, "never what was sent");
});

test("while many messages are being set aside, more are only counted: they would wait for a slow store", async () => {
  let release = (): void => undefined;
  const slow = new Promise<void>((resolve) => {
    release = resolve;
  });
  let writes = 0;
  store.quarantine = async () => {
    writes += 1;
    await slow;
  };
  const sent = Array.from({ length: 100 }, (_, n) => send(`gw${n}`, "up/health", "junk"));
  await Promise.all(sent.slice(50));
  assert.deepEqual([writes, gate.counts.unkept], [32, 68]);
  release();
  await Promise.all(sent);
});

test("centres of one group share every channel: a message is set aside by one of them", () => {
  const filters: string[] = [];
  const spy = {
    ...link,
    subscribe: (filter: string) => void filters.push(filter),
  } as unknown as FakeLink;
  const shared = { repository: store, link: spy, root: "vitrine", clock, random: () => 0.5 };
  const log = { error: () => undefined, warn: () => undefined } as unknown as Log;
  const group = new Gate({ ...shared, log, share: "centres" });
  new Ingest({ ...shared, log, gate: group, share: "centres" });
  new FleetDesk({ ...shared, gate: group, run: "c1" });
  assert.deepEqual(
    filters,
    CHANNELS.map((channel) => `$share/centres/vitrine/v1/+/${channel}`),
  );
});

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { FakeLink } from "../../test/fakes/fake-link.ts";
import { epochMs, gatewayId, storeId } from "../core/brand.ts";
import { GatewayError } from "../core/errors.ts";
import type { JourneyEvent } from "../core/events.ts";
import { SILENT_LOG } from "../core/lifecycle.ts";
import { eventHash } from "../io/mqtt/event-hash.ts";
import { toCloudEvent } from "../wire/cloud-event.ts";
import type { AckMessage } from "../wire/envelopes.ts";
import { Ingest, type IngestOptions } from "./ingest.ts";
import type { CommitBatch, CommitOutcome } from "./repository.ts";
import { SqliteStore } from "./sqlite/sqlite-store.ts";

const EPOCH = "7b0e8c1e-6d1c-4f6e-9a53-0d5bb1a3c0de";
let clock: FakeClock;
let link: FakeLink;
let store: SqliteStore;

beforeEach(() => {
  clock = new FakeClock();
  link = new FakeLink();
  store = new SqliteStore(":memory:");
});

function ingestOf(extra: Partial<IngestOptions> = {}): Ingest {
  const random = () => 0.5;
  const shared = { repository: store, link, root: "vitrine", clock, log: SILENT_LOG, random };
  return new Ingest({ ...shared, ...extra });
}

function event(n: number, gateway = "gw1", shop = "shop1", at: number = clock.now()): object {
  const journey = {
    ...{ kind: "entered", source: "camera:door#1", seq: n, at, atMono: n, clock: "synced" },
    ...{ cameraId: "door", lineId: "l", role: "door", trackId: n, direction: "in" },
    ...{ confidence: 1, path: [] },
  } as unknown as JourneyEvent;
  return toCloudEvent(journey, {
    ...{ gatewayId: gatewayId(gateway), storeId: storeId(shop), boot: "b1" },
    ...{ recordedAt: epochMs(at), hash: eventHash },
  });
}

const batch = (first: number, ev: readonly object[], stream = "journey"): object => ({
  ...{ v: 1, epoch: EPOCH, stream, first, hist: false, ev },
});
const send = (first: number, ev: readonly object[], gateway = "gw1") =>
  link.receive(`vitrine/v1/${gateway}/up/ev`, batch(first, ev));
const reasons = async (): Promise<string[]> =>
  (await store.quarantined(null, 50)).map(({ reason }) => reason);

test("an event more than five minutes ahead is set aside, one exactly so is not", async () => {
  ingestOf();
  const now = clock.now();
  const ack = await send(1, [
    event(1, "gw1", "shop1", now + 300_000),
    event(2, "gw1", "shop1", now + 301_000),
  ]);
  assert.deepEqual(ack?.seq, { journey: 2 });
  assert.deepEqual(await reasons(), ["time is 301 s ahead"]);
});

test("events of another store than the gateway's are set aside, also when they come first", async () => {
  const ingest = ingestOf();
  await send(1, [event(1)]);
  const ack = await send(2, [event(2, "gw1", "shop2"), event(3)]);
  assert.deepEqual(ack?.seq, { journey: 3 });
  assert.deepEqual(await reasons(), ["source names another store"]);
  assert.deepEqual(
    (await store.stores()).map((row) => row.storeId),
    ["shop1"],
  );
  assert.equal(ingest.counts.quarantined, 1);
});

test("a birth that names another store than the gateway is registered for is set aside, unanswered", async () => {
  ingestOf();
  await store.claimHome("gw1", "shop1");
  const birth = {
    ...{ v: 1, online: true, session: "s", boot: "b", storeId: "shop2", epoch: EPOCH },
    ...{ versions: {}, schemaHash: "x", sensors: [] },
  };
  assert.equal(await link.receive("vitrine/v1/gw1/up/birth", birth), undefined);
  assert.deepEqual(await reasons(), ["birth names another store"]);
  assert.ok(await link.receive("vitrine/v1/gw1/up/birth", { ...birth, storeId: "shop1" }));
});

test("an unknown version, an oversized message, an id of control characters and a gateway without a store are set aside", async () => {
  ingestOf();
  await link.receive("vitrine/v1/gw1/up/ev", { ...batch(1, [event(1)]), v: 2 });
  await link.receive("vitrine/v1/gw1/up/ev", " ".repeat(140_000));
  await link.receive("vitrine/v1/gw1/up/ev", batch(1, [{ nonsense: true }]));
  assert.equal((await reasons()).length, 3);
  await send(1, [{ ...event(1), id: "a\0b" }, event(2)]);
  const found = await reasons();
  assert.deepEqual(found.slice(0, 3), [
    "id: expected text without control characters",
    "the gateway has not said which store it belongs to",
    "payload too large",
  ]);
  assert.match(found[3] ?? "", /^v: expected .*, found 2$/);
});

test("a gateway that sends too much is asked to pause, and dropped when it does not; others go on", async () => {
  const ingest = ingestOf({ quota: { bytesPerSecond: 10_000, burstBytes: 20_000 } });
  const acks: (AckMessage | undefined)[] = [];
  for (let n = 1; n <= 12; n += 1) acks.push(await send(n, [event(n)]));
  assert.equal(acks[0]?.pauseMs, 0);
  const pauses = acks.flatMap((ack) => (ack === undefined ? [] : [ack.pauseMs]));
  assert.ok(pauses.some((ms) => ms > 0));
  assert.equal(acks.filter((ack) => ack === undefined).length, ingest.counts.flooded);
  assert.ok(ingest.counts.flooded > 0);
  assert.equal((await send(1, [event(1, "gw2", "shop2")], "gw2"))?.pauseMs, 0);
  clock.advance(Math.max(...pauses) + 1000);
  const next = (acks.filter((ack) => ack !== undefined).length ?? 0) + 1;
  assert.deepEqual(
    (await send(next, [event(next)]))?.seq,
    { journey: next },
    "nothing is lost by it",
  );
});

/** A store of two lanes: shops whose name ends in x live on the second, which does as it is told. */
class TwoLanes {
  readonly lanes = 2;
  readonly groups: (readonly CommitBatch[])[] = [];
  onSecond: (batches: readonly CommitBatch[]) => Promise<readonly CommitOutcome[]>;

  constructor() {
    this.onSecond = (batches) => store.commit(batches);
  }

  laneOf(shop: string): number {
    return shop.endsWith("x") ? 1 : 0;
  }

  commit(batches: readonly CommitBatch[]): Promise<readonly CommitOutcome[]> {
    this.groups.push(batches);
    const isSecond = this.laneOf(batches[0]?.storeId ?? "") === 1;
    return isSecond ? this.onSecond(batches) : store.commit(batches);
  }
}

function withLanes(lanes: TwoLanes): IngestOptions["repository"] {
  return {
    ...{ lanes: 2, laneOf: (shop) => lanes.laneOf(shop), commit: (all) => lanes.commit(all) },
    home: (gateway) => store.home(gateway),
    claimHome: (gateway, shop) => store.claimHome(gateway, shop),
    positions: (gateway, epoch) => store.positions(gateway, epoch),
    recordBirth: (gateway, birth, at) => store.recordBirth(gateway, birth, at),
    quarantine: (gateway, why, text, at) => store.quarantine(gateway, why, text, at),
  };
}

test("batches of a shard that fails are let go and asked for again later; those of the other are stored", async () => {
  const lanes = new TwoLanes();
  const ingest = ingestOf({ repository: withLanes(lanes) });
  lanes.onSecond = () => Promise.reject(new GatewayError("STORE_UNREACHABLE", "gone"));
  const put = await send(1, [event(1, "gwx", "shopx")], "gwx");
  assert.deepEqual([put?.seq, put?.need], [{}, { journey: 1 }]);
  assert.ok((put?.pauseMs ?? 0) > 0);
  assert.equal(link.published.at(-1)?.retain, false);
  const tried = lanes.groups.length;
  await send(1, [event(1, "gwx", "shopx")], "gwx");
  assert.equal(lanes.groups.length, tried, "it is left alone for the pause");
  assert.deepEqual((await send(1, [event(1)]))?.seq, { journey: 1 });
  assert.equal(ingest.counts.deferred, 2);
  lanes.onSecond = (batches) => store.commit(batches);
  clock.advance(put?.pauseMs ?? 0);
  assert.deepEqual((await send(1, [event(1, "gwx", "shopx")], "gwx"))?.seq, { journey: 1 });
});

test("batches of a shard that hangs are let go after two seconds, at once from then on, and taken again when it answers", async () => {
  const lanes = new TwoLanes();
  const at = clock.now();
  ingestOf({ repository: withLanes(lanes) });
  let release = (): void => undefined;
  const hanging = new Promise<void>((resolve) => {
    release = resolve;
  });
  lanes.onSecond = async (batches) => {
    await hanging;
    return store.commit(batches);
  };
  const first = send(1, [event(1, "gwx", "shopx", at)], "gwx");
  while (lanes.groups.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  clock.advance(2000);
  assert.deepEqual((await first)?.need, { journey: 1 });
  clock.advance(60_000);
  const next = await send(1, [event(1, "gwx", "shopx", at)], "gwx");
  assert.deepEqual([next?.need, next?.pauseMs], [{ journey: 1 }, 2000]);
  assert.equal(lanes.groups.length, 1, "no second transaction waits behind the first");
  assert.deepEqual((await send(1, [event(1)]))?.seq, { journey: 1 });
  release();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const again = await send(1, [event(1, "gwx", "shopx", at), event(2, "gwx", "shopx")], "gwx");
  assert.deepEqual(again?.seq, { journey: 2 });
  assert.equal((await store.stores()).find((row) => row.storeId === "shopx")?.events, 2);
});

test("a message whose gateway's home cannot be learned is let go after three seconds", async () => {
  const repository = {
    ...withLanes(new TwoLanes()),
    claimHome: () => new Promise<string>(() => undefined),
  };
  ingestOf({ repository });
  const sent = send(1, [event(1)]);
  clock.advance(3000);
  assert.equal(await sent, undefined);
});

test("a slow shard delays only its own, gathers what comes meanwhile, and puts off what is too much", async () => {
  const lanes = new TwoLanes();
  const ingest = ingestOf({ repository: withLanes(lanes) });
  let release = (): void => undefined;
  const slow = new Promise<void>((resolve) => {
    release = resolve;
  });
  lanes.onSecond = async (batches) => {
    await slow;
    return store.commit(batches);
  };
  const sent: Promise<AckMessage | undefined>[] = [];
  const many = Array.from({ length: 250 }, (_, n) => event(n, "gwx", "shopx"));
  for (let n = 0; n < 100; n += 1)
    sent.push(link.receive("vitrine/v1/gwx/up/ev", batch(1 + 250 * n, many)));
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual((await send(1, [event(1)]))?.seq, { journey: 1 }, "the other shard answers");
  assert.ok(ingest.counts.deferred > 0, "more than 20,000 records do not wait");
  release();
  await Promise.all(sent);
  const sizes = lanes.groups.map((group) =>
    group.reduce((sum, one) => sum + one.records.length, 0),
  );
  assert.ok(sizes.every((records) => records <= 5000));
  assert.ok(sizes.includes(5000), "what came meanwhile was committed together");
});

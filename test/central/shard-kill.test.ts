import assert from "node:assert/strict";
import { test } from "node:test";
import { CommitLanes } from "../../src/central/commit-lanes.ts";
import type { HomedBatch } from "../../src/central/lane-queue.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { clock, until } from "../e2e/delivery-rig.ts";
import { batch, event, ids, numbers } from "./batches.ts";
import { open } from "./engines.ts";
import { hasPostgres } from "./postgres-programs.ts";
import { PostgresServer } from "./postgres-server.ts";

const SHOPS = numbers(1, 24).map((n) => `shop${n}`);
const EVENTS = 4000;
const BATCH = 50;
const DEAD = 1;

/** A gateway of a shop: sends its events in order, again when they were put off. */
class Shop {
  readonly storeId: string;
  committed = 0;
  putOff = 0;
  readonly #lanes: CommitLanes;

  constructor(storeId: string, lanes: CommitLanes) {
    this.storeId = storeId;
    this.#lanes = lanes;
  }

  batchFrom(first: number): HomedBatch {
    const records = numbers(first, BATCH).map((n) => event(n, this.storeId));
    const { storeId } = this;
    return { ...batch(first, records, { gatewayId: `gw-${storeId}` }), storeId };
  }

  async sendAll(): Promise<void> {
    while (this.committed < EVENTS) {
      const result = await this.#lanes.submit(this.batchFrom(this.committed + 1));
      if (result.kind === "committed") this.committed = result.outcome.positions["journey"] ?? 0;
      else if (result.kind === "refused") throw new Error(result.reason);
      else {
        this.putOff += 1;
        await new Promise((resolve) => setTimeout(resolve, result.pauseMs));
      }
    }
  }
}

test("kill -9 of one of three shards in mid-insert: the others go on, and after its return every event is there once", {
  skip: !hasPostgres(),
}, async (t) => {
  const servers = await Promise.all(
    numbers(1, 3).map(() => PostgresServer.create(["max_connections=40"])),
  );
  const dead = servers[DEAD];
  assert.ok(dead);
  const store = await open(servers.map((server) => server.url()).join(","));
  try {
    const options = { store, clock, log: SILENT_LOG, random: () => 0.5 };
    const lanes = new CommitLanes(options);
    const all = SHOPS.map((storeId) => new Shop(storeId, lanes));
    const isOnDead = ({ storeId }: Shop): boolean => store.laneOf(storeId) === DEAD;
    const total = (ofDead: boolean): number =>
      all
        .filter((shop) => isOnDead(shop) === ofDead)
        .reduce((sum, shop) => sum + shop.committed, 0);
    const sending = Promise.all(all.map((shop) => shop.sendAll()));
    await until("the shard has taken some", () => total(true) > 500);
    await dead.kill();
    const [atKill, others] = [total(true), total(false)];
    assert.ok(atKill < all.filter(isOnDead).length * EVENTS, "killed before it was done");
    await until("its shops are put off", () =>
      all.filter(isOnDead).every((shop) => shop.putOff > 0),
    );
    await until(
      "the others are done",
      () => total(false) === all.filter((s) => !isOnDead(s)).length * EVENTS,
    );
    assert.ok(total(false) > others);
    assert.ok(all.filter((shop) => !isOnDead(shop)).every((shop) => shop.putOff === 0));
    await dead.start();
    await sending;
    await Promise.all(
      SHOPS.map((storeId) => new Shop(storeId, new CommitLanes(options)).sendAll()),
    );
    for (const { storeId } of all) {
      const found = await ids(store, storeId);
      assert.deepEqual(
        found,
        numbers(1, EVENTS).map((n) => `${storeId}-${String(n).padStart(6, "0")}`),
      );
    }
    const gateways = await store.gateways();
    for (const { streams } of gateways)
      assert.deepEqual(
        streams.map(({ seq, stored, known }) => [seq, stored, known]),
        [[EVENTS, EVENTS, 0]],
      );
    assert.equal(gateways.length, SHOPS.length);
    t.diagnostic(`${atKill} events of its shops were committed when the shard was killed`);
  } finally {
    await store.close();
    await Promise.all(servers.map((server) => server.remove()));
  }
});

test("a shard that hangs: the others go on, known gateways are found, and after its return every event is there once", {
  skip: !hasPostgres(),
}, async () => {
  const servers = await Promise.all(
    numbers(1, 3).map(() => PostgresServer.create(["max_connections=40"])),
  );
  const hanging = servers[DEAD];
  assert.ok(hanging);
  const store = await open(servers.map((server) => server.url()).join(","));
  try {
    const lanes = new CommitLanes({ store, clock, log: SILENT_LOG, random: () => 0.5 });
    const all = SHOPS.map((storeId) => new Shop(storeId, lanes));
    const isOnIt = ({ storeId }: Shop): boolean => store.laneOf(storeId) === DEAD;
    const sending = Promise.all(all.map((shop) => shop.sendAll()));
    await until("every shop has sent", () => all.every((shop) => shop.committed > 0));
    hanging.freeze();
    const elsewhere = all.find((shop) => !isOnIt(shop))?.storeId ?? "";
    assert.equal(await store.home(`gw-${elsewhere}`), elsewhere);
    await assert.rejects(store.home("gw-nobody"), { code: "STORE_UNREACHABLE" });
    await until("the others are done", () =>
      all.every((shop) => isOnIt(shop) || shop.committed === EVENTS),
    );
    await until("its shops are put off", () => all.filter(isOnIt).every((shop) => shop.putOff > 0));
    assert.ok(all.every((shop) => isOnIt(shop) || shop.putOff === 0));
    hanging.thaw();
    await sending;
    for (const { storeId } of all) assert.equal((await ids(store, storeId)).length, EVENTS);
    for (const { streams } of await store.gateways())
      assert.deepEqual(
        streams.map(({ seq, stored, known }) => [seq, stored, known]),
        [[EVENTS, EVENTS, 0]],
      );
  } finally {
    hanging.thaw();
    await store.close();
    await Promise.all(servers.map((server) => server.remove()));
  }
});

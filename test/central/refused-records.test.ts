import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { CommitLanes } from "../../src/central/commit-lanes.ts";
import type { HomedBatch, LaneOutcome } from "../../src/central/lane-queue.ts";
import type { BatchRecord, CentralStore, CommitBatch } from "../../src/central/repository.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { account, batch, event, gap, ids, numbers } from "./batches.ts";
import { open } from "./engines.ts";
import { hasPostgres } from "./postgres-programs.ts";
import { PostgresServer } from "./postgres-server.ts";

/** Longer than an index of PostgreSQL takes, and not to be compressed. */
const TOO_LONG = randomBytes(3000).toString("base64url");
const poison = (n: number): BatchRecord => ({ ...event(n), id: `${n}${TOO_LONG}` }) as BatchRecord;
const homed = (one: CommitBatch): HomedBatch => ({ ...one, storeId: one.storeId ?? "" });

describe("records that PostgreSQL refuses for what is in them", { skip: !hasPostgres() }, () => {
  let server: PostgresServer;
  let store: CentralStore;
  let lanes: CommitLanes;
  /** Batches of each transaction that was tried. */
  let groups: number[];
  before(async () => {
    server = await PostgresServer.create(["fsync=off"]);
  });
  after(() => server.remove());
  beforeEach(async () => {
    const opened = await open(await server.createDatabase());
    store = opened;
    groups = [];
    const commit: CentralStore["commit"] = (batches) => {
      groups.push(batches.length);
      return opened.commit(batches);
    };
    const seen = { lanes: 1, laneOf: () => 0, commit };
    const clock = new FakeClock();
    lanes = new CommitLanes({ store: seen, clock, log: SILENT_LOG, random: () => 0.5 });
  });

  afterEach(() => store.close());

  const sendAll = (batches: readonly HomedBatch[]): Promise<readonly LaneOutcome[]> =>
    Promise.all(batches.map((one) => lanes.submit(one)));
  const others = numbers(1, 5).map((n) =>
    homed(batch(1, [event(1, `other${n}`)], { gatewayId: `gw-${n}`, storeId: `other${n}` })),
  );

  test("they are set aside, everything else of the batch and of the other gateways is stored", async () => {
    const records = [event(1), event(2), poison(3), gap(4, 9), event(10), poison(11), event(12)];
    const outcomes = await sendAll([
      ...others.slice(0, 2),
      homed(batch(1, records)),
      ...others.slice(2),
    ]);
    assert.ok(outcomes.every(({ kind }) => kind === "committed"));
    assert.deepEqual(await account(store), {
      seq: 12,
      stored: 4,
      known: 0,
      shed: 6,
      quarantined: 2,
    });
    assert.equal((await ids(store)).length, 4);
    for (const { storeId } of others) assert.equal((await ids(store, storeId)).length, 1);
    const rows = await store.quarantined(null, 10);
    assert.deepEqual(
      rows.map(({ seq, reason }) => [seq, reason]),
      [
        [11, "the database refuses it (54000)"],
        [3, "the database refuses it (54000)"],
      ],
    );
    assert.deepEqual(
      lanes.states().map(({ isFailing, failures, refused }) => [isFailing, failures, refused]),
      [[false, 0, 2]],
    );
  });

  test("their gateway shares no transaction with others from then on", async () => {
    await sendAll([homed(batch(1, [poison(1)])), ...others]);
    groups.length = 0;
    const next = others.map((one) => ({ ...one, first: 2, records: [event(2, one.storeId)] }));
    await sendAll([homed(batch(2, [poison(2)])), ...next]);
    assert.equal(
      groups.reduce((most, size) => Math.max(most, size), 0),
      next.length,
    );
    assert.equal(groups.filter((size) => size > 1).length, 1, "the others went together, once");
  });

  test("a gateway of which not even the note can be stored is refused, and the others are served", async () => {
    const bad = homed(batch(1, [event(1)], { gatewayId: TOO_LONG }));
    const [refused, ...served] = await sendAll([bad, ...others]);
    assert.deepEqual(refused, { kind: "refused", reason: "the database refuses it (54000)" });
    assert.ok(served.every(({ kind }) => kind === "committed"));
  });

  test("more of them than its budget stay with their gateway", async () => {
    const outcomes: LaneOutcome[] = [];
    for (const n of numbers(1, 33)) outcomes.push(await lanes.submit(homed(batch(n, [poison(n)]))));
    assert.equal(outcomes.filter(({ kind }) => kind === "refused").length, 1);
    assert.equal(outcomes.at(-1)?.kind, "refused");
    assert.equal((await account(store))?.["seq"], 32);
  });
});

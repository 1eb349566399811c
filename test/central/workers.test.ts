import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import type { CentralStore } from "../../src/central/repository.ts";
import { batch, EPOCH, event, ids, numbers, OTHER_EPOCH } from "./batches.ts";
import { open } from "./engines.ts";
import { hasPostgres } from "./postgres-programs.ts";
import { PostgresServer } from "./postgres-server.ts";

const EVENTS = 60;

interface Sending {
  readonly worker: number;
  readonly first: number;
  readonly length: number;
  readonly isReborn: boolean;
}

const sending = fc.record({
  worker: fc.constantFrom(0, 1),
  first: fc.integer({ min: 1, max: EVENTS }),
  length: fc.integer({ min: 1, max: 20 }),
  isReborn: fc.boolean(),
});

describe("two centres on one database", { skip: !hasPostgres() }, () => {
  let server: PostgresServer;
  let workers: CentralStore[] = [];
  before(async () => {
    server = await PostgresServer.create(["fsync=off"]);
    const url = await server.createDatabase();
    workers = await Promise.all([open(url), open(url)]);
  });
  after(async () => {
    await Promise.all(workers.map((worker) => worker.close()));
    await server.remove();
  });

  test("batches of one gateway that reach both in any order, at once and twice are stored exactly once", async () => {
    let run = 0;
    const property = async (rounds: Sending[][]): Promise<void> => {
      run += 1;
      const names = { gatewayId: `gw${run}`, storeId: `shop${run}` };
      const send = ({ worker, first, length, isReborn }: Sending) => {
        const count = Math.min(length, EVENTS - first + 1);
        const records = numbers(first, count).map((n) => event(n, names.storeId));
        const epoch = isReborn ? OTHER_EPOCH : EPOCH;
        return workers[worker]?.commit([batch(first, records, { ...names, epoch })]);
      };
      for (const round of rounds) await Promise.all(round.map(send));
      // In the end both lives of the gateway send everything, as gateways do.
      const all = { first: 1, length: EVENTS };
      await Promise.all([
        send({ ...all, worker: 0, isReborn: false }),
        send({ ...all, worker: 1, isReborn: false }),
        send({ ...all, worker: 0, isReborn: true }),
        send({ ...all, worker: 1, isReborn: true }),
      ]);
      const found = await ids(workers[0] as CentralStore, names.storeId);
      assert.equal(found.length, EVENTS);
      assert.equal(new Set(found).size, EVENTS);
      const gateways = (await workers[1]?.gateways()) ?? [];
      const streams = gateways.find((row) => row.gatewayId === names.gatewayId)?.streams ?? [];
      const sum = (key: "seq" | "stored" | "known"): number =>
        streams.reduce((total, account) => total + account[key], 0);
      assert.deepEqual([sum("seq"), sum("stored"), sum("known")], [2 * EVENTS, EVENTS, EVENTS]);
    };
    const rounds = fc.array(fc.array(sending, { minLength: 1, maxLength: 6 }), { maxLength: 6 });
    await fc.assert(fc.asyncProperty(rounds, property), { numRuns: 25 });
  });

  test("commits of many gateways in opposite orders do not block each other", async () => {
    const shops = numbers(1, 30).map((n) => `cross${n}`);
    const groupOf = (order: readonly string[], epoch: string, round: number) =>
      order.map((storeId) =>
        batch(1 + round, [event(1 + round, storeId)], { epoch, storeId, gatewayId: storeId }),
      );
    for (let round = 0; round < 8; round += 1) {
      const opposite = [...shops].reverse();
      await Promise.all([
        workers[0]?.commit(groupOf(shops, EPOCH, round)),
        workers[1]?.commit(groupOf(opposite, OTHER_EPOCH, round)),
        workers[1]?.commit(groupOf(opposite, EPOCH, round)),
      ]);
    }
    for (const storeId of shops)
      assert.equal((await ids(workers[0] as CentralStore, storeId)).length, 8);
  });
});

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { BatchRecord, CentralStore, CommitBatch } from "../../src/central/repository.ts";
import { epochMs } from "../../src/core/brand.ts";
import { batch, event, gap, ids, NOON, numbers } from "./batches.ts";
import { ENGINES, open } from "./engines.ts";

const RECEIVED = epochMs(NOON + 3_600_000);

const sent = (first: number, records: readonly BatchRecord[]): CommitBatch =>
  batch(first, records, { receivedAt: RECEIVED });

/** Events under the numbers `from` to `to`; with a shift, other ones. */
const events = (from: number, to: number, shift = 0): readonly BatchRecord[] =>
  numbers(from, to - from + 1).map((n) => event(n + shift, "shop1", NOON + n * 1000));

for (const engine of ENGINES) {
  describe(`copies of an outbox in ${engine.name}`, { skip: !engine.isThere }, () => {
    let store: CentralStore;
    before(() => engine.start());
    after(() => engine.stop());
    beforeEach(async () => {
      store = await open(await engine.create());
    });
    afterEach(() => store.close());

    test("other events under numbers that are taken are not called known, and change nothing", async () => {
      await store.commit([sent(1, events(1, 150))]);
      const before = await ids(store);
      // Wholly behind the cursor, across it, and together with a batch that is in order.
      for (const [first, last] of [
        [101, 120],
        [101, 160],
      ] as const) {
        const [outcome] = await store.commit([sent(first, events(first, last, 1000))]);
        assert.deepEqual(
          [outcome?.isStray, outcome?.stored, outcome?.need],
          [true, 0, null],
          `${first} to ${last}`,
        );
      }
      const [stray, next] = await store.commit([
        sent(140, events(140, 150, 1000)),
        sent(151, events(151, 152)),
      ]);
      assert.deepEqual([stray?.isStray, next?.isStray, next?.stored], [true, undefined, 2]);
      assert.equal((await ids(store)).length, before.length + 2);
    });

    test("the same events again are no copy, nor are gaps, nor what is too old to be there surely", async () => {
      await store.commit([sent(1, [...events(1, 5), gap(6, 9), ...events(10, 12)])]);
      const again = [
        sent(1, [...events(1, 5), gap(6, 9), ...events(10, 12)]),
        sent(3, [...events(3, 5), gap(6, 9)]),
        sent(6, [gap(6, 9)]),
        sent(11, events(11, 13)),
        sent(12, [event(999, "shop1", RECEIVED - 8 * 86_400_000)]),
      ];
      for (const one of again) {
        const [outcome] = await store.commit([one]);
        assert.equal(outcome?.isStray, undefined);
      }
    });
  });
}

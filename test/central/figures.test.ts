import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { CentralStore, RollupRow } from "../../src/central/repository.ts";
import { epochMs } from "../../src/core/brand.ts";
import { batch, event, NOON, numbers, RECEIVED } from "./batches.ts";
import { ENGINES, open } from "./engines.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SHOPS = numbers(1, 9).map((n) => `shop${n}`);

function figure(storeId: string, slot: number, extra: Partial<RollupRow> = {}): RollupRow {
  const from = epochMs(NOON + slot * DAY);
  return {
    storeId,
    grain: "day",
    from,
    to: epochMs(from + DAY),
    scope: "store",
    metric: "visitors",
    value: 10 * slot,
    detail: '{"method":"counted"}',
    completeness: 0.5,
    finalAt: epochMs(from + 2 * DAY),
    revision: 1,
    ...extra,
  };
}

const ask = {
  storeIds: null,
  grain: "day" as const,
  scope: "store",
  metrics: ["visitors"],
  from: epochMs(NOON),
  to: epochMs(NOON + 30 * DAY),
};

for (const engine of ENGINES) {
  describe(`figures and documents in ${engine.name}`, { skip: !engine.isThere }, () => {
    let store: CentralStore;
    before(() => engine.start());
    after(() => engine.stop());
    beforeEach(async () => {
      store = await open(await engine.create());
    });
    afterEach(() => store.close());

    test("hours with new events are dirty until figures of their latest mark are saved", async () => {
      await store.commit([batch(1, [event(1), event(2, "shop1", NOON + HOUR)])]);
      const first = await store.dirtyHours(10);
      assert.deepEqual(first.map(({ storeId, hour }) => [storeId, hour]).sort(), [
        ["shop1", NOON],
        ["shop1", NOON + HOUR],
      ]);
      await store.commit([batch(3, [event(3)])]);
      await store.saveRollups("shop1", [], first);
      const left = await store.dirtyHours(10);
      assert.deepEqual(
        left.map(({ hour }) => hour),
        [NOON],
      );
      await store.saveRollups("shop1", [], left);
      await store.commit([batch(1, [event(1)])]);
      assert.deepEqual(await store.dirtyHours(10), [], "a replay makes nothing dirty");
    });

    test("two figures are summed over the days on which both are known, also across nodes", async () => {
      const day = (slot: number, metric: string, value: number | null): RollupRow =>
        figure("shop1", slot, { metric, value, detail: `{"n":${10 * slot}}`, completeness: 1 });
      await store.saveRollups("shop1", [day(1, "above", 20), day(1, "below", 100)], []);
      await store.saveRollups("shop1", [day(2, "above", 20), day(2, "below", null)], []);
      await store.saveRollups("shop1", [day(3, "above", 5)], []);
      await store.saveRollups("shop2", [figure("shop2", 1, { metric: "above" })], []);
      const span = { from: epochMs(NOON), to: epochMs(NOON + 30 * DAY) };
      assert.deepEqual(await store.dayPairs({ metric: "above", other: "below", ...span }), [
        { storeId: "shop1", days: 1, own: 20, other: 100, product: 2000, completeness: 1 },
      ]);
      const counted = await store.dayPairs({ metric: "above", other: "n", ...span });
      assert.deepEqual(counted, [
        { storeId: "shop1", days: 3, own: 45, other: 60, product: 750, completeness: 3 },
      ]);
    });

    test("late events of a month that was dropped change no figures", async () => {
      const old = Date.UTC(2026, 0, 15);
      await store.commit([batch(1, [event(1, "shop1", old), event(2)])]);
      assert.equal(await store.retain(epochMs(Date.UTC(2026, 3, 1))), 1);
      assert.deepEqual(
        (await store.dirtyHours(9)).map(({ hour }) => hour),
        [NOON],
      );
      await store.commit([
        batch(3, [event(3, "shop1", old + HOUR), event(4, "shop1", NOON + HOUR)]),
      ]);
      const hours = (await store.dirtyHours(9)).map(({ hour }) => hour);
      assert.deepEqual(hours.sort(), [NOON, NOON + HOUR]);
    });

    test("dirty hours of many stores come oldest first and no more than asked for", async () => {
      for (const storeId of SHOPS)
        await store.commit([batch(1, [event(1, storeId)], { storeId, gatewayId: storeId })]);
      assert.equal((await store.dirtyHours(100)).length, SHOPS.length);
      const some = await store.dirtyHours(4);
      assert.equal(some.length, 4);
      if (store.lanes === 1)
        assert.deepEqual(
          some.map(({ storeId }) => storeId),
          SHOPS.slice(0, 4),
        );
    });

    test("figures come back as saved, and a slot saved again replaces all of it", async () => {
      const zone = figure("shop1", 0, { scope: "zone:a", metric: "dwell", value: null });
      await store.saveRollups("shop1", [figure("shop1", 0), zone, figure("shop1", 1)], []);
      const all = { ...ask, scope: null, metrics: ["visitors", "dwell"] };
      assert.deepEqual(await store.rollups(all), [figure("shop1", 0), zone, figure("shop1", 1)]);
      const again = figure("shop1", 0, { value: 7, revision: 2 });
      await store.saveRollups("shop1", [again], []);
      assert.deepEqual(await store.rollups(all), [again, figure("shop1", 1)]);
      assert.deepEqual(await store.rollups({ ...all, storeIds: ["shop2"] }), []);
      assert.deepEqual(await store.rollups({ ...all, grain: "quarter" }), []);
      assert.deepEqual(await store.rollups({ ...all, from: epochMs(NOON + 1) }), [
        figure("shop1", 1),
      ]);
    });

    test("sums are per store and metric; unknown values count as slots only", async () => {
      for (const [index, storeId] of SHOPS.entries()) {
        const rows = numbers(0, 3).map((slot) => figure(storeId, slot, { value: index + slot }));
        const unknown = figure(storeId, 3, { value: null, completeness: 0 });
        await store.saveRollups(storeId, [...rows, unknown], []);
      }
      const sums = await store.sums(ask);
      assert.deepEqual(
        sums.map(({ storeId, slots, sum, mean }) => [storeId, slots, sum, mean]),
        SHOPS.map((storeId, index) => [storeId, 4, 3 * index + 3, index + 1]),
      );
      assert.equal(sums[0]?.completeness, 1.5 / 4);
      const two = await store.sums({ ...ask, storeIds: ["shop2", "shop9", "nobody"] });
      assert.deepEqual(two, [sums[1], sums[8]]);
      const late = { ...ask, from: epochMs(NOON + 3 * DAY) };
      assert.deepEqual((await store.sums(late))[0], {
        ...{ storeId: "shop1", metric: "visitors", slots: 1 },
        ...{ sum: null, mean: null, completeness: 0 },
      });
    });

    test("documents are kept by kind, owner and part, replaced, listed and removed", async () => {
      const key = { kind: "day-record", owner: "shop3", part: "2026-05-10" };
      await store.saveDocument(key, '{"a":1}', RECEIVED);
      await store.saveDocument({ ...key, owner: "shop1" }, "{}", RECEIVED);
      await store.saveDocument({ kind: "health", owner: "gw1", part: "" }, "well", RECEIVED);
      await store.saveDocument(key, '{"a":2}', epochMs(RECEIVED + 1));
      assert.deepEqual(await store.document(key), { text: '{"a":2}', at: RECEIVED + 1 });
      const listed = await store.documents("day-record", null);
      assert.deepEqual(
        listed.map((one) => one.key.owner),
        ["shop1", "shop3"],
      );
      assert.equal((await store.documents("day-record", "shop3")).length, 1);
      assert.equal((await store.documents("health", null))[0]?.text, "well");
      await store.saveDocument(key, null, RECEIVED);
      assert.equal(await store.document(key), null);
    });

    test("the log of who did what is read newest first, by pages", async () => {
      for (const n of numbers(1, 5))
        await store.audit({ at: RECEIVED, actor: "key", action: `a${n}`, target: "t", detail: "" });
      const [newest, next] = await store.audits(null, 2);
      assert.deepEqual([newest?.action, next?.action], ["a5", "a4"]);
      const rest = await store.audits(next?.n ?? null, 9);
      assert.deepEqual(
        rest.map(({ action }) => action),
        ["a3", "a2", "a1"],
      );
    });
  });
}

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseSitePlan } from "../../config/site.ts";
import { epochMs } from "../../core/brand.ts";
import type { DayPairQuery, RollupSum } from "../repository.ts";
import { compareStores } from "./compare-stores.ts";

const parsed = parseSitePlan(
  JSON.parse(readFileSync(join(import.meta.dirname, "../../../config/site.example.json"), "utf8")),
);
assert.ok(parsed.ok);
const plan = parsed.value;
const ID = String(plan.store.id);
const WEEK = {
  from: epochMs(Date.parse("2026-05-04T00:00:00Z")),
  to: epochMs(Date.parse("2026-05-11T00:00:00Z")),
  now: epochMs(Date.parse("2026-06-01T00:00:00Z")),
};

const sumOf = (extra: Partial<RollupSum>): RollupSum => ({
  ...{ storeId: ID, metric: "entrants", slots: 1, sum: 50, mean: 50, completeness: 1, ...extra },
});

const asked: DayPairQuery[] = [];
const repositoryOf = (sums: readonly RollupSum[], pair: Record<string, number> | null) => ({
  sums: async () => sums,
  dayPairs: async (query: DayPairQuery) => {
    asked.push(query);
    const none = { days: 0, own: 0, other: 0, product: 0, completeness: 0 };
    return pair === null ? [] : [{ storeId: ID, ...none, ...pair }];
  },
});
const plans = new Map([[ID, plan]]);

test("a shop of which one day of seven has come is not shown as a whole week", async () => {
  const { how, stores } = await compareStores(
    repositoryOf([sumOf({})], null),
    plans,
    "entrants",
    WEEK,
  );
  assert.equal(how, "sum");
  const [store] = stores;
  assert.deepEqual([store?.value, store?.slots, store?.days], [50, 1, 7]);
  assert.ok(Math.abs((store?.completeness ?? 0) - 1 / 7) < 1e-9);
});

test("a rate is made of the days on which both of its counts are known", async () => {
  const pair = { days: 1, own: 20, other: 100, completeness: 1 };
  const found = await compareStores(repositoryOf([], pair), plans, "sales-conversion", WEEK);
  assert.deepEqual(
    { metric: asked.at(-1)?.metric, other: asked.at(-1)?.other },
    { metric: "transactions", other: "entrants" },
  );
  assert.equal(found.stores[0]?.value, 0.2);
  assert.equal(found.how, "ratio-of-sums");
});

test("a share weighs each day by what it counts", async () => {
  const pair = { days: 2, own: 0.6, other: 1100, product: 0.1 * 100 + 0.5 * 1000, completeness: 2 };
  const found = await compareStores(repositoryOf([], pair), plans, "shopfront-conversion", WEEK);
  assert.equal(asked.at(-1)?.other, "n");
  assert.ok(Math.abs((found.stores[0]?.value ?? 0) - 510 / 1100) < 1e-9);
});

test("a shop with a plan and nothing told stands in the list, unknown and incomplete", async () => {
  const { stores } = await compareStores(repositoryOf([], null), plans, "entrants", WEEK);
  assert.deepEqual(
    stores.map(({ value, slots, days, completeness }) => ({ value, slots, days, completeness })),
    [{ value: null, slots: 0, days: 7, completeness: 0 }],
  );
});

test("days that have not begun are not missed", async () => {
  const now = epochMs(Date.parse("2026-05-05T12:00:00Z"));
  const { stores } = await compareStores(
    repositoryOf([sumOf({ slots: 2 })], null),
    plans,
    "entrants",
    {
      ...WEEK,
      now,
    },
  );
  assert.deepEqual([stores[0]?.days, stores[0]?.completeness], [2, 1]);
});

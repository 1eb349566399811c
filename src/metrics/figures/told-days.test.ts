import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { VisitMaker } from "../../../test/fakes/completed-visits.ts";
import { shopSite, utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import { createMetrics, type Metrics } from "../metrics.ts";
import { type SideOf, toldDays } from "./told-days.ts";

const DAY_MS = 86_400_000;
const DAY = utc("2026-11-02T04:00:00Z");
const dayStart = (day: number): EpochMs => epochMs(DAY + day * DAY_MS);
const LEAST = 4;
const sideOf: SideOf = ({ earlier }) => (earlier.length > 0 ? "returning" : "new");

/** Customers by the days on which they come. */
function shopOf(days: readonly (readonly number[])[]): Metrics {
  const metrics = createMetrics({ site: shopSite() });
  const make = new VisitMaker();
  for (const [day, customers] of days.entries())
    for (const one of customers)
      metrics.ingest(make.visit(epochMs(dayStart(day) + 3_600_000 + one), { tag: `c${one}` }));
  return metrics;
}

const told = ({ sources }: Metrics, from: number, to: number): number[] => {
  const { starts } = toldDays(sources, { from: dayStart(from), to: dayStart(to) }, sideOf, LEAST);
  return [...starts].map((start) => (start - DAY) / DAY_MS).sort((a, b) => a - b);
};

test("a day of enough customers is told alone, others together with later ones", () => {
  const many = [0, 1, 2, 3, 4];
  const shop = shopOf([many, [10, 11], [12], [20, 21, 22, 23], [13, 14]]);
  assert.deepEqual(told(shop, 0, 1), [0]);
  assert.deepEqual(told(shop, 0, 3), [0], "two days of few wait");
  assert.deepEqual(told(shop, 0, 4), [0, 3]);
  assert.deepEqual(told(shop, 0, 5), [0, 1, 2, 3, 4]);
  assert.deepEqual(told(shop, 2, 5), [3], "a block that began before is not in the interval");
});

test("a day that is not over is not told", () => {
  const { sources } = shopOf([[0, 1, 2, 3, 4]]);
  const noon = { from: dayStart(0), to: epochMs(dayStart(0) + DAY_MS / 2) };
  const { starts, withheld } = toldDays(sources, noon, sideOf, LEAST);
  assert.deepEqual([starts.size, withheld], [0, [dayStart(0)]]);
});

test("no two intervals differ by fewer customers than the least on any side, unless by none", () => {
  const customers = fc.array(fc.integer({ min: 0, max: 14 }), { maxLength: 9 });
  fc.assert(
    fc.property(fc.array(customers, { minLength: 3, maxLength: 7 }), (days) => {
      const shop = shopOf(days.map((one) => [...new Set(one)]));
      const intervals: number[][] = [];
      for (let from = 0; from < days.length; from += 1)
        for (let to = from + 1; to <= days.length; to += 1) intervals.push(told(shop, from, to));
      const cameBefore = (one: number, day: number): boolean =>
        days.slice(0, day).some((came) => came.includes(one));
      for (const a of intervals) {
        for (const b of intervals) {
          const more = a.filter((day) => !b.includes(day));
          for (const isBack of [true, false]) {
            const side = new Set(
              more.flatMap((day) =>
                (days[day] ?? []).filter((one) => cameBefore(one, day) === isBack),
              ),
            );
            assert.ok(side.size === 0 || side.size >= LEAST, `${a} less ${b}: ${[...side]}`);
          }
        }
      }
    }),
    { numRuns: 60 },
  );
});

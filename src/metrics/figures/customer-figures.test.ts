import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { VisitMaker } from "../../../test/fakes/completed-visits.ts";
import { EventMaker, shopSite, utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { JourneyEvent } from "../../core/events.ts";
import type { MetricId, MetricValue } from "../../core/metric-value.ts";
import { createMetrics } from "../metrics.ts";

const DAY_S = 86_400;
const DAY = utc("2026-11-20T04:00:00Z");
const at = (seconds: number): EpochMs => epochMs(DAY + seconds * 1000);

interface Shop {
  add(...events: readonly JourneyEvent[]): void;
  /** A visit of a loyalty card, so many trading days after the first, at a second of that day. */
  come(card: string, day: number, second?: number): void;
  ask(metric: MetricId, day: number): MetricValue;
}

function openShop(): Shop {
  const metrics = createMetrics({ site: shopSite() });
  const visits = new VisitMaker();
  const add = (...events: readonly JourneyEvent[]): void => {
    for (const event of events) metrics.ingest(event);
  };
  add(...new EventMaker().allSeeing(at(0)));
  return {
    add,
    come: (card, day, second = 3600) => add(visits.visit(at(DAY_S * day + second), { tag: card })),
    ask: (metric, day) =>
      metrics.value(metric, { kind: "store" }, at(DAY_S * day), at(DAY_S * (day + 1))),
  };
}

/** Thirty customers on day 20, twelve of whom came on day 10, three of these on day 0 too. */
function knownShop(): Shop {
  const shop = openShop();
  for (let i = 0; i < 30; i += 1) {
    if (i < 3) shop.come(`c${i}`, 0);
    if (i < 12) shop.come(`c${i}`, 10);
    shop.come(`c${i}`, 20, 3600 + i);
  }
  return shop;
}

test("the repeat rate is exact among identified visits", () => {
  const shop = knownShop();
  const value = shop.ask("repeat-rate", 20);
  assert.equal(value.value, 12 / 30);
  assert.equal(value.n, 30);
  assert.equal(value.method, "tag");
  assert.equal(value.reason?.code, "short-memory");
  assert.deepEqual(value.definition.parameters, { windowDays: 90, minPathCell: 10, minN: 20 });
});

test("of the windows of 30 and 60 days there are figures of their own", () => {
  const shop = openShop();
  for (let i = 0; i < 40; i += 1) {
    if (i < 11) shop.come(`c${i}`, 0);
    if (i >= 11 && i < 24) shop.come(`c${i}`, 30);
    shop.come(`c${i}`, 45, 3600 + i);
  }
  const told = (["repeat-rate-30", "repeat-rate-60", "repeat-rate"] as const).map((metric) => {
    const { value, definition } = shop.ask(metric, 45);
    return [value, definition.parameters["windowDays"]];
  });
  assert.deepEqual(told, [
    [13 / 40, 30],
    [24 / 40, 60],
    [24 / 40, 90],
  ]);
});

test("windows side by side do not tell of fewer customers than the least, by subtraction either", () => {
  const stay = fc.record({
    card: fc.integer({ min: 0, max: 39 }),
    ago: fc.constantFrom(5, 40, 70),
  });
  fc.assert(
    fc.property(fc.array(stay, { maxLength: 60 }), (before) => {
      const shop = openShop();
      for (const { card, ago } of [...before].sort((a, b) => b.ago - a.ago))
        shop.come(`c${card}`, 75 - ago, card + 1);
      for (let i = 0; i < 40; i += 1) shop.come(`c${i}`, 75, 3600 + i);
      const returned = (["repeat-rate-30", "repeat-rate-60", "repeat-rate"] as const).map(
        (metric) => {
          const { value, n } = shop.ask(metric, 75);
          return value === null ? null : Math.round(value * n);
        },
      );
      const [month = null, two = null, three = null] = returned;
      if (month === null || two === null || three === null) {
        assert.deepEqual(returned, [null, null, null], "told together or not at all");
        return;
      }
      for (const some of [month, two - month, three - two, 40 - three])
        assert.ok(some === 0 || some >= 10, `${returned}`);
    }),
    { numRuns: 60 },
  );
});

test("a second visit on the same trading day is no return", () => {
  const shop = openShop();
  for (let i = 0; i < 20; i += 1) {
    shop.come(`c${i}`, 0, 3600);
    shop.come(`c${i}`, 0, 7200);
  }
  const value = shop.ask("repeat-rate", 0);
  assert.equal(value.value, 0);
  assert.equal(value.n, 40);
  assert.equal(value.effectiveN, 20);
});

test("staff and other tags are not identified customers", () => {
  const shop = openShop();
  const visits = new VisitMaker();
  for (let i = 0; i < 40; i += 1) {
    const tag = `t${i}`;
    const change = { source: "visits#other" };
    shop.add(visits.visit(at(100 + i), { tag, tagKind: "cart", change }));
    shop.add(visits.visit(at(200 + i), { tag, isStaff: true, change }));
  }
  assert.equal(shop.ask("repeat-rate", 0).reason?.code, "no-identified");
});

test("figures of fewer customers than the least are withheld, however often they came", () => {
  const shop = openShop();
  for (let day = 0; day < 5; day += 1)
    for (let i = 0; i < 9; i += 1) shop.come(`c${i}`, day, 3600 + i);
  for (const metric of [
    "repeat-rate",
    "visit-recency",
    "customer-tenure",
    "visit-frequency",
  ] as const) {
    const value = shop.ask(metric, 4);
    assert.equal(value.reason?.code, "small-cell", metric);
    assert.deepEqual([value.value, value.ci95, value.n], [null, null, 0]);
  }
});

test("recency is the median of the days since the visit before, tenure since the first", () => {
  const shop = knownShop();
  assert.equal(shop.ask("visit-recency", 20).value, 10);
  assert.equal(shop.ask("visit-recency", 20).n, 12);
  assert.equal(shop.ask("visit-recency", 20).unit, "days");
  assert.equal(shop.ask("customer-tenure", 20).value, 0);
  for (let i = 0; i < 12; i += 1) shop.come(`c${i}`, 21, 3600 + i);
  assert.equal(shop.ask("visit-recency", 21).value, 1);
  assert.equal(shop.ask("customer-tenure", 21).value, 11);
});

test("frequency is visits per customer over the days before the end", () => {
  const shop = openShop();
  for (let i = 0; i < 30; i += 1) {
    shop.come(`c${i}`, 0, 60 + i);
    if (i < 12) shop.come(`c${i}`, 10, 60 + i);
  }
  const value = shop.ask("visit-frequency", 10);
  assert.equal(value.value, (30 + 12) / 30);
  assert.equal(value.n, 30);
});

test("one customer more does not show in the frequency of the day after", () => {
  const shop = openShop();
  for (let i = 0; i < 20; i += 1) shop.come(`c${i}`, 0, 60 + i);
  for (let visit = 0; visit < 3; visit += 1) shop.come("late", 1, 600 + visit);
  for (const day of [0, 1]) {
    const value = shop.ask("visit-frequency", day);
    assert.deepEqual([value.value, value.n], [1, 20]);
  }
  assert.ok("withheldDays" in shop.ask("visit-frequency", 1).definition.parameters);
});

test("identification coverage is identified visits over entrants, and above 1 it is flagged", () => {
  const shop = openShop();
  const maker = new EventMaker("door");
  for (let i = 0; i < 40; i += 1) shop.add(maker.crossing(at(3000 + 60 * i), "door", "in"));
  for (let i = 0; i < 10; i += 1) shop.come(`c${i}`, 0, 3000 + 60 * i);
  assert.equal(shop.ask("identification-coverage", 0).value, 0.25);
  for (let i = 10; i < 50; i += 1) shop.come(`c${i}`, 0, 3000 + 60 * i);
  const value = shop.ask("identification-coverage", 0);
  assert.equal(value.value, 1.25);
  assert.equal(value.reason?.code, "more-identified-than-entrants");
});

test("without entrants there is no coverage, and few of them give an interval only", () => {
  const shop = openShop();
  assert.equal(shop.ask("identification-coverage", 0).reason?.code, "no-entrants");
  shop.add(new EventMaker("door").crossing(at(3000), "door", "in"));
  assert.equal(shop.ask("identification-coverage", 0).reason?.code, "small-sample");
});

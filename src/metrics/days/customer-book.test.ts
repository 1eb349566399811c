import assert from "node:assert/strict";
import { test } from "node:test";
import { VisitMaker } from "../../../test/fakes/completed-visits.ts";
import { fullShop } from "../../../test/fakes/full-day.ts";
import { utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { JourneyCompleted } from "../../core/events.ts";
import { createMetrics, type Metrics } from "../metrics.ts";
import { CustomerBook } from "./customer-book.ts";

const DAY_MS = 86_400_000;
const DAY = utc("2026-11-20T04:00:00Z");
const day = (n: number): EpochMs => epochMs(DAY + n * DAY_MS);
const HOUR_MS = 3_600_000;
const noon = (n: number, hoursLater = 0): EpochMs => epochMs(day(n) + (8 + hoursLater) * HOUR_MS);

function metricsWith(...visits: readonly JourneyCompleted[]): Metrics {
  const metrics = createMetrics({ site: fullShop() });
  for (const visit of visits) metrics.ingest(visit);
  return metrics;
}

test("a customer's days come in order, with the visits of each", () => {
  const maker = new VisitMaker();
  const visits = [2, 0, 2].map((n, i) => maker.visit(noon(n, i), { tag: "card" }));
  const { customers } = metricsWith(...visits).sources;
  assert.deepEqual(customers.visitsOf("card"), [
    { dayStart: day(0), visits: 1 },
    { dayStart: day(2), visits: 2 },
  ]);
  assert.deepEqual(customers.daysOf("card"), [day(0), day(2)]);
  assert.deepEqual(customers.daysOf("nobody"), []);
});

test("a visit that is taken back, or turns out to be staff, is none of the customer's", () => {
  const maker = new VisitMaker();
  const visit = maker.visit(noon(0), { tag: "card" });
  const other = maker.visit(noon(0), { tag: "card" });
  const again = { ...visit, seq: 9, revision: 1, isWithdrawn: true };
  const metrics = metricsWith(visit, other, again);
  assert.deepEqual(metrics.sources.customers.visitsOf("card"), [{ dayStart: day(0), visits: 1 }]);
  metrics.ingest({ ...other, seq: 10, revision: 1, isStaff: true });
  assert.equal(metrics.sources.customers.size, 0);
});

test("what two gateways of a shop tell of one customer at a time is one visit, in whatever order they tell it", () => {
  const maker = new VisitMaker();
  const visits = [
    maker.visit(noon(0), { tag: "card", lengthS: 1800 }),
    maker.visit(epochMs(noon(0) + 600_000), { tag: "card", lengthS: 60 }),
    maker.visit(epochMs(noon(0) + 2_700_000), { tag: "card", lengthS: 60 }),
    maker.visit(epochMs(noon(0) + 3_660_001), { tag: "card", lengthS: 60 }),
  ];
  for (const told of [visits, [...visits].reverse()])
    assert.deepEqual(metricsWith(...told).sources.customers.visitsOf("card"), [
      { dayStart: day(0), visits: 2 },
    ]);
});

test("only loyalty cards name a customer", () => {
  const maker = new VisitMaker();
  const basket = maker.visit(noon(0), { tag: "basket-1", tagKind: "basket" });
  assert.equal(metricsWith(basket, maker.visit(noon(0))).sources.customers.size, 0);
});

test("what changed is told once, and taken in again gives the same book", () => {
  const maker = new VisitMaker();
  const before = metricsWith(
    maker.visit(noon(0), { tag: "card" }),
    maker.visit(noon(1), { tag: "card" }),
    maker.visit(noon(1), { tag: "other" }),
  );
  const told = before.takeChangedCustomers();
  assert.equal(told.length, 3);
  assert.deepEqual(before.takeChangedCustomers(), []);
  const after = createMetrics({ site: fullShop() });
  after.restoreCustomers(told);
  for (const customer of ["card", "other"])
    assert.deepEqual(
      after.sources.customers.visitsOf(customer),
      before.sources.customers.visitsOf(customer),
    );
  assert.deepEqual(after.takeChangedCustomers(), []);
});

test("a day that came back in full knows better than what was kept of its customers", () => {
  const maker = new VisitMaker();
  const before = metricsWith(
    maker.visit(noon(0), { tag: "card" }),
    maker.visit(noon(0, 1), { tag: "card" }),
  );
  const after = createMetrics({ site: fullShop() });
  for (const record of before.takeChangedDays()) assert.ok(after.restore(record));
  after.restoreCustomers([
    { customer: "card", dayStart: day(0) },
    { customer: "card", dayStart: day(-80) },
  ]);
  assert.deepEqual(after.sources.customers.visitsOf("card"), [
    { dayStart: day(-80), visits: 1 },
    { dayStart: day(0), visits: 2 },
  ]);
});

test("what is older than ninety days is forgotten, and the longest unseen when there is no room", () => {
  const book = new CustomerBook();
  book.note("old", day(9));
  book.note("card", day(10));
  book.note("card", day(100));
  book.forgetOld();
  assert.deepEqual([book.daysOf("old"), book.daysOf("card")], [[], [day(10), day(100)]]);
  for (let i = 0; i < 100_000; i += 1) book.note(`c${i}`, day(96 + (i % 5)));
  assert.ok(book.size <= 100_000);
  assert.equal(book.forgotten, 1000);
  assert.equal(book.daysOf("c0").length, 0);
  assert.equal(book.daysOf("card").length, 2);
});

test("a visit that a correction moves over the cut-over stands on one day only", () => {
  const visit = new VisitMaker().visit(epochMs(day(1) + 60_000), { tag: "card" });
  const moved = { ...visit, seq: 9, revision: 1, enteredAt: epochMs(day(1) - 60_000) };
  for (const order of [
    [visit, moved],
    [moved, visit],
  ]) {
    const metrics = metricsWith(...order);
    const rows = metrics.sources.book.days.map((one) => [...one.visits.rows()].length);
    assert.equal(
      rows.reduce((sum, n) => sum + n, 0),
      1,
    );
    assert.deepEqual(metrics.sources.customers.daysOf("card"), [day(0)]);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EventMaker, shopSite, utc } from "../../../test/fakes/journey-events.ts";
import { simulateDay } from "../../../test/fakes/shop-simulation.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { JourneyEvent, TransactionKind, TransactionRecorded } from "../../core/events.ts";
import type { MetricId, MetricValue } from "../../core/metric-value.ts";
import { seededRandom } from "../../core/random.ts";
import { createMetrics } from "../metrics.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const STORE = { kind: "store" } as const;
const DAY = utc("2026-11-20T04:00:00Z");
const at = (minute: number): EpochMs => epochMs(DAY + minute * MINUTE_MS);
const times = (count: number, first: number, step = 1): number[] =>
  Array.from({ length: count }, (_, i) => first + i * step);

function shop(make: (maker: EventMaker) => readonly JourneyEvent[], site = shopSite()) {
  const maker = new EventMaker();
  const metrics = createMetrics({ site });
  for (const event of [...maker.allSeeing(DAY), ...make(maker)]) metrics.ingest(event);
  const ask = (metric: MetricId, from = 0, to = 1440): MetricValue =>
    metrics.value(metric, STORE, at(from), at(to));
  return { metrics, ask, maker };
}

const enter = (maker: EventMaker, minutes: readonly number[]): JourneyEvent[] =>
  minutes.map((minute) => maker.crossing(at(minute), "door", "in"));

/** One receipt of each kind beside so many sales. */
function till(maker: EventMaker, sales: number): TransactionRecorded[] {
  const others: readonly [TransactionKind, number][] = [
    ["refund", -3000],
    ["exchange", 0],
    ["exchange", -500],
    ["staff-sale", 900],
    ["click-collect", 4000],
    ["delivery", 7000],
  ];
  return [
    ...times(sales, 400).map((minute) => maker.receipt(at(minute), `s${minute}`, 2000)),
    ...others.map(([kind, net], i) => maker.receipt(at(380), `o${i}`, net, kind)),
  ];
}

test("sales conversion counts sales: refunds, even exchanges, staff, collected and delivered orders are none", () => {
  const { ask } = shop((maker) => [...enter(maker, times(100, 310)), ...till(maker, 25)]);
  const value = ask("sales-conversion");
  assert.deepEqual([value.value, value.n], [0.25, 100]);
  assert.equal(ask("transactions").value, 25);
  assert.equal(ask("net-sales").value, 25 * 2000 - 3000 - 500);
});

test("an exchange after which the customer paid more holds a new sale", () => {
  const { ask } = shop((maker) => [
    ...enter(maker, times(40, 310)),
    maker.receipt(at(400), "up", 1200, "exchange"),
    maker.receipt(at(401), "even", 0, "exchange"),
    maker.receipt(at(402), "down", -100, "exchange"),
  ]);
  assert.equal(ask("transactions").value, 1);
  assert.equal(ask("net-sales").value, 1100);
  assert.equal(ask("sales-conversion").value, 1 / 40);
});

test("per buying unit is told beside per entrant, which stays what it is", () => {
  const { ask } = shop((maker) => [
    ...enter(maker, times(100, 310)),
    ...times(20, 310).map((minute) => maker.group(at(minute), "door", "in", 2)),
    ...till(maker, 20),
  ]);
  assert.deepEqual(
    [ask("sales-conversion").value, ask("sales-conversion-units").value],
    [0.2, 0.25],
  );
  assert.deepEqual(
    [ask("sales-conversion-units").n, ask("sales-conversion-units").reason],
    [80, null],
  );
});

test("while no group was seen, per buying unit is per entrant and says so", () => {
  const { ask } = shop((maker) => [...enter(maker, times(100, 310)), ...till(maker, 20)]);
  const value = ask("sales-conversion-units");
  assert.deepEqual([value.value, value.reason?.code], [0.2, "no-groups"]);
});

test("shopper yield is sales conversion times average transaction value", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 20, max: 200 }),
      fc.array(fc.integer({ min: 1, max: 90_000 }), { minLength: 20, maxLength: 60 }),
      fc.integer({ min: 0, max: 5000 }),
      (entrants, amounts, back) => {
        const { ask } = shop((maker) => [
          ...enter(maker, times(entrants, 310)),
          ...amounts.map((net, i) => maker.receipt(at(600 + i), `s${i}`, net)),
          maker.receipt(at(700), "back", -back, "refund"),
        ]);
        const [rate, mean, perHead] = (
          ["sales-conversion", "average-transaction-value", "shopper-yield"] as const
        ).map((metric) => ask(metric).value ?? Number.NaN);
        assert.ok(Math.abs((rate ?? 0) * (mean ?? 0) - (perHead ?? 0)) < 1e-6);
        const [low, high] = ask("average-transaction-value").ci95 ?? [1, 0];
        assert.ok(low <= (mean ?? 0) && (mean ?? 0) <= high);
      },
    ),
    { numRuns: 40, seed: 2 },
  );
});

test("units per transaction counts the pieces of purchases only", () => {
  const { ask } = shop((maker) => [
    ...enter(maker, [310]),
    ...times(20, 400).map((minute) => ({ ...maker.receipt(at(minute), `s${minute}`), units: 3 })),
    { ...maker.receipt(at(500), "back", -900, "refund"), units: -5 },
    { ...maker.receipt(at(501), "staff", 900, "staff-sale"), units: 9 },
  ]);
  assert.deepEqual([ask("units-per-transaction").value, ask("units-per-transaction").n], [3, 20]);
});

test("few purchases: an interval only; none: unknown", () => {
  const few = shop((maker) => [...enter(maker, times(30, 310)), ...till(maker, 5)]);
  for (const metric of ["average-transaction-value", "units-per-transaction"] as const) {
    const value = few.ask(metric);
    assert.deepEqual([value.value, value.reason?.code], [null, "small-sample"]);
    assert.ok(value.ci95 !== null);
  }
  const none = shop((maker) => [maker.receipt(at(300), "back", -900, "refund")]);
  assert.equal(none.ask("average-transaction-value").reason?.code, "no-transactions");
  assert.equal(none.ask("net-sales").value, -900);
  assert.equal(none.ask("net-sales").reason?.code, "negative-sales");
});

test("half an hour of a known shop takes entries a mean visit earlier, else says that it is too early", () => {
  const days = (maker: EventMaker, count: number): JourneyEvent[] =>
    times(count, 0).flatMap((day) =>
      times(240, day * 1440 + 310, 2).flatMap((minute) => [
        maker.crossing(at(minute), "door", "in"),
        maker.crossing(at(minute + 20), "door", "out"),
      ]),
    );
  const today = (maker: EventMaker): JourneyEvent[] => [
    ...enter(maker, times(30, 1440 + 400)),
    ...times(10, 1440 + 420, 3).map((m) => maker.receipt(at(m), `r${m}`)),
  ];
  const known = shop((maker) => [...days(maker, 1), ...today(maker)]);
  const value = known.ask("sales-conversion", 1440 + 420, 1440 + 450);
  assert.deepEqual([value.value, value.n], [10 / 30, 30]);
  assert.equal(value.definition.parameters["alignedByMs"], 20 * MINUTE_MS);
  const fresh = shop((maker) => today(maker));
  const early = fresh.ask("sales-conversion", 1440 + 400, 1440 + 430);
  assert.deepEqual([early.value, early.reason?.code], [null, "payment-lag"]);
});

test("an hour in the middle of the day has a rate, whenever its first entrant came", () => {
  const { ask } = shop((maker) => [
    ...enter(maker, times(60, 300)),
    ...enter(maker, times(40, 505)),
    ...times(10, 530).map((minute) => maker.receipt(at(minute), `r${minute}`)),
  ]);
  assert.equal(ask("sales-conversion", 500, 560).value, 0.25);
});

test("more purchases than entrants are shown and flagged, with no interval", () => {
  const { ask } = shop((maker) => [...enter(maker, times(20, 310)), ...till(maker, 30)]);
  const value = ask("sales-conversion");
  assert.deepEqual(
    [value.value, value.reason?.code, value.ci95],
    [1.5, "more-sales-than-entrants", null],
  );
});

test("a purchase before the first entrant of the day, or with none to match, is named", () => {
  const { ask } = shop((maker) => [
    maker.receipt(at(250), "phone"),
    ...enter(maker, times(40, 310)),
    ...till(maker, 10),
  ]);
  const value = ask("sales-conversion");
  assert.deepEqual([value.value, value.reason?.code], [11 / 40, "sales-before-entry"]);
  assert.match(value.reason?.text ?? "", /^1 purchase was paid before/);
});

test("opening hours: who pays within the hour after closing came before it; a receipt of the night did not", () => {
  const site = shopSite();
  const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
  const hours = [{ days, fromMin: 540, toMin: 1080 }];
  const { ask } = shop(
    (maker) => [
      ...enter(maker, times(40, 400)),
      maker.receipt(at(850), "late"),
      maker.receipt(at(1200), "night"),
    ],
    { ...site, store: { ...site.store, hours } },
  );
  assert.equal(ask("sales-conversion").value, 1 / 40);
  const sold = ask("transactions");
  assert.deepEqual([sold.value, sold.reason?.code], [2, "outside-hours"]);
  assert.equal(sold.definition.parameters["outsideHours"], 1);
});

test("a door blind for an hour takes its hour's purchases out of the rate, not out of the till", () => {
  const { ask } = shop((maker) => [
    ...enter(maker, times(50, 310)),
    maker.sensor(at(400), "entrance", "blind"),
    maker.sensor(at(460), "entrance"),
    ...times(10, 420).map((minute) => maker.receipt(at(minute), `blind${minute}`)),
    ...enter(maker, times(50, 470)),
    ...times(20, 500).map((minute) => maker.receipt(at(minute), `s${minute}`)),
  ]);
  assert.deepEqual([ask("sales-conversion").value, ask("transactions").value], [0.2, 30]);
  assert.ok(ask("sales-conversion").coverage < 1);
});

test("four weeks with doors that miss 2 and 3 %: conversion within a point, receipts exact, truth in the interval", () => {
  const random = seededRandom(12);
  const maker = new EventMaker();
  const metrics = createMetrics({ site: shopSite() });
  for (const event of maker.allSeeing(DAY)) metrics.ingest(event);
  let [visits, sales] = [0, 0];
  for (let day = 0; day < 28; day += 1) {
    const opensAt = epochMs(DAY + day * DAY_MS + 5 * 3_600_000);
    const misses = { missInRatio: 0.02, missOutRatio: 0.03 };
    const told = simulateDay({ random, opensAt, maker, ...misses });
    visits += told.visits;
    sales += told.sales;
    for (const event of told.events) metrics.ingest(event);
    for (const [i, kind] of (
      ["refund", "staff-sale", "click-collect", "exchange"] as const
    ).entries())
      metrics.ingest(maker.receipt(epochMs(opensAt + 3_600_000 + i), `${day}-${kind}`, 0, kind));
  }
  const ask = (metric: MetricId): MetricValue =>
    metrics.value(metric, STORE, DAY, epochMs(DAY + 28 * DAY_MS));
  assert.equal(ask("transactions").value, sales);
  const rate = ask("sales-conversion");
  assert.ok(Math.abs((rate.value ?? 1) - sales / visits) < 0.01, `${rate.value}`);
  const [low, high] = rate.ci95 ?? [1, 0];
  assert.ok(low <= sales / visits && sales / visits <= high);
  const front = ask("shopfront-conversion");
  const [frontLow, frontHigh] = front.ci95 ?? [1, 0];
  assert.ok(frontHigh - frontLow < 0.03 && (front.effectiveN ?? 0) <= front.n);
});

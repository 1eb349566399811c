import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { shopSite, utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { MetricId, MetricValue } from "../../core/metric-value.ts";
import { definitionOf, definitionReference } from "../definitions.ts";
import { wilson95 } from "../estimate/intervals.ts";
import { type ArchiveQuestion, archiveReader, grainOf } from "./archive.ts";
import type { FigureReader } from "./period-report.ts";
import { shopDays } from "./report-period.ts";
import type { Grain } from "./reports.ts";

const DAY_MS = 86_400_000;
const days = shopDays(shopSite());
const START = utc("2026-01-05T04:00:00Z");
const dayStart = (index: number): EpochMs => epochMs(START + index * DAY_MS);
const STORE = { kind: "store" } as const;

function value(metric: MetricId, from: EpochMs, patch: Partial<MetricValue> = {}): MetricValue {
  return {
    metric,
    scope: STORE,
    value: 0,
    unit: definitionOf(metric).unit,
    reason: null,
    definition: definitionReference(metric),
    method: "count",
    coverage: 1,
    imputedShare: 0,
    n: 0,
    effectiveN: null,
    ci95: null,
    from,
    to: epochMs(from + DAY_MS),
    revision: 0,
    ...patch,
  };
}

/** A reader over so many saved days and one kept day behind them. */
function reader(
  saved: readonly MetricValue[],
  live: FigureReader["value"] = () => assert.fail("the live metrics were asked"),
  asked: (readonly [ArchiveQuestion, Grain])[] = [],
): FigureReader {
  const keptSince = (): EpochMs => dayStart(10);
  return archiveReader({
    live: { value: live },
    days,
    keptSince,
    saved: (question, grain) => {
      asked.push([question, grain]);
      return saved.filter(
        ({ metric, from }) =>
          metric === question.metric && from >= question.from && from < question.to,
      );
    },
  });
}

const of = (metric: MetricId, values: readonly (number | null)[]): MetricValue[] =>
  values.map((one, index) => value(metric, dayStart(index), { value: one, n: one ?? 0 }));

test("what the metrics keep in full is asked of them", () => {
  const known = value("entrants", dayStart(10), { value: 5 });
  const found = reader([], () => known).value("entrants", STORE, dayStart(10), dayStart(11));
  assert.equal(found, known);
});

test("a single saved slot is given back as it was saved", () => {
  const saved = value("visit-duration-median", dayStart(3), { value: 700_000, ci95: [6e5, 8e5] });
  const found = reader([saved]).value("visit-duration-median", STORE, dayStart(3), dayStart(4));
  assert.equal(found, saved);
});

test("counts add up over saved and kept days, with their notes' figures", () => {
  const saved = [
    value("entrants", dayStart(8), { value: 10, n: 10, coverage: 0.5, revision: 2 }),
    value("entrants", dayStart(9), { value: 30, n: 30, imputedShare: 0.5 }),
  ];
  const live = value("entrants", dayStart(10), { value: 5, n: 5 });
  const found = reader(saved, () => live).value("entrants", STORE, dayStart(8), dayStart(11));
  assert.deepEqual(
    [found.value, found.n, found.coverage, found.imputedShare, found.revision, found.reason],
    [45, 45, 2.5 / 3, 15 / 45, 2, null],
  );
  assert.deepEqual([found.from, found.to], [dayStart(8), dayStart(11)]);
});

test("days that are missing are said, and never counted as 0", () => {
  const found = reader(of("entrants", [10, null, 20])).value(
    "entrants",
    STORE,
    dayStart(0),
    dayStart(4),
  );
  assert.deepEqual([found.value, found.reason?.code], [30, "partly-blind"]);
  assert.match(found.reason?.text ?? "", /^50 % of the interval was kept/);
  const none = reader(of("entrants", [null])).value("entrants", STORE, dayStart(0), dayStart(2));
  assert.deepEqual([none.value, none.reason?.code, none.method], [null, "not-kept", "none"]);
});

test("sales conversion is taken anew from its sums, with its interval", () => {
  const saved = [
    ...of("transactions", [30, 10]),
    ...of("entrants", [100, 300]),
    ...of("sales-conversion", [0.3, 0.033]),
  ];
  const found = reader(saved).value("sales-conversion", STORE, dayStart(0), dayStart(2));
  assert.deepEqual([found.value, found.n, found.ci95], [0.1, 400, wilson95(40, 400)]);
});

test("money per purchase and per entrant are sums over sums", () => {
  const saved = [
    ...of("net-sales", [1000, 3000]),
    ...of("transactions", [1, 4]),
    ...of("entrants", [10, 30]),
    ...of("average-transaction-value", [1000, 750]),
    ...of("shopper-yield", [100, 100]),
  ];
  const ask = (metric: MetricId) => reader(saved).value(metric, STORE, dayStart(0), dayStart(2));
  assert.deepEqual(
    [ask("average-transaction-value").value, ask("shopper-yield").value],
    [800, 100],
  );
});

test("shopfront conversion is pooled over its passers-by", () => {
  const saved = [
    value("shopfront-conversion", dayStart(0), { value: 0.1, n: 1000 }),
    value("shopfront-conversion", dayStart(1), { value: 0.5, n: 100 }),
  ];
  const found = reader(saved).value("shopfront-conversion", STORE, dayStart(0), dayStart(2));
  assert.deepEqual([found.value, found.n], [150 / 1100, 1100]);
});

test("a rate over nothing is null with a reason, and over too few an interval only", () => {
  const ask = (transactions: number, entrants: number) =>
    reader([
      ...of("transactions", [transactions, 0]),
      ...of("entrants", [entrants, 0]),
      ...of("sales-conversion", [null, null]),
    ]).value("sales-conversion", STORE, dayStart(0), dayStart(2));
  assert.deepEqual([ask(0, 0).value, ask(0, 0).reason?.code], [null, "not-kept"]);
  assert.deepEqual(
    [ask(4, 15).value, ask(4, 15).reason?.code, ask(4, 15).ci95],
    [null, "small-sample", wilson95(4, 15)],
  );
});

test("a share of visits is pooled over its visits, never summed", () => {
  const saved = [
    value("baskets-abandoned", dayStart(0), { value: 0.8, n: 100 }),
    value("baskets-abandoned", dayStart(1), { value: 0.5, n: 300 }),
  ];
  const found = reader(saved).value("baskets-abandoned", STORE, dayStart(0), dayStart(2));
  assert.deepEqual([found.value, found.n, found.ci95], [230 / 400, 400, wilson95(230, 400)]);
});

test("a day on which the door was blind is in neither sum of a rate, and is said", () => {
  const saved = [
    ...of("transactions", [20, 90]),
    ...of("entrants", [100, null]),
    ...of("sales-conversion", [0.2, null]),
  ];
  const found = reader(saved).value("sales-conversion", STORE, dayStart(0), dayStart(2));
  assert.deepEqual([found.value, found.reason?.code], [0.2, "partly-blind"]);
});

test("a saved rate says how much of its entrants was estimated", () => {
  const saved = [
    ...of("transactions", [20, 20]),
    value("entrants", dayStart(0), { value: 100, n: 100 }),
    value("entrants", dayStart(1), { value: 100, n: 50, imputedShare: 0.5 }),
    ...of("sales-conversion", [0.2, 0.4]),
  ];
  const found = reader(saved).value("sales-conversion", STORE, dayStart(0), dayStart(2));
  assert.deepEqual([found.value, found.imputedShare], [0.2, 0.25]);
});

test("saved figures that cannot be are shown and flagged, as live ones are", () => {
  const saved = [
    ...of("transactions", [60, 50]),
    ...of("entrants", [40, 40]),
    ...of("sales-conversion", [1.5, 1.25]),
    ...of("net-sales", [-500, 100]),
    ...of("shopper-yield", [-12.5, 2.5]),
    value("shopfront-conversion", dayStart(0), { value: 2, n: 30 }),
    value("shopfront-conversion", dayStart(1), { value: 1, n: 30 }),
  ];
  const ask = (metric: MetricId) => {
    const found = reader(saved).value(metric, STORE, dayStart(0), dayStart(2));
    return [found.value, found.ci95, found.reason?.code];
  };
  assert.deepEqual(ask("sales-conversion"), [110 / 80, null, "more-sales-than-entrants"]);
  assert.deepEqual(ask("shopfront-conversion"), [90 / 60, null, "geometry-fault"]);
  assert.deepEqual(ask("net-sales"), [-400, null, "negative-sales"]);
  assert.deepEqual(ask("shopper-yield"), [-5, null, "negative-sales"]);
});

test("a median of several days is not made of their medians", () => {
  const found = reader(of("visit-duration-median", [5e5, 7e5])).value(
    "visit-duration-median",
    STORE,
    dayStart(0),
    dayStart(2),
  );
  assert.deepEqual([found.value, found.reason?.code], [null, "not-kept"]);
});

test("the peak of several days is the highest", () => {
  const found = reader(of("occupancy-peak", [4, 9, 7])).value(
    "occupancy-peak",
    STORE,
    dayStart(0),
    dayStart(3),
  );
  assert.equal(found.value, 9);
});

test("saved rows are read at the coarsest grain that fits", () => {
  const at = (hours: number): EpochMs => epochMs(START + hours * 3_600_000);
  assert.equal(grainOf(days, at(0), at(48)), "day");
  assert.equal(grainOf(days, at(0), at(47)), "hour");
  assert.equal(grainOf(days, at(0), at(0.25)), "quarter");
  assert.equal(grainOf(days, at(0), epochMs(START + 60_000)), "minute");
});

test("a long period is the sum of any way of cutting it into whole days", () => {
  const counts = fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 2, maxLength: 10 });
  fc.assert(
    fc.property(counts, fc.nat(), (entrants, cutSeed) => {
      const cut = 1 + (cutSeed % (entrants.length - 1));
      const ask = (from: number, to: number): number =>
        reader(of("entrants", entrants)).value("entrants", STORE, dayStart(from), dayStart(to))
          .value ?? Number.NaN;
      assert.equal(ask(0, cut) + ask(cut, entrants.length), ask(0, entrants.length));
    }),
  );
});

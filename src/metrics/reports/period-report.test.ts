import assert from "node:assert/strict";
import { test } from "node:test";
import { EventMaker, shopSite, utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import { parseDate } from "../../core/civil-date.ts";
import type { MetricValue } from "../../core/metric-value.ts";
import { createMetrics, type Metrics } from "../metrics.ts";
import { periodReport, reportMetrics, zonesOf } from "./period-report.ts";
import { type ReportQuery, shopDays } from "./report-period.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const site = shopSite();
const days = shopDays(site);
/** Wednesday. */
const NOW = utc("2026-05-13T12:30:00Z");
const TODAY: ReportQuery = { period: { kind: "day", date: null }, compare: null };

/** Two weeks in which so many come at 10:00 and at 15:00 on the n-th day. */
function twoWeeks(): Metrics {
  const metrics = createMetrics({ site });
  const maker = new EventMaker();
  const first = utc("2026-05-01T04:00:00Z");
  const all = [];
  for (let day = 0; day < 13; day += 1) {
    const at = (hours: number, i: number): EpochMs =>
      epochMs(first + day * DAY_MS + (hours - 4) * HOUR_MS + i * 1000);
    all.push(...maker.allSeeing(at(4, 0)));
    for (let i = 0; i <= day; i += 1) {
      all.push(maker.crossing(at(10, i), "door", "in"));
      all.push(maker.crossing(at(15, i), "door", "in"));
      all.push(maker.receipt(at(10, i), `r-${day}-${i}`));
    }
  }
  for (const event of all) if (event.at <= NOW) metrics.ingest(event);
  return metrics;
}

const metrics = twoWeeks();
const report = (query: ReportQuery) =>
  periodReport(site, days, metrics, query, NOW) ?? assert.fail("there is a report");
const tile = (tiles: readonly MetricValue[], metric: string): MetricValue =>
  tiles.find((one) => one.metric === metric) ?? assert.fail(metric);

test("the tiles of a running day are what the metrics say of it up to now", () => {
  const { current, comparison } = report(TODAY);
  const start = utc("2026-05-13T04:00:00Z");
  const expected = metrics.value("entrants", { kind: "store" }, start, NOW);
  assert.deepEqual(tile(current.tiles, "entrants"), expected);
  assert.equal(expected.value, 13);
  assert.deepEqual([current.period.from, current.period.to - start], [start, DAY_MS]);
  assert.equal(comparison, null);
});

test("the same weekday is counted up to the same time, and its chart goes on to the end", () => {
  const { comparison } = report({ ...TODAY, compare: { kind: "same-weekday" } });
  assert.ok(comparison !== null);
  assert.equal(tile(comparison.tiles, "entrants").value, 6, "those of 15:00 are not among them");
  const column = comparison.series.columns.entrants ?? [];
  assert.equal(
    column.reduce<number>((sum, n) => sum + (n ?? 0), 0),
    12,
  );
});

test("the chart has a slot for the whole period, and what has not begun is not known", () => {
  const { series } = report(TODAY).current;
  assert.deepEqual([series.grain, series.slots.length], ["quarter", 96]);
  const entrants = series.columns.entrants ?? [];
  assert.equal(entrants.length, 96);
  assert.equal(entrants[24], 13, "10:00 is the 25th quarter after 04:00");
  assert.equal(entrants[0], 0);
  assert.equal(entrants[50], null);
});

test("columns, doors and tiles of a period that is over agree with each other", () => {
  const query: ReportQuery = {
    period: { kind: "week", date: parseDate("2026-05-05") },
    compare: null,
  };
  const { current } = report(query);
  const total = tile(current.tiles, "entrants").value;
  const slots = (current.series.columns.entrants ?? []).reduce<number>((a, b) => a + (b ?? 0), 0);
  const atDoors = current.doors.flatMap(({ values }) =>
    values.filter(({ metric }) => metric === "entrants").map(({ value }) => value ?? 0),
  );
  assert.deepEqual([total, slots, atDoors], [2 * (4 + 5 + 6 + 7 + 8 + 9 + 10), total, [total]]);
});

test("a report holds every zone once and every metric that is defined for its kind", () => {
  const { current } = report(TODAY);
  assert.deepEqual(
    current.zones.map(({ id }) => id),
    zonesOf(site).map(({ id }) => id),
  );
  for (const { kind, values } of current.zones)
    assert.deepEqual(
      values.map(({ metric }) => metric),
      kind === "door" ? [] : reportMetrics(kind),
    );
});

test("a period that lies ahead has no report", () => {
  const date = parseDate("2026-05-14");
  assert.equal(
    periodReport(site, days, metrics, { period: { kind: "day", date }, compare: null }, NOW),
    null,
  );
});

test("days before anything was counted are not known, and say why", () => {
  const query: ReportQuery = {
    period: { kind: "day", date: parseDate("2026-04-20") },
    compare: null,
  };
  const entrants = tile(report(query).current.tiles, "entrants");
  assert.equal(entrants.value, null);
  assert.ok(entrants.reason !== null);
});

test("the same question has the same answer", () => {
  const query: ReportQuery = { ...TODAY, compare: { kind: "previous" } };
  assert.deepEqual(report(query), report(query));
});

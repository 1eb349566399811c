import { type EpochMs, epochMs } from "../../src/core/brand.ts";
import { ok } from "../../src/core/errors.ts";
import type { MetricId, MetricScope, MetricValue } from "../../src/core/metric-value.ts";
import { CHART_COLUMNS, reportMetrics } from "../../src/metrics/reports/period-report.ts";
import {
  chartGrain,
  comparedPeriod,
  type DatedPeriod,
  GRAIN_MS,
  localMinOf,
  periodOf,
  type ShopDays,
  shopDays,
  slotsOf,
} from "../../src/metrics/reports/report-period.ts";
import type { PeriodFigures, ReportPart } from "../../src/metrics/reports/reports.ts";
import type { TodayComparison } from "../../src/metrics/reports/today.ts";
import type { ExportRow, ReportsPort } from "../../src/web/reports-view.ts";
import { fakeCoverage, fakeSlot, fakeValue } from "./fake-dashboard-days.ts";
import { FAKE_ZONES, fakeJourneys } from "./fake-dashboard-journeys.ts";
import { SCENE_NOW } from "./fake-dashboard-scenes.ts";

const SHOP = {
  store: { timeZone: "Europe/Berlin", dayCutoverMin: 240 },
} as Parameters<typeof shopDays>[0];
const NOW = epochMs(SCENE_NOW);
const STORE: MetricScope = { kind: "store" };

/** Reports of the scripted shop: the product's own calendar, scripted values. */
export function fakeReports(isEmpty = false): ReportsPort {
  const days = shopDays(SHOP);
  const figuresOf = isEmpty ? emptyFigures : fullFigures;
  return {
    report({ period, compare }) {
      const current = periodOf(days, period, NOW);
      const figures = figuresOf(days, current, NOW);
      if (compare === null) return ok({ now: NOW, current: figures, comparison: null });
      const other = comparedPeriod(days, compare, current, NOW);
      const comparison = { kind: other.comparison, ...figuresOf(days, other, other.until) };
      return ok({ now: NOW, current: figures, comparison });
    },
    journeys: ({ period }) => ok(fakeJourneys(periodOf(days, period, NOW))),
    figure({ metric, scope, from, to: end }) {
      const id = metric as MetricId;
      const to = epochMs(Math.min(end, NOW));
      const grain = to - from > 8 * 24 * GRAIN_MS.hour ? "day" : "hour";
      const byHour = [...slotsOf(days, grain, from, to)].map((slot) => ({
        ...slot,
        coverage: fakeCoverage(slot.from, slot.to),
        value: fakeSlot(id, slot.from, slot.to, scope.kind === "zone" ? scope.id : "store"),
      }));
      return ok({ value: fakeValue(id, scope, from, to), grain, byHour });
    },
    rollup: ({ grain }) => ok({ grain, slots: [] }),
    exportRows: ({ period, grain, metrics }) => {
      const dated = periodOf(days, period, NOW);
      return ok(rowsOf(days, dated, grain, metrics ?? reportMetrics("store")));
    },
  };
}

/** The same weekday a week earlier, as it comes with the live day. */
export function fakeComparison(): TodayComparison {
  const days = shopDays(SHOP);
  const today = periodOf(days, { kind: "day", date: null }, NOW);
  const other = comparedPeriod(days, { kind: "same-weekday" }, today, NOW);
  const figures = fullFigures(days, other, other.until);
  const slots = [...slotsOf(days, "quarter", other.from, other.to)];
  const column = (metric: MetricId): (number | null)[] =>
    slots.map(({ from, to }) => fakeSlot(metric, from, to));
  return {
    kind: "same-weekday",
    from: other.from,
    to: other.to,
    tiles: figures.tiles,
    series: {
      from: other.from,
      stepMs: GRAIN_MS.quarter,
      passing: column("passing-traffic"),
      entrants: column("entrants"),
      exits: column("exits"),
      occupancy: column("occupancy"),
      transactions: column("transactions"),
    },
  };
}

/** A gateway of which nothing is known yet: every value unknown, with the same reason. */
function emptyFigures(days: ShopDays, period: DatedPeriod, end: EpochMs): PeriodFigures {
  const full = fullFigures(days, period, end);
  const empty = (value: MetricValue): MetricValue => ({
    ...value,
    ...{ value: null, n: 0, coverage: 0, imputedShare: 0, ci95: null, method: "none" },
    reason: { code: "no-events", text: "nothing has been counted yet today" },
  });
  return {
    ...full,
    tiles: full.tiles.map(empty),
    series: { ...full.series, columns: {} },
    zones: full.zones.map((zone) => ({ ...zone, values: zone.values.map(empty) })),
    doors: full.doors.map((door) => ({ ...door, values: door.values.map(empty) })),
  };
}

function fullFigures(days: ShopDays, period: DatedPeriod, end: EpochMs): PeriodFigures {
  const { kind, from, to } = period;
  const until = epochMs(Math.max(from, Math.min(to, end)));
  const ask = (scope: MetricScope) => (metric: MetricId) => fakeValue(metric, scope, from, until);
  const grain = chartGrain(period);
  const slots = [...slotsOf(days, grain, from, to)];
  const columns = CHART_COLUMNS.map((metric) => [
    metric,
    slots.map((slot) =>
      slot.from >= NOW ? null : fakeSlot(metric, slot.from, epochMs(Math.min(slot.to, NOW))),
    ),
  ]);
  return {
    period: { kind, from, to },
    tiles: reportMetrics("store").map(ask(STORE)),
    series: {
      grain,
      slots,
      localMin: slots.map((slot) => localMinOf(days, period, slot.from)),
      columns: Object.fromEntries(columns),
    },
    zones: FAKE_ZONES.map(
      (zone): ReportPart => ({
        ...zone,
        values: reportMetrics(zone.kind).map(ask({ kind: "zone", id: zone.id })),
      }),
    ),
    doors: [
      ["entrance", "Entrance"],
      ["yard", "Yard door"],
    ].map(
      ([id = "", name = ""]): ReportPart => ({
        ...{ id, name, kind: "door" },
        values: reportMetrics("line").map(ask({ kind: "line", id })),
      }),
    ),
  };
}

function* rowsOf(
  days: ShopDays,
  period: DatedPeriod,
  grain: "minute" | "quarter" | "hour" | "day",
  metrics: readonly string[],
): Generator<readonly ExportRow[]> {
  const local = (at: number): string => new Date(at + GRAIN_MS.hour).toISOString().slice(0, 19);
  for (const slot of slotsOf(days, grain, period.from, period.to)) {
    if (slot.from >= NOW) return;
    yield metrics.map((metric) => ({
      fromLocal: local(slot.from),
      toLocal: local(slot.to),
      name: metric,
      value: fakeValue(metric as MetricId, STORE, slot.from, slot.to),
    }));
  }
}

import type { MetricId, MetricValue } from "../../core/metric-value.ts";
import type { PeriodFigures, PeriodReport, ReportPart } from "../../metrics/reports/reports.ts";
import type { TodayComparison, TodayView, ZoneToday } from "../../metrics/reports/today.ts";
import { type Curve, DAY_CHARTS, dayCurve, reportCharts, reportCurve } from "./series.ts";

/** Values by metric. */
export type Values = ReadonlyMap<MetricId, MetricValue>;

/** A zone, queue or door with its values, and the same of the comparison. */
export interface Part {
  readonly id: string;
  readonly name: string;
  readonly kind: ReportPart["kind"];
  readonly values: Values;
  readonly before: Values;
}

/** Half-open [from, to), epoch ms: what a period is compared with, and up to when. */
export interface Compared {
  readonly from: number;
  readonly to: number;
  /** End of the values compared; before `to` where the period itself is not over. */
  readonly until: number;
}

/** What an overview shows, whether it is the live day or a report on any period. */
export interface Overview {
  readonly tiles: Values;
  readonly before: Values;
  /** null when it is compared with nothing. */
  readonly compared: Compared | null;
  readonly zones: readonly Part[];
  readonly doors: readonly Part[];
  /** Figures that have a curve, best first. */
  readonly charts: readonly MetricId[];
  readonly curveOf: (metric: MetricId) => Curve;
}

const NONE: Values = new Map();

/** Values by their metric; the last of a metric counts. Pure. */
export function valuesOf(values: readonly MetricValue[]): Values {
  return new Map(values.map((value) => [value.metric, value]));
}

/** The overview of a report. Pure. */
export function overviewOf({ current, comparison }: PeriodReport): Overview {
  return {
    tiles: valuesOf(current.tiles),
    before: comparison === null ? NONE : valuesOf(comparison.tiles),
    compared: comparison === null ? null : comparedOf(comparison),
    zones: partsOf(current.zones, comparison?.zones ?? []),
    doors: partsOf(current.doors, comparison?.doors ?? []),
    charts: reportCharts(current.series),
    curveOf: (metric) => reportCurve(current.series, comparison?.series ?? null, metric),
  };
}

/**
 * The overview of the live day. What the live view does not hold comes from the report on the same day, which is a
 * little older; where both have a value the live one counts. `wantsLiveComparison`: compared as the live view
 * compares, else as the report does. Pure.
 */
export function liveOverview(
  today: TodayView,
  report: PeriodReport | null,
  wantsLiveComparison: boolean,
): Overview {
  const base = report === null ? null : overviewOf(report);
  const live = wantsLiveComparison ? (today.comparison ?? null) : null;
  const charts = base?.charts.filter((metric) => !DAY_CHARTS.includes(metric)) ?? [];
  return {
    tiles: merged(base?.tiles ?? NONE, today.tiles),
    before: live === null ? (base?.before ?? NONE) : merged(base?.before ?? NONE, live.tiles),
    compared: live === null ? (base?.compared ?? null) : liveCompared(live),
    zones: liveZones(today.zones, base?.zones ?? []),
    doors: base?.doors ?? [],
    charts: [...DAY_CHARTS, ...charts],
    curveOf: (metric) => {
      // Only the report knows other days than the one that comes with the live view.
      const isReported = live === null && base !== null && base.compared !== null;
      if (base !== null && (isReported || !DAY_CHARTS.includes(metric))) {
        return base.curveOf(metric);
      }
      return dayCurve(today.series, live?.series ?? null, metric);
    },
  };
}

/** All values an overview holds, for search and details. Pure. */
export function allValues(overview: Overview): readonly MetricValue[] {
  const parts = [...overview.zones, ...overview.doors];
  return [...overview.tiles.values(), ...parts.flatMap(({ values }) => [...values.values()])];
}

/** Whether anything at all is known of what the period is compared with. Pure. */
export function hasBefore({ before }: Overview): boolean {
  return [...before.values()].some(({ value }) => value !== null);
}

/** Whether nothing of the period is kept any more. Pure. */
export function isForgotten(overview: Overview): boolean {
  const tiles = [...overview.tiles.values()];
  return (
    tiles.length > 0 &&
    tiles.every(({ value, reason }) => value === null && reason?.code === "not-kept")
  );
}

function comparedOf(figures: PeriodFigures): Compared {
  const { from, to } = figures.period;
  const until = Math.max(from, ...figures.tiles.map((tile) => tile.to));
  return { from, to, until: figures.tiles.length === 0 ? to : Math.min(until, to) };
}

function liveCompared(live: TodayComparison): Compared {
  const until = Math.max(live.from, ...live.tiles.map((tile) => tile.to));
  return { from: live.from, to: live.to, until: live.tiles.length === 0 ? live.to : until };
}

function merged(base: Values, live: readonly MetricValue[]): Values {
  return new Map([...base, ...valuesOf(live)]);
}

function partsOf(now: readonly ReportPart[], before: readonly ReportPart[]): readonly Part[] {
  const others = new Map(before.map((part) => [part.id, part]));
  return now.map(({ id, name, kind, values }) => ({
    id,
    name,
    kind,
    values: valuesOf(values),
    before: valuesOf(others.get(id)?.values ?? []),
  }));
}

/** Zones of the live view, then those that only the report has, such as zones of the floor. */
function liveZones(live: readonly ZoneToday[], reported: readonly Part[]): readonly Part[] {
  const known = new Map(reported.map((part) => [part.id, part]));
  const zones = live.map((zone): Part => {
    const { zoneId, name, kind, peopleNow, visits, dwellMedian, dwellTotal } = zone;
    const part = known.get(zoneId);
    const values = merged(part?.values ?? NONE, [peopleNow, visits, dwellMedian, dwellTotal]);
    return { id: zoneId, name, kind, values, before: part?.before ?? NONE };
  });
  const shown = new Set(live.map((zone) => zone.zoneId));
  return [...zones, ...reported.filter(({ id }) => !shown.has(id))];
}

import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { MetricId, MetricScope, MetricValue } from "../../core/metric-value.ts";
import { scopeText } from "../../core/scope-text.ts";
import type { SitePlan } from "../../core/site.ts";
import type { TradingDay } from "../../metrics/calendar/trading-day.ts";
import { ADDITIVE } from "../../metrics/reports/archive.ts";
import {
  doorsOf,
  type FigureReader,
  reportMetrics,
  zonesOf,
} from "../../metrics/reports/period-report.ts";
import { type ShopDays, slotsOf } from "../../metrics/reports/report-period.ts";
import type { GapRow, RollupRow } from "../repository.ts";
import { type Arrival, completenessOf, lostWithin } from "./arrival.ts";

/** From so long after its trading day a figure is final: gateways bring a day of outage back by then. */
export const FINAL_AFTER_MS = 36 * 3_600_000;

/** Beside counts, what a quarter of an hour can be told by. */
const SHORT: ReadonlySet<MetricId> = new Set<MetricId>([
  "occupancy-peak",
  "shopfront-conversion",
  "sales-conversion",
]);

/** What the rows of one trading day are made of. */
export interface DayWork {
  readonly site: SitePlan;
  readonly days: ShopDays;
  readonly day: TradingDay;
  readonly metrics: FigureReader;
  readonly arrival: Arrival;
  /** Times of the day's events that are stored, in order. */
  readonly times: readonly EpochMs[];
  /** Events of the day that will never come. */
  readonly gaps: readonly GapRow[];
  readonly now: EpochMs;
}

/** What of a value stands in `detail`; the rest are columns of the row. */
export type RollupDetail = Omit<MetricValue, "metric" | "scope" | "value" | "from" | "revision">;

/**
 * The figures of a trading day: all that a report shows for the day, counts and the two conversions for its quarters.
 * A slot of which nothing has arrived has no row; a value goes up to what has arrived. Revisions are 0. Pure.
 */
export function dayRows(work: DayWork): readonly RollupRow[] {
  const { site, days, day } = work;
  const kept = scopesOf(site);
  const rows: RollupRow[] = [];
  for (const grain of ["day", "quarter"] as const) {
    const slots = grain === "day" ? [{ from: day.start, to: day.end }] : null;
    for (const slot of slots ?? slotsOf(days, "quarter", day.start, day.end))
      rows.push(...slotRows(work, grain, slot, kept));
  }
  return rows;
}

interface Kept {
  readonly scope: MetricScope;
  readonly metrics: readonly MetricId[];
}

function slotRows(
  work: DayWork,
  grain: RollupRow["grain"],
  slot: { readonly from: EpochMs; readonly to: EpochMs },
  kept: readonly Kept[],
): RollupRow[] {
  const { arrival, now, metrics, times, day } = work;
  const to = epochMs(Math.min(slot.to, now, arrival.until));
  if (to <= slot.from) return [];
  const lost = lostWithin(work.gaps, slot.from, slot.to);
  const stored = firstAtOrAfter(times, slot.to) - firstAtOrAfter(times, slot.from);
  const wanted = (metric: MetricId): boolean =>
    grain === "day" || ADDITIVE.has(metric) || SHORT.has(metric);
  return kept.flatMap(({ scope, metrics: ids }) =>
    ids.filter(wanted).map((id): RollupRow => {
      const value = metrics.value(id, scope, slot.from, to);
      const { coverage } = value;
      const told = { ...slot, coverage, stored, lost };
      return {
        ...{ storeId: work.site.store.id, grain, ...slot, scope: scopeText(scope), metric: id },
        value: value.value,
        detail: JSON.stringify(detailOf(value, to)),
        completeness: completenessOf(told, arrival.until, now),
        finalAt: epochMs(day.end + FINAL_AFTER_MS),
        revision: 0,
      };
    }),
  );
}

/** Position of the first of some times in order that is not before an instant. */
function firstAtOrAfter(times: readonly EpochMs[], at: EpochMs): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? at) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function detailOf(value: MetricValue, to: EpochMs): RollupDetail {
  const { unit, reason, definition, method, coverage, imputedShare, n, effectiveN, ci95 } = value;
  return { unit, reason, definition, method, coverage, imputedShare, n, effectiveN, ci95, to };
}

/** Scopes of a shop that have figures, with their metrics. Pure. */
export function scopesOf(site: SitePlan): readonly Kept[] {
  return [
    { scope: { kind: "store" }, metrics: reportMetrics("store") },
    ...doorsOf(site).map(
      ({ id }): Kept => ({ scope: { kind: "line", id }, metrics: reportMetrics("line") }),
    ),
    ...zonesOf(site).map(
      ({ id, kind }): Kept => ({ scope: { kind: "zone", id }, metrics: reportMetrics(kind) }),
    ),
  ];
}

/**
 * The rows of slots that differ from what is stored, all rows of such a slot together. A figure of a slot that had been
 * told to its end and says another thing now has the next revision; a running slot just goes on. Pure.
 */
export function changedRows(
  made: readonly RollupRow[],
  stored: readonly RollupRow[],
): readonly RollupRow[] {
  const before = new Map(stored.map((row) => [rowKey(row), row]));
  const revised = made.map((row) => {
    const old = before.get(rowKey(row));
    return old === undefined ? row : { ...row, revision: revisionOf(row, old) };
  });
  const changed = new Set(
    revised
      .filter((row) => !isSame(row, before.get(rowKey(row))))
      .map(({ grain, from }) => `${grain} ${from}`),
  );
  const madeKeys = new Set(made.map(rowKey));
  for (const row of stored) if (!madeKeys.has(rowKey(row))) changed.add(`${row.grain} ${row.from}`);
  return revised.filter(({ grain, from }) => changed.has(`${grain} ${from}`));
}

function revisionOf(row: RollupRow, old: RollupRow): number {
  const wasWhole = (JSON.parse(old.detail) as RollupDetail).to >= old.to;
  return wasWhole && row.value !== old.value ? old.revision + 1 : old.revision;
}

const rowKey = ({ grain, from, scope, metric }: RollupRow): string =>
  `${grain} ${from} ${scope} ${metric}`;

const isSame = (row: RollupRow, old: RollupRow | undefined): boolean =>
  old !== undefined &&
  row.value === old.value &&
  row.to === old.to &&
  row.detail === old.detail &&
  row.completeness === old.completeness &&
  row.revision === old.revision;

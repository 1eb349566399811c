import type { MetricId } from "../../core/metric-value.ts";
import type { ReportSeries } from "../../metrics/reports/reports.ts";
import type { DaySeries } from "../../metrics/reports/today.ts";

/** One slot of the chart and of the table behind it. null = nothing saw it, or it is still to come. */
export interface Slot {
  readonly from: number;
  readonly to: number;
  readonly value: number | null;
  /** The same slot of what is compared with. */
  readonly before: number | null;
  /** Part of it was not seen: a count is a lower bound. */
  readonly isPartial: boolean;
}

/** Values of one figure over time, and the same of what it is compared with; columns may differ in length. */
export interface Curve {
  readonly from: number;
  /** Length of a slot, ms, where all are alike; days are not. */
  readonly stepMs: number | null;
  readonly slots: readonly { readonly from: number; readonly to: number }[];
  /** Per slot the minutes by the wall clock from the beginning, 1440 a day; absent = no clock changes. */
  readonly localMin?: readonly number[];
  readonly values: readonly (number | null)[];
  readonly before: readonly (number | null)[];
  /** How slots are put together: counts are added up, levels averaged. null = they must not be. */
  readonly merge: "sum" | "mean" | null;
}

/** Figures of the live series that a chart can show, each with its column. */
const DAY_COLUMNS: Readonly<Partial<Record<MetricId, keyof DaySeries>>> = {
  entrants: "entrants",
  "passing-traffic": "passing",
  occupancy: "occupancy",
  transactions: "transactions",
  exits: "exits",
};

/** Figures of which the slots of a report may be added up. */
const ADDITIVE: ReadonlySet<MetricId> = new Set([
  "passing-traffic",
  "entrants",
  "exits",
  "transactions",
  "net-sales",
]);

/** Figures a chart is first asked for, best first. */
const CHART_ORDER: readonly MetricId[] = [
  "entrants",
  "passing-traffic",
  "occupancy",
  "transactions",
  "net-sales",
  "shopfront-conversion",
  "sales-conversion",
  "exits",
];

/** Span shown at least, so that the first bars of a day do not fill the whole width. */
const SHORTEST_MS = 2 * 3_600_000;
/** Multiples of the series' step that keep slots on round times. */
const MERGES = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 60];
const DAY_MS = 86_400_000;
/** More than any one trading day. */
const LONG_MS = 26 * 3_600_000;
/** Longer slots that are not whole days cut days into odd parts. */
const LONGEST_PART_MS = 4 * 3_600_000;

/** Figures of which the live day has a curve. */
export const DAY_CHARTS: readonly MetricId[] = CHART_ORDER.filter(
  (metric) => DAY_COLUMNS[metric] !== undefined,
);

/** Figures of which a report has a curve, in the order of asking for them. Pure. */
export function reportCharts(series: ReportSeries): readonly MetricId[] {
  const there = Object.keys(series.columns) as MetricId[];
  const known = CHART_ORDER.filter((metric) => there.includes(metric));
  return [...known, ...there.filter((metric) => !known.includes(metric))];
}

/** A figure's curve of the live day beside that of another day from its start on; a figure without one is empty. Pure. */
export function dayCurve(day: DaySeries, before: DaySeries | null, metric: MetricId): Curve {
  const column = DAY_COLUMNS[metric] ?? "entrants";
  const values = day[column] as readonly (number | null)[];
  const other = before?.stepMs === day.stepMs ? before[column] : [];
  const length = Math.max(values.length, (other as readonly unknown[]).length);
  return {
    from: day.from,
    stepMs: day.stepMs,
    slots: Array.from({ length }, (_, i) => ({
      from: day.from + i * day.stepMs,
      to: day.from + (i + 1) * day.stepMs,
    })),
    values,
    before: other as readonly (number | null)[],
    merge: metric === "occupancy" ? "mean" : "sum",
  };
}

/**
 * A figure's curve of a report beside that of its comparison: the same time of day of the day that stands in its place. An
 * hour that only one of them has, because clocks change, stands beside nothing. Pure.
 */
export function reportCurve(
  series: ReportSeries,
  before: ReportSeries | null,
  metric: MetricId,
): Curve {
  const [first] = series.slots;
  const stepMs = series.grain === "day" || first === undefined ? null : first.to - first.from;
  return {
    from: first?.from ?? 0,
    stepMs,
    slots: series.slots,
    localMin: series.localMin,
    values: series.columns[metric] ?? [],
    before: before?.grain === series.grain ? beside(series, before, metric) : [],
    merge: stepMs !== null && ADDITIVE.has(metric) ? "sum" : null,
  };
}

function beside(series: ReportSeries, before: ReportSeries, metric: MetricId): (number | null)[] {
  const column = before.columns[metric] ?? [];
  const placesOf = ({ localMin }: ReportSeries): readonly string[] =>
    localMin.map((minute, i) => `${minute} ${localMin[i - 1] === minute}`);
  const values = new Map(placesOf(before).map((place, i) => [place, column[i] ?? null]));
  return placesOf(series).map((place) => values.get(place) ?? null);
}

/**
 * The curve in at most `maxSlots` slots where it may be merged, oldest first. `hours` takes only the last ones up to
 * the newest value; null takes all of it. What is empty on both sides is cut off, down to two hours. Pure.
 */
export function slotsOf(curve: Curve, hours: number | null, maxSlots: number): readonly Slot[] {
  const [start, end] = hours === null ? usedPart(curve) : lastPart(curve, hours);
  const merge = mergeOf(curve, end - start, maxSlots);
  const starts = startsOf(curve, merge);
  const slots: Slot[] = [];
  for (const [i, at] of starts.entries()) {
    const next = starts[i + 1] ?? curve.slots.length;
    if (next > start && at < end) slots.push(slotAt(curve, at, next));
  }
  return slots;
}

/** Where slots that are merged begin: at round times of the wall clock, so that one may hold a slot more or less. */
function startsOf({ slots, localMin, stepMs }: Curve, merge: number): readonly number[] {
  const lengthMin = (merge * (stepMs ?? 0)) / 60_000;
  const begins = (i: number): boolean =>
    localMin === undefined || merge === 1
      ? i % merge === 0
      : i === 0 || (localMin[i] ?? 0) % lengthMin === 0;
  return slots.flatMap((_, i) => (begins(i) ? [i] : []));
}

/** How many slots make one: as few as fit, and so that a day holds a whole number of them. */
function mergeOf({ merge, stepMs }: Curve, length: number, maxSlots: number): number {
  if (merge === null || stepMs === null) return 1;
  const perDay = Math.round(DAY_MS / stepMs);
  const isRound = (m: number): boolean => perDay % m === 0 && m * stepMs <= LONGEST_PART_MS;
  const fits = (m: number): boolean => Math.ceil(length / m) + 1 <= maxSlots;
  return MERGES.filter(isRound).find(fits) ?? perDay;
}

/** Newest slot that holds a value; null when none does. Pure. */
export function newestSeen(slots: readonly Slot[]): Slot | null {
  return slots.findLast((slot) => slot.value !== null) ?? null;
}

function slotAt(curve: Curve, start: number, end: number): Slot {
  const values = curve.values.slice(start, end);
  const join = curve.merge === "mean" ? meanOf : sumOf;
  const from = curve.slots[start]?.from ?? curve.from;
  return {
    from,
    to: curve.slots[end - 1]?.to ?? from,
    value: join(values),
    before: join(curve.before.slice(start, end)),
    isPartial: isMixed(values),
  };
}

function lastPart(curve: Curve, hours: number): readonly [start: number, end: number] {
  const end = curve.values.length;
  const step = curve.stepMs ?? SHORTEST_MS;
  const wanted = Math.min(end, Math.max(1, Math.ceil((hours * 3_600_000) / step)));
  const [seen] = usedPart(curve);
  return [Math.min(end, Math.max(0, end - wanted, seen)), end];
}

/** From the first to the last slot in which anything was counted on either side, at least two hours up to now. */
function usedPart(curve: Curve): readonly [start: number, end: number] {
  const all = curve.slots.length;
  const [first] = curve.slots;
  const spanMs = (curve.slots.at(-1)?.to ?? 0) - (first?.from ?? 0);
  // Of several days all are shown, empty ones too.
  if (curve.stepMs === null || spanMs > LONG_MS) return [0, all];
  const isUsed = (i: number): boolean => (curve.values[i] ?? 0) > 0 || (curve.before[i] ?? 0) > 0;
  const indices = Array.from({ length: all }, (_, i) => i);
  const firstUsed = indices.find(isUsed) ?? all;
  const lastUsed = indices.findLast(isUsed) ?? -1;
  const end = Math.max(lastUsed + 1, newestIndex(curve) + 1);
  const shortest = Math.ceil(SHORTEST_MS / curve.stepMs);
  return [Math.max(0, Math.min(firstUsed, end - shortest)), end];
}

const newestIndex = (curve: Curve): number => curve.values.findLastIndex((value) => value !== null);

function known(values: readonly (number | null)[]): readonly number[] {
  return values.filter((value) => value !== null);
}

function sumOf(values: readonly (number | null)[]): number | null {
  const seen = known(values);
  return seen.length === 0 ? null : seen.reduce((sum, value) => sum + value, 0);
}

function meanOf(values: readonly (number | null)[]): number | null {
  const sum = sumOf(values);
  return sum === null ? null : sum / known(values).length;
}

function isMixed(values: readonly (number | null)[]): boolean {
  const seen = known(values).length;
  return seen > 0 && seen < values.length;
}

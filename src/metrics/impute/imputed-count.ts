import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { MetricReason } from "../../core/metric-value.ts";
import { SLOT_MS, type SlotRange } from "../calendar/slots.ts";
import type { Day, DayPart } from "../days/day-book.ts";
import { reason } from "../reasons.ts";
import { type Sources, shopParts } from "../sources.ts";
import { blindSpans, IMPUTE_RULES } from "./blind-minutes.ts";
import { fillGaps, unfilled } from "./fill.ts";
import { type CountedSeries, quarterDay, usualQuarters, weekdaysBefore } from "./profile.ts";

/** What was not seen of a count, and how much of it could be filled. */
export interface Imputed {
  /** Estimated count; 0 when nothing was filled. */
  readonly count: number;
  /** Minutes not seen that were filled, and those that could not be, over all series. */
  readonly filledMin: number;
  readonly emptyMin: number;
  /** Trading days that the interval touches of which more than a fifth is estimated. */
  readonly daysNotComparable: number;
}

/** Nothing was to be filled. */
export const NOT_IMPUTED: Imputed = Object.freeze({
  count: 0,
  filledMin: 0,
  emptyMin: 0,
  daysNotComparable: 0,
});

/** Whether what is counted belongs to the hours of the shop only, or to the whole day. */
export type CountedHours = "open" | "always";

/**
 * What blind sensors would have counted in parts of days; only for counts that add up, never for rates, learning or
 * audits. What is filled in a minute does not depend on the interval asked for, so parts add up to the whole. Each
 * series rests on one sensor. Costs next to nothing where all was seen.
 */
export function imputedCount(
  sources: Sources,
  all: readonly CountedSeries[],
  parts: readonly DayPart[],
  hours: CountedHours,
): Imputed {
  let total = NOT_IMPUTED;
  for (const [day, ranges] of byDay(parts)) {
    const blind = all.filter(({ sensorId }) => !isSeenThroughout(sources, sensorId, day));
    if (blind.length > 0) total = plus(total, imputedOfDay(sources, all, { day, ranges, hours }));
  }
  return total;
}

/** The note of a count that is estimated in part; null when it is not. `counted` is what was counted. */
export function imputedNote(counted: number, imputed: Imputed): MetricReason | null {
  const { count, daysNotComparable } = imputed;
  if (count <= 0) return null;
  const percent = Math.max(1, Math.round(100 * imputedShare(counted, imputed)));
  const text = `About ${percent} % was not seen and is estimated from the minutes around and the same weekday before.`;
  if (daysNotComparable === 0) return reason("imputed", text);
  const days = daysNotComparable === 1 ? "One day is" : `${daysNotComparable} days are`;
  return reason(
    "not-comparable",
    `${text} ${days} estimated by more than a fifth: do not compare.`,
  );
}

/** Imputed share of a value, 0..1. */
export const imputedShare = (counted: number, { count }: Imputed): number =>
  count > 0 ? count / (counted + count) : 0;

interface AskedDay {
  readonly day: Day;
  readonly ranges: readonly SlotRange[];
  readonly hours: CountedHours;
}

function imputedOfDay(
  sources: Sources,
  all: readonly CountedSeries[],
  { day, ranges, hours }: AskedDay,
): Imputed {
  const fills = all.map((series) => fillOf(sources, series, day, hours));
  let total = NOT_IMPUTED;
  for (const { fill } of fills)
    for (const range of ranges) total = plus(total, filledIn(fill, range));
  const filled = fills.reduce((sum, { ofDay }) => sum + ofDay, 0);
  if (filled === 0) return total;
  const open = openRanges(sources, day, hours);
  const countedOf = (series: CountedSeries): number =>
    open.reduce((sum, range) => sum + series.read(day, range), 0);
  const counted = all.reduce((sum, series) => sum + countedOf(series), 0);
  const isEstimated = filled > IMPUTE_RULES.comparableShare * (counted + filled);
  return { ...total, daysNotComparable: isEstimated ? 1 : 0 };
}

/** One series on one day, with what was filled in minute by minute. */
interface DayFill {
  readonly fill: Float64Array;
  /** What was filled in the hours that count. */
  readonly ofDay: number;
}

/** Worked out once for as long as the day, and the same weekdays before, stay what they are. */
const fillOf = (sources: Sources, series: CountedSeries, day: Day, hours: CountedHours): DayFill =>
  sources.memo(`filled ${series.name} ${day.span.start}`, () => {
    const open = openRanges(sources, day, hours);
    const fill = fillDay(sources, series, day, open);
    return { fill, ofDay: open.reduce((sum, range) => sum + filledIn(fill, range).count, 0) };
  });

function fillDay(
  sources: Sources,
  series: CountedSeries,
  day: Day,
  open: readonly SlotRange[],
): Float64Array {
  const seen = seenMinutes(sources, series, day);
  const spans = blindSpans(sources.coverage, series.sensorId, day, () => knownUntil(sources, day));
  // Counts are read only where they matter: they change with every crossing.
  if (spans.length === 0) return unfilled(seen);
  const isCounted = new Uint8Array(day.slots);
  for (const { from, to } of open) isCounted.fill(1, from, to);
  const until = knownUntil(sources, day);
  const knownSlots = Math.ceil((Math.min(until, day.span.end) - day.span.start) / SLOT_MS);
  const known = {
    series,
    day,
    seen,
    isCounted: (slot: number) => isCounted[slot] === 1,
    quarters: () => quarterDay(series, day, seen),
    usual: usualOf(sources, series, day),
    knownSlots: Math.max(0, knownSlots),
  };
  return fillGaps(known, spans);
}

const usualOf = (sources: Sources, series: CountedSeries, day: Day): Float64Array =>
  sources.memo(`usual ${series.name} ${day.span.start}`, () => {
    const history = weekdaysBefore(sources.book.days, day).map((other) => ({
      day: other,
      quarters: quarterDay(series, other, seenMinutes(sources, series, other)),
    }));
    return usualQuarters(day, history, sources.calendar);
  });

/** Shared: not to be changed. */
const seenMinutes = (
  { coverage }: Sources,
  { sensorId }: CountedSeries,
  { span, slots, memo }: Day,
): Float64Array =>
  memo(`seen minutes ${sensorId}`, () =>
    coverage.seen([sensorId], span.start, span.end).slotShares(span.start, SLOT_MS, slots),
  );

function filledIn(fill: Float64Array, { from, to }: SlotRange): Imputed {
  let count = 0;
  let emptyMin = 0;
  let filledMin = 0;
  for (let slot = from; slot < to; slot += 1) {
    const value = fill[slot] ?? 0;
    if (Number.isNaN(value)) emptyMin += 1;
    else if (value !== 0) filledMin += 1;
    if (value > 0) count += value;
  }
  return { count, filledMin, emptyMin, daysNotComparable: 0 };
}

const plus = (a: Imputed, b: Imputed): Imputed => ({
  count: a.count + b.count,
  filledMin: a.filledMin + b.filledMin,
  emptyMin: a.emptyMin + b.emptyMin,
  daysNotComparable: a.daysNotComparable + b.daysNotComparable,
});

function byDay(parts: readonly DayPart[]): Map<Day, SlotRange[]> {
  const days = new Map<Day, SlotRange[]>();
  for (const { day, range } of parts) {
    const ranges = days.get(day);
    if (ranges === undefined) days.set(day, [range]);
    else ranges.push(range);
  }
  return days;
}

function isSeenThroughout({ coverage }: Sources, sensorId: string, { span }: Day): boolean {
  const seen = coverage.seen([sensorId], span.start, span.end);
  return seen.lengthWithin(span.start, span.end) === span.end - span.start;
}

/** The hours of a day in which its counts are taken. */
function openRanges(sources: Sources, day: Day, hours: CountedHours): readonly SlotRange[] {
  if (hours === "always") return [{ from: 0, to: day.slots }];
  return shopParts(sources, { from: day.span.start, to: day.span.end })
    .filter((part) => part.day === day)
    .map(({ range }) => range);
}

/**
 * End of the newest minute in which anything was counted at a line: what lies after it may still come. Days well before
 * the newest are known to their end, whatever comes.
 */
function knownUntil({ book }: Sources, day: Day): EpochMs {
  if (book.days.indexOf(day) < book.days.length - 2) return epochMs(Number.POSITIVE_INFINITY);
  for (const newest of [...book.days].reverse()) {
    let last = -1;
    for (const { in: ins, out } of newest.lines.values())
      last = Math.max(last, ins.last(), out.last());
    if (last >= 0) return epochMs(newest.span.start + (last + 1) * SLOT_MS);
  }
  return epochMs(Number.NEGATIVE_INFINITY);
}

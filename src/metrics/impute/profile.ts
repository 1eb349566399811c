import { SLOT_MS, type SlotRange } from "../calendar/slots.ts";
import type { TradingCalendar } from "../calendar/trading-day.ts";
import type { Day } from "../days/day-book.ts";
import { IMPUTE_RULES } from "./blind-minutes.ts";

const DAY_MS = 86_400_000;
const DAY_SLOTS = DAY_MS / SLOT_MS;

/** One thing that is counted: on which sensor it rests and how many there were in some minutes of a day. */
export interface CountedSeries {
  /** Tells it from every other series of the shop, for as long as the site plan stands. */
  readonly name: string;
  readonly sensorId: string;
  read(day: Day, range: SlotRange): number;
}

/** A day of a series in slots of a quarter of an hour. */
export interface QuarterDay {
  readonly counts: Float64Array;
  /** Seen share of each quarter, 0..1. */
  readonly seen: Float64Array;
}

/** Quarters of a day of any length. Pure. */
export const quartersOf = (day: Pick<Day, "slots">): number =>
  Math.ceil(day.slots / IMPUTE_RULES.slotMin);

/** A series of one day by the quarter; `seen` is the seen share of each minute. Pure. */
export function quarterDay(series: CountedSeries, day: Day, seen: Float64Array): QuarterDay {
  const { slotMin } = IMPUTE_RULES;
  const quarters = quartersOf(day);
  const counts = new Float64Array(quarters);
  const shares = new Float64Array(quarters);
  for (let quarter = 0; quarter < quarters; quarter += 1) {
    const from = quarter * slotMin;
    const to = Math.min(day.slots, from + slotMin);
    let sum = 0;
    for (let slot = from; slot < to; slot += 1) sum += seen[slot] ?? 0;
    shares[quarter] = sum / (to - from);
    if (sum > 0) counts[quarter] = series.read(day, { from, to });
  }
  return { counts, seen: shares };
}

/** Kept days of the same weekday in the weeks before a day, newest first. Pure. */
export function weekdaysBefore(days: readonly Day[], day: Pick<Day, "span">): Day[] {
  return days
    .filter((other) => {
      const ago = Math.round((day.span.start - other.span.start) / DAY_MS);
      return ago > 0 && ago % 7 === 0 && ago <= IMPUTE_RULES.weeks * 7;
    })
    .reverse();
}

/**
 * What is usual in each quarter of a day: the median of the same weekday over the weeks before, by the wall clock;
 * NaN where too few of them saw the whole quarter. Pure.
 */
export function usualQuarters(
  day: Day,
  before: readonly { readonly day: Day; readonly quarters: QuarterDay }[],
  calendar: TradingCalendar,
): Float64Array {
  const byWall = new Map<number, number[]>();
  for (const { day: other, quarters } of before) {
    const walls = wallQuarters(other, calendar);
    for (let quarter = 0; quarter < quarters.counts.length; quarter += 1) {
      if ((quarters.seen[quarter] ?? 0) < 1 - 1e-9) continue;
      const wall = walls(quarter);
      const known = byWall.get(wall);
      if (known === undefined) byWall.set(wall, [quarters.counts[quarter] ?? 0]);
      else known.push(quarters.counts[quarter] ?? 0);
    }
  }
  const walls = wallQuarters(day, calendar);
  return Float64Array.from({ length: quartersOf(day) }, (_, quarter) => {
    const known = byWall.get(walls(quarter)) ?? [];
    return known.length < IMPUTE_RULES.minWeeks ? Number.NaN : medianOf(known);
  });
}

/** Which quarter of the wall clock a quarter of the day is; only days on which clocks change need the calendar. */
function wallQuarters(day: Day, calendar: TradingCalendar): (quarter: number) => number {
  if (day.slots === DAY_SLOTS) return (quarter) => quarter;
  const quarterMs = IMPUTE_RULES.slotMin * SLOT_MS;
  const first = calendar.wallOf(day.span.start);
  return (quarter) => {
    const at = day.span.start + quarter * quarterMs;
    const wall = calendar.wallOf(at as typeof day.span.start) - first;
    return Math.floor((((wall % DAY_MS) + DAY_MS) % DAY_MS) / quarterMs);
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? high) + high) / 2;
}

import { SLOT_MS } from "../calendar/slots.ts";
import type { Day } from "../days/day-book.ts";
import { type BlindSpan, IMPUTE_RULES } from "./blind-minutes.ts";
import type { CountedSeries, QuarterDay } from "./profile.ts";

/** Minutes of one side of a gap are believed from so many on. */
const LEAST_SIDE_MIN = 5;
/** Whole numbers of this fraction add up exactly, in whatever order: parts of an interval give the whole. */
const GRAIN = 1 / 1024;
/** Seen share from which a minute was seen whole, but for rounding. */
const WHOLE = 1 - 1e-9;

/** What is known of one series on the day of a gap. */
export interface FilledDay {
  readonly series: CountedSeries;
  readonly day: Day;
  /** Seen share of each minute, 0..1. */
  readonly seen: Float64Array;
  /** Minutes in which the shop counts; others say nothing of how busy it is. */
  readonly isCounted: (slot: number) => boolean;
  /** The day by the quarter; asked for long gaps only. */
  readonly quarters: () => QuarterDay;
  /** Usual count of each quarter; NaN where not known. */
  readonly usual: Float64Array;
  /** First slot of which nothing is known yet. */
  readonly knownSlots: number;
}

/**
 * What a blind sensor would have counted, per minute of the day, in steps of 1/1024 so that sums are exact: a short
 * gap from the minutes on either side, by straight lines between how busy they were against the usual; a longer one
 * from the usual, times how busy the day is where it was seen. 0 where it saw, NaN where it did not and nothing tells.
 * Pure.
 */
export function fillGaps(known: FilledDay, gaps: readonly BlindSpan[]): Float64Array {
  const fill = unfilled(known.seen);
  const start = known.day.span.start;
  let busyness: number | null = null;
  for (const gap of gaps) {
    const from = Math.max(0, Math.floor((gap.from - start) / SLOT_MS));
    const to = Math.min(known.day.slots, Math.ceil((gap.to - start) / SLOT_MS));
    const local = gap.kind === "short" ? bridge(known, from, to) : null;
    for (let slot = from; slot < to; slot += 1) {
      const seen = known.seen[slot] ?? 0;
      if (seen >= WHOLE) continue;
      let rate = local?.(slot) ?? null;
      if (rate === null) {
        busyness ??= dayRatio(known);
        rate = perMinute(known, slot) * busyness;
      }
      fill[slot] = Math.round((rate * (1 - seen)) / GRAIN) * GRAIN;
    }
  }
  return fill;
}

/** A day before anything is filled: 0 where it was seen, NaN where it was not. `seen` is the share of each minute. Pure. */
export function unfilled(seen: Float64Array): Float64Array {
  const fill = new Float64Array(seen.length);
  for (let slot = 0; slot < fill.length; slot += 1)
    if ((seen[slot] ?? 0) < WHOLE) fill[slot] = Number.NaN;
  return fill;
}

/** Usual count of a minute; NaN where not known. */
const perMinute = ({ usual }: FilledDay, slot: number): number =>
  (usual[Math.floor(slot / IMPUTE_RULES.slotMin)] ?? Number.NaN) / IMPUTE_RULES.slotMin;

/** How busy the day is against the usual, over the quarters that were seen whole; NaN when too little was. */
function dayRatio({ quarters: read, usual, knownSlots, isCounted }: FilledDay): number {
  const { slotMin, minExpected } = IMPUTE_RULES;
  const quarters = read();
  let counted = 0;
  let expected = 0;
  for (let quarter = 0; (quarter + 1) * slotMin <= knownSlots; quarter += 1) {
    const normal = usual[quarter] ?? Number.NaN;
    if ((quarters.seen[quarter] ?? 0) < WHOLE || Number.isNaN(normal)) continue;
    if (!isCounted(quarter * slotMin)) continue;
    counted += quarters.counts[quarter] ?? 0;
    expected += normal;
  }
  return expected < minExpected ? Number.NaN : counted / expected;
}

/** Rate per minute within a short gap of slots [from, to); null when neither side tells. */
function bridge(
  known: FilledDay,
  from: number,
  to: number,
): ((slot: number) => number | null) | null {
  const before = side(known, from - 1, -1);
  const after = side(known, to, 1);
  if (before.length === 0 && after.length === 0) return null;
  const gap = Array.from({ length: to - from }, (_, i) => from + i);
  const usual = [...before, ...gap, ...after].map((slot) => perMinute(known, slot));
  // Where the usual is not known, or is that nobody comes, every minute is like the other.
  const isFlat = usual.some(Number.isNaN) || usual.every((rate) => rate === 0);
  const weigh = (slot: number): number => (isFlat ? 1 : perMinute(known, slot));
  const first = level(known, before, weigh);
  const last = level(known, after, weigh);
  if (first === null && last === null) return null;
  return (slot) => {
    const way = (slot + 0.5 - from) / (to - from);
    const begin = first ?? last ?? 0;
    return weigh(slot) * (begin + way * ((last ?? begin) - begin));
  };
}

/** Seen minutes next to a gap in one direction; none when there are too few. */
function side(known: FilledDay, first: number, step: 1 | -1): number[] {
  const slots: number[] = [];
  const last = first + step * 2 * IMPUTE_RULES.neighbourMin;
  for (let slot = first; slot !== last && slots.length < IMPUTE_RULES.neighbourMin; slot += step) {
    if (slot < 0 || slot >= known.knownSlots) break;
    if ((known.seen[slot] ?? 0) >= WHOLE && known.isCounted(slot)) slots.push(slot);
  }
  return slots.length < LEAST_SIDE_MIN ? [] : slots;
}

/** Count over weight of some minutes; null when they weigh nothing. */
function level(
  { series, day }: FilledDay,
  slots: readonly number[],
  weigh: (slot: number) => number,
): number | null {
  let counted = 0;
  let weight = 0;
  for (const slot of slots) {
    counted += series.read(day, { from: slot, to: slot + 1 });
    weight += weigh(slot);
  }
  return weight > 0 ? counted / weight : null;
}

import { type EpochMs, epochMs } from "../../core/brand.ts";
import { SLOT_MS } from "../calendar/slots.ts";
import type { Coverage } from "../days/coverage.ts";
import type { Day } from "../days/day-book.ts";

/** Rules of filling gaps. */
export const IMPUTE_RULES = Object.freeze({
  /** A gap that is not longer is bridged from both of its sides. */
  shortGapMs: 1_800_000,
  /** A gap that is longer stays empty. */
  longestGapMs: 86_400_000,
  /** Weeks looked back on, and how many of them must tell of a slot. */
  weeks: 6,
  minWeeks: 3,
  /** Slot of the weekly profile, minutes. */
  slotMin: 15,
  /** Seen minutes on either side that say how busy it is around a short gap. */
  neighbourMin: 30,
  /** With less expected of what was seen of the day, how busy it is cannot be told. */
  minExpected: 20,
  /** Above this imputed share a store-day is not comparable with others. */
  comparableShare: 0.2,
});

/** A time in which a sensor that had been there did not see, and how it may be filled. */
export interface BlindSpan {
  readonly from: EpochMs;
  /** End of what may be filled; of a gap that goes on: when it will be a day old. */
  readonly to: EpochMs;
  readonly kind: "short" | "long";
}

/**
 * Blind spans of a sensor that touch a trading day, at their full length, ascending. Time before its first news is
 * none, since it was not there; neither is what lasts more than a day. `knownUntil`: newest time of which anything is
 * known, by which the length of a gap that goes on is judged; asked only then. Pure.
 */
export function blindSpans(
  coverage: Coverage,
  sensorId: string,
  day: Pick<Day, "span">,
  knownUntil: () => EpochMs,
): BlindSpan[] {
  const first = coverage.firstNewsAt(sensorId);
  if (first === null) return [];
  const { longestGapMs, shortGapMs } = IMPUTE_RULES;
  // A gap longer than a day shows its full length here, or enough of it.
  const begin = epochMs(Math.max(first, day.span.start - longestGapMs - SLOT_MS));
  const end = epochMs(day.span.end + longestGapMs + SLOT_MS);
  const spans: BlindSpan[] = [];
  for (const gap of coverage.seen([sensorId], begin, end).unseenWithin(begin, end)) {
    if (gap.from >= day.span.end || gap.to <= day.span.start) continue;
    const isOpen = gap.to >= end;
    const lengthMs = (isOpen ? Math.max(knownUntil(), gap.from) : gap.to) - gap.from;
    if (lengthMs > longestGapMs) continue;
    if (isOpen) spans.push({ from: gap.from, to: epochMs(gap.from + longestGapMs), kind: "long" });
    else spans.push({ ...gap, kind: lengthMs <= shortGapMs ? "short" : "long" });
  }
  return spans;
}

import { type EpochMs, epochMs } from "../../core/brand.ts";
import { firstIndex } from "../days/columns.ts";
import type { VisitRow } from "../days/visit-table.ts";

/** With fewer finished visits nothing is known of how long people are out of sight. */
const LEAST_FINISHED = 20;
/** The longest gaps, of so small a share, are mistakes: one person taken for another, or staff without a tag. */
const MISTAKEN_SHARE = 0.001;
/** A stay that was not told makes a gap somewhat longer than any; what is so many times longer is something else. */
const FAR_LONGER = 4;

/** What visits on tracks teach about people who are in no zone, and so cannot be seen to be inside. */
export interface SightModel {
  /**
   * Probability that somebody is still inside who for so long was neither counted leaving nor seen in a zone: they are
   * on the way between two zones, or left and were not counted.
   */
  stillInside(unseenMs: number): number;
  /** Share of people who leave later than so long after they were last in a zone. */
  leavesAfter(ms: number): number;
  /** Share of people who came in longer ago than this when they are seen in a zone first. */
  cameBefore(ms: number): number;
  /** Out of sight for longer than this nobody is between two zones, but somewhere else. */
  readonly longestGapMs: number;
  /** Share of the time inside that is spent in zones. */
  readonly seenShare: number;
}

/** Half-open span of time. */
export interface InsideSpan {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/**
 * When somebody was among the customers: from entry to exit, without what they were out of sight for longer than
 * customers are, as staff without a tag are who work behind the scenes. Pure.
 */
export function spansInside(visit: VisitRow, longestGapMs: number): InsideSpan[] {
  const { enteredAt, exitedAt, stays } = visit;
  if (exitedAt - enteredAt <= longestGapMs) return [{ from: enteredAt, to: exitedAt }];
  const spans: InsideSpan[] = [];
  let from = enteredAt;
  let seenTo = enteredAt;
  const see = (start: EpochMs, end: number): void => {
    if (start - seenTo > longestGapMs) {
      spans.push({ from, to: seenTo });
      from = start;
    }
    seenTo = epochMs(Math.max(seenTo, end));
  };
  for (const stay of stays) see(stay.enteredAt, stay.enteredAt + stay.dwellMs);
  see(exitedAt, exitedAt);
  return [...spans, { from, to: exitedAt }];
}

/**
 * Learns from visits how long people are out of sight between two zones, before the first and after the last. Those
 * that went out and came back say nothing, since they were not inside in between. null with too few visits. Pure.
 */
export function learnSights(rows: Iterable<VisitRow>): SightModel | null {
  const gaps = new GapTally();
  for (const row of rows) if (row.reentries === 0) gaps.add(row);
  return gaps.model();
}

/** Whether nobody saw the end of a visit although its track was not lost: most probably it was missed at the door. */
export const isExitMissed = ({ isExitSeen, endedBy }: VisitRow): boolean =>
  !isExitSeen && endedBy !== "lost" && endedBy !== "sensor";

class GapTally {
  readonly #all: number[] = [];
  readonly #first: number[] = [];
  readonly #last: number[] = [];
  #whole = 0;
  #missed = 0;
  #seenMs = 0;
  #insideMs = 0;

  add(row: VisitRow): void {
    const { isEntrySeen, isExitSeen, enteredAt, exitedAt, stays } = row;
    let seenTo: number = enteredAt;
    for (const { enteredAt: from, dwellMs } of stays) {
      if (from > seenTo) this.#all.push(from - seenTo);
      this.#seenMs += Math.max(0, from + dwellMs - Math.max(from, seenTo));
      seenTo = Math.max(seenTo, from + dwellMs);
    }
    this.#insideMs += exitedAt - enteredAt;
    this.#missed += Number(isExitMissed(row));
    const [first] = stays;
    if (isEntrySeen && (isExitSeen || first !== undefined))
      this.#first.push((first?.enteredAt ?? exitedAt) - enteredAt);
    if (!isExitSeen) return;
    const lastMs = Math.max(0, exitedAt - seenTo);
    this.#all.push(lastMs);
    this.#last.push(lastMs);
    this.#whole += Number(isEntrySeen);
  }

  model(): SightModel | null {
    if (this.#whole < LEAST_FINISHED) return null;
    const missed = this.#missed;
    const seen = this.#all.length;
    const longer = shareLonger(this.#all);
    const leavesAfter = shareLonger(this.#last);
    return {
      stillInside: (ms) => {
        // Of all who get out of sight some are never seen again, and of these some have not left yet.
        const onTheWay = seen * longer(ms);
        if (onTheWay + missed === 0) return 1;
        return (onTheWay + missed * leavesAfter(ms)) / (onTheWay + missed);
      },
      leavesAfter,
      cameBefore: shareLonger(this.#first),
      longestGapMs: FAR_LONGER * (this.#all[plausible(seen) - 1] ?? Number.POSITIVE_INFINITY),
      seenShare: this.#insideMs > 0 ? this.#seenMs / this.#insideMs : 0,
    };
  }
}

/** Share of the lengths above each length, without those that are mistakes. Sorts them. */
function shareLonger(lengths: number[]): (ms: number) => number {
  lengths.sort((a, b) => a - b);
  const size = plausible(lengths.length);
  return (ms) => (size === 0 ? 0 : 1 - firstIndex(size, (i) => (lengths[i] ?? 0) > ms) / size);
}

/** So many of the shortest gaps are no mistakes. */
const plausible = (count: number): number => count - Math.floor(count * MISTAKEN_SHARE);

import type { DayPart } from "../days/day-book.ts";
import {
  clusteredShare95,
  DOOR_ACCURACY_RATIO,
  type RatioBlock,
  ratioOfSums,
} from "../estimate/bootstrap.ts";
import { type Interval, Z95 } from "../estimate/intervals.ts";

/** With so many days each is a block: what differs from day to day is in the interval then. */
const LEAST_DAYS = 5;

/** A rate's interval, and how many independent people it is worth; null where it does not apply. */
export interface RateInterval {
  readonly ci95: Interval | null;
  readonly effectiveN: number | null;
}

/**
 * Sums over trading days, one block each, or one block of all where there are too few of them for their spread to tell
 * anything. Pure.
 */
export function dayBlocks(
  covered: readonly DayPart[],
  read: (part: DayPart) => RatioBlock,
): RatioBlock[] {
  const days = new Map<number, RatioBlock>();
  for (const part of covered) {
    const { top, bottom } = read(part);
    const known = days.get(part.day.span.start) ?? NOTHING;
    days.set(part.day.span.start, { top: known.top + top, bottom: known.bottom + bottom });
  }
  const blocks = [...days.values()];
  return blocks.length < LEAST_DAYS ? [sumOf(blocks)] : blocks;
}

const NOTHING: RatioBlock = { top: 0, bottom: 0 };

const sumOf = (blocks: readonly RatioBlock[]): RatioBlock => ({
  top: blocks.reduce((sum, { top }) => sum + top, 0),
  bottom: blocks.reduce((sum, { bottom }) => sum + bottom, 0),
});

/** Which of the two counts of a rate a sensor may have missed people of. */
export interface Missable {
  readonly top: boolean;
  readonly bottom: boolean;
}

/**
 * Interval of a share of people who decide in groups, widened by what the counters may have missed: what both
 * directions of a door miss cannot be learned from its counts, so twice the benchmark is assumed. The spread between
 * days tells how much groups matter; within a few days `unitsPerPerson` does: units over people, 1 when all came alone.
 * null with more hits than trials. Pure.
 */
export function shareInterval(
  blocks: readonly RatioBlock[],
  missable: Missable,
  unitsPerPerson = 1,
): RateInterval {
  const shared = clusteredShare95(blocks);
  if (shared === null) return { ci95: null, effectiveN: null };
  const { top, bottom } = sumOf(blocks);
  const effectiveN = Math.min(shared.effectiveN, bottom / groupEffect(unitsPerPerson));
  const widened = widen(top / bottom, shared.ci95, Math.sqrt(shared.effectiveN / effectiveN));
  const [low, high] = withMisses(top / bottom, widened, missable);
  return { ci95: [Math.max(0, low), Math.min(1, high)], effectiveN };
}

/**
 * Design effect of groups: mean square of group sizes over their mean, as it is where groups are pairs; larger groups
 * are rarer and have more.
 * @source L. Kish, Survey sampling, 1965.
 */
const groupEffect = (unitsPerPerson: number): number =>
  1 + 2 * (1 - Math.min(1, Math.max(0, unitsPerPerson)));

/**
 * Interval of any ratio of sums by the spread of its blocks, widened like that of a share. Where no block is below zero
 * the ratio cannot be either, and nor is the interval: it is that of the logarithm. Money given back may outweigh what
 * was taken, so there the interval may reach below. Pure.
 * @source delta method: W. G. Cochran, Sampling techniques, 1977.
 */
export function ratioInterval(blocks: readonly RatioBlock[], missable: Missable): Interval | null {
  const ratio = ratioOfSums(blocks);
  if (ratio === null || ratio.ci95 === null) return null;
  const { value, ci95 } = ratio;
  return value > 0 && blocks.every(({ top }) => top >= 0)
    ? onLogScale(value, (ci95[1] - ci95[0]) / 2, missable)
    : withMisses(value, ci95, missable);
}

/**
 * Interval of a sum of amounts over a count of heads within a few days: amounts come one by one, so the sum spreads as
 * the root of the sum of their squares; on the log scale where nothing was given back, and widened like that of a share.
 * null without amounts. Pure.
 */
export function perHeadInterval(
  amounts: readonly number[],
  heads: number,
  missable: Missable,
): Interval | null {
  if (amounts.length === 0 || heads <= 0) return null;
  const value = amounts.reduce((sum, amount) => sum + amount, 0) / heads;
  const squares = amounts.reduce((sum, amount) => sum + amount * amount, 0);
  const half = (Z95 * Math.sqrt(squares)) / heads;
  if (value > 0 && amounts.every((amount) => amount >= 0)) return onLogScale(value, half, missable);
  return withMisses(value, [value - half, value + half], missable);
}

const widen = (value: number, [low, high]: Interval, factor: number): Interval => [
  value - (value - low) * factor,
  value + (high - value) * factor,
];

/** The same widening for a ratio that cannot be below zero; `half` is of the ratio itself. */
function onLogScale(value: number, half: number, { top, bottom }: Missable): Interval {
  const missed = 2 * (1 - DOOR_ACCURACY_RATIO);
  return [
    value * Math.exp(-Math.hypot(half / value, bottom ? missed : 0)),
    value * Math.exp(Math.hypot(half / value, top ? missed : 0)),
  ];
}

/** People missed above the line make the true ratio larger, below it smaller. */
function withMisses(value: number, [low, high]: Interval, { top, bottom }: Missable): Interval {
  const missed = 2 * (1 - DOOR_ACCURACY_RATIO) * Math.abs(value);
  return [
    value - Math.hypot(value - low, bottom ? missed : 0),
    value + Math.hypot(high - value, top ? missed : 0),
  ];
}

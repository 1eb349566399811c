import { DOOR_ACCURACY_RATIO, student95 } from "./bootstrap.ts";
import type { Interval } from "./intervals.ts";

/** Entries and exits that the doors counted on one closed, well-seen day. */
export interface DoorCounts {
  readonly ins: number;
  readonly outs: number;
}

/** What share of the people each direction fails to count. */
export interface DoorMisses {
  readonly inRatio: number;
  readonly outRatio: number;
  /** 95 % interval of the mean of both; how far they differ is known much better. */
  readonly mean95: Interval;
  /** `learned`: from the closed days. `assumed`: too few of them, the benchmark stands in. */
  readonly origin: "learned" | "assumed";
  /** Days it rests on. */
  readonly days: number;
}

/** Rules of learning what doors miss. */
export const MISS_RULES = Object.freeze({
  /** With fewer closed days the benchmark is assumed. */
  minDays: 7,
  /** More than this is no door that misses people but one that stands wrong. */
  maxRatio: 0.15,
});

/**
 * Learns what share of the people the doors miss, from counts alone. A day on which everybody came and left has as many
 * entries as exits, so each day's difference is made of misses only. How far the two directions differ is the mean of
 * the difference; how much both miss together is its spread, because people are missed one by one: with n visits its
 * variance is n (missIn (1 - missIn) + missOut (1 - missOut)). Misses that come in bunches, and people counted twice,
 * raise the spread and so the estimate; it errs on the side of doubt. With too few days the benchmark of 98 % is
 * assumed of the better direction. Pure.
 */
export function learnMisses(days: readonly DoorCounts[]): DoorMisses {
  const usable = days.filter(({ ins, outs }) => ins > 0 && outs > 0);
  const ins = usable.reduce((sum, day) => sum + day.ins, 0);
  const outs = usable.reduce((sum, day) => sum + day.outs, 0);
  const visits = Math.max(ins, outs);
  const lean = visits > 0 ? (ins - outs) / visits : 0;
  if (usable.length < MISS_RULES.minDays) return assumed(lean, usable.length);
  let squares = 0;
  for (const day of usable) {
    const people = Math.max(day.ins, day.outs);
    squares += (day.ins - day.outs - lean * people) ** 2 / people;
  }
  const degrees = usable.length - 1;
  const both = Math.max(squares / degrees, Math.abs(lean));
  // The logarithm of a variance is nearly normal with variance 2 / degrees.
  const factor = Math.exp(student95(degrees) * Math.sqrt(2 / degrees));
  return {
    ...split(both, lean),
    mean95: [Math.max(Math.abs(lean), both / factor) / 2, (both * factor) / 2],
    origin: "learned",
    days: usable.length,
  };
}

function assumed(lean: number, days: number): DoorMisses {
  const better = 1 - DOOR_ACCURACY_RATIO;
  const both = Math.abs(lean) + 2 * better;
  return {
    ...split(both, lean),
    mean95: [Math.abs(lean) / 2, both / 2 + better],
    origin: "assumed",
    days,
  };
}

function split(both: number, lean: number): { inRatio: number; outRatio: number } {
  const { maxRatio } = MISS_RULES;
  return {
    inRatio: Math.min(maxRatio, Math.max(0, (both - lean) / 2)),
    outRatio: Math.min(maxRatio, Math.max(0, (both + lean) / 2)),
  };
}

/**
 * How much of a variance that comes from misses must be added for not knowing them exactly: at least 1, and more the
 * wider the interval of what was learned is. Pure.
 */
export function missDoubt({ inRatio, outRatio, mean95 }: DoorMisses): number {
  const mean = (inRatio + outRatio) / 2;
  return mean > 0 ? Math.max(1, (1 + mean95[1] / mean) / 2) : 1;
}

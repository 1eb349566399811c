import { normalDraw } from "../../core/random.ts";
import { quantileOf } from "./bootstrap.ts";
import type { Interval } from "./intervals.ts";
import {
  effectiveN,
  inverseWeights,
  orderOf,
  TAG_RULES,
  type TagVisit,
  tiltedTo,
  type Weighted,
  weightedQuantile,
} from "./tag-weights.ts";

/** A number with its 95 % interval. */
export interface Estimated {
  readonly value: number;
  readonly ci95: Interval | null;
}

/** What the cameras know of all visits, which tags are calibrated to; each number with its standard error. */
export interface CameraTotals {
  readonly meanMs: number;
  readonly meanError: number;
  /** Share of the visits shorter than the carriers' floor, and how long they last. */
  readonly shortRatio: number;
  readonly shortError: number;
  readonly shortMeanMs: number;
  /** Length of the visit at a share of all visits, where that lies below the floor. */
  shortQuantile(share: number): number | null;
}

/** What tags tell of the length of visits. */
export interface TagEstimate {
  readonly n: number;
  readonly effectiveN: number;
  readonly median: Estimated | null;
  readonly p90: Estimated | null;
}

/** Draws per piece of work. */
const DRAWS_PER_PIECE = 4;

/**
 * Length of visits from those that carried a tag. Tags do not tell who leaves at once (it takes time to be heard, and
 * nobody takes a basket for a moment), so the short end comes from the doors, and only visits beyond the floor from the
 * tags: weighted for how likely each was to be heard, then calibrated to the mean of those visits that the doors know
 * (the mean of all, less the short ones). The interval draws whole days of tags, and the doors' numbers within their
 * errors. null when there are too few tags or they contradict the doors. Works in pieces.
 */
export function* estimateFromTags(
  days: readonly (readonly TagVisit[])[],
  totals: CameraTotals,
  random: () => number,
  replicates: number,
): Generator<void, TagEstimate | null> {
  const longDays = days.map((visits) => visits.filter(({ ms }) => ms >= TAG_RULES.carrierFloorMs));
  const visits = longDays.flat();
  const base = inverseWeights(visits);
  const full = calibrated(base, totals);
  if (full === null) return null;
  const order = orderOf(base.ms);
  const weight = effectiveN(full);
  if (weight < TAG_RULES.minEffectiveN) return null;
  const draws = { median: [] as number[], p90: [] as number[] };
  const dayOf = longDays.flatMap((day, index) => day.map(() => index));
  for (let i = 0; i < replicates; i += 1) {
    const drawn = drawnTotals(totals, random);
    const sample = calibrated(drawnDays(base, dayOf, longDays.length, random), drawn);
    if (sample !== null) {
      note(draws.median, quantileOfAll(sample, order, drawn, 0.5));
      note(draws.p90, quantileOfAll(sample, order, drawn, 0.9));
    }
    if (i % DRAWS_PER_PIECE === 0) yield;
  }
  return {
    n: visits.length,
    effectiveN: weight,
    median: estimated(quantileOfAll(full, order, totals, 0.5), draws.median, replicates),
    p90: estimated(quantileOfAll(full, order, totals, 0.9), draws.p90, replicates),
  };
}

function calibrated(base: Weighted, totals: CameraTotals): Weighted | null {
  const { meanMs, shortRatio, shortMeanMs } = totals;
  if (!(shortRatio < 1)) return null;
  const longMeanMs = (meanMs - shortRatio * shortMeanMs) / (1 - shortRatio);
  return longMeanMs > TAG_RULES.carrierFloorMs ? tiltedTo(base, longMeanMs) : null;
}

function quantileOfAll(
  sample: Weighted,
  order: ArrayLike<number>,
  totals: CameraTotals,
  share: number,
): number | null {
  const { shortRatio } = totals;
  if (share <= shortRatio) return totals.shortQuantile(share);
  return weightedQuantile(sample, order, (share - shortRatio) / (1 - shortRatio));
}

function drawnTotals(totals: CameraTotals, random: () => number): CameraTotals {
  return {
    ...totals,
    meanMs: totals.meanMs + totals.meanError * normalDraw(random),
    shortRatio: Math.max(0, totals.shortRatio + totals.shortError * normalDraw(random)),
  };
}

/** The same visits, weighted by how often their day was drawn: the order of lengths stays. */
function drawnDays(
  base: Weighted,
  dayOf: readonly number[],
  days: number,
  random: () => number,
): Weighted {
  const times = new Uint16Array(days);
  for (let i = 0; i < days; i += 1) {
    const day = Math.floor(random() * days);
    times[day] = (times[day] ?? 0) + 1;
  }
  const weights = base.weights.map((weight, i) => weight * (times[dayOf[i] ?? 0] ?? 0));
  return { ms: base.ms, weights };
}

function note(list: number[], value: number | null): void {
  if (value !== null) list.push(value);
}

function estimated(value: number | null, draws: number[], replicates: number): Estimated | null {
  if (value === null) return null;
  draws.sort((a, b) => a - b);
  const isEnough = draws.length * 2 >= replicates;
  return { value, ci95: isEnough ? [quantileOf(draws, 0.025), quantileOf(draws, 0.975)] : null };
}

import { seededRandom } from "../../core/random.ts";
import { drawn, quantileOf, ratioOfSums } from "./bootstrap.ts";
import {
  Deconvolution,
  type Deconvolved,
  type DoorDay,
  lagBorders,
  massQuantile,
  massUpTo,
  meanUpTo,
} from "./deconvolution.ts";
import { dayPulls, drawMasses, drawnInterval95, type MassDraws } from "./deconvolution-interval.ts";
import { type DoorMisses, learnMisses } from "./door-misses.ts";
import type { Interval } from "./intervals.ts";
import type { Measured } from "./short-share.ts";
import { type Estimated, estimateFromTags, type TagEstimate } from "./tag-estimate.ts";
import { type TagSighting, type TagVisits, tagVisits } from "./tag-lags.ts";
import {
  effectiveN,
  inverseWeights,
  TAG_RULES,
  type TagVisit,
  tiltedTo,
  type Weighted,
} from "./tag-weights.ts";

/** One closed, well-seen day as estimates take it in; copies, so that work may be cut into pieces. */
export interface EstimateDay {
  readonly doors: DoorDay;
  readonly tags: readonly TagSighting[];
}

/** What is to be estimated. */
export interface EstimateInput {
  readonly days: readonly EstimateDay[];
  readonly bounceMaxMs: number;
}

/** What doors and tags together tell of the visits of some days. */
export interface VisitEstimate {
  readonly days: number;
  readonly entries: number;
  readonly misses: DoorMisses;
  /** Share of visits shorter than tau, and the median, from the counts of the doors. */
  readonly bounce: Estimated;
  readonly median: Estimated | null;
  readonly isSettled: boolean;
  readonly tags: TagEstimate | null;
  /** From tags that are carried from door to door. */
  readonly tagBounce: TagBounce | null;
  readonly tagBounceGa4: TagBounce | null;
}

/** A bounce rate from tags. */
export interface TagBounce extends Estimated {
  readonly n: number;
  readonly effectiveN: number;
}

/** Rules of estimating. */
export const ESTIMATE_RULES = Object.freeze({
  /** Draws of the bootstrap. */
  replicates: 200,
  /** Cells of the lag tables gone through in one piece of work: some milliseconds. */
  cellsPerPiece: 1_000_000,
  /** Of the draws: the same days give the same interval. */
  seed: 20_261,
});

/**
 * Estimates the short end and the middle of the visit time from the counts of the doors, and its upper part from tags.
 * The draws are seeded: the same days give the same result. Works in pieces of some milliseconds.
 */
export function* estimateVisits(input: EstimateInput): Generator<void, VisitEstimate> {
  const doors = input.days.map((day) => day.doors);
  const misses = learnMisses(
    doors.map(({ ins, outs }) => ({ ins: ins.length, outs: outs.length })),
  );
  const work = new Deconvolution(doors, lagBorders(input.bounceMaxMs));
  while (!work.advance(ESTIMATE_RULES.cellsPerPiece)) yield;
  const found = work.result;
  const pulls = yield* dayPulls(found);
  const draws = yield* drawMasses(pulls, random(), ESTIMATE_RULES.replicates);
  const lags = { found, draws, misses };
  const median = medianOf(lags);
  const heard = tagVisits(input.days);
  const tags = yield* tagPart(input, heard, lags);
  const tagBounce = yield* bounceOfTags(input, heard, (visit) => visit.isEngaged);
  const tagBounceGa4 = yield* bounceOfTags(
    input,
    heard,
    (visit) => visit.isEngaged || visit.hasTwoZones,
  );
  return {
    days: input.days.length,
    entries: found.entries,
    misses,
    bounce: shareBelow(lags, input.bounceMaxMs),
    median,
    isSettled: found.isSettled,
    tags,
    tagBounce,
    tagBounceGa4,
  };
}

/** Each calibrates anew; so many are enough for an interval that is seldom the best one. */
const TAG_BOUNCE_DRAWS = 100;

const random = (): (() => number) => seededRandom(ESTIMATE_RULES.seed);

/** The distribution found, how it might have come out, and what the doors miss. */
interface Lags {
  readonly found: Deconvolved;
  readonly draws: MassDraws;
  readonly misses: DoorMisses;
}

/** An entry that was counted leads to a counted exit only as often as exits are counted: the share is taken of those. */
function shareBelow({ found, draws, misses }: Lags, atMs: number): Estimated {
  const read = (mass: Float64Array): number =>
    Math.min(1, Math.max(0, massUpTo(mass, found.borders, atMs) / (1 - misses.outRatio)));
  return { value: read(found.mass), ci95: drawnInterval95(draws, read) };
}

function medianOf({ found, draws }: Lags): Estimated | null {
  const read = (mass: Float64Array): number | null => massQuantile(mass, found.borders, 0.5);
  const value = read(found.mass);
  return value === null ? null : { value, ci95: drawnInterval95(draws, read) };
}

function* tagPart(
  { days }: EstimateInput,
  heard: TagVisits,
  lags: Lags,
): Generator<void, TagEstimate | null> {
  const mean = meanStay(days.map((day) => day.doors));
  if (mean === null) return null;
  const { mass, borders } = lags.found;
  const totals = {
    mean: { value: mean.value, error: errorOf(mean) },
    early: measured(shareBelow(lags, TAG_RULES.sureMs)),
    between: measured(shareBetween(lags, TAG_RULES.sureMs, TAG_RULES.carrierFloorMs)),
    shortMeanMs: meanUpTo(mass, borders, TAG_RULES.carrierFloorMs) ?? 0,
    shortQuantile: (share: number) => quantileBelow(lags, share),
  };
  return yield* estimateFromTags(heard, totals, random(), ESTIMATE_RULES.replicates);
}

function quantileBelow({ found, misses }: Lags, share: number): number | null {
  const total = found.mass.reduce((sum, mass) => sum + mass, 0);
  return total > 0
    ? massQuantile(found.mass, found.borders, (share * (1 - misses.outRatio)) / total)
    : null;
}

/** Of those who stay at least `fromMs`, the share that leaves before `toMs`. */
function shareBetween({ found, draws, misses }: Lags, fromMs: number, toMs: number): Estimated {
  const read = (mass: Float64Array): number => {
    const early = massUpTo(mass, found.borders, fromMs);
    const between = massUpTo(mass, found.borders, toMs) - early;
    const rest = 1 - misses.outRatio - early;
    return rest > 0 ? Math.min(1, Math.max(0, between / rest)) : 0;
  };
  return { value: read(found.mass), ci95: drawnInterval95(draws, read) };
}

const measured = (one: Estimated): Measured => ({ value: one.value, error: errorOf(one) });

const errorOf = ({ ci95 }: Estimated): number => (ci95 === null ? 0 : (ci95[1] - ci95[0]) / 3.92);

/** Mean visit over closed days by Little's law, with the spread of the days; null when it makes no sense. */
export function meanStay(days: readonly DoorDay[]): Estimated | null {
  const blocks = days
    .filter(({ ins, outs }) => ins.length > 0 && outs.length > 0)
    .map(({ ins, outs }) => {
      const bottom = Math.max(ins.length, outs.length);
      return { top: bottom * (meanOf(outs) - meanOf(ins)), bottom };
    });
  const mean = ratioOfSums(blocks);
  return mean === null || !(mean.value > 0) ? null : mean;
}

function meanOf(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/**
 * Bounce from tags that are on somebody from door to door: each weighted for how likely it was to be heard, then
 * calibrated to the mean visit that the doors know.
 */
function* bounceOfTags(
  { days, bounceMaxMs }: EstimateInput,
  heard: TagVisits,
  isEngaged: (visit: TagVisit) => boolean,
): Generator<void, TagBounce | null> {
  const cards = heard.days.map((day) => day.filter(({ kind }) => kind === "loyalty-card"));
  const weigh = (visits: readonly TagVisit[]): Weighted => inverseWeights(visits, heard.detectMs);
  const all = cards.flat();
  const meanMs = meanStay(days.map((day) => day.doors))?.value ?? null;
  if (meanMs === null || all.length < TAG_RULES.minBounceEffectiveN) return null;
  const full = tiltedTo(weigh(all), meanMs);
  if (full === null || effectiveN(full) < TAG_RULES.minBounceEffectiveN) return null;
  const isBounce = (visit: TagVisit): boolean => visit.ms < bounceMaxMs && !isEngaged(visit);
  const draws: number[] = [];
  const generator = random();
  for (let i = 0; i < TAG_BOUNCE_DRAWS; i += 1) {
    const sample = drawn(cards, generator).flat();
    const weighted = tiltedTo(weigh(sample), meanMs);
    if (weighted !== null) draws.push(weightedShare(weighted, sample, isBounce));
    yield;
  }
  draws.sort((a, b) => a - b);
  const isEnough = draws.length * 2 >= TAG_BOUNCE_DRAWS;
  return {
    value: weightedShare(full, all, isBounce),
    ci95: isEnough ? withBias(quantileOf(draws, 0.025), quantileOf(draws, 0.975)) : null,
    n: all.length,
    effectiveN: effectiveN(full),
  };
}

const withBias = (low: number, high: number): Interval => [
  Math.max(0, low - TAG_RULES.bounceBiasRatio),
  Math.min(1, high + TAG_RULES.bounceBiasRatio),
];

function weightedShare(
  { weights }: Weighted,
  visits: readonly TagVisit[],
  isHit: (visit: TagVisit) => boolean,
): number {
  let hits = 0;
  let total = 0;
  visits.forEach((visit, i) => {
    total += weights[i] ?? 0;
    if (isHit(visit)) hits += weights[i] ?? 0;
  });
  return hits / total;
}

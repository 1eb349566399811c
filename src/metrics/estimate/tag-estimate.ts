import { normalDraw } from "../../core/random.ts";
import { quantileOf, ratioOfSums } from "./bootstrap.ts";
import { type Calibrated, Calibration } from "./calibration.ts";
import type { Interval } from "./intervals.ts";
import { type Measured, type ShortByDoors, ShortShare } from "./short-share.ts";
import type { TagVisits } from "./tag-lags.ts";
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

/** What the doors know of all visits, which tags are calibrated to. */
export interface DoorTotals extends ShortByDoors {
  readonly mean: Measured;
  /** How long the visits below the carriers' floor last. */
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
 * Length of visits from those that carried a tag. Nobody takes a basket for a moment, so only visits beyond the floor
 * come from all tags: weighted for how likely each was to be heard, then calibrated to the doors, who know the mean of
 * all visits. How many are short the doors say, and cards beside them; how long those last, only the doors. The interval
 * draws whole days of tags, and the doors' numbers within their errors. null when there are too few tags or they
 * contradict the doors. Works in pieces.
 */
export function* estimateFromTags(
  heard: TagVisits,
  doors: DoorTotals,
  random: () => number,
  replicates: number,
): Generator<void, TagEstimate | null> {
  const sample = longSample(heard);
  const short = new ShortShare(doors, heard);
  const longMean = longMeanOf(sample);
  if (longMean === null) return null;
  const { mean, shortMeanMs } = doors;
  const calibration = new Calibration({ mean, short: short.share, shortMeanMs, longMean });
  const found = { meanMs: mean.value, shortRatio: short.share.value, longMeanMs: longMean.value };
  const full = fitted(sample.all, calibration.apply(found), doors);
  if (full === null) return null;
  const weight = effectiveN(full.sample);
  if (weight < TAG_RULES.minEffectiveN) return null;
  const order = orderOf(sample.all.ms);
  const draws = { median: [] as number[], p90: [] as number[] };
  for (let i = 0; i < replicates; i += 1) {
    const times = drawnTimes(heard.days.length, random);
    const drawn = drawnDays(sample, times);
    const values = {
      meanMs: mean.value + mean.error * normalDraw(random),
      shortRatio: short.drawn(times, random),
      longMeanMs: meanOf(drawn) + calibration.selectionMs * normalDraw(random),
    };
    const fit = fitted(drawn, calibration.apply(values), doors);
    if (fit !== null) {
      note(draws.median, quantileOfAll(fit, order, 0.5));
      note(draws.p90, quantileOfAll(fit, order, 0.9));
    }
    if (i % DRAWS_PER_PIECE === 0) yield;
  }
  return {
    n: sample.all.ms.length,
    effectiveN: weight,
    median: estimated(quantileOfAll(full, order, 0.5), draws.median, replicates),
    p90: estimated(quantileOfAll(full, order, 0.9), draws.p90, replicates),
  };
}

/** Weighted visits beyond the floor. */
interface LongSample {
  readonly all: Weighted;
  /** Position of the day of each. */
  readonly dayOf: readonly number[];
}

/**
 * Baskets are not taken out and in again: of those who do only the cards tell, who then stand for all tags, less the
 * parts that a basket told of nevertheless.
 */
function longSample({ days, detectMs }: TagVisits): LongSample {
  const long = days.map((visits) => visits.filter(({ ms }) => ms >= TAG_RULES.carrierFloorMs));
  const all = long.flat();
  const standing = standingOfCardParts(all);
  const { ms, weights } = inverseWeights(all, detectMs);
  all.forEach((visit, i) => {
    if (visit.isPart && isCard(visit)) weights[i] = (weights[i] ?? 0) * standing;
  });
  return {
    all: { ms, weights },
    dayOf: long.flatMap((day, place) => day.map(() => place)),
  };
}

const isCard = ({ kind }: TagVisit): boolean => kind === "loyalty-card";

/**
 * How many parts of visits each part told by a card stands for: parts are as frequent among all tags as among cards, and
 * what baskets told of them is there already. Never less than itself.
 */
function standingOfCardParts(all: readonly TagVisit[]): number {
  const cards = all.filter(isCard);
  const parts = all.filter(({ isPart }) => isPart).length;
  const cardParts = cards.filter(({ isPart }) => isPart).length;
  if (cardParts === 0) return 1;
  return Math.max(1, all.length / cards.length - (parts - cardParts) / cardParts);
}

/** Mean of the long visits, with the spread of the days; null of fewer than two days. */
function longMeanOf({ all, dayOf }: LongSample): Measured | null {
  const blocks: { top: number; bottom: number }[] = [];
  dayOf.forEach((day, i) => {
    const block = blocks[day] ?? { top: 0, bottom: 0 };
    const weight = all.weights[i] ?? 0;
    blocks[day] = {
      top: block.top + weight * (all.ms[i] ?? 0),
      bottom: block.bottom + weight,
    };
  });
  const { value, standardError = null } = ratioOfSums(blocks.filter(Boolean)) ?? {};
  return value === undefined || standardError === null ? null : { value, error: standardError };
}

function meanOf({ ms, weights }: Weighted): number {
  let [top, bottom] = [0, 0];
  weights.forEach((weight, i) => {
    top += weight * (ms[i] ?? 0);
    bottom += weight;
  });
  return top / bottom;
}

/** Long visits with the wanted mean, and what the doors add below them. */
interface Fit {
  readonly sample: Weighted;
  readonly shortRatio: number;
  readonly doors: DoorTotals;
}

function fitted(
  base: Weighted,
  { shortRatio, longMeanMs }: Calibrated,
  doors: DoorTotals,
): Fit | null {
  const isPossible = shortRatio < 1 && longMeanMs > TAG_RULES.carrierFloorMs;
  const sample = isPossible ? tiltedTo(base, longMeanMs) : null;
  return sample === null ? null : { sample, shortRatio, doors };
}

function quantileOfAll(
  { sample, shortRatio, doors }: Fit,
  order: ArrayLike<number>,
  share: number,
): number | null {
  if (share <= shortRatio) return doors.shortQuantile(share);
  return weightedQuantile(sample, order, (share - shortRatio) / (1 - shortRatio));
}

/** How often each day is drawn. */
function drawnTimes(days: number, random: () => number): Uint16Array {
  const times = new Uint16Array(days);
  for (let i = 0; i < days; i += 1) {
    const day = Math.floor(random() * days);
    times[day] = (times[day] ?? 0) + 1;
  }
  return times;
}

/** The same visits, weighted by how often their day was drawn: the order of lengths stays. */
function drawnDays({ all, dayOf }: LongSample, times: Uint16Array): Weighted {
  const weights = all.weights.map((weight, i) => weight * (times[dayOf[i] ?? 0] ?? 0));
  return { ms: all.ms, weights };
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

import type { TagKind } from "../../core/site.ts";

/** One visit known by a tag that a customer carries. */
export interface TagVisit {
  readonly kind: TagKind;
  readonly ms: number;
  /** Bought, or did whatever else keeps a visit from being a bounce. */
  readonly isEngaged: boolean;
  /** Went to two zones. */
  readonly hasTwoZones: boolean;
  /** One of the parts of a visit of somebody who went out and came back: for the doors a visit of its own. */
  readonly isPart: boolean;
}

/** Rules of weighing tags. */
export const TAG_RULES = Object.freeze({
  /**
   * Mean time until a receiver has heard enough of a tag to say that it is inside: four seconds of a good level, and
   * the packets until it is heard at all. It follows from how often the tag sends and how long the receiver listens, and
   * is measured with a walk at commissioning; where the doors show it, what they show.
   */
  detectMs: 20_000,
  /** No visit stands for more than one over this: the few that were hardly heard would decide all. */
  minInclusion: 0.4,
  /** Nobody stays so long without being heard. */
  sureMs: 60_000,
  /** Nobody takes a basket to leave in a moment: of shorter visits baskets and carts say nothing. */
  carrierFloorMs: 180_000,
  /**
   * How far the mean visit of people with tags may be from everybody's without anything showing it: members, and those
   * who take a basket, are not everybody. Without it thousands of tags would look so sure of their mean that the doors,
   * who see everybody, would not count. No source tells how large it is in a shop: this is assumed. What is beyond it
   * shows in the difference to the doors, and is corrected by that.
   */
  selectionRatio: 0.03,
  /** With a smaller effective number of visits tags decide no distribution. */
  minEffectiveN: 200,
  /** How well tags are heard in their first moments is known only roughly: a bounce rate may be off by so much. */
  bounceBiasRatio: 0.02,
  /** Nor a bounce rate: its interval would be wider than that of the door counts. */
  minBounceEffectiveN: 1000,
});

/** Taken up in the shop, and left there. */
const isCarrier = (kind: TagKind): boolean => kind === "basket" || kind === "cart";

/** How likely a visit of this length is to be heard, relative to the longest. Pure. */
export function inclusion(kind: TagKind, ms: number, detectMs: number): number {
  if (isCarrier(kind)) return ms >= TAG_RULES.carrierFloorMs ? 1 : 0;
  return detectMs > 0 ? 1 - Math.exp(-Math.max(0, ms) / detectMs) : 1;
}

/** Mean of an exponential wait that was over before the visit was; for a wait above 0. Pure. */
export function waitWithin(visitMs: number, detectMs: number): number {
  if (!(visitMs > 0)) return 0;
  const missed = Math.exp(-visitMs / detectMs);
  return detectMs - (visitMs * missed) / (1 - missed);
}

/** Halvings of the search for a length: to less than a millisecond. */
const LENGTH_STEPS = 24;

/**
 * Mean length of a visit whose tag was heard for so long until its end. What is heard of a short visit was heard soon:
 * the time before is that of an exponential wait which was over before the visit was. Pure.
 */
export function heardLengthOf(heardMs: number, detectMs: number): number {
  if (!(detectMs > 0)) return Math.max(0, heardMs + detectMs);
  let low = heardMs;
  let high = heardMs + detectMs;
  for (let i = 0; i < LENGTH_STEPS; i += 1) {
    const middle = (low + high) / 2;
    if (middle - waitWithin(middle, detectMs) < heardMs) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Visits with their weights: as many visits as each stands for, relative to the others. */
export interface Weighted {
  readonly ms: Float64Array;
  readonly weights: Float64Array;
}

/**
 * As many visits as one of this length stands for: one over its inclusion (Horvitz-Thompson), the largest trimmed; 0 when
 * it cannot be included. Pure.
 */
export function inverseWeight(kind: TagKind, ms: number, detectMs: number): number {
  const share = inclusion(kind, ms, detectMs);
  return isCarrier(kind) && share === 0 ? 0 : 1 / Math.max(TAG_RULES.minInclusion, share);
}

/** Weighs each visit by itself. Pure. */
export function inverseWeights(visits: readonly TagVisit[], detectMs: number): Weighted {
  const ms = Float64Array.from(visits, (visit) => visit.ms);
  const weights = Float64Array.from(visits, (one) => inverseWeight(one.kind, one.ms, detectMs));
  return { ms, weights };
}

/** As many equally weighted visits would be as sure: (sum w)^2 / sum w^2. Pure. */
export function effectiveN({ weights }: Weighted): number {
  let sum = 0;
  let squares = 0;
  for (const weight of weights) {
    sum += weight;
    squares += weight * weight;
  }
  return squares > 0 ? (sum * sum) / squares : 0;
}

/** Steps of the search for the tilt; it doubles its correct digits with each. */
const MAX_STEPS = 40;
/** A tilt that weighs the mean visit against the shortest by more than e^4 would rest on a handful of visits. */
const MAX_TILT = 4;

/**
 * Calibrates weights so that the weighted mean is what the cameras say: w exp(theta ms / mean), the change that leaves
 * the weights as near as possible to what they were. null when no such tilt exists, or when it would have to be so
 * strong that a few visits decided all. Pure.
 * @source J.-C. Deville, C.-E. Sarndal, Calibration estimators in survey sampling, JASA 1992 (raking case).
 */
export function tiltedTo(sample: Weighted, meanMs: number): Weighted | null {
  const weights = new Float64Array(sample.ms.length);
  const relative = sample.ms.map((ms) => ms / meanMs - 1);
  let theta = 0;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    let total = 0;
    let first = 0;
    let second = 0;
    for (let i = 0; i < weights.length; i += 1) {
      const x = relative[i] ?? 0;
      const weight = (sample.weights[i] ?? 0) * Math.exp(theta * x);
      weights[i] = weight;
      total += weight;
      first += weight * x;
      second += weight * x * x;
    }
    if (!(total > 0) || !Number.isFinite(total)) return null;
    const mean = first / total;
    if (Math.abs(mean) < 1e-6) return { ms: sample.ms, weights };
    const variance = second / total - mean * mean;
    if (!(variance > 0)) return null;
    // Bounded steps: far from the solution Newton's would overshoot.
    theta -= Math.max(-0.5, Math.min(0.5, mean / variance));
    if (Math.abs(theta) > MAX_TILT) return null;
  }
  return null;
}

/**
 * Weighted quantile over an order of ascending lengths: the first length at which the share is reached. null without
 * weight. Pure.
 */
export function weightedQuantile(
  { ms, weights }: Weighted,
  order: ArrayLike<number>,
  share: number,
): number | null {
  let total = 0;
  for (const weight of weights) total += weight;
  if (!(total > 0)) return null;
  let sum = 0;
  for (let i = 0; i < order.length; i += 1) {
    const at = order[i] ?? 0;
    sum += weights[at] ?? 0;
    if (sum >= share * total) return ms[at] ?? null;
  }
  return null;
}

/** Positions of the lengths in ascending order. Pure. */
export function orderOf(ms: Float64Array): Uint32Array {
  return Uint32Array.from(ms.keys()).sort((a, b) => (ms[a] ?? 0) - (ms[b] ?? 0));
}

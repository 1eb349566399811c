import type { TagKind } from "../../core/site.ts";

/** One visit known by a tag that a customer carries. */
export interface TagVisit {
  readonly kind: TagKind;
  readonly ms: number;
  /** Bought, or did whatever else keeps a visit from being a bounce. */
  readonly isEngaged: boolean;
  /** Went to two zones. */
  readonly hasTwoZones: boolean;
}

/** Rules of weighing tags. */
export const TAG_RULES = Object.freeze({
  /**
   * Mean time until a receiver has heard enough of a tag to say that it is inside: four seconds of a good level, and
   * the packets until it is heard at all. It follows from how often the tag sends and how long the receiver listens, and
   * is measured with a walk at commissioning.
   */
  detectMs: 20_000,
  /** Nobody takes a basket to leave in a moment: of shorter visits baskets and carts say nothing. */
  carrierFloorMs: 180_000,
  /** With a smaller effective number of visits tags decide no distribution. */
  minEffectiveN: 200,
  /** How well tags are heard in their first moments is known only roughly: a bounce rate may be off by so much. */
  bounceBiasRatio: 0.02,
  /** Nor a bounce rate: its interval would be wider than that of the door counts. */
  minBounceEffectiveN: 1000,
});

/** How likely a visit of this length is to be heard, relative to the longest. Pure. */
export function inclusion(kind: TagKind, ms: number): number {
  if (kind === "basket" || kind === "cart") return ms >= TAG_RULES.carrierFloorMs ? 1 : 0;
  return 1 - Math.exp(-Math.max(0, ms) / TAG_RULES.detectMs);
}

/** Visits with their weights: as many visits as each stands for, relative to the others. */
export interface Weighted {
  readonly ms: Float64Array;
  readonly weights: Float64Array;
}

/** Weighs each visit by one over its inclusion (Horvitz-Thompson); those that cannot be included get no weight. Pure. */
export function inverseWeights(visits: readonly TagVisit[]): Weighted {
  const ms = Float64Array.from(visits, (visit) => visit.ms);
  const weights = Float64Array.from(visits, ({ kind, ms: length }) => {
    const share = inclusion(kind, length);
    return share > 0 ? 1 / share : 0;
  });
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

import { type Interval, Z95 } from "./intervals.ts";

/** As many blocks as there are, each drawn from all of them. Pure but for `random`. */
export function drawn<Block>(blocks: readonly Block[], random: () => number): Block[] {
  const sample: Block[] = [];
  for (let i = 0; i < blocks.length; i += 1) {
    const block = blocks[Math.floor(random() * blocks.length)];
    if (block !== undefined) sample.push(block);
  }
  return sample;
}

/** Quantile of ascending values by straight lines between them; NaN without values. Pure. */
export function quantileOf(ascending: readonly number[], share: number): number {
  const place = (ascending.length - 1) * share;
  const low = ascending[Math.floor(place)] ?? Number.NaN;
  const high = ascending[Math.ceil(place)] ?? low;
  return low + (high - low) * (place - Math.floor(place));
}

/** What one block adds to the two sums of a ratio. */
export interface RatioBlock {
  readonly top: number;
  readonly bottom: number;
}

/** A ratio of two sums over blocks, with what its blocks say about how sure it is. */
export interface BlockRatio {
  readonly value: number;
  /** null with fewer than two blocks that hold anything. */
  readonly ci95: Interval | null;
  readonly standardError: number | null;
}

/**
 * Ratio of sums over blocks; its spread is that of the blocks, so groups and busy days widen it as they must. For any
 * ratio (money per entrant, payments per entrant: a payment may lie in the block after its entry, so take blocks that
 * are long against that). null when the bottom sum is not above zero. Pure.
 * @source W. G. Cochran, Sampling techniques, 1977, ratio estimator in linearised form.
 */
export function ratioOfSums(blocks: readonly RatioBlock[]): BlockRatio | null {
  const held = blocks.filter(({ top, bottom }) => top !== 0 || bottom !== 0);
  const bottom = held.reduce((sum, block) => sum + block.bottom, 0);
  if (!(bottom > 0)) return null;
  const value = held.reduce((sum, block) => sum + block.top, 0) / bottom;
  if (held.length < 2) return { value, ci95: null, standardError: null };
  let squares = 0;
  for (const block of held) squares += (block.top - value * block.bottom) ** 2;
  const standardError = Math.sqrt((squares * held.length) / (held.length - 1)) / bottom;
  const half = student95(held.length - 1) * standardError;
  return { value, ci95: [value - half, value + half], standardError };
}

/** A share with its interval and how many independent people it is worth. */
export interface ClusteredShare {
  readonly ci95: Interval;
  /** Trials over the design effect: as many people who came alone would be as sure. */
  readonly effectiveN: number;
}

/**
 * 95 % interval of a share whose trials come in clusters (people in groups decide together): Wilson's at the effective
 * number of trials, which the spread between blocks tells. Never narrower than Wilson's for independent people. Blocks
 * hold hits (`top`) and trials (`bottom`). null without trials, or with more hits than trials. Pure.
 * @source L. Kish, Survey sampling, 1965, design effect; E. B. Wilson, JASA 1927.
 */
export function clusteredShare95(blocks: readonly RatioBlock[]): ClusteredShare | null {
  const trials = blocks.reduce((sum, block) => sum + block.bottom, 0);
  const hits = blocks.reduce((sum, block) => sum + block.top, 0);
  if (trials <= 0 || hits < 0 || hits > trials) return null;
  const share = hits / trials;
  const spread = ratioOfSums(blocks)?.standardError ?? 0;
  const simple = (share * (1 - share)) / trials;
  const effect = simple > 0 ? Math.max(1, (spread * spread) / simple) : 1;
  const held = blocks.filter(({ bottom }) => bottom > 0).length;
  const t = effect > 1 && held > 1 ? student95(held - 1) : Z95;
  const effectiveN = trials / effect;
  return { ci95: wilsonAt(share, effectiveN, t), effectiveN };
}

/** Interval of a share by Wilson's formula, of so many independent trials (any number above zero), at z. Pure. */
export function wilsonAt(share: number, n: number, z: number): Interval {
  const z2 = z * z;
  const centre = share + z2 / (2 * n);
  const half = z * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n));
  const scale = 1 + z2 / n;
  // At the ends the formula gives exactly 0 and 1, up to rounding.
  return [
    share === 0 ? 0 : Math.max(0, (centre - half) / scale),
    share === 1 ? 1 : Math.min(1, (centre + half) / scale),
  ];
}

/** What a count of a door is judged by. */
export interface DoorAccuracy {
  /** Crossings counted the other way over the same doors and whole days; null where it says nothing (part of a day). */
  readonly opposite: number | null;
  /** Share of the crossings that a well-placed counter catches; the usual benchmark is 0.98. */
  readonly accuracyRatio: number;
}

/** Accuracy that is assumed of a door counter until an audit tells a better one. */
export const DOOR_ACCURACY_RATIO = 0.98;

/**
 * 95 % interval of the true number behind a door's count. Nothing in the counts of one direction shows what it missed:
 * only the other direction does, and only the difference (everybody who came has left by the end of a day). So the
 * interval reaches from the larger of the two counts down to what chance and double counts allow, and up to what a
 * counter would have missed that misses twice as much as the benchmark: an assumption that is stated, not a
 * measurement. It leans upwards because counters miss people more often than they invent them. Pure.
 */
export function countInterval95(count: number, accuracy: DoorAccuracy): Interval {
  const missed = 1 - accuracy.accuracyRatio;
  const seen = Math.max(count, accuracy.opposite ?? 0);
  const chance = Z95 * Math.sqrt(count * missed);
  return [Math.max(0, count - chance), seen / (1 - 2 * missed) + chance];
}

/** Two-sided 95 % points of Student's t for 1..9 degrees of freedom; beyond them the expansion is good to 0.1 %. */
const SMALL_T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262] as const;

/**
 * Two-sided 95 % point of Student's t. Below one degree of freedom there is none: infinity. Pure.
 * @source M. Abramowitz, I. Stegun, Handbook of mathematical functions, 26.7.5.
 */
export function student95(degrees: number): number {
  if (degrees < 1) return Number.POSITIVE_INFINITY;
  const small = SMALL_T[Math.floor(degrees) - 1];
  if (small !== undefined) return small;
  const z = Z95;
  return (
    z + (z ** 3 + z) / (4 * degrees) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2)
  );
}

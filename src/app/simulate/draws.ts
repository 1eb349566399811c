import { normalDraw, seededRandom } from "../../core/random.ts";

/** A stream of numbers in [0, 1). */
export type Random = () => number;

/**
 * The stream of one aspect of one day. Aspects have streams of their own, so that another sensor or one more draw of it
 * changes nothing of what happened in the shop. Pure for a seed.
 */
export function streamOf(seed: number, aspect: string, day: number): Random {
  let hash = 0x811c9dc5 ^ seed;
  for (const text of [aspect, `/${day}`])
    for (let i = 0; i < text.length; i += 1)
      hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  const random = seededRandom(hash >>> 0);
  // The first number of neighbouring seeds is alike in its high bits; later ones are not.
  random();
  return random;
}

/** Evenly between two bounds. */
export const between = (random: Random, low: number, high: number): number =>
  low + (high - low) * random();

/** Whether something of this probability happens. Draws once. */
export const chance = (random: Random, ratio: number): boolean => random() < ratio;

/** Exponential with this mean. */
export const exponential = (random: Random, mean: number): number => -Math.log(1 - random()) * mean;

/** Lognormal with this median and standard deviation of the logarithm. */
export const lognormal = (random: Random, median: number, sigma: number): number =>
  median * Math.exp(sigma * normalDraw(random));

/** Poisson count with this mean, which should not be above about 500. @source D. Knuth, TAOCP 2, 3.4.1 */
export function poisson(random: Random, mean: number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}

/** One of a list with these weights; the last when rounding leaves nothing. The list may not be empty. */
export function pick<T>(random: Random, list: readonly T[], weightOf: (one: T) => number): T {
  const total = list.reduce((sum, one) => sum + weightOf(one), 0);
  let left = random() * total;
  for (const one of list) {
    left -= weightOf(one);
    if (left < 0) return one;
  }
  const last = list.at(-1);
  if (last === undefined) throw new TypeError("nothing to pick from");
  return last;
}

/** Instants of a Poisson stream in [from, to) whose rate swells from its ends to its middle, ascending. */
export function swellingInstants(
  random: Random,
  span: { readonly from: number; readonly to: number },
  mean: number,
): number[] {
  const lengthMs = span.to - span.from;
  const swing = 0.5;
  const instants: number[] = [];
  if (lengthMs <= 0 || mean <= 0) return instants;
  // Thinning of a stream at the highest rate.
  const stepMs = lengthMs / (mean * (1 + swing));
  for (let at = span.from + exponential(random, stepMs); at < span.to; ) {
    const rate = 1 - swing * Math.cos((2 * Math.PI * (at - span.from)) / lengthMs);
    if (random() * (1 + swing) < rate) instants.push(at);
    at += exponential(random, stepMs);
  }
  return instants;
}

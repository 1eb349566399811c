/** Two-sided 95 % point of the standard normal distribution. */
export const Z95 = 1.959963984540054;

/** A 95 % interval [low, high]. */
export type Interval = readonly [low: number, high: number];

/**
 * 95 % interval of a share: `hits` of `trials`. null where it does not apply: no trials, or more hits than trials
 * (then the two are not a part and its whole). Pure.
 * @source E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 1927.
 */
export function wilson95(hits: number, trials: number): Interval | null {
  if (trials <= 0 || hits < 0 || hits > trials) return null;
  const share = hits / trials;
  const z2 = Z95 * Z95;
  const centre = share + z2 / (2 * trials);
  const half = Z95 * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials * trials));
  const scale = 1 + z2 / trials;
  // At the ends the formula gives exactly 0 and 1, up to rounding.
  const low = hits === 0 ? 0 : (centre - half) / scale;
  return [low, hits === trials ? 1 : (centre + half) / scale];
}

/**
 * 95 % interval of a mean duration of which only `n` and the mean are known, taking the spread of an exponential
 * duration (standard deviation = mean). Symmetric on the log scale, so never negative. null without observations. Pure.
 */
export function exponentialMean95(mean: number, n: number): Interval | null {
  if (n <= 0 || !(mean > 0)) return null;
  const factor = Math.exp(Z95 / Math.sqrt(n));
  return [mean / factor, mean * factor];
}

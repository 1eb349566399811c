import { type Interval, wilson95, Z95 } from "../estimate/intervals.ts";

/**
 * Sums behind a share whose trials come in clusters: `hits` and `trials`, and over the clusters the sums of their
 * squares and products. Enough for the spread of the share, so that no cluster has to be kept.
 */
export interface ClusterSums {
  readonly hits: number;
  readonly trials: number;
  readonly hitSquares: number;
  readonly hitTrials: number;
  readonly trialSquares: number;
  readonly clusters: number;
}

/** A share with its interval. */
export interface SpreadShare {
  readonly share: number;
  readonly ci95: Interval;
  /** Trials that came alone and would be as sure. */
  readonly effectiveN: number;
}

/**
 * A share and its 95 % interval: Wilson's at the effective number of trials. Never narrower than for people who came
 * alone, `n` of them. Where all trials say the same, each cluster is taken as one. null without trials. Pure.
 * @source W. G. Cochran, Sampling techniques, 1977, ratio estimator; L. Kish, Survey sampling, 1965, design effect.
 */
export function spreadShare(sums: ClusterSums, n: number): SpreadShare | null {
  if (!(sums.trials > 0) || sums.hits > sums.trials) return null;
  const share = sums.hits / sums.trials;
  const squares = sums.hitSquares - 2 * share * sums.hitTrials + share * share * sums.trialSquares;
  const few = sums.clusters > 1 ? sums.clusters / (sums.clusters - 1) : 1;
  const variance = (few * Math.max(0, squares)) / (sums.trials * sums.trials);
  const asOne = (sums.trials * sums.trials) / sums.trialSquares;
  const told = variance > 0 ? (share * (1 - share)) / variance : asOne;
  const effectiveN = Math.min(n, told);
  return { share, ci95: wilson95(share * effectiveN, effectiveN) ?? [0, 1], effectiveN };
}

/** 95 % interval of a positive ratio whose logarithm has this variance. Pure. */
export function logInterval95(ratio: number, logVariance: number): Interval {
  const factor = Math.exp(Z95 * Math.sqrt(Math.max(0, logVariance)));
  return [ratio / factor, ratio * factor];
}

/** What one thing counted adds to a share. */
export interface Trial {
  readonly cluster: number;
  readonly weight: number;
  readonly isHit: boolean;
}

/** Sums over trials in which those of a cluster follow one another. Pure. */
export function clusterSums(trials: Iterable<Trial>): ClusterSums {
  const sums = {
    hits: 0,
    trials: 0,
    hitSquares: 0,
    hitTrials: 0,
    trialSquares: 0,
    clusters: 0,
  };
  let cluster = -1;
  let hit = 0;
  let trial = 0;
  const close = (): void => {
    if (trial === 0) return;
    sums.hits += hit;
    sums.trials += trial;
    sums.hitSquares += hit * hit;
    sums.hitTrials += hit * trial;
    sums.trialSquares += trial * trial;
    sums.clusters += 1;
  };
  for (const next of trials) {
    if (next.cluster !== cluster) {
      close();
      hit = 0;
      trial = 0;
      cluster = next.cluster;
    }
    trial += next.weight;
    if (next.isHit) hit += next.weight;
  }
  close();
  return sums;
}

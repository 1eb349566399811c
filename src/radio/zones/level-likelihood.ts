import { LEVEL_STEPS } from "./level-map.ts";
import type { ZoneParameters } from "./zone-parameters.ts";

/** Differences of levels that the table covers either way, dB: more than any reading can differ from any expectation. */
const REACH_DB = 400;
/** No second of evidence is worth more than this, nats, so that nothing ever becomes impossible. */
const DEEPEST = -30;

/** Tables of what a difference between heard and expected level says. */
export interface LevelLikelihood {
  /** Log-likelihood (tempered) by difference in steps + `zero`. */
  readonly heard: Float32Array;
  /** Log-probability (tempered) of hearing nothing by the level expected, dBm, in steps + `zero`. */
  readonly missed: Float32Array;
  readonly zero: number;
}

/** Makes the tables. @source Student's t; tempering after notes on correlated readings. */
export function createLevelLikelihood(parameters: ZoneParameters): LevelLikelihood {
  const zero = REACH_DB * LEVEL_STEPS;
  const heard = new Float32Array(2 * zero + 1);
  const missed = new Float32Array(2 * zero + 1);
  const { temper, scatterDb, scatterFreedom, hearRatio } = parameters;
  for (let i = 0; i < heard.length; i += 1) {
    const db = (i - zero) / LEVEL_STEPS;
    const u = db / scatterDb;
    heard[i] = temper * (-(scatterFreedom + 1) / 2) * Math.log1p((u * u) / scatterFreedom);
    const soft = (parameters.sensitivityDbm - db) / parameters.sensitivitySoftDb;
    missed[i] = temper * Math.log1p(-hearRatio / (1 + Math.exp(soft)));
  }
  return { heard, missed, zero };
}

/** Grains per nat in which likelihoods of a second are kept: an eighth is far below what a reading says. */
const GRAINS = 8;
const GRAIN_CAP = -DEEPEST * GRAINS;

/** Likelihood by number of grains below the best. */
export const GRAIN_LIKELIHOODS: Float32Array = Float32Array.from({ length: 256 }, (_, grains) =>
  Math.exp(-Math.min(grains, GRAIN_CAP) / GRAINS),
);

/**
 * Writes log-likelihoods as grains below their best, one byte each; returns that best. Allocates nothing.
 */
export function toGrains(
  logs: Float32Array,
  out: Uint8Array,
  outAt: number,
  count: number,
): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i += 1) {
    const value = logs[i] ?? 0;
    if (value > best) best = value;
  }
  for (let i = 0; i < count; i += 1) {
    const grains = (best - (logs[i] ?? 0)) * GRAINS + 0.5;
    out[outAt + i] = grains < GRAIN_CAP ? grains : GRAIN_CAP;
  }
  return best;
}

import { normalDraw, seededRandom } from "../core/random.ts";
import { distanceToBorder, missesCircle, type Outline, rayToPolygon } from "./polygon-ray.ts";
import type { Motion } from "./trail.ts";

/** How people walk, as far as a forecast of the next seconds needs it. Lengths in metres. */
export interface WalkModel {
  /** How far ahead is forecast. */
  readonly horizonMs: number;
  /** Error of a foot point. */
  readonly placeM: number;
  /** Speed of people of whom nothing is known yet: standard deviation along each axis, m/s. */
  readonly priorMPerS: number;
  /** How fast a walker's velocity wanders: variance gained a second along each axis, m^2/s^3. */
  readonly wander: number;
  /** Share of people who do something else within the horizon: stop, turn, stroll. */
  readonly freeShare: number;
  /** Their velocity: standard deviation along each axis, m/s. */
  readonly freeMPerS: number;
}

/**
 * Round physical values, not fitted: a foot point is good to a hand's breadth; walkers do 1.3 m/s; somebody who walks
 * on changes the velocity by about 0.3 m/s within a second; one in ten does something else.
 */
const WALK_MODEL: WalkModel = Object.freeze({
  horizonMs: 3000,
  placeM: 0.1,
  priorMPerS: 0.9,
  wander: 0.1,
  freeShare: 0.1,
  freeMPerS: 0.6,
});

/** A forecast of coming into a zone. */
export interface Forecast {
  /** Of coming in within the horizon, 0..1. */
  probability: number;
  /** Expected time until then, given that it happens; the horizon when it hardly can. */
  leadMs: number;
}

/** Fixed sample of walkers and of people who do something else. */
const WALKERS = 48;
const FREE = 16;
const SEED = 20090601;

/**
 * Forecasts whether a moving person comes into a polygon within the horizon. The velocity is known by the fit of the
 * last second and wanders from now on; a fixed sample of velocities drawn around it once is walked on straight, and
 * the share that meets the polygon in time is the probability. The same input gives the same forecast.
 */
export class EntryForecaster {
  readonly model: WalkModel;
  /** Standard normal deviations, u and v in turns: walkers first, then the others. */
  readonly #deviations: Float64Array;
  #sumLeadMs = 0;

  constructor(model: WalkModel = WALK_MODEL) {
    this.model = model;
    this.#deviations = drawDeviations();
  }

  /**
   * `zone` in units of the floor, the person outside it; `metresPerUnit` beside the person. Writes to `out`;
   * allocates nothing.
   */
  forecast(zone: Outline, motion: Motion, metresPerUnit: number, out: Forecast): void {
    const { horizonMs, placeM, priorMPerS, wander, freeShare, freeMPerS } = this.model;
    const horizonS = horizonMs / 1000;
    out.probability = 0;
    out.leadMs = horizonMs;
    // The fitted speed against what is known of people at large: a fit over a moment says little.
    const fitVariance =
      motion.leverS2 === 0 ? Number.POSITIVE_INFINITY : placeM ** 2 / motion.leverS2;
    const trust = priorMPerS ** 2 / (priorMPerS ** 2 + fitVariance);
    const knownVariance = (1 - trust) * priorMPerS ** 2;
    const du = trust * motion.du;
    const dv = trust * motion.dv;
    const speed = Math.hypot(du, dv) * metresPerUnit;
    const awayM = distanceToBorder(zone.corners, motion.u, motion.v) * metresPerUnit;
    const widest = Math.max(Math.sqrt(knownVariance + (wander * horizonS) / 3), freeMPerS);
    if (awayM > (speed + 4 * widest) * horizonS) return;
    // By when the zone is reached if at all: only so long the velocity may have wandered.
    const reachS = Math.min(horizonS, awayM / Math.max(speed, 0.1));
    const spread = Math.sqrt(knownVariance + (wander * reachS) / 3) / metresPerUnit;
    this.#walk(zone, motion, du, dv, spread, 0, WALKERS, (1 - freeShare) / WALKERS, out);
    const free = freeMPerS / metresPerUnit;
    this.#walk(zone, motion, 0, 0, free, WALKERS, WALKERS + FREE, freeShare / FREE, out);
    if (out.probability > 0) out.leadMs = this.#sumLeadMs / out.probability;
    out.probability = Math.min(1, out.probability);
    this.#sumLeadMs = 0;
  }

  /** Lets the samples from..to walk and adds those who come in. */
  #walk(
    zone: Outline,
    { u, v }: Motion,
    du: number,
    dv: number,
    spread: number,
    from: number,
    to: number,
    weight: number,
    out: Forecast,
  ): void {
    const horizonS = this.model.horizonMs / 1000;
    for (let k = from; k < to; k += 1) {
      const walkedU = du + spread * (this.#deviations[2 * k] ?? 0);
      const walkedV = dv + spread * (this.#deviations[2 * k + 1] ?? 0);
      if (missesCircle(zone, u, v, walkedU, walkedV, horizonS)) continue;
      const inS = rayToPolygon(zone.corners, u, v, walkedU, walkedV);
      if (inS > horizonS) continue;
      out.probability += weight;
      this.#sumLeadMs += weight * inS * 1000;
    }
  }
}

/** Antithetic pairs, scaled to unit variance, so that the small sample has no side. */
function drawDeviations(): Float64Array {
  const random = seededRandom(SEED);
  const out = new Float64Array(2 * (WALKERS + FREE));
  for (const [from, to] of [
    [0, WALKERS],
    [WALKERS, WALKERS + FREE],
  ] as const) {
    let squares = 0;
    for (let k = from; k < to; k += 2)
      for (let axis = 0; axis < 2; axis += 1) {
        const draw = normalDraw(random);
        out[2 * k + axis] = draw;
        out[2 * (k + 1) + axis] = -draw;
        squares += 2 * draw * draw;
      }
    const scale = Math.sqrt((2 * (to - from)) / squares);
    for (let i = 2 * from; i < 2 * to; i += 1) out[i] = (out[i] ?? 0) * scale;
  }
  return out;
}

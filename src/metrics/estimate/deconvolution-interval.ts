import { drawn, quantileOf } from "./bootstrap.ts";
import { solveSymmetric } from "./cholesky.ts";
import type { Deconvolved, LagTable } from "./deconvolution.ts";
import type { Interval } from "./intervals.ts";

/** Bins with less of the mass than this stay empty in the bootstrap: they lie on the border of what is possible. */
const EMPTY_MASS = 1e-4;

/** What one day pulls the estimate by: its score, and the curvature of its likelihood. */
export interface DayPull {
  readonly score: Float64Array;
  readonly curvature: Float64Array;
}

/** The estimate with what each of its days pulls it by, ready to be drawn again and again. */
export interface DayPulls {
  readonly found: Deconvolved;
  /** Bins that hold enough mass to move. */
  readonly active: readonly number[];
  readonly days: DayPull[];
}

/** Prepares the bootstrap of an estimate, one day at a time; the returned value is complete when it ends. */
export function* dayPulls(found: Deconvolved): Generator<void, DayPulls> {
  const active = [...found.mass.keys()].filter((k) => (found.mass[k] ?? 0) > EMPTY_MASS);
  const densities = active.map((k) => (found.mass[k] ?? 0) / widthOf(found, k));
  const days: DayPull[] = [];
  for (const table of found.tables) {
    days.push(pullOf(found, table, active, densities));
    yield;
  }
  return { found, active, days };
}

/** Masses of the bins as they might have come out with other days like these. */
export type MassDraws = readonly Float64Array[];

/** Draws done in one piece of work. */
const DRAWS_PER_PIECE = 10;

/**
 * Bootstrap over days of the mass per lag bin. Instead of explaining every draw anew, one Newton step is taken from the
 * full estimate with the days of the draw, which to first order is the same and costs a thousandth. Days hold groups
 * and weather together, so both widen it. That masses cannot be negative is not used, so it is somewhat wide. Empty
 * with fewer than two days. Works in pieces; deterministic for a seeded `random`.
 * @source A. C. Davison, D. V. Hinkley, Bootstrap methods and their application, 1997, 2.7 (linear approximations).
 */
export function* drawMasses(
  { found, active, days }: DayPulls,
  random: () => number,
  replicates: number,
): Generator<void, MassDraws> {
  const draws: Float64Array[] = [];
  if (days.length < 2) return draws;
  for (let i = 0; i < replicates; i += 1) {
    const step = newtonStep(drawn(days, random), active.length);
    if (step !== null) {
      const mass = Float64Array.from(found.mass);
      active.forEach((k, at) => {
        mass[k] = (found.mass[k] ?? 0) + (step[at] ?? 0);
      });
      draws.push(mass);
    }
    if (i % DRAWS_PER_PIECE === 0) yield;
  }
  return draws;
}

/** 95 % interval of what is read from the draws; null when too few of them have it. Pure. */
export function drawnInterval95(
  draws: MassDraws,
  read: (mass: Float64Array) => number | null,
): Interval | null {
  const values = draws.map(read).filter((value) => value !== null);
  if (values.length < 2 || values.length * 2 < draws.length) return null;
  values.sort((a, b) => a - b);
  return [quantileOf(values, 0.025), quantileOf(values, 0.975)];
}

function widthOf({ borders }: Deconvolved, bin: number): number {
  return (borders[bin + 1] ?? 0) - (borders[bin] ?? 0);
}

function pullOf(
  found: Deconvolved,
  { bins, counts, entries }: LagTable,
  active: readonly number[],
  densities: readonly number[],
): DayPull {
  const size = active.length;
  const score = new Float64Array(size).fill(-entries);
  const curvature = new Float64Array(size * size);
  const widths = active.map((k) => widthOf(found, k));
  const rates = new Float64Array(size);
  for (let cell = 0; cell < counts.length; cell += bins) {
    let expected = 0;
    for (let i = 0; i < size; i += 1) {
      const count = counts[cell + (active[i] ?? 0)] ?? 0;
      expected += count * (densities[i] ?? 0);
      rates[i] = count / (widths[i] ?? 1);
    }
    if (expected > 0) addPull(rates, expected, score, curvature);
  }
  return { score, curvature };
}

/** Adds one exit: the slope of the log of its rate in each mass, and the products of the slopes. */
function addPull(
  rates: Float64Array,
  expected: number,
  score: Float64Array,
  curvature: Float64Array,
): void {
  const size = rates.length;
  for (let i = 0; i < size; i += 1) {
    const slope = (rates[i] ?? 0) / expected;
    if (slope === 0) continue;
    score[i] = (score[i] ?? 0) + slope;
    for (let j = 0; j < size; j += 1) {
      const cell = i * size + j;
      curvature[cell] = (curvature[cell] ?? 0) + (slope * (rates[j] ?? 0)) / expected;
    }
  }
}

/** Solution x of (sum of curvatures) x = (sum of scores); null where they do not determine it. */
function newtonStep(days: readonly DayPull[], size: number): Float64Array | null {
  const matrix = new Float64Array(size * size);
  const vector = new Float64Array(size);
  for (const { score, curvature } of days) {
    for (let i = 0; i < vector.length; i += 1) vector[i] = (vector[i] ?? 0) + (score[i] ?? 0);
    for (let i = 0; i < matrix.length; i += 1) matrix[i] = (matrix[i] ?? 0) + (curvature[i] ?? 0);
  }
  return solveSymmetric(matrix, vector);
}

import type { LinkLevels } from "./receiver-links.ts";

/** A place in metres. */
export interface LinkPlace {
  readonly xM: number;
  readonly yM: number;
  readonly zM: number;
}

/** How levels between boxes are explained: level = power(sender) - 10 n log10(distance) + offset(receiver). */
export interface LinkFit {
  /** n: 2 in free space, more among shelves. */
  readonly exponent: number;
  /** Level at one metre per sender, dBm; the common one where a sender was not heard. */
  readonly powersDbm: Float64Array;
  /** dB that a receiver reads above the others; sums to zero. */
  readonly offsetsDb: Float64Array;
  /** What is left of each level, dB, in the order of the levels; below zero = weaker than explained. */
  readonly residualsDb: Float64Array;
  /** How far ordinary levels scatter, dB: 1.4826 times the median of the residuals' sizes. */
  readonly scatterDb: number;
}

/** What is taken for granted before a level is looked at; all in dB but the exponents. */
const EXPONENT = { mean: 2.3, sd: 0.5 };
/** Boxes of one make differ by a few dB in what they send, and by their mounting in what they hear. */
const POWER_SD_DB = 3;
const OFFSET_SD_DB = 6;
const LEVEL_SD_DB = 4;
/** Nearer than this the law of distance does not hold. */
const NEAREST_M = 1;
/** @source Huber, Robust Statistics (1981): 1.345 gives 95 % efficiency. */
const HUBER = 1.345;
/** @source Beaton and Tukey, Technometrics 16 (1974): 4.685 gives 95 % efficiency. */
const BISQUARE = 4.685;
/** Scatter below this is luck. */
const LEAST_SCATTER_DB = 1.5;
const HUBER_ROUNDS = 8;
const BISQUARE_ROUNDS = 8;

/** The unknowns of a fit: common level, exponent, then one power and one offset per box. */
const LEVEL = 0;
const LAW = 1;
const FIRST_POWER = 2;

/**
 * Fits the levels by weighted least squares with priors, reweighting so that links through walls lose their say: first
 * Huber's weights, which always settle, then Tukey's, which drop what does not fit at all. The priors on the offsets
 * make them sum to zero, since a shift of all of them is the common level. `isQuick` leaves Tukey's rounds out. Pure.
 */
export function fitLinks(
  levels: LinkLevels,
  places: readonly LinkPlace[],
  isQuick = false,
): LinkFit {
  const boxes = places.length;
  const laws = Float64Array.from(levels, ({ sender, receiver }) =>
    lawOf(places[sender], places[receiver]),
  );
  const backs = waysBack(levels, boxes);
  const weights = new Float64Array(levels.length).fill(1);
  let fit = solveOnce(levels, laws, weights, boxes);
  const rounds = HUBER_ROUNDS + (isQuick ? 0 : BISQUARE_ROUNDS);
  for (let round = 0; round < rounds; round += 1) {
    const weightOf = round < HUBER_ROUNDS ? huberWeight : bisquareWeight;
    fit.residualsDb.forEach((residual, i) => {
      const back = fit.residualsDb[backs[i] ?? -1];
      const size = back === undefined ? residual : (residual + back) / Math.SQRT2;
      weights[i] = weightOf(Math.abs(size) / fit.scatterDb);
    });
    fit = solveOnce(levels, laws, weights, boxes);
  }
  return fit;
}

/** Per level the position of the level in the other direction, or -1: a wall takes the same from both. */
function waysBack(levels: LinkLevels, boxes: number): Int32Array {
  const positions = new Map(
    levels.map(({ sender, receiver }, i) => [sender * boxes + receiver, i] as const),
  );
  return Int32Array.from(
    levels,
    ({ sender, receiver }) => positions.get(receiver * boxes + sender) ?? -1,
  );
}

/** -10 log10 of the distance between two places. */
function lawOf(a: LinkPlace | undefined, b: LinkPlace | undefined): number {
  return -10 * Math.log10(Math.max(NEAREST_M, distanceM(a, b)));
}

/** Distance of two places, metres; 0 when one is missing. Pure. */
export function distanceM(a: LinkPlace | undefined, b: LinkPlace | undefined): number {
  if (a === undefined || b === undefined) return 0;
  return Math.hypot(a.xM - b.xM, a.yM - b.yM, a.zM - b.zM);
}

const huberWeight = (size: number): number => (size <= HUBER ? 1 : HUBER / size);
const bisquareWeight = (size: number): number =>
  size >= BISQUARE ? 0 : (1 - (size / BISQUARE) ** 2) ** 2;

function solveOnce(
  levels: LinkLevels,
  laws: Float64Array,
  weights: Float64Array,
  boxes: number,
): LinkFit {
  const n = FIRST_POWER + 2 * boxes;
  const { matrix, right } = normalEquations(levels, laws, weights, boxes);
  const found = solveSymmetric(matrix, right, n);
  const at = (i: number): number => found[i] ?? 0;
  const residualsDb = Float64Array.from(levels, ({ sender, receiver, meanDbm }, i) => {
    const explained =
      at(LEVEL) +
      at(LAW) * (laws[i] ?? 0) +
      at(FIRST_POWER + sender) +
      at(FIRST_POWER + boxes + receiver);
    return meanDbm - explained;
  });
  return {
    exponent: at(LAW),
    powersDbm: Float64Array.from({ length: boxes }, (_, i) => at(LEVEL) + at(FIRST_POWER + i)),
    offsetsDb: Float64Array.from({ length: boxes }, (_, i) => at(FIRST_POWER + boxes + i)),
    residualsDb,
    scatterDb: Math.max(LEAST_SCATTER_DB, 1.4826 * medianSize(residualsDb)),
  };
}

function normalEquations(
  levels: LinkLevels,
  laws: Float64Array,
  weights: Float64Array,
  boxes: number,
): { readonly matrix: Float64Array; readonly right: Float64Array } {
  const n = FIRST_POWER + 2 * boxes;
  const matrix = new Float64Array(n * n);
  const right = new Float64Array(n);
  const prior = (i: number, mean: number, sd: number): void => {
    const weight = (LEVEL_SD_DB / sd) ** 2;
    matrix[i * n + i] = (matrix[i * n + i] ?? 0) + weight;
    right[i] = (right[i] ?? 0) + weight * mean;
  };
  // Next to nothing: it only keeps the equations solvable when there is no level at all.
  prior(LEVEL, -60, 1_000);
  prior(LAW, EXPONENT.mean, EXPONENT.sd);
  for (let i = 0; i < boxes; i += 1) {
    prior(FIRST_POWER + i, 0, POWER_SD_DB);
    prior(FIRST_POWER + boxes + i, 0, OFFSET_SD_DB);
  }
  const columns = new Int32Array(4);
  const factors = new Float64Array(4).fill(1);
  levels.forEach(({ sender, receiver, meanDbm }, i) => {
    columns.set([LEVEL, LAW, FIRST_POWER + sender, FIRST_POWER + boxes + receiver]);
    factors[1] = laws[i] ?? 0;
    const weight = weights[i] ?? 0;
    for (let a = 0; a < 4; a += 1) {
      const row = columns[a] ?? 0;
      const factor = weight * (factors[a] ?? 0);
      right[row] = (right[row] ?? 0) + factor * meanDbm;
      for (let b = 0; b < 4; b += 1) {
        const cell = row * n + (columns[b] ?? 0);
        matrix[cell] = (matrix[cell] ?? 0) + factor * (factors[b] ?? 0);
      }
    }
  });
  return { matrix, right };
}

/**
 * Solves a symmetric positive definite system in place. The priors make ours so.
 * @source Cholesky factorisation, Golub and Van Loan, Matrix Computations, 4.2.
 */
function solveSymmetric(matrix: Float64Array, right: Float64Array, n: number): Float64Array {
  factorise(matrix, n);
  for (let i = 0; i < n; i += 1) {
    let sum = right[i] ?? 0;
    for (let k = 0; k < i; k += 1) sum -= (matrix[i * n + k] ?? 0) * (right[k] ?? 0);
    right[i] = sum / (matrix[i * n + i] ?? 1);
  }
  for (let i = n - 1; i >= 0; i -= 1) {
    let sum = right[i] ?? 0;
    for (let k = i + 1; k < n; k += 1) sum -= (matrix[k * n + i] ?? 0) * (right[k] ?? 0);
    right[i] = sum / (matrix[i * n + i] ?? 1);
  }
  return right;
}

/** Puts the lower triangular factor in the place of the matrix's lower half. */
function factorise(matrix: Float64Array, n: number): void {
  for (let j = 0; j < n; j += 1) {
    for (let i = j; i < n; i += 1) {
      let sum = matrix[i * n + j] ?? 0;
      for (let k = 0; k < j; k += 1) sum -= (matrix[i * n + k] ?? 0) * (matrix[j * n + k] ?? 0);
      matrix[i * n + j] =
        i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / (matrix[j * n + j] ?? 1);
    }
  }
}

function medianSize(values: Float64Array): number {
  if (values.length === 0) return 0;
  const sizes = Float64Array.from(values, Math.abs).sort();
  return sizes[Math.floor(sizes.length / 2)] ?? 0;
}

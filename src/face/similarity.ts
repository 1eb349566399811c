/** Maps source to target by turning, scaling and moving: x' = a x - b y + tx, y' = b x + a y + ty. */
export interface Similarity {
  a: number;
  b: number;
  tx: number;
  ty: number;
}

/** The similarity that changes nothing. */
export function createSimilarity(): Similarity {
  return { a: 1, b: 0, tx: 0, ty: 0 };
}

/**
 * Fits the similarity that maps points onto targets with the least sum of weighted squared distances. Points and
 * targets are [x, y] each, `weights` one number a point. Writes `out` and reports true; leaves it alone and reports
 * false when all points are one. Allocates nothing.
 * @source Umeyama, Least-squares estimation of transformation parameters between two point patterns, 1991 (in the
 * plane, without reflection)
 */
export function fitSimilarity(
  points: ArrayLike<number>,
  targets: ArrayLike<number>,
  weights: ArrayLike<number>,
  out: Similarity,
): boolean {
  let total = 0;
  let meanX = 0;
  let meanY = 0;
  let targetX = 0;
  let targetY = 0;
  for (let i = 0; i < weights.length; i += 1) {
    const weight = weights[i] ?? 0;
    total += weight;
    meanX += weight * (points[2 * i] ?? 0);
    meanY += weight * (points[2 * i + 1] ?? 0);
    targetX += weight * (targets[2 * i] ?? 0);
    targetY += weight * (targets[2 * i + 1] ?? 0);
  }
  meanX /= total;
  meanY /= total;
  targetX /= total;
  targetY /= total;
  let spread = 0;
  let along = 0;
  let across = 0;
  for (let i = 0; i < weights.length; i += 1) {
    const weight = weights[i] ?? 0;
    const x = (points[2 * i] ?? 0) - meanX;
    const y = (points[2 * i + 1] ?? 0) - meanY;
    const u = (targets[2 * i] ?? 0) - targetX;
    const v = (targets[2 * i + 1] ?? 0) - targetY;
    spread += weight * (x * x + y * y);
    along += weight * (x * u + y * v);
    across += weight * (x * v - y * u);
  }
  if (!(spread > 0)) return false;
  out.a = along / spread;
  out.b = across / spread;
  out.tx = targetX - out.a * meanX + out.b * meanY;
  out.ty = targetY - out.b * meanX - out.a * meanY;
  return true;
}

/** A polygon with the circle around it, by which most rays are found to miss it at once. */
export interface Outline {
  /** Flat u0,v0,u1,v1,... */
  readonly corners: Float64Array;
  readonly centreU: number;
  readonly centreV: number;
  readonly radius: number;
}

/** Draws the circle around the middle of the corners. */
export function outlineOf(corners: Float64Array): Outline {
  const n = corners.length / 2;
  let [sumU, sumV, radius] = [0, 0, 0];
  for (let i = 0; i < n; i += 1) {
    sumU += corners[2 * i] ?? 0;
    sumV += corners[2 * i + 1] ?? 0;
  }
  for (let i = 0; i < n; i += 1) {
    const away = Math.hypot((corners[2 * i] ?? 0) - sumU / n, (corners[2 * i + 1] ?? 0) - sumV / n);
    radius = Math.max(radius, away);
  }
  return { corners, centreU: sumU / n, centreV: sumV / n, radius };
}

/**
 * Whether the ray (u, v) + s (du, dv), s from 0 to `until`, surely misses the circle around a polygon. False tells
 * nothing. Allocates nothing.
 */
export function missesCircle(
  { centreU, centreV, radius }: Outline,
  u: number,
  v: number,
  du: number,
  dv: number,
  until: number,
): boolean {
  const toU = centreU - u;
  const toV = centreV - v;
  const away2 = toU * toU + toV * toV;
  const radius2 = radius * radius;
  if (away2 <= radius2) return false;
  const ahead = toU * du + toV * dv;
  if (ahead <= 0) return true;
  const speed2 = du * du + dv * dv;
  // The nearest point of the whole ray lies outside, or the circle begins beyond the end.
  if (away2 * speed2 - ahead * ahead > radius2 * speed2) return true;
  return Math.sqrt(away2) - radius > Math.sqrt(speed2) * until;
}

/**
 * How far along a ray the border of a polygon is first met: the smallest s > 0 with (u, v) + s (du, dv) on an edge,
 * Infinity when there is none. From outside that is where one comes in. Flat polygon u0,v0,u1,v1,... in the unit of
 * the point. Allocates nothing.
 */
export function rayToPolygon(
  polygon: ArrayLike<number>,
  u: number,
  v: number,
  du: number,
  dv: number,
): number {
  let least = Number.POSITIVE_INFINITY;
  const n = polygon.length;
  for (let i = 0, j = n - 2; i < n; j = i, i += 2) {
    const au = polygon[j] ?? 0;
    const av = polygon[j + 1] ?? 0;
    const eu = (polygon[i] ?? 0) - au;
    const ev = (polygon[i + 1] ?? 0) - av;
    const turn = du * ev - dv * eu;
    if (turn === 0) continue;
    const along = ((au - u) * ev - (av - v) * eu) / turn;
    if (along <= 0 || along >= least) continue;
    const onEdge = ((au - u) * dv - (av - v) * du) / turn;
    if (onEdge >= 0 && onEdge <= 1) least = along;
  }
  return least;
}

/** Distance from a point to the nearest edge of a flat polygon, in the unit of the coordinates. Allocates nothing. */
export function distanceToBorder(polygon: ArrayLike<number>, u: number, v: number): number {
  let least = Number.POSITIVE_INFINITY;
  const n = polygon.length;
  for (let i = 0, j = n - 2; i < n; j = i, i += 2) {
    const au = polygon[j] ?? 0;
    const av = polygon[j + 1] ?? 0;
    const eu = (polygon[i] ?? 0) - au;
    const ev = (polygon[i + 1] ?? 0) - av;
    const length2 = eu * eu + ev * ev;
    const along = length2 === 0 ? 0 : ((u - au) * eu + (v - av) * ev) / length2;
    const share = Math.min(1, Math.max(0, along));
    const ru = u - au - share * eu;
    const rv = v - av - share * ev;
    least = Math.min(least, ru * ru + rv * rv);
  }
  return Math.sqrt(least);
}

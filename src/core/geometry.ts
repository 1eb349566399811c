/** A point in the plane. The unit is the caller's and is named there (Norm, Px or M); y grows downwards. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * Twice the signed area of the triangle a, b, p. With y down: < 0 when p is left of a->b, > 0 when right, 0 on the line.
 * @source orientation test, O'Rourke, Computational Geometry in C, 1.5.
 */
export function cross(
  ax: number,
  ay: number,
  bx: number,
  by: number,
  px: number,
  py: number,
): number {
  return (bx - ax) * (py - ay) - (by - ay) * (px - ax);
}

/** Whether the closed segments ab and cd share at least one point. Collinear overlap counts. */
export function segmentsTouch(a: Point, b: Point, c: Point, d: Point): boolean {
  const d1 = Math.sign(cross(c.x, c.y, d.x, d.y, a.x, a.y));
  const d2 = Math.sign(cross(c.x, c.y, d.x, d.y, b.x, b.y));
  const d3 = Math.sign(cross(a.x, a.y, b.x, b.y, c.x, c.y));
  const d4 = Math.sign(cross(a.x, a.y, b.x, b.y, d.x, d.y));
  if (d1 !== d2 && d3 !== d4 && d1 * d2 * d3 * d4 !== 0) return true;
  return (
    (d1 === 0 && inBox(c, d, a)) ||
    (d2 === 0 && inBox(c, d, b)) ||
    (d3 === 0 && inBox(a, b, c)) ||
    (d4 === 0 && inBox(a, b, d)) ||
    (d1 * d2 < 0 && d3 * d4 < 0)
  );
}

function inBox(a: Point, b: Point, p: Point): boolean {
  return (
    Math.min(a.x, b.x) <= p.x &&
    p.x <= Math.max(a.x, b.x) &&
    Math.min(a.y, b.y) <= p.y &&
    p.y <= Math.max(a.y, b.y)
  );
}

/**
 * Whether the point lies inside the polygon, given flat as x0,y0,x1,y1,... A point on the border counts on the
 * lower and left edges only, so that polygons sharing an edge never both claim it. Allocates nothing.
 * @source even-odd rule, W. R. Franklin, PNPOLY.
 */
export function insidePolygon(polygon: ArrayLike<number>, x: number, y: number): boolean {
  let inside = false;
  const n = polygon.length;
  for (let i = 0, j = n - 2; i < n; j = i, i += 2) {
    const xi = polygon[i] ?? 0;
    const yi = polygon[i + 1] ?? 0;
    const xj = polygon[j] ?? 0;
    const yj = polygon[j + 1] ?? 0;
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

/** Whether any two edges that are not neighbours touch. A polygon of fewer than three corners is never simple. */
export function isSelfCrossing(polygon: readonly Point[]): boolean {
  const n = polygon.length;
  for (let i = 0; i < n; i += 1) {
    for (let j = i + 1; j < n; j += 1) {
      const neighbours = j === i + 1 || (i === 0 && j === n - 1);
      const [a, b, c, d] = [polygon[i], polygon[(i + 1) % n], polygon[j], polygon[(j + 1) % n]];
      if (a === undefined || b === undefined || c === undefined || d === undefined) continue;
      if (!neighbours && segmentsTouch(a, b, c, d)) return true;
    }
  }
  return false;
}

/** Area of the polygon by the shoelace formula, always >= 0, in the square of the caller's unit. */
export function polygonArea(polygon: readonly Point[]): number {
  let twice = 0;
  for (let i = 0; i < polygon.length; i += 1) {
    const p = polygon[i];
    const q = polygon[(i + 1) % polygon.length];
    if (p !== undefined && q !== undefined) twice += p.x * q.y - q.x * p.y;
  }
  return Math.abs(twice) / 2;
}

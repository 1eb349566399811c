import type { GroundPoint } from "../core/site.ts";
import { toPx } from "./picture-scale.ts";
import type { PictureSize } from "./ports.ts";

/** The floor as one camera sees it: foot points in Px become metres. */
export interface GroundPlane {
  /** Writes the place on the floor in metres to `out`; false for a point at or above the horizon. Allocates nothing. */
  toMetres(xPx: number, yPx: number, out: Float64Array): boolean;
}

/**
 * The plane through four measured points of the floor, no three of them on a line, as the site plan guarantees.
 * @source direct linear transform, Hartley & Zisserman, Multiple View Geometry, 4.1, with h33 = 1.
 */
export function createGroundPlane(
  points: readonly GroundPoint[],
  picture: PictureSize,
): GroundPlane {
  const rows: number[][] = [];
  for (const { image, xM, yM } of points) {
    const { x, y } = toPx(image, picture);
    rows.push([x, y, 1, 0, 0, 0, -x * xM, -y * xM, xM]);
    rows.push([0, 0, 0, x, y, 1, -x * yM, -y * yM, yM]);
  }
  const h = solve(rows);
  const at = (i: number): number => h[i] ?? 0;
  const depth = (xPx: number, yPx: number): number => at(6) * xPx + at(7) * yPx + 1;
  const first = points[0] === undefined ? { x: 0, y: 0 } : toPx(points[0].image, picture);
  const floorSign = Math.sign(depth(first.x, first.y));
  return {
    toMetres(xPx, yPx, out): boolean {
      const w = depth(xPx, yPx);
      if (Math.sign(w) !== floorSign || Math.abs(w) < 1e-9) return false;
      out[0] = (at(0) * xPx + at(1) * yPx + at(2)) / w;
      out[1] = (at(3) * xPx + at(4) * yPx + at(5)) / w;
      return true;
    },
  };
}

/** Solves n equations given as rows of n coefficients and the right side; Gauss with partial pivoting. */
function solve(rows: number[][]): readonly number[] {
  const n = rows.length;
  const cell = (r: number, c: number): number => rows[r]?.[c] ?? 0;
  for (let column = 0; column < n; column += 1) {
    let best = column;
    for (let r = column + 1; r < n; r += 1)
      if (Math.abs(cell(r, column)) > Math.abs(cell(best, column))) best = r;
    [rows[column], rows[best]] = [rows[best] ?? [], rows[column] ?? []];
    for (let r = 0; r < n; r += 1) {
      if (r === column) continue;
      const factor = cell(r, column) / cell(column, column);
      rows[r] = (rows[r] ?? []).map((value, c) => value - factor * cell(column, c));
    }
  }
  return rows.map((row, r) => (row[n] ?? 0) / cell(r, r));
}

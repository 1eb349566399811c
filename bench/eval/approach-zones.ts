import { zoneId } from "../../src/core/brand.ts";
import type { Point } from "../../src/core/geometry.ts";
import type { ZonePlan } from "../../src/core/site.ts";

/** Cells of the grid each way. */
const GRID = 3;
/** Share of a cell's side that its zone takes, so that there is an outside between them. */
const CELL_SHARE = 0.5;

/** Where people were, in any unit. */
export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Smallest bounds of some places, at least 1 wide and high. Pure. */
export function boundsOf(places: Iterable<Point>): Bounds {
  let [left, top] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let [right, bottom] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { x, y } of places) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return { left, top, right: Math.max(right, left + 1), bottom: Math.max(bottom, top + 1) };
}

/**
 * Zones at which forecasts are judged the same way in every scene, whatever was drawn there: the middles of a grid
 * of nine over the ground walked on. `norm` takes the unit of the bounds to Norm. Pure.
 */
export function gridZones(bounds: Bounds, norm: (x: number, y: number) => Point): ZonePlan[] {
  const width = (bounds.right - bounds.left) / GRID;
  const height = (bounds.bottom - bounds.top) / GRID;
  return Array.from({ length: GRID * GRID }, (_, i) => {
    const [row, column] = [Math.floor(i / GRID), i % GRID];
    const left = bounds.left + (column + (1 - CELL_SHARE) / 2) * width;
    const top = bounds.top + (row + (1 - CELL_SHARE) / 2) * height;
    const right = left + CELL_SHARE * width;
    const bottom = top + CELL_SHARE * height;
    const name = `cell-${row}-${column}`;
    const polygon = [norm(left, top), norm(right, top), norm(right, bottom), norm(left, bottom)];
    return { id: zoneId(name), name, kind: "area", polygon };
  });
}

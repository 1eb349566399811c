import type { Point } from "../../core/geometry.ts";

/** Size of the drawing in its own units; pictures of unknown shape are drawn 4:3. */
export const PLAN_WIDTH = 400;
export const PLAN_HEIGHT = 300;
const ARROW = 22;
const LABEL_OFFSET = 14;
const LABEL_DROP = 16;
const MARGIN = 8;

/** Size of a drawing in its own units. */
export interface DrawingSize {
  readonly width: number;
  readonly height: number;
}

const PLAN: DrawingSize = { width: PLAN_WIDTH, height: PLAN_HEIGHT };

/** Where a counting line, its arrow and its name are drawn; all in drawing units. */
export interface LineDrawing {
  readonly a: Point;
  readonly b: Point;
  readonly arrowFrom: Point;
  readonly arrowTo: Point;
  readonly label: Point;
}

/** From Norm to drawing units. Pure. */
export function onPlan(point: Point, size: DrawingSize = PLAN): Point {
  return { x: point.x * size.width, y: point.y * size.height };
}

/**
 * Lays out a line: the arrow starts in its middle and points to the `in` side, which is left of a->b with y down;
 * the name stands on the other side of a flat line and above the upper end of a steep one, inside the drawing. A
 * line of no length gets an arrow to the right. Pure.
 */
export function layOutLine(aNorm: Point, bNorm: Point, size: DrawingSize = PLAN): LineDrawing {
  const a = onPlan(aNorm, size);
  const b = onPlan(bNorm, size);
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const length = Math.hypot(dx, dy);
  const normal = length === 0 ? { x: 1, y: 0 } : { x: dy / length, y: -dx / length };
  const isSteep = Math.abs(dy) > Math.abs(dx);
  const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  return {
    a,
    b,
    arrowFrom: middle,
    arrowTo: { x: middle.x + normal.x * ARROW, y: middle.y + normal.y * ARROW },
    label: inside(isSteep ? aboveEnd(a, b) : besideMiddle(middle, normal), size),
  };
}

/** The corners as an SVG `points` attribute. Pure. */
export function pointsAttribute(polygon: readonly Point[], size: DrawingSize = PLAN): string {
  return polygon
    .map((corner) => onPlan(corner, size))
    .map((p) => `${p.x.toFixed(1)},${p.y.toFixed(1)}`)
    .join(" ");
}

/** Where a zone's name stands: below its upper edge, in the middle of its corners, inside the drawing. Pure. */
export function labelPoint(polygon: readonly Point[], size: DrawingSize = PLAN): Point {
  const n = Math.max(1, polygon.length);
  const x = polygon.reduce((sum, corner) => sum + onPlan(corner, size).x, 0) / n;
  const top = Math.min(size.height, ...polygon.map((corner) => onPlan(corner, size).y));
  return inside({ x, y: top + LABEL_DROP }, size);
}

function aboveEnd(a: Point, b: Point): Point {
  const upper = a.y < b.y ? a : b;
  return { x: upper.x, y: upper.y - 8 };
}

function besideMiddle(middle: Point, normal: Point): Point {
  return { x: middle.x - normal.x * LABEL_OFFSET, y: middle.y - normal.y * LABEL_OFFSET + 4 };
}

function inside(point: Point, size: DrawingSize): Point {
  return {
    x: Math.min(size.width - MARGIN, Math.max(MARGIN, point.x)),
    y: Math.min(size.height - MARGIN, Math.max(MARGIN + 6, point.y)),
  };
}

import type { Point } from "../core/geometry.ts";
import type { PictureSize } from "./ports.ts";

/** Scales a point from Norm to Px of the picture. Pure. */
export function toPx(point: Point, picture: PictureSize): Point {
  return { x: point.x * picture.widthPx, y: point.y * picture.heightPx };
}

/** Scales a polygon from Norm to Px and flattens it to x0,y0,x1,y1,... Pure. */
export function toFlatPx(polygon: readonly Point[], picture: PictureSize): Float64Array {
  const flat = new Float64Array(polygon.length * 2);
  polygon.forEach((corner, i) => {
    flat[2 * i] = corner.x * picture.widthPx;
    flat[2 * i + 1] = corner.y * picture.heightPx;
  });
  return flat;
}

/** Moves a Norm coordinate into the picture. Pure. */
export function clampNorm(value: number): number {
  return Math.max(0, Math.min(value, 1));
}

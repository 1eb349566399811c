import type { CrossingDirection } from "../../core/events.ts";
import { cross, type Point, segmentsTouch } from "../../core/geometry.ts";
import type { TrueStay } from "./true-day.ts";
import type { Spot } from "./walk.ts";

/** A convex polygon with corners in either order. */
export type ConvexArea = readonly Point[];

/**
 * The part of a straight step a->b within a convex area, as shares 0..1 of the step; null when none of it is. A step
 * that stands still is inside or not. Pure.
 * @source M. Cyrus, J. Beck, Generalized two- and three-dimensional clipping, Computers & Graphics 3 (1978).
 */
export function clipStep(
  a: Point,
  b: Point,
  area: ConvexArea,
): readonly [from: number, to: number] | null {
  let from = 0;
  let to = 1;
  const turn = signOf(area);
  for (let i = 0; i < area.length; i += 1) {
    const p = area[i];
    const q = area[(i + 1) % area.length];
    if (p === undefined || q === undefined) continue;
    const before = turn * ((q.x - p.x) * (a.y - p.y) - (q.y - p.y) * (a.x - p.x));
    const after = turn * ((q.x - p.x) * (b.y - p.y) - (q.y - p.y) * (b.x - p.x));
    if (before < 0 && after < 0) return null;
    if (before >= 0 && after >= 0) continue;
    const share = before / (before - after);
    if (before < 0) from = Math.max(from, share);
    else to = Math.min(to, share);
  }
  return from < to ? [from, to] : null;
}

/** +1 when the corners go round so that the inside is where the cross product is positive, else -1. */
function signOf(area: ConvexArea): number {
  let twice = 0;
  for (let i = 0; i < area.length; i += 1) {
    const p = area[i];
    const q = area[(i + 1) % area.length];
    if (p !== undefined && q !== undefined) twice += p.x * q.y - q.x * p.y;
  }
  return twice >= 0 ? 1 : -1;
}

/** An upright rectangle around something. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The rectangle around an area. Pure. */
export function boxOf(area: ConvexArea): Box {
  let [left, top] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let [right, bottom] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { x, y } of area) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return { left, right, top, bottom };
}

/** Most steps lie on one side of most zones. */
const isApart = (a: Point, b: Point, { left, right, top, bottom }: Box): boolean =>
  (a.x < left && b.x < left) ||
  (a.x > right && b.x > right) ||
  (a.y < top && b.y < top) ||
  (a.y > bottom && b.y > bottom);

/** When somebody on this way was in which zone, in order of coming in. Pure. */
export function zoneTimes(
  path: readonly Spot[],
  zones: readonly { readonly area: ConvexArea; readonly box: Box }[],
): TrueStay[] {
  const stays: TrueStay[] = [];
  for (let zone = 0; zone < zones.length; zone += 1) {
    const one = zones[zone];
    if (one !== undefined) addTimes(path, one.area, one.box, zone, stays);
  }
  return stays.sort((a, b) => a.from - b.from || a.zone - b.zone);
}

function addTimes(
  path: readonly Spot[],
  area: ConvexArea,
  box: Box,
  zone: number,
  stays: TrueStay[],
): void {
  let from = Number.NaN;
  let to = Number.NaN;
  for (let i = 1; i < path.length; i += 1) {
    const a = path[i - 1];
    const b = path[i];
    if (a === undefined || b === undefined || isApart(a, b, box)) continue;
    const part = clipStep(a, b, area);
    if (part === null) continue;
    const start = a.at + part[0] * (b.at - a.at);
    // Steps meet at their corners: what touches is one stay.
    if (Number.isNaN(from)) from = start;
    else if (start > to + 1) {
      stays.push({ zone, from, to });
      from = start;
    }
    to = a.at + part[1] * (b.at - a.at);
  }
  if (!Number.isNaN(from)) stays.push({ zone, from, to });
}

/**
 * When a way goes through the line a->b, with its direction as counting lines have it: `in` ends left of the arrow with
 * y down. A corner on the line itself counts with the side it came from. Pure.
 */
export function lineTimes(
  path: readonly Spot[],
  { a, b }: { readonly a: Point; readonly b: Point },
): { readonly at: number; readonly direction: CrossingDirection }[] {
  const found: { at: number; direction: CrossingDirection }[] = [];
  let side = 0;
  for (let i = 0; i < path.length; i += 1) {
    const spot = path[i];
    if (spot === undefined) continue;
    const before = side;
    const now = Math.sign(cross(a.x, a.y, b.x, b.y, spot.x, spot.y));
    if (now === 0) continue;
    side = now;
    const from = path[i - 1];
    if (from === undefined || before === 0 || before === now) continue;
    if (!segmentsTouch(from, spot, a, b)) continue;
    const start = Math.abs(cross(a.x, a.y, b.x, b.y, from.x, from.y));
    const end = Math.abs(cross(a.x, a.y, b.x, b.y, spot.x, spot.y));
    const at = from.at + (start / (start + end)) * (spot.at - from.at);
    found.push({ at, direction: now < 0 ? "in" : "out" });
  }
  return found;
}

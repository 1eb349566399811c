import type { Point } from "../../core/geometry.ts";
import { segmentsTouch } from "../../core/geometry.ts";
import type { FloorDoorPlan, FloorPlan } from "../../core/site.ts";

/** A point of a wall this close to a door belongs to the door, metres: doors are drawn by hand. */
const DOOR_SLACK_M = 0.5;

interface Wall {
  readonly a: Point;
  readonly b: Point;
  /** Of the outline, not of an obstacle. */
  readonly outer: boolean;
}

/** What stands in the way on a floor: the outline without its doors, and the edges of the obstacles. */
export interface FloorWalls {
  /** The walls that a straight way of at most `reachM` from a point could meet. */
  near(x: number, y: number, reachM: number): FloorWalls;
  /** Whether the straight way from a to b meets an obstacle or the outline elsewhere than in a door. Touching counts. */
  blocks(a: Point, b: Point): boolean;
  /** Whether it meets the outline elsewhere than in a door. */
  leaves(a: Point, b: Point): boolean;
}

/**
 * Walls of a floor. The outline lets pass where a door is within half a metre; with no doors at all but zones outside,
 * nobody knows where the doors are and the outline lets pass everywhere between inside and outside.
 */
export function createFloorWalls(floor: FloorPlan): FloorWalls {
  const hasOutside = floor.zones.some(({ kind }) => kind === "outside");
  const outer = floor.doors.length === 0 && hasOutside ? [] : edges(floor.outline, true);
  const inner = floor.obstacles.flatMap((obstacle) => edges(obstacle, false));
  return wallsOf([...outer, ...inner], floor.doors);
}

function wallsOf(walls: readonly Wall[], doors: readonly FloorDoorPlan[]): FloorWalls {
  return {
    near: (x, y, reachM) =>
      wallsOf(
        walls.filter(({ a, b }) => distanceM(a, b, x, y) <= reachM),
        doors,
      ),
    blocks: (a, b) => walls.some((wall) => stops(wall, doors, a, b)),
    leaves: (a, b) => walls.some((wall) => wall.outer && stops(wall, doors, a, b)),
  };
}

function stops(wall: Wall, doors: readonly FloorDoorPlan[], a: Point, b: Point): boolean {
  if (!segmentsTouch(a, b, wall.a, wall.b)) return false;
  if (!wall.outer) return true;
  const at = meeting(wall, a, b);
  return !doors.some((door) => distanceM(door.a, door.b, at.x, at.y) <= DOOR_SLACK_M);
}

/** Where two segments that touch meet; the middle of the way when they are parallel. */
function meeting(wall: Wall, a: Point, b: Point): Point {
  const wx = wall.b.x - wall.a.x;
  const wy = wall.b.y - wall.a.y;
  const down = (b.x - a.x) * wy - (b.y - a.y) * wx;
  const t = down === 0 ? 0.5 : ((wall.a.x - a.x) * wy - (wall.a.y - a.y) * wx) / down;
  return { x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y) };
}

function edges(polygon: readonly Point[], outer: boolean): Wall[] {
  return polygon.map((a, i) => ({ a, b: polygon[(i + 1) % polygon.length] ?? a, outer }));
}

/** Distance of a point from the segment ab, in the unit of the points. Pure. */
export function distanceM(a: Point, b: Point, x: number, y: number): number {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const length2 = dx * dx + dy * dy;
  const along = length2 === 0 ? 0 : ((x - a.x) * dx + (y - a.y) * dy) / length2;
  const t = Math.max(0, Math.min(1, along));
  return Math.hypot(x - a.x - t * dx, y - a.y - t * dy);
}

import type { FloorPlan } from "../../core/site.ts";
import type { FloorGrid } from "./floor-grid.ts";
import type { FloorStates } from "./floor-states.ts";
import { distanceM, type FloorWalls } from "./floor-walls.ts";
import type { ZoneParameters } from "./zone-parameters.ts";

/** Per second: staying at a place beyond the floor, and stepping out where there is a way or where nobody drew one. */
const AWAY_STAY = 0.8;
const LEAVE_RATIO = 0.1;
const LEAVE_RATIO_CLOSED = 0.002;
/** A place beyond the floor is next to others this near, metres. */
const AWAY_REACH_M = 14;
/** Cells this near to a door, or to the outline where no way out is drawn, are where people leave, metres. */
const LEAVE_REACH_M = 2;

/**
 * Less probability than this is not carried on: over all states it is a hundredth at most. Most states of a tag that is
 * known well are below, and cost nothing.
 */
const LEAST_FORWARD = 1e-7;
const LEAST_BACK = 1e-4;

/** One second of walking: the probabilities of going from each state to each other, as sparse rows that sum to 1. */
export interface FloorMotion {
  /**
   * Puts into `out[outAt...]` what `from[fromAt...]` becomes a second later. The arrays hold `count` values from
   * there on and may not overlap. Allocates nothing.
   */
  forward(from: Float32Array, fromAt: number, out: Float32Array, outAt: number): void;
  /**
   * The same backwards in time: `out[i]` is the mean of `from` over where state i may go, 0 where the tag hardly was:
   * `places[placesAt + i]` below 1e-4. Allocates nothing.
   */
  backward(from: Float32Array, out: Float32Array, places: Float32Array, placesAt: number): void;
  /** Number of pairs of states with a way between. */
  readonly pairs: number;
}

type Row = Map<number, number>;

/** Makes the motion on a floor: Gaussian steps that no wall stops, standing still, and leaving. Deterministic. */
export function createFloorMotion(
  floor: FloorPlan,
  states: FloorStates,
  parameters: ZoneParameters,
): FloorMotion {
  const rows = cellRows(floor, states, parameters);
  addAway(floor, states, rows);
  return sparse(rows);
}

function cellRows(floor: FloorPlan, states: FloorStates, parameters: ZoneParameters): Row[] {
  return Array.from({ length: states.grid.count }, (_, from) =>
    cellRow(floor, states.grid, parameters, from),
  );
}

function cellRow(
  floor: FloorPlan,
  grid: FloorGrid,
  { walkM, walkCutM, stayRatio }: ZoneParameters,
  from: number,
): Row {
  const cutM = Math.max(walkCutM, 1.5 * grid.sizeM);
  const a = placeOf(grid, from);
  const walls = grid.walls.near(a.x, a.y, cutM);
  const row: Row = new Map();
  for (let to = 0; to < grid.count; to += 1) {
    const b = placeOf(grid, to);
    if (Math.abs(a.x - b.x) > cutM || Math.abs(a.y - b.y) > cutM) continue;
    const lengthM = from === to ? 0 : wayM(floor, walls, a, b);
    if (lengthM > cutM + 1e-9) continue;
    row.set(to, (grid.area[to] ?? 0) * Math.exp((-lengthM * lengthM) / (2 * walkM * walkM)));
  }
  const sum = [...row.values()].reduce((all, weight) => all + weight, 0);
  for (const [to, weight] of row)
    row.set(to, ((1 - stayRatio) * weight) / sum + (from === to ? stayRatio : 0));
  return row;
}

function placeOf({ xM, yM }: FloorGrid, cell: number): Place {
  return { x: xM[cell] ?? 0, y: yM[cell] ?? 0 };
}

type Place = { readonly x: number; readonly y: number };

/** Length of the straight way, or of the way through the middle of a door; infinite when walls stop both. */
function wayM(floor: FloorPlan, walls: FloorWalls, a: Place, b: Place): number {
  if (!walls.blocks(a, b)) return Math.hypot(a.x - b.x, a.y - b.y);
  let bestM = Number.POSITIVE_INFINITY;
  for (const door of floor.doors) {
    const mid = { x: (door.a.x + door.b.x) / 2, y: (door.a.y + door.b.y) / 2 };
    const lengthM = Math.hypot(a.x - mid.x, a.y - mid.y) + Math.hypot(b.x - mid.x, b.y - mid.y);
    if (lengthM < bestM && !walls.blocks(a, mid) && !walls.blocks(mid, b)) bestM = lengthM;
  }
  return bestM;
}

/** Joins the places beyond the floor to each other and to where people leave. */
function addAway(floor: FloorPlan, states: FloorStates, rows: Row[]): void {
  const { grid, count } = states;
  if (count === grid.count) return;
  for (let from = grid.count; from < count; from += 1) rows.push(awayRow(states, from));
  const leave = states.open ? LEAVE_RATIO : LEAVE_RATIO_CLOSED;
  for (let cell = 0; cell < grid.count; cell += 1) {
    if (!isWayOut(floor, states, cell)) continue;
    let nearest = grid.count;
    for (let to = grid.count; to < count; to += 1)
      if (betweenM(states, cell, to) < betweenM(states, cell, nearest)) nearest = to;
    step(rows, cell, nearest, leave);
    step(rows, nearest, cell, leave / 4);
  }
}

function awayRow(states: FloorStates, from: number): Row {
  const near: number[] = [];
  for (let to = states.grid.count; to < states.count; to += 1)
    if (to !== from && betweenM(states, from, to) <= AWAY_REACH_M) near.push(to);
  const row: Row = new Map([[from, near.length === 0 ? 1 : AWAY_STAY]]);
  for (const to of near) row.set(to, (1 - AWAY_STAY) / near.length);
  return row;
}

function betweenM({ xM, yM }: FloorStates, i: number, j: number): number {
  return Math.hypot((xM[i] ?? 0) - (xM[j] ?? 0), (yM[i] ?? 0) - (yM[j] ?? 0));
}

/** Ground outside, and inside what is near a door that leads nowhere on the plan, or near the outline without any way. */
function isWayOut(floor: FloorPlan, { grid, open }: FloorStates, cell: number): boolean {
  const x = grid.xM[cell] ?? 0;
  const y = grid.yM[cell] ?? 0;
  if (grid.inside[cell] === 0) return true;
  if (open) return floor.doors.some(({ a, b }) => distanceM(a, b, x, y) <= LEAVE_REACH_M);
  return floor.outline.some((a, i) => {
    const b = floor.outline[(i + 1) % floor.outline.length] ?? a;
    return distanceM(a, b, x, y) <= LEAVE_REACH_M;
  });
}

/** Takes `ratio` of a row for a step to one state. */
function step(rows: readonly Row[], from: number, to: number, ratio: number): void {
  const row = rows[from];
  if (row === undefined) return;
  for (const [state, weight] of row) row.set(state, weight * (1 - ratio));
  row.set(to, (row.get(to) ?? 0) + ratio);
}

function sparse(rows: readonly Row[]): FloorMotion {
  const count = rows.length;
  const starts = new Int32Array(count + 1);
  rows.forEach((row, i) => {
    starts[i + 1] = (starts[i] ?? 0) + row.size;
  });
  const pairs = starts[count] ?? 0;
  const columns = Int32Array.from(rows.flatMap((row) => [...row.keys()]));
  const weights = Float32Array.from(rows.flatMap((row) => [...row.values()]));
  return {
    pairs,
    forward(from, fromAt, out, outAt) {
      out.fill(0, outAt, outAt + count);
      for (let i = 0; i < count; i += 1) {
        const value = from[fromAt + i] ?? 0;
        if (value < LEAST_FORWARD) continue;
        const end = starts[i + 1] ?? 0;
        for (let k = starts[i] ?? 0; k < end; k += 1) {
          const at = outAt + (columns[k] ?? 0);
          out[at] = (out[at] ?? 0) + value * (weights[k] ?? 0);
        }
      }
    },
    backward(from, out, places, placesAt) {
      for (let i = 0; i < count; i += 1) {
        let sum = 0;
        const end = (places[placesAt + i] ?? 0) < LEAST_BACK ? 0 : (starts[i + 1] ?? 0);
        for (let k = starts[i] ?? 0; k < end; k += 1)
          sum += (weights[k] ?? 0) * (from[columns[k] ?? 0] ?? 0);
        out[i] = sum;
      }
    },
  };
}

import type { FloorPlan } from "../../core/site.ts";
import { createFloorGrid, type FloorGrid } from "./floor-grid.ts";
import { distanceM } from "./floor-walls.ts";
import type { ZoneParameters } from "./zone-parameters.ts";

/** How far beyond the floor the two rings of places stand that mean "away", metres, and how far apart on a ring. */
const AWAY_RINGS_M = [4, 12] as const;
const AWAY_STEP_M = 6;
const AWAY_CAP = 20;
/** Probability of a new tag being away, with a way out on the plan and without. */
const AWAY_RATIO = 0.3;
const AWAY_RATIO_CLOSED = 0.02;

/** Where a tag can be: the cells of the floor, then places beyond it. */
export interface FloorStates {
  readonly grid: FloorGrid;
  /** Cells and places; the first `grid.count` are the cells. */
  readonly count: number;
  readonly xM: Float64Array;
  readonly yM: Float64Array;
  /** Whether a plan shows a way out: doors, or ground outside. */
  readonly open: boolean;
  /** Probability of each before anything is heard; sums to 1. */
  readonly prior: Float32Array;
  /** Per door of the plan: states at it and the share of their ground within its reach. */
  readonly doors: readonly { readonly states: Int32Array; readonly shares: Float64Array }[];
}

/** Makes the states of a floor. Deterministic. */
export function createFloorStates(floor: FloorPlan, parameters: ZoneParameters): FloorStates {
  const grid = createFloorGrid(floor, parameters.cellM, parameters.cellCap);
  const away = awayPlaces(grid);
  const count = grid.count + away.length;
  const xM = Float64Array.from([...grid.xM, ...away.map(({ x }) => x)]);
  const yM = Float64Array.from([...grid.yM, ...away.map(({ y }) => y)]);
  const open = floor.doors.length > 0 || floor.zones.some(({ kind }) => kind === "outside");
  const awayRatio = away.length === 0 ? 0 : open ? AWAY_RATIO : AWAY_RATIO_CLOSED;
  const ground = grid.area.reduce((sum, value) => sum + value, 0);
  const prior = new Float32Array(count).fill(away.length === 0 ? 0 : awayRatio / away.length);
  for (let cell = 0; cell < grid.count; cell += 1)
    prior[cell] = ((1 - awayRatio) * (grid.area[cell] ?? 0)) / ground;
  return {
    grid,
    count,
    xM,
    yM,
    open,
    prior,
    doors: doorStates(floor, grid, parameters.doorReachM),
  };
}

/** Places around everything walkable, on two rectangles. */
function awayPlaces(grid: FloorGrid): { readonly x: number; readonly y: number }[] {
  const x0 = Math.min(...grid.xM);
  const x1 = Math.max(...grid.xM);
  const y0 = Math.min(...grid.yM);
  const y1 = Math.max(...grid.yM);
  return AWAY_RINGS_M.flatMap((offset) =>
    rectangle(x0 - offset, y0 - offset, x1 + offset, y1 + offset),
  );
}

/** Points on the edges of a rectangle, evenly spaced and symmetrical on each edge; corners included. */
function rectangle(x0: number, y0: number, x1: number, y1: number): { x: number; y: number }[] {
  const stepM = Math.max(AWAY_STEP_M, (2 * (x1 - x0 + y1 - y0)) / AWAY_CAP);
  const across = Math.max(1, Math.round((x1 - x0) / stepM));
  const down = Math.max(1, Math.round((y1 - y0) / stepM));
  const places: { x: number; y: number }[] = [];
  for (let i = 0; i <= across; i += 1)
    for (const y of [y0, y1]) places.push({ x: x0 + ((x1 - x0) * i) / across, y });
  for (let i = 1; i < down; i += 1)
    for (const x of [x0, x1]) places.push({ x, y: y0 + ((y1 - y0) * i) / down });
  return places;
}

function doorStates(floor: FloorPlan, grid: FloorGrid, reachM: number): FloorStates["doors"] {
  return floor.doors.map(({ a, b }) => {
    const states: number[] = [];
    const shares: number[] = [];
    for (let cell = 0; cell < grid.count; cell += 1) {
      const far = distanceM(a, b, grid.xM[cell] ?? 0, grid.yM[cell] ?? 0);
      const share = Math.min(1, Math.max(0, 0.5 + (reachM - far) / grid.sizeM));
      if (share === 0) continue;
      states.push(cell);
      shares.push(share);
    }
    return { states: Int32Array.from(states), shares: Float64Array.from(shares) };
  });
}

import { insidePolygon, type Point, polygonArea } from "../../core/geometry.ts";
import type { FloorPlan } from "../../core/site.ts";
import { createFloorWalls, type FloorWalls } from "./floor-walls.ts";

/** Samples per edge of a cell: shares are known to a 25th, so that zones at its border split its mass. */
const SAMPLES = 5;
/** A cell of which less is walkable is none. */
const MIN_SHARE = 0.12;
/** Most cells looked at, walkable or not: a zone drawn a kilometre away makes the cells coarse, not the start endless. */
const SCAN_CAP = 250_000;
/** Ground around everything known, when a floor has no outline, metres. */
const MARGIN_M = 3;

/** Cells of one zone: the cell and the share of the cell's walkable ground that the zone covers. */
export interface ZoneCells {
  readonly cells: Int32Array;
  readonly shares: Float64Array;
}

/** The ground on which tags are sought, as square cells. */
export interface FloorGrid {
  readonly sizeM: number;
  /** Walkable cells. At least one. */
  readonly count: number;
  /** A point of each cell from which its ground is seen; the middle of a whole cell. */
  readonly xM: Float64Array;
  readonly yM: Float64Array;
  /** Walkable share 0..1. */
  readonly area: Float64Array;
  /** 1 = within the walls, 0 = ground outside. */
  readonly inside: Uint8Array;
  /** In the order of the plan; none is empty. */
  readonly zones: readonly ZoneCells[];
  readonly walls: FloorWalls;
}

interface Cell {
  x: number;
  y: number;
  area: number;
  inside: boolean;
  /** Share per zone. */
  shares: Map<number, number>;
}

interface Shape {
  readonly flat: Float64Array;
  readonly box: { x0: number; y0: number; x1: number; y1: number };
}

interface Ground {
  readonly outline: Shape;
  readonly obstacles: readonly Shape[];
  readonly zones: readonly Shape[];
  readonly outside: readonly boolean[];
  readonly walls: FloorWalls;
}

/**
 * Divides a floor into cells: the outline without its obstacles, and zones of kind `outside` beyond the outline. The
 * cells lie symmetrically about the middle of the floor. A zone that holds no walkable cell gets one. A floor without
 * an area is one cell. Deterministic.
 */
export function createFloorGrid(floor: FloorPlan, cellM: number, cellCap: number): FloorGrid {
  const ground = groundOf(floor);
  const box = boxOf(floor);
  const area =
    polygonArea(floor.outline) +
    floor.zones.reduce((sum, z) => sum + (z.kind === "outside" ? polygonArea(z.polygon) : 0), 0);
  const scanned = (box.x1 - box.x0) * (box.y1 - box.y0);
  let sizeM = Math.max(cellM, Math.sqrt(area / cellCap), Math.sqrt(scanned / SCAN_CAP));
  let cells = divide(ground, box, sizeM, floor.zones.length);
  while (cells.length > cellCap) {
    sizeM *= 1.1;
    cells = divide(ground, box, sizeM, floor.zones.length);
  }
  if (cells.length === 0)
    cells.push({
      x: mid(box.x0, box.x1),
      y: mid(box.y0, box.y1),
      area: 1,
      inside: true,
      shares: new Map(),
    });
  floor.zones.forEach((zone, i) => {
    if (!cells.some(({ shares }) => shares.has(i))) giveCell(cells, zone.polygon, i, sizeM);
  });
  return {
    sizeM,
    count: cells.length,
    xM: Float64Array.from(cells, ({ x }) => x),
    yM: Float64Array.from(cells, ({ y }) => y),
    area: Float64Array.from(cells, (cell) => cell.area),
    inside: Uint8Array.from(cells, ({ inside }) => (inside ? 1 : 0)),
    zones: floor.zones.map((_, i) => zoneCells(cells, i)),
    walls: ground.walls,
  };
}

function divide(ground: Ground, box: Shape["box"], sizeM: number, zones: number): Cell[] {
  const columns = Math.ceil((box.x1 - box.x0) / sizeM - 1e-9);
  const rows = Math.ceil((box.y1 - box.y0) / sizeM - 1e-9);
  const left = mid(box.x0, box.x1) - (columns * sizeM) / 2;
  const top = mid(box.y0, box.y1) - (rows * sizeM) / 2;
  const cells: Cell[] = [];
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1) {
      const cell = cellAt(ground, left + column * sizeM, top + row * sizeM, sizeM, zones);
      if (cell !== null) cells.push(cell);
    }
  return cells;
}

/** A cell and its ground: the larger of its part inside and its part outside, as far as its point sees it. */
function cellAt(ground: Ground, x0: number, y0: number, sizeM: number, zones: number): Cell | null {
  const inner: Point[] = [];
  const outer: Point[] = [];
  for (let k = 0; k < SAMPLES * SAMPLES; k += 1) {
    const x = x0 + (((k % SAMPLES) + 0.5) * sizeM) / SAMPLES;
    const y = y0 + ((Math.floor(k / SAMPLES) + 0.5) * sizeM) / SAMPLES;
    const side = sideOf(ground, x, y);
    if (side !== null) (side === "inside" ? inner : outer).push({ x, y });
  }
  const inside = inner.length >= outer.length;
  const samples = inside ? inner : outer;
  if (samples.length < MIN_SHARE * SAMPLES * SAMPLES) return null;
  const at = middle(samples);
  const walls = ground.walls.near(at.x, at.y, sizeM * 1.5);
  const seen = samples.filter((sample) => !walls.blocks(at, sample));
  const shares = new Map<number, number>();
  for (let zone = 0; zone < zones; zone += 1) {
    const shape = ground.zones[zone];
    if (shape === undefined || (ground.outside[zone] === true && inside)) continue;
    const held = seen.filter(({ x, y }) => holds(shape, x, y)).length;
    if (held > 0) shares.set(zone, held / seen.length);
  }
  return { x: at.x, y: at.y, area: seen.length / (SAMPLES * SAMPLES), inside, shares };
}

function sideOf(ground: Ground, x: number, y: number): "inside" | "outside" | null {
  if (ground.obstacles.some((shape) => holds(shape, x, y))) return null;
  if (holds(ground.outline, x, y)) return "inside";
  const isOutside = ground.zones.some(
    (shape, i) => ground.outside[i] === true && holds(shape, x, y),
  );
  return isOutside ? "outside" : null;
}

/** The sample nearest to the middle of all. */
function middle(samples: readonly Point[]): Point {
  const x = samples.reduce((sum, p) => sum + p.x, 0) / samples.length;
  const y = samples.reduce((sum, p) => sum + p.y, 0) / samples.length;
  let best: Point = { x, y };
  let bestM = Number.POSITIVE_INFINITY;
  for (const sample of samples) {
    const distance = Math.hypot(sample.x - x, sample.y - y);
    if (distance < bestM - 1e-9) {
      bestM = distance;
      best = sample;
    }
  }
  return best;
}

/** Gives a zone that no sample hit (narrower than a sample, or outside of the walls) the cell nearest to its middle. */
function giveCell(cells: Cell[], polygon: readonly Point[], zone: number, sizeM: number): void {
  const at = middle(polygon);
  const share = Math.min(1, Math.max(1 / SAMPLES ** 2, polygonArea(polygon) / sizeM ** 2));
  let best = cells[0];
  for (const cell of cells)
    if (best === undefined || distance(cell, at) < distance(best, at)) best = cell;
  if (best === undefined) return;
  const taken = [...best.shares.values()].reduce((sum, value) => sum + value, 0);
  const squeeze = Math.min(1, (1 - share) / Math.max(taken, 1e-9));
  for (const [other, value] of best.shares) best.shares.set(other, value * squeeze);
  best.shares.set(zone, share);
}

function zoneCells(cells: readonly Cell[], zone: number): ZoneCells {
  const own = cells.flatMap(({ shares }, i) => (shares.has(zone) ? [i] : []));
  return {
    cells: Int32Array.from(own),
    shares: Float64Array.from(own, (i) => cells[i]?.shares.get(zone) ?? 0),
  };
}

function groundOf(floor: FloorPlan): Ground {
  const box = boxOf(floor);
  const all = [
    { x: box.x0, y: box.y0 },
    { x: box.x1, y: box.y0 },
    { x: box.x1, y: box.y1 },
    { x: box.x0, y: box.y1 },
  ];
  return {
    outline: shapeOf(floor.outline.length >= 3 ? floor.outline : all),
    obstacles: floor.obstacles.map(shapeOf),
    zones: floor.zones.map(({ polygon }) => shapeOf(polygon)),
    outside: floor.zones.map(({ kind }) => kind === "outside"),
    walls: createFloorWalls(floor),
  };
}

function shapeOf(polygon: readonly Point[]): Shape {
  return { flat: Float64Array.from(polygon.flatMap(({ x, y }) => [x, y])), box: bounds(polygon) };
}

function holds({ flat, box }: Shape, x: number, y: number): boolean {
  return x >= box.x0 && x <= box.x1 && y >= box.y0 && y <= box.y1 && insidePolygon(flat, x, y);
}

/** Everything walkable; of a floor without outline its zones with some ground around them. */
function boxOf(floor: FloorPlan): Shape["box"] {
  const outside = floor.zones.filter(({ kind }) => kind === "outside");
  if (floor.outline.length >= 3)
    return bounds([...floor.outline, ...outside.flatMap(({ polygon }) => polygon)]);
  const box = bounds(floor.zones.flatMap(({ polygon }) => polygon));
  return {
    x0: box.x0 - MARGIN_M,
    y0: box.y0 - MARGIN_M,
    x1: box.x1 + MARGIN_M,
    y1: box.y1 + MARGIN_M,
  };
}

function bounds(points: readonly Point[]): Shape["box"] {
  if (points.length === 0) return { x0: 0, y0: 0, x1: 0, y1: 0 };
  const box = { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity };
  for (const { x, y } of points) {
    box.x0 = Math.min(box.x0, x);
    box.y0 = Math.min(box.y0, y);
    box.x1 = Math.max(box.x1, x);
    box.y1 = Math.max(box.y1, y);
  }
  return box;
}

const mid = (a: number, b: number): number => (a + b) / 2;
const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);

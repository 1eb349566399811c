import { insidePolygon, type Point, segmentsTouch } from "../../core/geometry.ts";
import type { FloorPlan, ReceiverPlan } from "../../core/site.ts";

/** Where the people of the demonstration walk; metres on the floor plan. */
export interface DemoGround {
  /** Where they come from and go to. */
  readonly outside: Point;
  /** Where baskets stand until somebody takes one; null where they come and go like everybody. */
  readonly rack: Point | null;
  /** Somewhere to go. */
  spot(random: () => number): Point;
  /** The way between two places: its turning points and its end. Empty when there is none. */
  route(from: Point, to: Point): readonly Point[];
}

const between = (random: () => number, low: number, high: number): number =>
  low + (high - low) * random();

/** Ground without a plan: the rectangle two metres around the receivers, at least 10 m wide and 8 m deep. */
export function createOpenGround(receivers: readonly ReceiverPlan[]): DemoGround {
  const xs = receivers.map((r) => r.xM);
  const ys = receivers.map((r) => r.yM);
  const leftM = Math.min(...xs, Number.MAX_SAFE_INTEGER) - 2;
  const topM = Math.min(...ys, Number.MAX_SAFE_INTEGER) - 2;
  const rightM = Math.max(...xs.map((x) => x + 2), leftM + 10);
  const bottomM = Math.max(...ys.map((y) => y + 2), topM + 8);
  return {
    outside: { x: (leftM + rightM) / 2, y: bottomM },
    rack: null,
    spot: (random) => ({ x: between(random, leftM, rightM), y: between(random, topM, bottomM) }),
    route: (_from, to) => [to],
  };
}

const CELL_M = 0.5;
const ROOM_M = 0.8;
/** From how far away people come to the door. */
const APPROACH_M = 4;
/** Steps along a line at which it is tried whether it is free. */
const PROBE_M = 0.1;
/** Half of what a person takes up. */
const BODY_M = 0.2;

const flat = (polygon: readonly Point[]): readonly number[] =>
  polygon.flatMap(({ x, y }) => [x, y]);

/**
 * Ground of a floor plan: within the walls and in zones of kind `outside`, never through obstacles, through the walls
 * only by the doors. People go to places in zones; baskets stand in a place that is in none, as far from all
 * zones as can be.
 */
export function createFloorGround(floor: FloorPlan): DemoGround {
  return new FloorGround(floor);
}

/** The candidate whose nearest neighbour among the others is farthest away; null without candidates. */
function loneliest(candidates: readonly Point[], others: readonly Point[]): Point | null {
  let found: Point | null = null;
  let widestM = Number.NEGATIVE_INFINITY;
  for (const point of candidates) {
    const nearestM = Math.min(
      ...others.map(({ x, y }) => Math.hypot(point.x - x, point.y - y)),
      Number.MAX_VALUE,
    );
    if (nearestM <= widestM) continue;
    widestM = nearestM;
    found = point;
  }
  return found;
}

class FloorGround implements DemoGround {
  readonly outside: Point;
  readonly rack: Point | null;
  readonly #doors: FloorPlan["doors"];
  readonly #outline: readonly number[];
  readonly #outsides: readonly (readonly number[])[];
  readonly #obstacles: readonly (readonly number[])[];
  readonly #zones: readonly (readonly number[])[];
  readonly #leftM: number;
  readonly #topM: number;
  readonly #columns: number;
  readonly #rows: number;
  /** Cells that can be stepped to from each cell, found when first asked for. */
  readonly #steps: (readonly number[])[] = [];
  /** Free cells well inside zones of the shop. */
  readonly #spots: readonly Point[];

  constructor({ outline, obstacles, zones, doors }: FloorPlan) {
    this.#doors = doors;
    this.#outline = flat(outline);
    this.#obstacles = obstacles.map(flat);
    const outsides = zones.filter(({ kind }) => kind === "outside");
    this.#outsides = outsides.map(({ polygon }) => flat(polygon));
    this.#zones = zones
      .filter(({ kind }) => kind !== "outside")
      .map(({ polygon }) => flat(polygon));
    const corners = [...outline, ...outsides.flatMap(({ polygon }) => polygon)];
    this.#leftM = Math.min(...corners.map(({ x }) => x));
    this.#topM = Math.min(...corners.map(({ y }) => y));
    this.#columns = Math.ceil((Math.max(...corners.map(({ x }) => x)) - this.#leftM) / CELL_M);
    this.#rows = Math.ceil((Math.max(...corners.map(({ y }) => y)) - this.#topM) / CELL_M);
    const free = Array.from({ length: this.#columns * this.#rows }, (_, cell) =>
      this.#centre(cell),
    ).filter((point) => this.#isFree(point));
    const indoors = free.filter((point) => this.#isIndoors(point));
    const inZones = indoors.filter((point) => this.#isInZone(point));
    const within = inZones.filter((point) => this.#isWellInZone(point));
    this.#spots = [within, inZones, indoors].find((points) => points.length > 0) ?? [];
    const door = doors[0];
    const entry =
      door === undefined
        ? (indoors[0] ?? { x: 0, y: 0 })
        : { x: (door.a.x + door.b.x) / 2, y: (door.a.y + door.b.y) / 2 };
    const outdoors = free.filter(
      (p) => !this.#isIndoors(p) && Math.hypot(p.x - entry.x, p.y - entry.y) <= APPROACH_M,
    );
    this.outside = loneliest(outdoors, indoors) ?? entry;
    this.rack = loneliest(
      indoors.filter((point) => !this.#isInZone(point)),
      inZones,
    );
  }

  spot(random: () => number): Point {
    return this.#spots[Math.floor(random() * this.#spots.length)] ?? this.outside;
  }

  /** Breadth first over the cells, then pulled straight wherever the line is free. */
  route(from: Point, to: Point): readonly Point[] {
    const [start, goal] = [this.#cellOf(from), this.#cellOf(to)];
    const cameFrom = new Int32Array(this.#columns * this.#rows).fill(-1);
    cameFrom[start] = start;
    const queue = [start];
    for (let at = 0; at < queue.length && (cameFrom[goal] ?? -1) < 0; at += 1) {
      const cell = queue[at] ?? start;
      for (const next of this.#neighbours(cell)) {
        if ((cameFrom[next] ?? -1) >= 0) continue;
        cameFrom[next] = cell;
        queue.push(next);
      }
    }
    if ((cameFrom[goal] ?? -1) < 0) return [];
    const way: Point[] = [to];
    for (let cell = cameFrom[goal] ?? start; cell !== start; cell = cameFrom[cell] ?? start)
      way.push(this.#centre(cell));
    return this.#straighten(from, way.reverse());
  }

  #straighten(from: Point, way: readonly Point[]): readonly Point[] {
    const turns: Point[] = [];
    let at = from;
    for (let i = 0; i < way.length; i += 1) {
      const [here, next] = [way[i], way[i + 1]];
      if (here === undefined || (next !== undefined && this.#isClear(at, next))) continue;
      turns.push(here);
      at = here;
    }
    return turns;
  }

  /** Whether one can walk straight from a to b. */
  #isClear(a: Point, b: Point): boolean {
    const steps = Math.ceil(Math.hypot(b.x - a.x, b.y - a.y) / PROBE_M);
    let before = a;
    for (let i = 1; i <= steps; i += 1) {
      const point = { x: a.x + ((b.x - a.x) * i) / steps, y: a.y + ((b.y - a.y) * i) / steps };
      if (!this.#isFree(point) || !this.#isRoomy(point) || !this.#isPassage(before, point))
        return false;
      before = point;
    }
    return true;
  }

  /** Free cells to the four sides; diagonals come from pulling the way straight. */
  #neighbours(cell: number): readonly number[] {
    const known = this.#steps[cell];
    if (known !== undefined) return known;
    const found = this.#findNeighbours(cell);
    this.#steps[cell] = found;
    return found;
  }

  #findNeighbours(cell: number): readonly number[] {
    const column = cell % this.#columns;
    const here = this.#centre(cell);
    const around = [
      cell - this.#columns,
      cell + this.#columns,
      column > 0 ? cell - 1 : -1,
      column + 1 < this.#columns ? cell + 1 : -1,
    ];
    return around.filter((next) => {
      if (next < 0 || next >= this.#columns * this.#rows) return false;
      const point = this.#centre(next);
      return this.#isFree(point) && this.#isPassage(here, point);
    });
  }

  /** A step between inside and outside has to go through a door. */
  #isPassage(a: Point, b: Point): boolean {
    if (this.#isIndoors(a) === this.#isIndoors(b)) return true;
    return this.#doors.some((door) => segmentsTouch(a, b, door.a, door.b));
  }

  #isFree({ x, y }: Point): boolean {
    const isGround =
      insidePolygon(this.#outline, x, y) || this.#outsides.some((p) => insidePolygon(p, x, y));
    return isGround && !this.#obstacles.some((p) => insidePolygon(p, x, y));
  }

  /** Whether a body has room there beside the shelves. */
  #isRoomy({ x, y }: Point): boolean {
    return [-BODY_M, 0, BODY_M].every((dx) =>
      [-BODY_M, 0, BODY_M].every(
        (dy) => !this.#obstacles.some((p) => insidePolygon(p, x + dx, y + dy)),
      ),
    );
  }

  #isIndoors({ x, y }: Point): boolean {
    return insidePolygon(this.#outline, x, y);
  }

  #isInZone({ x, y }: Point): boolean {
    return this.#zones.some((polygon) => insidePolygon(polygon, x, y));
  }

  /** Whether it lies in a zone with room around: people stand before shelves, not on the border of a department. */
  #isWellInZone({ x, y }: Point): boolean {
    return this.#zones.some((polygon) =>
      [-ROOM_M, 0, ROOM_M].every((dx) =>
        [-ROOM_M, 0, ROOM_M].every((dy) => insidePolygon(polygon, x + dx, y + dy)),
      ),
    );
  }

  #cellOf({ x, y }: Point): number {
    const column = Math.floor((x - this.#leftM) / CELL_M);
    const row = Math.floor((y - this.#topM) / CELL_M);
    const within = (value: number, size: number): number => Math.max(0, Math.min(size - 1, value));
    return within(row, this.#rows) * this.#columns + within(column, this.#columns);
  }

  #centre(cell: number): Point {
    const column = cell % this.#columns;
    return {
      x: this.#leftM + (column + 0.5) * CELL_M,
      y: this.#topM + ((cell - column) / this.#columns + 0.5) * CELL_M,
    };
  }
}

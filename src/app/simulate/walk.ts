import type { Point } from "../../core/geometry.ts";

/** Somewhere at some time; epoch milliseconds and metres of the floor plan. */
export interface Spot {
  readonly at: number;
  readonly x: number;
  readonly y: number;
}

/** Pace of people in a shop, metres a second. */
export const WALK_M_PER_S = 1.1;

/** Time that a straight way takes at a pace. */
export const walkMs = (from: Point, to: Point, metresPerS = WALK_M_PER_S): number =>
  (1000 * Math.hypot(to.x - from.x, to.y - from.y)) / metresPerS;

/** Somebody going in straight lines from place to place and standing in between. */
export class Walk {
  readonly #spots: Spot[];
  readonly #metresPerS: number;

  constructor(at: number, from: Point, metresPerS = WALK_M_PER_S) {
    this.#spots = [{ at, x: from.x, y: from.y }];
    this.#metresPerS = metresPerS;
  }

  /** Corners of the way so far, in time; not a copy. */
  get spots(): readonly Spot[] {
    return this.#spots;
  }

  /** Where the walk is. */
  get here(): Spot {
    const last = this.#spots.at(-1);
    if (last === undefined) throw new TypeError("a walk begins somewhere");
    return last;
  }

  get now(): number {
    return this.here.at;
  }

  /** Goes straight through these places. */
  to(...places: readonly Point[]): this {
    for (const { x, y } of places) {
      const at = this.now + walkMs(this.here, { x, y }, this.#metresPerS);
      this.#spots.push({ at, x, y });
    }
    return this;
  }

  /** Goes straight to a place so that it is there at `at`, however fast that is. */
  toBy(at: number, { x, y }: Point): this {
    this.#spots.push({ at: Math.max(at, this.now + 1), x, y });
    return this;
  }

  /** Stands still until an instant; one that is past changes nothing. */
  restUntil(at: number): this {
    if (at > this.now) this.#spots.push({ ...this.here, at });
    return this;
  }
}

/** Where somebody is; the ends hold before and after. Null without spots. Pure. */
export function spotAt(spots: readonly Spot[], at: number): Point | null {
  let low = 0;
  let high = spots.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((spots[middle]?.at ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  const from = spots[low];
  if (from === undefined) return null;
  const to = spots[low + 1];
  if (to === undefined || at <= from.at) return { x: from.x, y: from.y };
  const share = (at - from.at) / Math.max(1, to.at - from.at);
  return { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) };
}

/** The same way beside the other and a little later, as people do who walk together. */
export function beside(spots: readonly Spot[], offset: Point, lateMs: number): Spot[] {
  return spots.map(({ at, x, y }) => ({ at: at + lateMs, x: x + offset.x, y: y + offset.y }));
}

import type { Facet } from "../figures/facets.ts";
import { firstIndex } from "./columns.ts";
import { type Packed, packNumbers, unpackNumbers } from "./packing.ts";

type Direction = "in" | "out";

/** Crossings of one direction remembered to the millisecond; beyond it a day's later ones are in the ledgers only. */
const MAX_TIMES = 65_536;

/** Door times as plain JSON: the gap to the crossing before, in ms. */
export type DoorTimesRecord = Readonly<Record<Direction, Packed>>;

/**
 * When customers went through the doors in one trading day, all doors together, to the millisecond: what closing the
 * day, and explaining exits by entries, rest on. Bounded.
 */
export class DoorTimes {
  readonly #facet: Facet | null;
  readonly #times: Readonly<Record<Direction, number[]>> = { in: [], out: [] };
  #dropped = 0;

  constructor(facet: Facet | null = null) {
    this.#facet = facet;
  }

  /** Crossings remembered. */
  get size(): number {
    return this.#times.in.length + this.#times.out.length;
  }

  /** Crossings that found no room. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes in a crossing, `offsetMs` after the day began. */
  add(direction: Direction, offsetMs: number): void {
    const times = this.#times[direction];
    if (times.length >= MAX_TIMES) {
      this.#dropped += 1;
      return;
    }
    const place = placeOf(times, offsetMs);
    if (place === times.length) times.push(offsetMs);
    else times.splice(place, 0, offsetMs);
    this.#facet?.change();
  }

  /** Takes one crossing of this time out again, since it was staff; nothing happens when there is none. */
  remove(direction: Direction, offsetMs: number): void {
    const times = this.#times[direction];
    const at = placeOf(times, offsetMs) - 1;
    if (times[at] !== offsetMs) return;
    times.splice(at, 1);
    this.#facet?.change();
  }

  /** Milliseconds since the day began, ascending. Not a copy: do not keep it over the next change. */
  times(direction: Direction): readonly number[] {
    this.#facet?.read();
    return this.#times[direction];
  }

  /** Plain JSON of everything in it. */
  toRecord(): DoorTimesRecord {
    return { in: packNumbers(gaps(this.#times.in)), out: packNumbers(gaps(this.#times.out)) };
  }

  /** Adds what a record holds. Throws a RangeError when it does not hold together. */
  restore(record: DoorTimesRecord): void {
    for (const direction of ["in", "out"] as const) {
      let at = 0;
      for (const gap of unpackNumbers(record[direction])) {
        at += gap;
        this.#times[direction].push(at);
      }
    }
    this.#facet?.change();
  }
}

/** First position whose time is later than this. */
const placeOf = (times: readonly number[], offsetMs: number): number =>
  firstIndex(times.length, (i) => (times[i] ?? 0) > offsetMs);

const gaps = (times: readonly number[]): number[] =>
  times.map((at, i) => at - (i === 0 ? 0 : (times[i - 1] ?? 0)));

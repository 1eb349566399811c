import { LEVEL_STEPS } from "./level-map.ts";
import type { TagFilter } from "./tag-filter.ts";
import type { ZoneModel } from "./zone-model.ts";

/** Variance of one receiver's second as a teacher, dB2: errors of neighbouring seconds are alike. */
const SECOND_VARIANCE = 2_000;
/** What is learned is never surer than of so many seconds, so that a receiver that was moved is learned anew. */
const MEMORY_SECONDS = 10_000;
/** A tag teaches while it walks: this far in so many seconds. What lies still only repeats one place's oddity. */
const WALK_M = 2;
const WALK_S = 3;

/**
 * Learns from tags that walk how much each receiver reads above or below what its place explains: slowly, shrunk to
 * zero, bounded, and with a sum of zero, since what is common to all is the power of the tag.
 */
export class ReceiverOffsets {
  readonly #model: ZoneModel;
  readonly #sums: Float64Array;
  readonly #weights: Float64Array;

  constructor(model: ZoneModel, learnedDb: readonly number[]) {
    this.#model = model;
    const { offsetSpreadDb } = model.parameters;
    // What was saved counts as much as the shrinking, doubled to give the same value back.
    const weight = 1 / offsetSpreadDb ** 2;
    this.#weights = Float64Array.from(learnedDb, (db) => (db === 0 ? 0 : weight));
    this.#sums = Float64Array.from(learnedDb, (db) => 2 * weight * db);
    this.apply();
  }

  /** Takes a second of a tag whose place moved `movedM` in the last three seconds; `places` sums to 1. */
  observe(filter: TagFilter, second: number, places: Float64Array, movedM: number): void {
    const teach = Math.min(1, movedM / WALK_M);
    if (!(teach > 0.25)) return;
    const { states, map, offsetsDb } = this.#model;
    const powerDbm = filter.powerDbm();
    for (let i = 0; i < filter.heard.count(second); i += 1) {
      const receiver = filter.heard.receiver(second, i);
      const row = receiver * states.count;
      let mean = 0;
      for (let s = 0; s < states.count; s += 1)
        mean += (places[s] ?? 0) * (map.levels[row + s] ?? 0);
      const db = filter.heard.levelDbm(second, i) - powerDbm - mean / LEVEL_STEPS;
      const far = (db - (offsetsDb[receiver] ?? 0)) / 10;
      const weight = teach / (1 + (far * far) / 4) / SECOND_VARIANCE;
      this.#sums[receiver] = (this.#sums[receiver] ?? 0) + weight * db;
      this.#weights[receiver] = (this.#weights[receiver] ?? 0) + weight;
      this.#forget(receiver);
    }
  }

  /** Makes what was learned count from here on. */
  apply(): void {
    const { offsetsDb, parameters, map } = this.#model;
    let sum = 0;
    for (let r = 0; r < offsetsDb.length; r += 1) {
      const shrink = 1 / parameters.offsetSpreadDb ** 2;
      offsetsDb[r] = (this.#sums[r] ?? 0) / ((this.#weights[r] ?? 0) + shrink);
      sum += offsetsDb[r] ?? 0;
    }
    const mean = sum / Math.max(1, map.placedCount);
    const cap = parameters.offsetCapDb;
    for (let r = 0; r < offsetsDb.length; r += 1) {
      const db = map.placed[r] === 1 ? (offsetsDb[r] ?? 0) - mean : 0;
      offsetsDb[r] = Math.max(-cap, Math.min(cap, db));
    }
  }

  #forget(receiver: number): void {
    const most = MEMORY_SECONDS / SECOND_VARIANCE;
    const weight = this.#weights[receiver] ?? 0;
    if (weight <= most) return;
    this.#sums[receiver] = ((this.#sums[receiver] ?? 0) * most) / weight;
    this.#weights[receiver] = most;
  }
}

/** How far a tag's place has moved over the last seconds, by tag filter. */
export class PlaceTrail {
  readonly #x = new Float64Array(WALK_S + 1).fill(Number.NaN);
  readonly #y = new Float64Array(WALK_S + 1).fill(Number.NaN);
  #at = 0;

  /** Takes the place of the next second; returns the distance to that of three seconds before, metres, or 0. */
  push(xM: number, yM: number): number {
    const next = (this.#at + 1) % this.#x.length;
    this.#x[this.#at] = xM;
    this.#y[this.#at] = yM;
    this.#at = next;
    const movedM = Math.hypot(
      xM - (this.#x[next] ?? Number.NaN),
      yM - (this.#y[next] ?? Number.NaN),
    );
    return Number.isNaN(movedM) ? 0 : movedM;
  }
}

import { type MonoMs, monoMs } from "../core/brand.ts";
import type { Floor } from "./floor.ts";
import type { Sight } from "./sight.ts";

/** Sights kept of one track. */
const CAPACITY = 32;
/** A newer sight replaces the last one when that lies closer than this to the one before: 32 span two seconds. */
const SPACING_MS = 66;
/** Time constant of the height. */
const HEIGHT_MS = 500;

/** How a track has been moving lately, in units of the floor. */
export interface Motion {
  /** The newest sight itself. */
  u: number;
  v: number;
  /** Units a second. */
  du: number;
  dv: number;
  /** Sum of squared time distances from their mean, s^2: the larger, the surer the speed. 0 = nothing known of it. */
  leverS2: number;
  /** Sights it rests on. */
  count: number;
}

/** A motion to be filled by `fitMotion`. */
export const createMotion = (): Motion => ({ u: 0, v: 0, du: 0, dv: 0, leverS2: 0, count: 0 });

/**
 * Where one track was in the last two seconds or a little more, thinned: a ring on typed arrays, reused for another
 * track after its end.
 */
export class Trail {
  readonly #atMs = new Float64Array(CAPACITY);
  readonly #xPx = new Float64Array(CAPACITY);
  readonly #yPx = new Float64Array(CAPACITY);
  readonly #u = new Float64Array(CAPACITY);
  readonly #v = new Float64Array(CAPACITY);
  readonly #place = new Float64Array(2);
  #start = 0;
  #length = 0;
  /** Height of the body in the picture, smoothed over about half a second. */
  heightPx = 0;

  get length(): number {
    return this.#length;
  }

  /** Time of sight `i`, 0 = oldest; NaN outside. */
  atMono(i: number): MonoMs {
    return monoMs(this.#read(this.#atMs, i));
  }

  xPx(i: number): number {
    return this.#read(this.#xPx, i);
  }

  yPx(i: number): number {
    return this.#read(this.#yPx, i);
  }

  /** Place of sight `i` on the floor; NaN where the foot point lay above the horizon. */
  u(i: number): number {
    return this.#read(this.#u, i);
  }

  v(i: number): number {
    return this.#read(this.#v, i);
  }

  /** Appends a sight, which must be later than the last. Allocates nothing. */
  note({ xPx, yPx, heightPx, atMono }: Sight, floor: Floor): void {
    const last = this.#length - 1;
    const lastMono = this.atMono(last);
    const isDense = last > 0 && lastMono - this.atMono(last - 1) < SPACING_MS;
    if (!isDense && this.#length === CAPACITY) this.#start = (this.#start + 1) % CAPACITY;
    else if (!isDense) this.#length += 1;
    const sinceMs = last < 0 ? Number.POSITIVE_INFINITY : atMono - lastMono;
    const at = (this.#start + this.#length - 1) % CAPACITY;
    const isPlaced = floor.place(xPx, yPx, this.#place);
    this.#atMs[at] = atMono;
    this.#xPx[at] = xPx;
    this.#yPx[at] = yPx;
    this.#u[at] = isPlaced ? (this.#place[0] ?? 0) : Number.NaN;
    this.#v[at] = isPlaced ? (this.#place[1] ?? 0) : Number.NaN;
    this.heightPx += (1 - Math.exp(-sinceMs / HEIGHT_MS)) * (heightPx - this.heightPx);
  }

  clear(): void {
    this.#start = 0;
    this.#length = 0;
    this.heightPx = 0;
  }

  /** Becomes a copy of another trail. */
  copy(other: Trail): void {
    this.#atMs.set(other.#atMs);
    this.#xPx.set(other.#xPx);
    this.#yPx.set(other.#yPx);
    this.#u.set(other.#u);
    this.#v.set(other.#v);
    this.#start = other.#start;
    this.#length = other.#length;
    this.heightPx = other.heightPx;
  }

  /**
   * Fits a straight line to the sights of the last `windowMs`. False when there is none, or one of them lay above
   * the horizon. With a single sight, or all at one time, the speed is 0 and `leverS2` 0. Allocates nothing.
   * @source least squares, in time from the mean.
   */
  fitMotion(windowMs: number, out: Motion): boolean {
    const newestMs = this.atMono(this.#length - 1);
    let count = 0;
    let sumT = 0;
    let sumU = 0;
    let sumV = 0;
    for (let i = this.#length - 1; i >= 0 && newestMs - this.atMono(i) <= windowMs; i -= 1) {
      count += 1;
      sumT += (this.atMono(i) - newestMs) / 1000;
      sumU += this.u(i);
      sumV += this.v(i);
    }
    if (count === 0 || Number.isNaN(sumU + sumV)) return false;
    const meanT = sumT / count;
    let lever = 0;
    let crossU = 0;
    let crossV = 0;
    for (let i = this.#length - count; i < this.#length; i += 1) {
      const t = (this.atMono(i) - newestMs) / 1000 - meanT;
      lever += t * t;
      crossU += t * this.u(i);
      crossV += t * this.v(i);
    }
    out.leverS2 = lever;
    out.count = count;
    out.du = lever === 0 ? 0 : crossU / lever;
    out.dv = lever === 0 ? 0 : crossV / lever;
    out.u = this.u(this.#length - 1);
    out.v = this.v(this.#length - 1);
    return true;
  }

  #read(column: Float64Array, i: number): number {
    if (i < 0 || i >= this.#length) return Number.NaN;
    return column[(this.#start + i) % CAPACITY] ?? Number.NaN;
  }
}

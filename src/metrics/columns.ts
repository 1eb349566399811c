/** Four kinds and no more: with a fifth, reading one number takes several times as long. */
type Numbers = Float64Array | Int32Array | Uint16Array | Uint8Array;

/** Least room made at once. */
const LEAST = 16;

/**
 * A growing list of numbers in a typed array, for lists too long to be objects. Numbers must fit the kind of array it
 * was made with.
 */
export class NumberColumn {
  readonly #make: (length: number) => Numbers;
  #values: Numbers;
  #size = 0;

  constructor(make: (length: number) => Numbers) {
    this.#make = make;
    this.#values = make(0);
  }

  get size(): number {
    return this.#size;
  }

  /** 0 beyond the end. */
  at(index: number): number {
    return index < this.#size ? (this.#values[index] ?? 0) : 0;
  }

  set(index: number, value: number): void {
    if (index < this.#size) this.#values[index] = value;
  }

  push(value: number): void {
    this.#makeRoom();
    this.#values[this.#size] = value;
    this.#size += 1;
  }

  /** Inserts before `index`. */
  insert(index: number, value: number): void {
    this.#makeRoom();
    this.#values.copyWithin(index + 1, index, this.#size);
    this.#values[index] = value;
    this.#size += 1;
  }

  remove(index: number): void {
    if (index < 0 || index >= this.#size) return;
    this.#values.copyWithin(index, index + 1, this.#size);
    this.#size -= 1;
  }

  /** First index of an ascending column whose number is not below `least`. */
  firstFrom(least: number): number {
    return firstIndex(this.#size, (index) => this.at(index) >= least);
  }

  /** Gives back the room that is not used. */
  trim(): void {
    if (this.#values.length === this.#size) return;
    const exact = this.#make(this.#size);
    exact.set(this.#values.subarray(0, this.#size));
    this.#values = exact;
  }

  toArray(): number[] {
    return Array.from(this.#values.subarray(0, this.#size));
  }

  #makeRoom(): void {
    if (this.#size < this.#values.length) return;
    const wider = this.#make(Math.max(LEAST, Math.ceil(this.#size * 1.5)));
    wider.set(this.#values);
    this.#values = wider;
  }
}

/** First index below `size` for which `isThere` holds, which must hold for all after it; `size` when none. Pure. */
export function firstIndex(size: number, isThere: (index: number) => boolean): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isThere(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

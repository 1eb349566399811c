/** Least room made at once. */
const LEAST = 16;

/** Four kinds and no more: with a fifth, reading one number takes several times as long. */
export type Numbers = Int8Array | Int16Array | Int32Array | Float64Array;

/** Zeros in the smallest kind of array that a number fits into, or in the kind of `like` where that is wider. Pure. */
export function roomFor(value: number, length: number, like: Numbers | null = null): Numbers {
  const bytes = Math.max(bytesOf(value), like?.BYTES_PER_ELEMENT ?? 1);
  if (bytes === 1) return new Int8Array(length);
  if (bytes === 2) return new Int16Array(length);
  return bytes === 4 ? new Int32Array(length) : new Float64Array(length);
}

/** Whether the array can hold the number as it is. Pure. */
export const fits = (value: number, values: Numbers): boolean =>
  bytesOf(value) <= values.BYTES_PER_ELEMENT;

function bytesOf(value: number): 1 | 2 | 4 | 8 {
  // Whole, and within 32 bits.
  if ((value | 0) !== value) return 8;
  if (value >= -128 && value <= 127) return 1;
  return value >= -32_768 && value <= 32_767 ? 2 : 4;
}

/**
 * A growing list of numbers, for lists too long to be objects: in an array of the smallest kind that all of them fit
 * into, which becomes wider when one comes that does not.
 */
export class NumberColumn {
  #values: Numbers = new Int8Array(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** 0 beyond the end. */
  at(index: number): number {
    return index < this.#size ? (this.#values[index] ?? 0) : 0;
  }

  set(index: number, value: number): void {
    if (index >= this.#size) return;
    this.#widenFor(value);
    this.#values[index] = value;
  }

  push(value: number): void {
    this.#makeRoom();
    this.#widenFor(value);
    this.#values[this.#size] = value;
    this.#size += 1;
  }

  /** Inserts before `index`. */
  insert(index: number, value: number): void {
    this.#makeRoom();
    this.#widenFor(value);
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
    const exact = roomFor(0, this.#size, this.#values);
    exact.set(this.#values.subarray(0, this.#size));
    this.#values = exact;
  }

  toArray(): number[] {
    return Array.from(this.#values.subarray(0, this.#size));
  }

  #makeRoom(): void {
    if (this.#size < this.#values.length) return;
    const length = Math.max(LEAST, Math.ceil(this.#size * 1.5));
    const longer = roomFor(0, length, this.#values);
    longer.set(this.#values);
    this.#values = longer;
  }

  #widenFor(value: number): void {
    if (fits(value, this.#values)) return;
    const wider = roomFor(value, this.#values.length);
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

/** Rows that one table may have; a slot holds the row in twenty bits. */
export const ID_ROWS_CAP = 0xf_ffff;

const ROW_BITS = 20;
const ROW_MASK = (1 << ROW_BITS) - 1;
const EMPTY = 0xffff_ffff;
const HASH_RANGE = 0x1_0000_0000;
/** Slots per identifier: two thirds are taken, and a stranger is known as one after about five slots in a row. */
const SLOTS_PER_ID = 3 / 2;

/**
 * Finds rotating identifiers: rows of `stride` bytes behind an open-addressing table of 32-bit slots. An identifier is
 * the output of a keyed function, so that its first four bytes are the hash; a slot holds twelve further bits of it, and
 * the row is compared only when these agree. A row of zeros is none. Rows are written in place; `index` makes them
 * findable. Memory: `stride` bytes per row and 5.3 per identifier.
 */
export class IdTable {
  readonly stride: number;
  readonly rows: number;
  readonly #ids: Uint8Array;
  #slots = new Uint32Array(1).fill(EMPTY);
  #count = 0;

  /** @throws RangeError for more rows than `ID_ROWS_CAP`, or a stride below eight */
  constructor(rows: number, stride: number) {
    if (rows > ID_ROWS_CAP || stride < 8)
      throw new RangeError("rows: at most 1048575; stride: 8 or more");
    this.rows = rows;
    this.stride = stride;
    this.#ids = new Uint8Array(rows * stride);
  }

  /** Identifiers that can be found now. */
  get count(): number {
    return this.#count;
  }

  /** Bytes that the table occupies. */
  get bytes(): number {
    return this.#ids.byteLength + this.#slots.byteLength;
  }

  /** Writes rows from `row` on, without making them findable. @throws RangeError beyond the last row */
  write(row: number, ids: Uint8Array): void {
    this.#ids.set(ids, row * this.stride);
  }

  /** Empties rows, without a new index: what is empty is not found from here on. */
  clear(row: number, rows: number): void {
    this.#ids.fill(0, row * this.stride, (row + rows) * this.stride);
  }

  /** Makes all written rows findable. Of two rows with one identifier the first is found. */
  index(): void {
    const { rows, stride } = this;
    let count = 0;
    for (let row = 0; row < rows; row += 1) if (!this.#isEmpty(row * stride)) count += 1;
    const size = Math.max(16, Math.ceil(count * SLOTS_PER_ID));
    const slots = this.#slots.length === size ? this.#slots.fill(EMPTY) : emptySlots(size);
    const ids = this.#ids;
    for (let row = 0; row < rows; row += 1) {
      const at = row * stride;
      if (this.#isEmpty(at)) continue;
      let slot = slotOf(ids, at, size);
      while (slots[slot] !== EMPTY) slot = slot + 1 === size ? 0 : slot + 1;
      slots[slot] = ((markOf(ids, at) << ROW_BITS) | row) >>> 0;
    }
    this.#slots = slots;
    this.#count = count;
  }

  /**
   * Row of the identifier whose first `size` bytes (8 up to the stride) stand in `bytes` at `from`; -1 when there is
   * none, or when `bytes` ends before. Allocates nothing.
   */
  find(bytes: Uint8Array, from: number, size: number): number {
    const slots = this.#slots;
    const length = slots.length;
    if (from + size > bytes.length) return -1;
    const mark = markOf(bytes, from);
    let slot = slotOf(bytes, from, length);
    for (let entry = slots[slot] ?? EMPTY; entry !== EMPTY; entry = slots[slot] ?? EMPTY) {
      if (entry >>> ROW_BITS === mark && this.#isAt(entry & ROW_MASK, bytes, from, size))
        return entry & ROW_MASK;
      slot = slot + 1 === length ? 0 : slot + 1;
    }
    return -1;
  }

  #isAt(row: number, bytes: Uint8Array, from: number, size: number): boolean {
    const at = row * this.stride;
    if (this.#isEmpty(at)) return false;
    for (let i = 0; i < size; i += 1) if (this.#ids[at + i] !== bytes[from + i]) return false;
    return true;
  }

  /** By its first eight bytes: an identifier with these all zero is as rare as a false match. */
  #isEmpty(at: number): boolean {
    for (let i = 0; i < 8; i += 1) if (this.#ids[at + i] !== 0) return false;
    return true;
  }
}

const emptySlots = (size: number): Uint32Array<ArrayBuffer> => new Uint32Array(size).fill(EMPTY);

/** The first four bytes spread over the slots. */
function slotOf(bytes: Uint8Array, at: number, slots: number): number {
  const high = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  const low = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
  return Math.floor((high * 0x1_0000 + low) * (slots / HASH_RANGE));
}

/** Twelve further bits. */
const markOf = (bytes: Uint8Array, at: number): number =>
  ((bytes[at + 4] ?? 0) << 4) | ((bytes[at + 5] ?? 0) >> 4);

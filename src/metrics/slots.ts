/** Finest interval that is kept: one minute. */
export const SLOT_MS = 60_000;

/** Slots of one trading day, half-open [from, to), counted from the start of the day. */
export interface SlotRange {
  readonly from: number;
  readonly to: number;
}

/**
 * One kind of countable thing over one trading day, in slots of a minute: how many, the sum of one quantity that goes
 * with them, and how often the slot was corrected after it had closed. Fixed size, no allocation after construction.
 */
export class SlotLedger {
  readonly counts: Uint32Array;
  /** The unit is the owner's: milliseconds into the slot, money, dwell. */
  readonly sums: Float64Array;
  readonly #revisions: Uint16Array;

  constructor(slots: number) {
    this.counts = new Uint32Array(slots);
    this.sums = new Float64Array(slots);
    this.#revisions = new Uint16Array(slots);
  }

  get slots(): number {
    return this.counts.length;
  }

  /** Adds to a slot; outside the day nothing happens. `isLate`: the slot had closed, so this corrects it. */
  add(slot: number, count: number, sum: number, isLate: boolean): void {
    if (slot < 0 || slot >= this.slots) return;
    this.counts[slot] = (this.counts[slot] ?? 0) + count;
    this.sums[slot] = (this.sums[slot] ?? 0) + sum;
    if (isLate) this.#revisions[slot] = Math.min(65_535, (this.#revisions[slot] ?? 0) + 1);
  }

  count(range: SlotRange): number {
    return total(this.counts, range);
  }

  sum(range: SlotRange): number {
    return total(this.sums, range);
  }

  /** Corrections of closed slots in the range. */
  revision(range: SlotRange): number {
    return total(this.#revisions, range);
  }

  /** First slot of the range that counted more than `less` did; -1 when none did. */
  firstIn(range: SlotRange, less: SlotLedger): number {
    for (let i = range.from; i < range.to; i += 1)
      if ((this.counts[i] ?? 0) > (less.counts[i] ?? 0)) return i;
    return -1;
  }
}

function total(values: ArrayLike<number>, range: SlotRange): number {
  let sum = 0;
  for (let i = range.from; i < range.to; i += 1) sum += values[i] ?? 0;
  return sum;
}

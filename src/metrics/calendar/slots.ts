import { fits, type Numbers, roomFor } from "../days/columns.ts";
import { type Packed, packNumbers, unpackNumbers } from "../days/packing.ts";
import type { Facet } from "../figures/facets.ts";

/** Finest interval that is kept: one minute. */
export const SLOT_MS = 60_000;
/** Time after the end of a slot in which its events may still arrive without correcting it. */
export const LATENESS_GRACE_MS = 60_000;
/** A column grows by whole hours, so that a shop that opens for ten of them holds ten. */
const STEP_SLOTS = 60;

/** Slots of one trading day, half-open [from, to), counted from the start of the day. */
export interface SlotRange {
  readonly from: number;
  readonly to: number;
}

/** A ledger as plain JSON: per column the gap to the slot before and the value, slot by slot; empty columns are absent. */
export interface LedgerRecord {
  readonly counts?: Packed;
  readonly sums?: Packed;
  readonly revisions?: Packed;
}

/** Numbers by slot, as small as they are; room is made for the hours between the first and the last that is not 0. */
class SlotColumn {
  #values: Numbers = new Int8Array(0);
  #from = 0;

  at(slot: number): number {
    return this.#values[slot - this.#from] ?? 0;
  }

  add(slot: number, amount: number): void {
    if (amount === 0) return;
    this.#reach(slot);
    const index = slot - this.#from;
    const value = (this.#values[index] ?? 0) + amount;
    if (!fits(value, this.#values)) {
      const wider = roomFor(value, this.#values.length);
      wider.set(this.#values);
      this.#values = wider;
    }
    this.#values[index] = value;
  }

  /** Last slot that is not 0; -1 when all are. */
  last(): number {
    for (let i = this.#values.length - 1; i >= 0; i -= 1)
      if (this.#values[i] !== 0) return i + this.#from;
    return -1;
  }

  /** The largest value of the range; slots outside of the kept hours are 0. */
  most(range: SlotRange): number {
    const from = Math.max(0, range.from - this.#from);
    const to = Math.min(this.#values.length, range.to - this.#from);
    let most = 0;
    for (let i = from; i < to; i += 1) most = Math.max(most, this.#values[i] ?? 0);
    return most;
  }

  total(range: SlotRange): number {
    const from = Math.max(0, range.from - this.#from);
    const to = Math.min(this.#values.length, range.to - this.#from);
    let sum = 0;
    for (let i = from; i < to; i += 1) sum += this.#values[i] ?? 0;
    return sum;
  }

  /** Adds `factor` times each slot to `into`. */
  addTo(into: Float64Array, factor: number): void {
    const last = Math.min(this.#values.length, into.length - this.#from);
    for (let i = 0; i < last; i += 1) {
      const slot = i + this.#from;
      into[slot] = (into[slot] ?? 0) + factor * (this.#values[i] ?? 0);
    }
  }

  /** Slots that are not 0, with their values. */
  *entries(): Generator<readonly [slot: number, value: number]> {
    for (let i = 0; i < this.#values.length; i += 1) {
      const value = this.#values[i] ?? 0;
      if (value !== 0) yield [i + this.#from, value];
    }
  }

  #reach(slot: number): void {
    const length = this.#values.length;
    if (length > 0 && slot >= this.#from && slot < this.#from + length) return;
    const first = Math.floor(slot / STEP_SLOTS) * STEP_SLOTS;
    const from = length === 0 ? first : Math.min(first, this.#from);
    const to = Math.max(first + STEP_SLOTS, length === 0 ? 0 : this.#from + length);
    const longer = roomFor(0, to - from, this.#values);
    if (length > 0) longer.set(this.#values, this.#from - from);
    this.#values = longer;
    this.#from = from;
  }
}

/**
 * One kind of countable thing over one trading day, in slots of a minute: how many, the sum of one quantity that goes
 * with them, and how often the slot was corrected after it had closed. Holds only the hours in which something happened.
 */
export class SlotLedger {
  readonly slots: number;
  readonly #facet: Facet | null;
  readonly #counts = new SlotColumn();
  /** The unit is the owner's: milliseconds into the slot, money, dwell. */
  readonly #sums = new SlotColumn();
  readonly #revisions = new SlotColumn();

  /** `facet` learns who reads and of every change. */
  constructor(slots: number, facet: Facet | null = null) {
    this.slots = slots;
    this.#facet = facet;
  }

  /** Adds to a slot; outside the day nothing happens. `isLate`: the slot had closed, so this corrects it. */
  add(slot: number, count: number, sum: number, isLate: boolean): void {
    if (slot < 0 || slot >= this.slots) return;
    this.#counts.add(slot, count);
    this.#sums.add(slot, sum);
    if (isLate) this.#revisions.add(slot, 1);
    this.#facet?.changeSlot(slot, isLate);
  }

  count(range: SlotRange): number {
    this.#facet?.read();
    return this.#counts.total(range);
  }

  sum(range: SlotRange): number {
    this.#facet?.read();
    return this.#sums.total(range);
  }

  /** Corrections of closed slots in the range. */
  revision(range: SlotRange): number {
    this.#facet?.read();
    return this.#revisions.total(range);
  }

  countAt(slot: number): number {
    this.#facet?.read();
    return this.#counts.at(slot);
  }

  sumAt(slot: number): number {
    this.#facet?.read();
    return this.#sums.at(slot);
  }

  /** Last slot that counted anything; -1 when none did. */
  last(): number {
    this.#facet?.read();
    return this.#counts.last();
  }

  /** Adds `factor` times the counts and the sums of every slot to columns as long as the day. */
  addTo(counts: Float64Array, sums: Float64Array, factor: number): void {
    this.#facet?.read();
    this.#counts.addTo(counts, factor);
    this.#sums.addTo(sums, factor);
  }

  /** Most that one slot of the range counted; 0 of an empty one. */
  most(range: SlotRange): number {
    this.#facet?.read();
    return this.#counts.most(range);
  }

  /** First slot of the range that counted more than `less` did; -1 when none did. */
  firstIn(range: SlotRange, less: SlotLedger): number {
    this.#facet?.read();
    for (let slot = range.from; slot < range.to; slot += 1)
      if (this.#counts.at(slot) > less.countAt(slot)) return slot;
    return -1;
  }

  /** Plain JSON of everything in it. */
  toRecord(): LedgerRecord {
    return {
      ...recordOf("counts", this.#counts),
      ...recordOf("sums", this.#sums),
      ...recordOf("revisions", this.#revisions),
    };
  }

  /** Adds what a record holds; slots outside the day are left out. */
  restore(record: LedgerRecord): void {
    this.#addAll(this.#counts, record.counts);
    this.#addAll(this.#sums, record.sums);
    this.#addAll(this.#revisions, record.revisions);
    this.#facet?.change();
  }

  #addAll(column: SlotColumn, packed: Packed | undefined): void {
    const numbers = packed === undefined ? [] : unpackNumbers(packed);
    let slot = 0;
    for (let i = 0; i + 1 < numbers.length; i += 2) {
      slot += numbers[i] ?? 0;
      if (slot >= 0 && slot < this.slots) column.add(slot, numbers[i + 1] ?? 0);
    }
  }
}

function recordOf(name: keyof LedgerRecord, column: SlotColumn): LedgerRecord {
  const numbers: number[] = [];
  let before = 0;
  for (const [slot, value] of column.entries()) {
    numbers.push(slot - before, value);
    before = slot;
  }
  return numbers.length === 0 ? {} : { [name]: packNumbers(numbers) };
}

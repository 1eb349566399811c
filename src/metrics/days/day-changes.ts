import type { EventOrigin } from "../../core/events.ts";
import { type LedgerRecord, SlotLedger } from "../calendar/slots.ts";
import type { SlotMarks } from "../figures/facets.ts";

/** Sources (runs of sensors) whose numbers a day remembers; the one untouched longest goes first. */
const MAX_SOURCES = 1024;

/** What of a trading day changed since it was last asked, and how often what had closed was corrected. */
export class DayChanges implements SlotMarks {
  readonly #corrections: SlotLedger;
  readonly #bits: Uint32Array;
  #dirty = 0;
  #isTouched = false;

  constructor(slots: number) {
    this.#corrections = new SlotLedger(slots);
    this.#bits = new Uint32Array(Math.ceil(slots / 32));
  }

  /** Slots that changed since they were last taken. */
  get dirty(): number {
    return this.#dirty;
  }

  touch(): void {
    this.#isTouched = true;
  }

  mark(slot: number, isLate: boolean): void {
    this.#isTouched = true;
    if (isLate) this.#corrections.add(slot, 1, 0, false);
    if (slot < 0 || slot >= this.#corrections.slots) return;
    const bit = 1 << (slot & 31);
    const word = this.#bits[slot >>> 5] ?? 0;
    if ((word & bit) !== 0) return;
    this.#bits[slot >>> 5] = word | bit;
    this.#dirty += 1;
  }

  /** Marks the slots [from, to). */
  markAll(from: number, to: number, isLate: boolean): void {
    for (let slot = from; slot < to; slot += 1) this.mark(slot, isLate);
  }

  /** Corrections of what had closed, in the slots [from, to). */
  corrections(from: number, to: number): number {
    return this.#corrections.count({ from, to });
  }

  /** Slots that changed since the last time, ascending. */
  takeDirty(): number[] {
    const slots: number[] = [];
    this.#bits.forEach((word, index) => {
      for (let bit = 0; bit < 32 && word !== 0; bit += 1)
        if ((word & (1 << bit)) !== 0) slots.push(index * 32 + bit);
    });
    this.#bits.fill(0);
    this.#dirty = 0;
    return slots;
  }

  /** Whether anything changed since the last time. */
  takeTouched(): boolean {
    const isTouched = this.#isTouched;
    this.#isTouched = false;
    return isTouched;
  }

  toRecord(): LedgerRecord {
    return this.#corrections.toRecord();
  }

  /** Takes corrections over; what came back from a record counts as unchanged. */
  restore(record: LedgerRecord): void {
    this.#corrections.restore(record);
    this.takeDirty();
    this.#isTouched = false;
  }
}

/**
 * Up to which number the events of each source are in a day. A source numbers its events in the order in which they are
 * taken in, so a day that came back from a record knows by this which of them it holds. Bounded.
 */
export class DayOrigins {
  readonly #through = new Map<string, number>();
  readonly #restored = new Map<string, number>();

  /** Notes an event as taken in. */
  note({ source, seq }: EventOrigin): void {
    const known = this.#through.get(source);
    if (known !== undefined && known >= seq) return;
    this.#through.delete(source);
    if (this.#through.size >= MAX_SOURCES) {
      const oldest = this.#through.keys().next().value;
      if (oldest !== undefined) this.#through.delete(oldest);
    }
    this.#through.set(source, seq);
  }

  /** Whether the record that the day came back from holds this event. */
  holds({ source, seq }: EventOrigin): boolean {
    return (this.#restored.get(source) ?? -1) >= seq;
  }

  entries(): (readonly [source: string, seq: number])[] {
    return [...this.#through];
  }

  restore(entries: readonly (readonly [source: string, seq: number])[]): void {
    for (const [source, seq] of entries) {
      this.#restored.set(source, seq);
      this.note({ source, seq });
    }
  }
}

import type { BasketChange, BasketChangeRecorded } from "../../core/events.ts";
import { type LedgerRecord, SlotLedger, type SlotRange } from "../calendar/slots.ts";
import type { Facet } from "../figures/facets.ts";

const CHANGES: readonly BasketChange[] = ["add", "remove", "return-to-shelf"];

/** A day of baskets as plain JSON: ledgers by change. */
export type BasketRecord = Readonly<Record<string, LedgerRecord>>;

/** Goods that went into baskets and out of them in one trading day. */
export class BasketDay {
  /** Counts are changes told, sums are pieces. */
  readonly #changes: Readonly<Record<BasketChange, SlotLedger>>;

  constructor(slots: number, facet: Facet | null = null) {
    const ledger = (): SlotLedger => new SlotLedger(slots, facet);
    this.#changes = { add: ledger(), remove: ledger(), "return-to-shelf": ledger() };
  }

  take(event: BasketChangeRecorded, slot: number, isLate: boolean): void {
    this.#changes[event.change].add(slot, 1, event.units, isLate);
  }

  /** Pieces. */
  units(change: BasketChange, range: SlotRange): number {
    return this.#changes[change].sum(range);
  }

  revision(range: SlotRange): number {
    return CHANGES.reduce((sum, one) => sum + this.#changes[one].revision(range), 0);
  }

  /** Plain JSON of everything in it. */
  toRecord(): BasketRecord {
    return Object.fromEntries(CHANGES.map((change) => [change, this.#changes[change].toRecord()]));
  }

  /** Adds what a record holds. Throws a RangeError when it does not hold together. */
  restore(record: BasketRecord): void {
    for (const change of CHANGES) this.#changes[change].restore(record[change] ?? {});
  }
}

import type { BasketChange, BasketChangeRecorded } from "../core/events.ts";
import { SlotLedger, type SlotRange } from "./slots.ts";

/** Goods that went into baskets and out of them in one trading day; counts are pieces. */
export class BasketDay {
  readonly #changes: Readonly<Record<BasketChange, SlotLedger>>;

  constructor(slots: number) {
    this.#changes = {
      add: new SlotLedger(slots),
      remove: new SlotLedger(slots),
      "return-to-shelf": new SlotLedger(slots),
    };
  }

  take(event: BasketChangeRecorded, slot: number, isLate: boolean): void {
    this.#changes[event.change].add(slot, event.units, 0, isLate);
  }

  units(change: BasketChange, range: SlotRange): number {
    return this.#changes[change].count(range);
  }

  revision(range: SlotRange): number {
    return Object.values(this.#changes).reduce((sum, one) => sum + one.revision(range), 0);
  }
}

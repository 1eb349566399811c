import { SlotLedger, type SlotRange } from "./slots.ts";
import type { Duration } from "./survival.ts";
import { ZONE_RULES } from "./zone-rules.ts";

/** Ended visits remembered one by one per zone and day; the rest counts in totals but not in the distribution. */
const MAX_VISITS = 16_384;

/** Ended stays in one zone that began in one trading day, and the time spent there per slot. */
export class ZoneDay {
  /** Visits by the slot in which they began. */
  readonly #visits: SlotLedger;
  /** The sums are milliseconds spent in the zone within the slot, by everyone. */
  readonly #presence: SlotLedger;
  readonly #slots: number[] = [];
  /** Dwell in whole milliseconds; negative = censored, a lower bound. */
  readonly #dwells: number[] = [];

  constructor(slots: number) {
    this.#visits = new SlotLedger(slots);
    this.#presence = new SlotLedger(slots);
  }

  /** Visits remembered one by one. */
  get size(): number {
    return this.#dwells.length;
  }

  /** Takes in an ended stay that began in `slot`; one too short to be a visit is left out. */
  addStay(slot: number, duration: Duration, isLate: boolean): void {
    if (duration.ms < ZONE_RULES.minDwellMs) return;
    this.#visits.add(slot, 1, 0, isLate);
    if (this.#dwells.length >= MAX_VISITS) return;
    this.#slots.push(slot);
    this.#dwells.push(duration.isCensored ? -duration.ms : duration.ms);
  }

  addPresence(slot: number, ms: number, isLate: boolean): void {
    this.#presence.add(slot, 0, ms, isLate);
  }

  visits(range: SlotRange): number {
    return this.#visits.count(range);
  }

  presenceMs(range: SlotRange): number {
    return this.#presence.sum(range);
  }

  revision(range: SlotRange): number {
    return this.#visits.revision(range) + this.#presence.revision(range);
  }

  /** Appends the remembered visits that began in the range. */
  collect(range: SlotRange, into: Duration[]): void {
    for (let i = 0; i < this.#dwells.length; i += 1) {
      const slot = this.#slots[i] ?? -1;
      const dwell = this.#dwells[i] ?? 0;
      if (slot >= range.from && slot < range.to)
        into.push({ ms: Math.abs(dwell), isCensored: dwell < 0 });
    }
  }
}

import { type LedgerRecord, SlotLedger, type SlotRange } from "../calendar/slots.ts";
import type { Duration } from "../estimate/survival.ts";
import type { Facet } from "../figures/facets.ts";
import { ZONE_RULES } from "../figures/zone-rules.ts";
import { NumberColumn } from "./columns.ts";
import { type Packed, packNumbers, unpackNumbers } from "./packing.ts";

/** Ended visits remembered one by one per zone and day; the rest counts in totals but not in the distribution. */
const MAX_VISITS = 16_384;
/** Longest dwell that is told apart, three weeks; the sums hold longer ones whole. */
const MAX_DWELL_MS = 2 ** 31 - 2;

/** A dwell and the minute, counted from 1970, in which it began: those of one minute may be one group. */
export interface MinutedDuration extends Duration {
  readonly minute: number;
}

/** A zone's day as plain JSON. */
export interface ZoneRecord {
  readonly visits: LedgerRecord;
  readonly presence: LedgerRecord;
  readonly slots: Packed;
  readonly dwells: Packed;
}

/** Ended stays in one zone that began in one trading day, and the time spent there per slot. */
export class ZoneDay {
  readonly #facet: Facet | null;
  /** Visits by the slot in which they began. */
  readonly #visits: SlotLedger;
  /** The sums are milliseconds spent in the zone within the slot, by everyone. */
  readonly #presence: SlotLedger;
  readonly #slots = new NumberColumn();
  /** Dwell in whole milliseconds; the complement = censored, a lower bound. */
  readonly #dwells = new NumberColumn();
  /** Those read before, while the day goes on: they are asked for with every event. null = it is at rest. */
  #read: MinutedDuration[] | null = [];

  constructor(slots: number, facet: Facet | null = null) {
    this.#facet = facet;
    this.#visits = new SlotLedger(slots, facet);
    this.#presence = new SlotLedger(slots, facet);
  }

  /** Visits remembered one by one. */
  get size(): number {
    return this.#dwells.size;
  }

  /** Takes in an ended stay that began in `slot`; one too short to be a visit is left out. */
  addStay(slot: number, duration: Duration, isLate: boolean): void {
    if (duration.ms < ZONE_RULES.minDwellMs) return;
    this.#visits.add(slot, 1, 0, isLate);
    if (this.#dwells.size >= MAX_VISITS || duration.ms > MAX_DWELL_MS) return;
    const ms = Math.round(duration.ms);
    this.#slots.push(slot);
    this.#dwells.push(duration.isCensored ? ~ms : ms);
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

  /** Appends the remembered visits that began in the range; `dayMinute` is the minute in which the day began. */
  collect(range: SlotRange, dayMinute: number, into: MinutedDuration[]): void {
    this.#facet?.read();
    for (let i = 0; i < this.#dwells.size; i += 1) {
      const slot = this.#slots.at(i);
      if (slot >= range.from && slot < range.to) into.push(this.#at(i, dayMinute));
    }
  }

  /** Gives back room: little will be added to this day any more. */
  rest(): void {
    this.#read = null;
    this.#slots.trim();
    this.#dwells.trim();
  }

  /** Plain JSON of everything in it. */
  toRecord(): ZoneRecord {
    return {
      visits: this.#visits.toRecord(),
      presence: this.#presence.toRecord(),
      slots: packNumbers(this.#slots.toArray()),
      dwells: packNumbers(this.#dwells.toArray()),
    };
  }

  /** Adds what a record holds. Throws a RangeError when it does not hold together. */
  restore(record: ZoneRecord): void {
    const slots = unpackNumbers(record.slots);
    const dwells = unpackNumbers(record.dwells);
    if (slots.length !== dwells.length) throw new RangeError("columns of different lengths");
    this.#visits.restore(record.visits);
    this.#presence.restore(record.presence);
    for (const slot of slots) this.#slots.push(slot);
    for (const dwell of dwells) this.#dwells.push(dwell);
    this.#facet?.change();
  }

  #at(place: number, dayMinute: number): MinutedDuration {
    const known = this.#read?.[place];
    if (known !== undefined) return known;
    const dwell = this.#dwells.at(place);
    const ms = dwell < 0 ? ~dwell : dwell;
    const minute = dayMinute + this.#slots.at(place);
    const fresh = { ms, isCensored: dwell < 0, minute };
    if (this.#read !== null) this.#read[place] = fresh;
    return fresh;
  }
}

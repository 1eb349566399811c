import type { EpochMs, TagId } from "../../core/brand.ts";
import type { JourneyCompleted, VisitMethod } from "../../core/events.ts";
import type { TagKind } from "../../core/site.ts";
import { SLOT_MS, type SlotRange } from "../calendar/slots.ts";
import type { Facet } from "../figures/facets.ts";
import { firstIndex, NumberColumn } from "./columns.ts";
import type { SharedTexts } from "./id-list.ts";
import { VisitColumns, type VisitColumnsRecord } from "./visit-columns.ts";
import type { VisitRow } from "./visit-row.ts";

export type { VisitRow };

/** Visits remembered per trading day; later ones are counted in `dropped`. */
const MAX_VISITS = 8_192;
/** Stays that no row holds any more are swept out beyond so many. */
const MAX_UNUSED_STAYS = 16_384;
/** Times within a visit are kept in 32 bits of ms: nobody stays for three weeks. */
const MAX_LENGTH_MS = 2 ** 31 - 1;

/** A visit going on: known since `enteredAt`, by a track or a tag. */
export interface OpenVisit {
  readonly method: VisitMethod;
  readonly tagKind: TagKind | null;
  readonly enteredAt: EpochMs;
}

/** What a table needs to know of the day it belongs to. */
export interface VisitTableOptions {
  /** Start of the day; absent = the entry of the first visit, and no slots. */
  readonly dayStart?: EpochMs;
  readonly facet?: Facet;
  readonly texts?: SharedTexts;
}

/**
 * Completed visits that began in one trading day. A later document of a visit replaces the earlier. Kept as columns of
 * numbers, some hundred bytes a visit; rows are read from there as they are asked for. Bounded.
 */
export class VisitTable {
  readonly #options: VisitTableOptions;
  #columns: VisitColumns;
  /** Rows by time of entry, then by id. */
  readonly #order = new NumberColumn();
  /** Rows read before, while the day goes on: its visits are asked for with every event. null = it is at rest. */
  #read: (VisitRow | undefined)[] | null = [];
  #liveStays = 0;
  #dropped = 0;
  #refused = 0;

  constructor(options: VisitTableOptions = {}) {
    this.#options = options;
    this.#columns = this.#emptyColumns();
  }

  /** Visits remembered, those taken back among them. */
  get size(): number {
    return this.#columns.size;
  }

  /** Visits that found no room. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Documents that cannot be: an end before the beginning, or weeks after it. */
  get refused(): number {
    return this.#refused;
  }

  /** Takes in a document; an older revision than the one that is kept changes nothing. True when it was taken. */
  put(event: JourneyCompleted | VisitRow, isLate = false): boolean {
    if (!isPossible(event)) {
      this.#refused += 1;
      return false;
    }
    const known = this.#columns.find(event.visitId);
    if (known >= 0 && this.#columns.revisionAt(known) >= event.revision) return false;
    if (known < 0 && this.size >= MAX_VISITS) {
      this.#dropped += 1;
      return false;
    }
    if (known >= 0) this.#takeOut(known);
    const row = this.#columns.write(event);
    if (this.#read !== null) this.#read[row] = undefined;
    this.#liveStays += this.#columns.stayCount(row);
    this.#order.insert(this.#placeOf(event.enteredAt, event.visitId), row);
    this.#noteChange(event.enteredAt, isLate || event.revision > 0);
    if (this.#columns.stays - this.#liveStays > MAX_UNUSED_STAYS) this.#sweep();
    return true;
  }

  /** The visit as it is known here, withdrawn or not; null when it is not. */
  find(visitId: string): VisitRow | null {
    this.#options.facet?.read();
    const row = this.#columns.find(visitId);
    return row < 0 ? null : this.#rowAt(row);
  }

  /**
   * Visits that stand, by time of entry, which lies in [from, to): those taken back are not among them; staff are. A
   * row reads its fields when it is asked for them, so spreading one copies nothing: `plainVisit` does.
   */
  *rows(from: number = -Infinity, to: number = Infinity): Generator<VisitRow> {
    this.#options.facet?.read();
    const columns = this.#columns;
    for (let i = this.#firstAt(from); i < this.#order.size; i += 1) {
      const row = this.#order.at(i);
      if (columns.enteredAt(row) >= to) return;
      if (!columns.isWithdrawnAt(row)) yield this.#rowAt(row);
    }
  }

  /** The visits that stand and began in these slots of the day. */
  within(range: SlotRange): Generator<VisitRow> {
    const start = this.#options.dayStart ?? 0;
    return this.rows(start + range.from * SLOT_MS, start + range.to * SLOT_MS);
  }

  /** How often visits that began in these slots were corrected. */
  revision(range: SlotRange): number {
    this.#options.facet?.read();
    const start = this.#options.dayStart ?? 0;
    const to = start + range.to * SLOT_MS;
    let sum = 0;
    for (let i = this.#firstAt(start + range.from * SLOT_MS); i < this.#order.size; i += 1) {
      const row = this.#order.at(i);
      if (this.#columns.enteredAt(row) >= to) break;
      sum += this.#columns.revisionAt(row);
    }
    return sum;
  }

  /** A tag has another name; false when no visit names it. */
  renameTag(from: TagId, to: TagId): boolean {
    if (!this.#columns.rename(from, to)) return false;
    if (this.#read !== null) this.#read = [];
    this.#options.facet?.change();
    return true;
  }

  /** Gives back room: little will be added to this day any more. */
  rest(): void {
    this.#read = null;
    if (this.#columns.stays > this.#liveStays) this.#sweep();
    this.#columns.trim();
    this.#order.trim();
  }

  /** Plain JSON of all visits. */
  toRecord(): VisitColumnsRecord {
    if (this.#columns.stays > this.#liveStays) this.#sweep();
    return this.#columns.toRecord();
  }

  /** Fills an empty table from a record. Throws a RangeError when the record does not hold together. */
  restore(record: VisitColumnsRecord): void {
    this.#columns.restore(record);
    for (let row = 0; row < this.#columns.size; row += 1) {
      const place = this.#placeOf(this.#columns.enteredAt(row), this.#columns.idAt(row));
      this.#order.insert(place, row);
      this.#liveStays += this.#columns.stayCount(row);
    }
    this.#options.facet?.change();
  }

  #rowAt(row: number): VisitRow {
    const known = this.#read?.[row];
    if (known !== undefined) return known;
    const fresh = this.#columns.read(row);
    if (this.#read !== null) this.#read[row] = fresh;
    return fresh;
  }

  #emptyColumns(): VisitColumns {
    return new VisitColumns(this.#options.dayStart ?? null, this.#options.texts ?? null);
  }

  #noteChange(enteredAt: EpochMs, isLate: boolean): void {
    const { dayStart, facet } = this.#options;
    facet?.changeSlot(Math.floor((enteredAt - (dayStart ?? enteredAt)) / SLOT_MS), isLate);
  }

  #takeOut(row: number): void {
    const enteredAt = this.#columns.enteredAt(row);
    this.#liveStays -= this.#columns.stayCount(row);
    this.#order.remove(this.#placeOf(enteredAt, this.#columns.idAt(row)));
    this.#noteChange(enteredAt, true);
  }

  #firstAt(from: number): number {
    const { size } = this.#order;
    return firstIndex(size, (i) => this.#columns.enteredAt(this.#order.at(i)) >= from);
  }

  #placeOf(enteredAt: EpochMs, id: string): number {
    return firstIndex(this.#order.size, (i) => {
      const row = this.#order.at(i);
      const other = this.#columns.enteredAt(row);
      return other === enteredAt ? this.#columns.idAt(row) >= id : other > enteredAt;
    });
  }

  /** Writes all rows anew, without what corrections left behind. */
  #sweep(): void {
    const old = this.#columns;
    this.#columns = this.#emptyColumns();
    if (this.#read !== null) this.#read = [];
    for (let row = 0; row < old.size; row += 1) this.#columns.write(old.read(row));
  }
}

function isPossible({ enteredAt, exitedAt, stays }: VisitRow | JourneyCompleted): boolean {
  const isShort = (ms: number): boolean => ms >= 0 && ms <= MAX_LENGTH_MS;
  return (
    Number.isSafeInteger(enteredAt) &&
    Number.isSafeInteger(exitedAt) &&
    isShort(exitedAt - enteredAt) &&
    stays.every((stay) => isShort(stay.dwellMs) && isShort(Math.abs(stay.enteredAt - enteredAt)))
  );
}

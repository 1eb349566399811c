import { type EpochMs, epochMs, visitId, zoneId } from "../../core/brand.ts";
import type { QueueOutcome, VisitEnd, VisitStay } from "../../core/events.ts";
import { TAG_KINDS, type TagKind, TRANSACTION_KINDS } from "../../core/vocabulary.ts";
import { NumberColumn } from "./columns.ts";
import { IdList, type SharedTexts } from "./id-list.ts";
import { type Packed, packNumbers, unpackNumbers } from "./packing.ts";
import { StoredVisit, type VisitExtras, type VisitRow } from "./visit-row.ts";

/** The columns of a visit table as plain JSON, one entry per visit; times are ms after the day began. */
export interface VisitColumnsRecord {
  readonly ids: readonly string[];
  readonly names: readonly string[];
  readonly receiptIds: readonly string[];
  readonly columns: Readonly<Record<string, Packed>>;
}

/** More stays than the vocabulary allows are let go of. */
const MAX_STAYS = 128;
const MAX_EXTRAS = 16;

const CARRIERS: readonly (TagKind | null)[] = [null, ...TAG_KINDS];
const ENDS: readonly VisitEnd[] = ["exit", "silence", "lost", "closing", "day-end", "sensor"];
const OUTCOMES: readonly QueueOutcome[] = ["served", "abandoned", "balked", "unknown"];

/** Bits of the column of yes-no facts; the kinds stand above them. */
const WITHDRAWN = 1;
const BY_TAG = 2;
const ENTRY_SEEN = 4;
const EXIT_SEEN = 8;
const STAFF = 16;
const TAG_KIND_SHIFT = 5;
const END_SHIFT = 8;

/**
 * Visits as columns of numbers: some hundred bytes each. A row is written once more when its visit is corrected; what
 * it held before of stays and extras is left unused until `packed` makes new columns.
 */
export class VisitColumns {
  readonly #texts: SharedTexts | null;
  readonly #ids = new IdList();
  /** Zones, lines, tags and sources; numbers of them are one higher in the columns, 0 = none. */
  readonly #names = new IdList();
  readonly #receiptIds: string[] = [];
  readonly #columns = {
    revision: new NumberColumn(),
    facts: new NumberColumn(),
    tag: new NumberColumn(),
    entered: new NumberColumn(),
    length: new NumberColumn(),
    entryLine: new NumberColumn(),
    exitLine: new NumberColumn(),
    beganSource: new NumberColumn(),
    beganSeq: new NumberColumn(),
    firstStay: new NumberColumn(),
    stays: new NumberColumn(),
    firstExtra: new NumberColumn(),
    stayZone: new NumberColumn(),
    stayOffset: new NumberColumn(),
    /** Whole ms; a censored one is told by its complement, so that 0 can be censored too. */
    stayDwell: new NumberColumn(),
    /** See `#pushExtras`; what few visits have, one number after the other. The first is never used. */
    extras: new NumberColumn(),
  };
  /** What times are told from: the start of the day. */
  #origin: number | null;

  constructor(origin: EpochMs | null, texts: SharedTexts | null) {
    this.#origin = origin;
    this.#texts = texts;
    this.#columns.extras.push(0);
  }

  get size(): number {
    return this.#ids.size;
  }

  /** Numbers kept for stays that no row holds any more. */
  get stays(): number {
    return this.#columns.stayZone.size;
  }

  find(id: string): number {
    return this.#ids.find(id);
  }

  stayCount(row: number): number {
    return this.#columns.stays.at(row);
  }

  idAt(row: number): string {
    return this.#ids.at(row);
  }

  revisionAt(row: number): number {
    return this.#columns.revision.at(row);
  }

  isWithdrawnAt(row: number): boolean {
    return (this.#columns.facts.at(row) & WITHDRAWN) !== 0;
  }

  enteredAt(row: number): EpochMs {
    return epochMs((this.#origin ?? 0) + this.#columns.entered.at(row));
  }

  /** Writes a visit into its row, a new one when it is not known. Returns the row. */
  write(visit: VisitRow): number {
    this.#origin ??= visit.enteredAt;
    const known = this.#ids.find(visit.visitId);
    const row = known >= 0 ? known : this.#ids.add(visit.visitId);
    const columns = this.#columns;
    const put = (column: NumberColumn, value: number): void => {
      if (row < column.size) column.set(row, value);
      else column.push(value);
    };
    put(columns.revision, visit.revision);
    put(columns.facts, factsOf(visit));
    put(columns.tag, this.#nameNumber(visit.tagId));
    put(columns.entered, visit.enteredAt - this.#origin);
    put(columns.length, visit.exitedAt - visit.enteredAt);
    put(columns.entryLine, this.#nameNumber(visit.entryLineId));
    put(columns.exitLine, this.#nameNumber(visit.exitLineId));
    put(columns.beganSource, this.#nameNumber(visit.began.source));
    put(columns.beganSeq, visit.began.seq);
    put(columns.firstStay, columns.stayZone.size);
    const stays = visit.stays.slice(0, MAX_STAYS);
    put(columns.stays, stays.length);
    for (const stay of stays) this.#pushStay(stay, visit.enteredAt);
    put(columns.firstExtra, this.#pushExtras(visit));
    return row;
  }

  read(row: number): VisitRow {
    const columns = this.#columns;
    const bits = columns.facts.at(row);
    return new StoredVisit(this, row, {
      visitId: visitId(this.#ids.at(row)),
      revision: columns.revision.at(row),
      isWithdrawn: (bits & WITHDRAWN) !== 0,
      method: (bits & BY_TAG) === 0 ? "track" : "tag",
      isEntrySeen: (bits & ENTRY_SEEN) !== 0,
      isExitSeen: (bits & EXIT_SEEN) !== 0,
      isStaff: (bits & STAFF) !== 0,
      tagKind: CARRIERS[(bits >> TAG_KIND_SHIFT) & 7] ?? null,
      endedBy: ENDS[(bits >> END_SHIFT) & 7] ?? "exit",
      enteredAt: this.enteredAt(row),
      lengthMs: columns.length.at(row),
      tagId: this.#nameOf(columns.tag.at(row)),
      entryLineId: this.#nameOf(columns.entryLine.at(row)),
      exitLineId: this.#nameOf(columns.exitLine.at(row)),
      beganSource: this.#nameOf(columns.beganSource.at(row)) ?? "",
      beganSeq: columns.beganSeq.at(row),
    });
  }

  staysOf(row: number, enteredAt: EpochMs): VisitStay[] {
    const { firstStay, stays, stayZone, stayOffset, stayDwell } = this.#columns;
    const first = firstStay.at(row);
    const end = first + stays.at(row);
    const list: VisitStay[] = [];
    for (let i = first; i < end; i += 1) {
      const dwell = stayDwell.at(i);
      list.push({
        zoneId: zoneId(this.#names.at(stayZone.at(i) - 1)),
        enteredAt: epochMs(enteredAt + stayOffset.at(i)),
        dwellMs: dwell < 0 ? ~dwell : dwell,
        isCensored: dwell < 0,
      });
    }
    return list;
  }

  /** What few visits have; nothing is made for those that do not. */
  extrasOf(row: number, enteredAt: EpochMs): VisitExtras {
    const first = this.#columns.firstExtra.at(row);
    if (first === 0) return NO_EXTRAS;
    const from = new Cursor(this.#columns.extras, first);
    return {
      reentries: from.next(),
      staysDropped: from.next(),
      basket:
        from.next() === 1
          ? { added: from.next(), removed: from.next(), returned: from.next() }
          : null,
      queues: Array.from({ length: from.next() }, () => ({
        zoneId: zoneId(this.#names.at(from.next() - 1)),
        waitMs: from.next(),
        outcome: OUTCOMES[from.next()] ?? "unknown",
      })),
      receipts: Array.from({ length: from.next() }, () => ({
        receiptId: this.#receiptIds[from.next()] ?? "",
        transactionKind: TRANSACTION_KINDS[from.next()] ?? "sale",
        paidAt: epochMs(enteredAt + from.next()),
        netMinor: from.next(),
        units: from.next(),
      })),
    };
  }

  /** A tag has another name; false when no visit names it. */
  rename(from: string, to: string): boolean {
    this.#texts?.forget(from);
    return this.#names.rename(from, to);
  }

  /** Gives back room that is not used. */
  trim(): void {
    for (const column of Object.values(this.#columns)) column.trim();
  }

  /** Plain JSON of all columns. `origin`: the start of the day. */
  toRecord(): VisitColumnsRecord {
    return {
      ids: this.#ids.toArray(),
      names: this.#names.toArray(),
      receiptIds: [...this.#receiptIds],
      columns: Object.fromEntries(
        Object.entries(this.#columns).map(([name, column]) => [
          name,
          packNumbers(column.toArray()),
        ]),
      ),
    };
  }

  /** Fills empty columns from a record. Throws a RangeError when the record does not hold together. */
  restore(record: VisitColumnsRecord): void {
    for (const id of record.ids) this.#ids.add(id);
    for (const name of record.names) this.#names.add(this.#texts?.share(name) ?? name);
    this.#receiptIds.push(...record.receiptIds);
    for (const [name, column] of Object.entries(this.#columns)) {
      const packed = record.columns[name];
      if (packed === undefined) throw new RangeError(`a column is missing: ${name}`);
      const numbers = unpackNumbers(packed);
      for (let i = column.size; i < numbers.length; i += 1) column.push(numbers[i] ?? 0);
    }
    if (this.#columns.entered.size !== this.#ids.size || this.#ids.size !== record.ids.length)
      throw new RangeError("columns of different lengths");
  }

  #pushStay(stay: VisitStay, enteredAt: EpochMs): void {
    const { stayZone, stayOffset, stayDwell } = this.#columns;
    const dwell = Math.round(stay.dwellMs);
    stayZone.push(this.#nameNumber(stay.zoneId));
    stayOffset.push(stay.enteredAt - enteredAt);
    stayDwell.push(stay.isCensored ? ~dwell : dwell);
  }

  #pushExtras(visit: VisitRow): number {
    const { reentries, staysDropped, basket, queues, receipts } = visit;
    const dropped = staysDropped + Math.max(0, visit.stays.length - MAX_STAYS);
    const isPlain = reentries === 0 && dropped === 0 && basket === null;
    if (isPlain && queues.length === 0 && receipts.length === 0) return 0;
    const { extras } = this.#columns;
    const first = extras.size;
    const push = (...numbers: readonly number[]): void => {
      for (const number of numbers) extras.push(number);
    };
    push(reentries, dropped);
    if (basket === null) push(0);
    else push(1, basket.added, basket.removed, basket.returned);
    const waits = queues.slice(0, MAX_EXTRAS);
    push(waits.length);
    for (const { zoneId: zone, waitMs, outcome } of waits)
      push(this.#nameNumber(zone), waitMs, OUTCOMES.indexOf(outcome));
    const paid = receipts.slice(0, MAX_EXTRAS);
    push(paid.length);
    for (const { receiptId, transactionKind, paidAt, netMinor, units } of paid) {
      push(this.#receiptIds.length, TRANSACTION_KINDS.indexOf(transactionKind));
      push(paidAt - visit.enteredAt, netMinor, units);
      this.#receiptIds.push(this.#texts?.share(receiptId) ?? receiptId);
    }
    return first;
  }

  #nameOf(number: number): string | null {
    return number === 0 ? null : this.#names.at(number - 1);
  }

  #nameNumber(name: string | null): number {
    return name === null ? 0 : this.#names.add(this.#texts?.share(name) ?? name) + 1;
  }
}

/** Reads one number after the other. */
class Cursor {
  readonly #numbers: NumberColumn;
  #place: number;

  constructor(numbers: NumberColumn, place: number) {
    this.#numbers = numbers;
    this.#place = place;
  }

  next(): number {
    this.#place += 1;
    return this.#numbers.at(this.#place - 1);
  }
}

const NO_EXTRAS: VisitExtras = Object.freeze({
  reentries: 0,
  staysDropped: 0,
  basket: null,
  queues: Object.freeze([]),
  receipts: Object.freeze([]),
});

function factsOf(visit: VisitRow): number {
  return (
    (visit.isWithdrawn ? WITHDRAWN : 0) |
    (visit.method === "tag" ? BY_TAG : 0) |
    (visit.isEntrySeen ? ENTRY_SEEN : 0) |
    (visit.isExitSeen ? EXIT_SEEN : 0) |
    (visit.isStaff ? STAFF : 0) |
    (CARRIERS.indexOf(visit.tagKind) << TAG_KIND_SHIFT) |
    (ENDS.indexOf(visit.endedBy) << END_SHIFT)
  );
}

import { type EpochMs, epochMs, tagId } from "../../core/brand.ts";
import type { ReceiptLine, TransactionKind, TransactionRecorded } from "../../core/events.ts";
import { TRANSACTION_KINDS } from "../../core/vocabulary.ts";
import { firstIndex, NumberColumn } from "./columns.ts";
import { IdList, type SharedTexts } from "./id-list.ts";
import { type Packed, packNumbers, unpackNumbers } from "./packing.ts";

/** Receipts remembered one by one per trading day; later ones count in the sums only. */
const MAX_RECEIPTS = 20_000;
/** Lines of receipts remembered per trading day; receipts beyond it have none. */
const MAX_LINES = 100_000;

/** A receipt as the figures see it. */
export interface ReceiptRow {
  readonly receiptId: string;
  readonly kind: TransactionKind;
  /** When it was paid, on our clock. */
  readonly at: EpochMs;
  readonly netMinor: number;
  readonly units: number;
  /** null = the till told none, or there was no room for them. */
  readonly lines: readonly ReceiptLine[] | null;
  readonly tillId: string | null;
  readonly tagId: TransactionRecorded["tagId"] | null;
  readonly relatedReceiptId: string | null;
}

/** Receipts as plain JSON; times are ms after the day began. */
export interface ReceiptsRecord {
  readonly keys: readonly string[];
  readonly names: readonly string[];
  readonly columns: Readonly<Record<string, Packed>>;
}

/** What names a receipt: its number alone is not enough, since a refund may repeat its sale's. Pure. */
export const receiptKey = (kind: TransactionKind, receiptId: string): string =>
  `${kind} ${receiptId}`;

/** The receipts of one trading day with their lines, as columns of numbers. Bounded. */
export class ReceiptTable {
  readonly #texts: SharedTexts | null;
  /** Kind and number of each, in the order of coming. */
  readonly #keys = new IdList();
  /** Tills, tags, receipts, articles and departments; in the columns one higher, 0 = none. */
  readonly #names = new IdList();
  readonly #columns = {
    kind: new NumberColumn(),
    at: new NumberColumn(),
    netMinor: new NumberColumn(),
    units: new NumberColumn(),
    till: new NumberColumn(),
    tag: new NumberColumn(),
    related: new NumberColumn(),
    firstLine: new NumberColumn(),
    /** One higher than the number of lines; 0 = not told. */
    lines: new NumberColumn(),
    sku: new NumberColumn(),
    department: new NumberColumn(),
    lineUnits: new NumberColumn(),
    lineNetMinor: new NumberColumn(),
  };
  /** Rows by time of payment, then by key. */
  readonly #order = new NumberColumn();
  #origin: number | null;
  #linesDropped = 0;

  constructor(origin: EpochMs | null, texts: SharedTexts | null) {
    this.#origin = origin;
    this.#texts = texts;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** Receipts whose lines found no room. */
  get linesDropped(): number {
    return this.#linesDropped;
  }

  /** The receipt of this kind and number; null when it is not remembered. */
  find(kind: TransactionKind, receiptId: string): ReceiptRow | null {
    const row = this.#keys.find(receiptKey(kind, receiptId));
    return row < 0 ? null : this.#read(row);
  }

  /** Takes in a receipt not seen before; false when there is no room. */
  add(event: TransactionRecorded): boolean {
    if (this.size >= MAX_RECEIPTS) return false;
    this.#origin ??= event.at;
    const columns = this.#columns;
    const key = receiptKey(event.transactionKind, event.receiptId);
    const row = this.#keys.add(key);
    columns.kind.push(TRANSACTION_KINDS.indexOf(event.transactionKind));
    columns.at.push(event.at - this.#origin);
    columns.netMinor.push(event.netMinor);
    columns.units.push(event.units);
    columns.till.push(this.#numberOf(event.tillId));
    columns.tag.push(this.#numberOf(event.tagId));
    columns.related.push(this.#numberOf(event.relatedReceiptId));
    columns.firstLine.push(columns.sku.size);
    columns.lines.push(this.#pushLines(event.lines));
    this.#order.insert(this.#placeOf(event.at, key), row);
    return true;
  }

  /** Receipts paid in [from, to), by time. */
  *rows(from: number, to: number): Generator<ReceiptRow> {
    const first = firstIndex(this.#order.size, (i) => this.#timeAt(this.#order.at(i)) >= from);
    for (let i = first; i < this.#order.size; i += 1) {
      const row = this.#order.at(i);
      if (this.#timeAt(row) >= to) return;
      yield this.#read(row);
    }
  }

  trim(): void {
    for (const column of Object.values(this.#columns)) column.trim();
    this.#order.trim();
  }

  toRecord(): ReceiptsRecord {
    return {
      keys: this.#keys.toArray(),
      names: this.#names.toArray(),
      columns: Object.fromEntries(
        Object.entries(this.#columns).map(([name, column]) => [
          name,
          packNumbers(column.toArray()),
        ]),
      ),
    };
  }

  /** Fills an empty table from a record. Throws a RangeError when the record does not hold together. */
  restore(record: ReceiptsRecord): void {
    for (const name of record.names) this.#names.add(this.#texts?.share(name) ?? name);
    for (const key of record.keys) this.#keys.add(key);
    for (const [name, column] of Object.entries(this.#columns)) {
      const packed = record.columns[name];
      if (packed === undefined) throw new RangeError(`a column is missing: ${name}`);
      for (const value of unpackNumbers(packed)) column.push(value);
    }
    if (this.#columns.at.size !== this.#keys.size || this.#keys.size !== record.keys.length)
      throw new RangeError("columns of different lengths");
    for (let row = 0; row < this.#keys.size; row += 1)
      this.#order.insert(this.#placeOf(this.#timeAt(row), this.#keys.at(row)), row);
  }

  #timeAt(row: number): number {
    return (this.#origin ?? 0) + this.#columns.at.at(row);
  }

  #placeOf(at: number, key: string): number {
    return firstIndex(this.#order.size, (i) => {
      const row = this.#order.at(i);
      const other = this.#timeAt(row);
      return other === at ? this.#keys.at(row) >= key : other > at;
    });
  }

  #pushLines(lines: readonly ReceiptLine[] | undefined): number {
    if (lines === undefined) return 0;
    const { sku, department, lineUnits, lineNetMinor } = this.#columns;
    if (sku.size + lines.length > MAX_LINES) {
      this.#linesDropped += 1;
      return 0;
    }
    for (const line of lines) {
      sku.push(this.#numberOf(line.sku));
      department.push(this.#numberOf(line.department));
      lineUnits.push(line.units);
      lineNetMinor.push(line.netMinor);
    }
    return lines.length + 1;
  }

  #read(row: number): ReceiptRow {
    const { kind, netMinor, units, till, tag, related } = this.#columns;
    const key = this.#keys.at(row);
    const tagText = this.#nameOf(tag.at(row));
    const linesOf = (): readonly ReceiptLine[] | null => this.#linesOf(row);
    return {
      receiptId: key.slice(key.indexOf(" ") + 1),
      kind: TRANSACTION_KINDS[kind.at(row)] ?? "sale",
      at: epochMs(this.#timeAt(row)),
      netMinor: netMinor.at(row),
      units: units.at(row),
      // Most questions are not about lines.
      get lines() {
        return linesOf();
      },
      tillId: this.#nameOf(till.at(row)),
      tagId: tagText === null ? null : tagId(tagText),
      relatedReceiptId: this.#nameOf(related.at(row)),
    };
  }

  #linesOf(row: number): readonly ReceiptLine[] | null {
    const { firstLine, lines, sku, department, lineUnits, lineNetMinor } = this.#columns;
    const count = lines.at(row) - 1;
    if (count < 0) return null;
    return Array.from({ length: count }, (_, offset) => {
      const i = firstLine.at(row) + offset;
      return {
        sku: this.#nameOf(sku.at(i)) ?? "",
        department: this.#nameOf(department.at(i)),
        units: lineUnits.at(i),
        netMinor: lineNetMinor.at(i),
      };
    });
  }

  /** A tag has another name; false when no receipt names it. */
  renameTag(from: string, to: string): boolean {
    this.#texts?.forget(from);
    return this.#names.rename(from, to);
  }

  #numberOf(name: string | null | undefined): number {
    if (name === null || name === undefined) return 0;
    return this.#names.add(this.#texts?.share(name) ?? name) + 1;
  }

  #nameOf(number: number): string | null {
    return number === 0 ? null : this.#names.at(number - 1);
  }
}

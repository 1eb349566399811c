import type { EpochMs } from "../../core/brand.ts";
import type { ReceiptLine, TransactionKind, TransactionRecorded } from "../../core/events.ts";
import { TRANSACTION_KINDS } from "../../core/vocabulary.ts";
import { type LedgerRecord, SLOT_MS, SlotLedger, type SlotRange } from "../calendar/slots.ts";
import type { Facet } from "../figures/facets.ts";
import type { SharedTexts } from "./id-list.ts";
import { type ReceiptRow, type ReceiptsRecord, ReceiptTable } from "./receipt-table.ts";

export type { ReceiptRow };

/** How one kind of receipt counts. */
interface SaleRule {
  /** It is a purchase by a visitor, so it counts towards sales conversion. */
  readonly qualifies: boolean;
  /** Its amount belongs to the net sales of the shop floor. */
  readonly isRevenue: boolean;
}

/**
 * Refunds and exchanges change the money but are no new purchase, but for exchanges after which the customer paid more
 * than came back: those hold a new sale. Staff sales, click & collect hand-overs and deliveries are neither, because no
 * visitor decided them on the shop floor.
 */
export const SALE_RULES: Readonly<Record<TransactionKind, SaleRule>> = {
  sale: { qualifies: true, isRevenue: true },
  refund: { qualifies: false, isRevenue: true },
  exchange: { qualifies: false, isRevenue: true },
  "staff-sale": { qualifies: false, isRevenue: false },
  "click-collect": { qualifies: false, isRevenue: false },
  delivery: { qualifies: false, isRevenue: false },
};

/** Whether a receipt is a purchase by a visitor. Pure. */
export const isPurchase = ({ kind, netMinor }: Pick<ReceiptRow, "kind" | "netMinor">): boolean =>
  SALE_RULES[kind].qualifies || (kind === "exchange" && netMinor > 0);

const QUALIFYING = TRANSACTION_KINDS.filter((kind) => SALE_RULES[kind].qualifies);
const REVENUE = TRANSACTION_KINDS.filter((kind) => SALE_RULES[kind].isRevenue);

/** What a day of sales needs to know of the day it belongs to. */
export interface SalesDayOptions {
  /** Start of the day; absent = the first receipt, and rows are not told by slot. */
  readonly dayStart?: EpochMs;
  readonly facet?: Facet;
  readonly texts?: SharedTexts;
}

/** A day of sales as plain JSON; ledgers are named by the kind of receipt. */
export interface SalesRecord {
  readonly money: Readonly<Record<string, LedgerRecord>>;
  /** Exchanges with a new sale. */
  readonly paidExchanges?: LedgerRecord;
  readonly units: LedgerRecord;
  readonly doubtful: LedgerRecord;
  readonly receipts: ReceiptsRecord;
  readonly conflicts: number;
}

/** Receipts of one trading day, by time of payment. */
export class SalesDay {
  readonly #options: SalesDayOptions;
  /** By kind: receipts and their amounts in minor units. */
  readonly #money: Readonly<Record<TransactionKind, SlotLedger>>;
  /** Exchanges after which the customer paid: purchases too. */
  readonly #paidExchanges: SlotLedger;
  /** The sums are pieces on qualifying receipts. */
  readonly #units: SlotLedger;
  /** Receipts whose time of payment is in doubt. */
  readonly #doubtful: SlotLedger;
  readonly #receipts: ReceiptTable;
  #conflicts = 0;

  constructor(slots: number, options: SalesDayOptions = {}) {
    const { facet = null, dayStart = null, texts = null } = options;
    this.#options = options;
    const ledger = (): SlotLedger => new SlotLedger(slots, facet);
    this.#money = {
      sale: ledger(),
      refund: ledger(),
      exchange: ledger(),
      "staff-sale": ledger(),
      "click-collect": ledger(),
      delivery: ledger(),
    };
    this.#paidExchanges = ledger();
    this.#units = ledger();
    this.#doubtful = ledger();
    this.#receipts = new ReceiptTable(dayStart, texts);
  }

  /** A tag has another name; false when no receipt names it. */
  renameTag(from: string, to: string): boolean {
    if (!this.#receipts.renameTag(from, to)) return false;
    this.#options.facet?.change();
    return true;
  }

  /** Receipts remembered. */
  get size(): number {
    return this.#receipts.size;
  }

  /** Receipts that came again with another content; the first one counts. */
  get conflicts(): number {
    this.#options.facet?.read();
    return this.#conflicts;
  }

  /** Receipts whose lines found no room. */
  get linesDropped(): number {
    return this.#receipts.linesDropped;
  }

  /** Whether this receipt was taken in; the number alone is not enough, since a refund may repeat its sale's. */
  has(event: TransactionRecorded): boolean {
    return this.#receipts.find(event.transactionKind, event.receiptId) !== null;
  }

  /** Notes a receipt that is there already; one with another content is counted. */
  repeat(event: TransactionRecorded): void {
    const known = this.#receipts.find(event.transactionKind, event.receiptId);
    if (known === null || isSame(known, event)) return;
    this.#conflicts += 1;
    this.#options.facet?.change();
  }

  /** Takes in a receipt not seen before. */
  add(event: TransactionRecorded, slot: number, isLate: boolean): void {
    // Beyond the room for receipts one sent twice is no longer recognised; the sums stay.
    this.#receipts.add(event);
    this.#money[event.transactionKind].add(slot, 1, event.netMinor, isLate);
    const { transactionKind: kind, netMinor } = event;
    if (isPurchase({ kind, netMinor })) this.#units.add(slot, 0, event.units, false);
    if (kind === "exchange" && netMinor > 0) this.#paidExchanges.add(slot, 1, 0, false);
    if (event.timeSource === "arrival") this.#doubtful.add(slot, 1, 0, false);
  }

  /** Qualifying receipts: purchases. */
  transactions(range: SlotRange): number {
    const exchanges = this.#paidExchanges.count(range);
    return QUALIFYING.reduce((sum, kind) => sum + this.#money[kind].count(range), exchanges);
  }

  /** Receipts of one kind. */
  count(kind: TransactionKind, range: SlotRange): number {
    return this.#money[kind].count(range);
  }

  /** Net sales of the shop floor in minor units. */
  netMinor(range: SlotRange): number {
    return REVENUE.reduce((sum, kind) => sum + this.#money[kind].sum(range), 0);
  }

  /** Amounts of one kind of receipt in minor units. */
  netMinorOf(kind: TransactionKind, range: SlotRange): number {
    return this.#money[kind].sum(range);
  }

  /** Pieces on qualifying receipts. */
  units(range: SlotRange): number {
    return this.#units.sum(range);
  }

  /** The receipts paid in these slots, by time; `lines` are read when they are asked for. */
  *receipts(range: SlotRange): Generator<ReceiptRow> {
    this.#options.facet?.read();
    const start = this.#options.dayStart ?? 0;
    yield* this.#receipts.rows(start + range.from * SLOT_MS, start + range.to * SLOT_MS);
  }

  doubtful(range: SlotRange): number {
    return this.#doubtful.count(range);
  }

  revision(range: SlotRange): number {
    return TRANSACTION_KINDS.reduce((sum, kind) => sum + this.#money[kind].revision(range), 0);
  }

  /** Gives back room: little will be added to this day any more. */
  rest(): void {
    this.#receipts.trim();
  }

  /** Plain JSON of everything in it. */
  toRecord(): SalesRecord {
    return {
      money: Object.fromEntries(
        TRANSACTION_KINDS.map((kind) => [kind, this.#money[kind].toRecord()]),
      ),
      paidExchanges: this.#paidExchanges.toRecord(),
      units: this.#units.toRecord(),
      doubtful: this.#doubtful.toRecord(),
      receipts: this.#receipts.toRecord(),
      conflicts: this.#conflicts,
    };
  }

  /** Fills an empty day from a record. Throws a RangeError when the record does not hold together. */
  restore(record: SalesRecord): void {
    for (const kind of TRANSACTION_KINDS) this.#money[kind].restore(record.money[kind] ?? {});
    this.#paidExchanges.restore(record.paidExchanges ?? {});
    this.#units.restore(record.units);
    this.#doubtful.restore(record.doubtful);
    this.#receipts.restore(record.receipts);
    this.#conflicts = record.conflicts;
  }
}

/** Whether a receipt says the same as the one that is there; its time may differ, since clocks are corrected. */
function isSame(known: ReceiptRow, event: TransactionRecorded): boolean {
  if (known.netMinor !== event.netMinor || known.units !== event.units) return false;
  const told = event.lines ?? null;
  if (told === null || known.lines === null) return true;
  return contentOf(known.lines) === contentOf(told);
}

const contentOf = (lines: readonly ReceiptLine[]): string =>
  JSON.stringify(lines.map((line) => [line.sku, line.department, line.units, line.netMinor]));

import type { TransactionKind, TransactionRecorded } from "../core/events.ts";
import { SlotLedger, type SlotRange } from "./slots.ts";

/** How one kind of receipt counts. */
interface SaleRule {
  /** It is a purchase by a visitor, so it counts towards sales conversion. */
  readonly qualifies: boolean;
  /** Its amount belongs to the net sales of the shop floor. */
  readonly isRevenue: boolean;
}

/**
 * Refunds and exchanges change the money but are no new purchase; staff sales, click & collect hand-overs and
 * deliveries are neither, because no visitor decided them on the shop floor.
 */
export const SALE_RULES: Readonly<Record<TransactionKind, SaleRule>> = {
  sale: { qualifies: true, isRevenue: true },
  refund: { qualifies: false, isRevenue: true },
  exchange: { qualifies: false, isRevenue: true },
  "staff-sale": { qualifies: false, isRevenue: false },
  "click-collect": { qualifies: false, isRevenue: false },
  delivery: { qualifies: false, isRevenue: false },
};

/** Receipts remembered per trading day to recognise one sent twice; beyond it they are no longer compared. */
const MAX_RECEIPTS = 20_000;

/** Receipts of one trading day, by time of payment. */
export class SalesDay {
  /** Qualifying transactions and net sales in minor units. */
  readonly #ledger: SlotLedger;
  /** Receipts whose time of payment is in doubt. */
  readonly #doubtful: SlotLedger;
  readonly #receipts = new Set<string>();

  constructor(slots: number) {
    this.#ledger = new SlotLedger(slots);
    this.#doubtful = new SlotLedger(slots);
  }

  /** Receipts remembered. */
  get size(): number {
    return this.#receipts.size;
  }

  /** Whether this receipt was taken in; the number alone is not enough, since a refund may repeat its sale's. */
  has(event: TransactionRecorded): boolean {
    return this.#receipts.has(receiptKey(event));
  }

  /** Takes in a receipt not seen before. */
  add(event: TransactionRecorded, slot: number, isLate: boolean): void {
    if (this.#receipts.size < MAX_RECEIPTS) this.#receipts.add(receiptKey(event));
    const rule = SALE_RULES[event.transactionKind];
    const netMinor = rule.isRevenue ? event.netMinor : 0;
    this.#ledger.add(slot, rule.qualifies ? 1 : 0, netMinor, isLate);
    if (event.timeSource === "arrival") this.#doubtful.add(slot, 1, 0, false);
  }

  transactions(range: SlotRange): number {
    return this.#ledger.count(range);
  }

  netMinor(range: SlotRange): number {
    return this.#ledger.sum(range);
  }

  doubtful(range: SlotRange): number {
    return this.#doubtful.count(range);
  }

  revision(range: SlotRange): number {
    return this.#ledger.revision(range);
  }
}

const receiptKey = (event: TransactionRecorded): string =>
  `${event.transactionKind} ${event.receiptId}`;

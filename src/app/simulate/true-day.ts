import type { EpochMs } from "../../core/brand.ts";
import type {
  BasketChange,
  CrossingDirection,
  QueueOutcome,
  ReceiptLine,
  TransactionKind,
} from "../../core/events.ts";
import type { Spot } from "./walk.ts";

/** A stretch of time in a zone; `zone` is its position in the layout. */
export interface TrueStay {
  readonly zone: number;
  readonly from: number;
  readonly to: number;
}

/** Somebody went through a door; `door` is its position in the layout. */
export interface TrueCrossing {
  readonly at: number;
  readonly door: number;
  readonly direction: CrossingDirection;
}

/** Somebody went over a passing line, towards the door (`in`) or away from it. */
export interface TruePass {
  readonly at: number;
  /** Id of the visit or the passer-by. */
  readonly person: number;
  readonly side: 0 | 1;
  readonly direction: CrossingDirection;
}

/** A receipt; `visit` is the first member of the party, null for staff. */
export interface TrueReceipt {
  readonly receiptId: string;
  readonly kind: TransactionKind;
  readonly at: number;
  readonly netMinor: number;
  readonly units: number;
  readonly lines: readonly ReceiptLine[];
  readonly visit: number | null;
  readonly relatedReceiptId: string | null;
}

/** Goods into a basket or out of it. */
export interface TrueBasketChange {
  readonly at: number;
  readonly change: BasketChange;
  readonly sku: string;
  readonly units: number;
  readonly zone: number;
}

/** A tagged basket or cart in somebody's hand. */
export interface TrueBasket {
  /** Position of the tag among the baskets of the shop. */
  readonly tag: number;
  readonly takenAt: number;
  readonly returnedAt: number;
  /** Left at the till, for staff to collect; else brought back. */
  readonly isLeftAtTill: boolean;
  readonly changes: readonly TrueBasketChange[];
}

/** What somebody waited for. */
export interface TrueQueue {
  readonly joinedAt: number;
  readonly leftAt: number;
  readonly outcome: QueueOutcome;
}

/** One person's visit as it was. All times are epoch milliseconds. */
export interface TrueVisit {
  /** Unique over all days of a shop. */
  readonly id: number;
  readonly day: number;
  readonly isChild: boolean;
  /** Number of the member of staff; null = a customer. */
  readonly staff: number | null;
  /** Who came together; the first of them carries what a party has once. */
  readonly party: number;
  readonly partySize: number;
  readonly isFirst: boolean;
  /** The doors in order: in, perhaps out and in again within the re-entry gap, out. */
  readonly crossings: readonly TrueCrossing[];
  readonly enteredAt: number;
  readonly exitedAt: number;
  /** Time spent outside in between. */
  readonly outsideMs: number;
  /** Whether that was out of sight. */
  readonly isOutOfSight: boolean;
  /** In order of coming in; a zone crossed on the way is a short one. */
  readonly stays: readonly TrueStay[];
  readonly queue: TrueQueue | null;
  readonly receipts: readonly TrueReceipt[];
  readonly basket: TrueBasket | null;
  /** Number of the member whose card is with the party's first; null = none. */
  readonly card: number | null;
  /** Where the person was, pavement included. Kept for the levels that need places. */
  readonly path: readonly Spot[];
}

/** Somebody who came by and did not enter. */
export interface TruePasser {
  /** Unique over all days and all visits. */
  readonly id: number;
  /** Before the window. */
  readonly stays: readonly TrueStay[];
  readonly path: readonly Spot[];
}

/** One day of the shop as it was; nobody measured anything yet. */
export interface TrueDay {
  readonly number: number;
  readonly opensAt: EpochMs;
  readonly closesAt: EpochMs;
  readonly visits: readonly TrueVisit[];
  readonly passers: readonly TruePasser[];
  /** Over the passing lines by everybody, staff included, in time. */
  readonly passes: readonly TruePass[];
  /** All receipts, also those of staff, in time. */
  readonly receipts: readonly TrueReceipt[];
}

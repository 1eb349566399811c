import { BoundedMap } from "../../core/bounded-map.ts";
import { type EpochMs, epochMs, monoMs, type TagId } from "../../core/brand.ts";
import type { TransactionRecorded, VisitReceipt } from "../../core/events.ts";
import type { ZoneKind } from "../../core/site.ts";
import { receiptName } from "./carrier.ts";
import { VISIT_LIMITS, VISIT_RULES } from "./rules.ts";

/**
 * Ways in which one person can be known, each of them once: by their track, their card, and the basket or cart they have.
 * Which of them are the same person nobody knows.
 */
export type PayerSort = "track" | "card" | "carrier";

/** What may have paid a receipt: somebody with a way of their own. */
export interface PayingVisit<Of> {
  readonly of: Of;
  readonly sort: PayerSort;
  /** Names the visit; two stays of one visit are one candidate. */
  readonly visitId: string;
  /** An instant within the visit by which the receipt is found in it. */
  readonly at: EpochMs;
  /** When its stay at the till ended; null when it has not. */
  readonly to: EpochMs | null;
}

/** Where visits are found. */
export interface PayingVisits<Of> {
  /** The visit of a tag at an instant; null when there was none. */
  ofTag(tagId: TagId, at: EpochMs): PayingVisit<Of> | null;
  /** How a customer with this tag is known, heard or not; null when no customer is known to have such a tag. */
  sortOfTag(tagId: TagId): PayerSort | null;
  /** Visits of customers with a stay in a zone of this kind that overlaps [from, to]. */
  inZone(sort: PayerSort, kind: ZoneKind, from: EpochMs, to: EpochMs): readonly PayingVisit<Of>[];
}

/** What became of the receipts since the start. */
export interface ReceiptCounters {
  /** Part of a visit, of one sort at least. */
  readonly linkedReceipts: number;
  /** Several visits of a sort can have paid, and none is given it. */
  readonly ambiguousReceipts: number;
  /** No visit can have paid. */
  readonly unlinkedReceipts: number;
  readonly repeatedReceipts: number;
  readonly droppedReceipts: number;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * Finds whose receipt it is: of the tag it names, else of the only visit with a stay at the till around the payment. At a
 * busy till the next customer steps up while the last one packs: of several, the only one who was there at the instant
 * of payment. A track, a card and a basket of one person are not known to be one, so each sort has its own answer. Most
 * people carry no tag: one that was only near the till before or after the instant may stand behind the payer. Bounded.
 */
export class ReceiptLinks<Of> {
  readonly #visits: PayingVisits<Of>;
  readonly #waiting = new Map<string, TransactionRecorded>();
  readonly #known = new BoundedMap<string, true>({
    cap: VISIT_LIMITS.receipts,
    idleMs: Number.POSITIVE_INFINITY,
  });
  readonly #counters: Mutable<ReceiptCounters> = {
    linkedReceipts: 0,
    ambiguousReceipts: 0,
    unlinkedReceipts: 0,
    repeatedReceipts: 0,
    droppedReceipts: 0,
  };

  constructor(visits: PayingVisits<Of>) {
    this.#visits = visits;
  }

  /** When the first of those that wait was paid; null when none does. */
  get since(): EpochMs | null {
    let since: EpochMs | null = null;
    for (const { at } of this.#waiting.values()) if (since === null || at < since) since = at;
    return since;
  }

  get counters(): ReceiptCounters {
    return { ...this.#counters };
  }

  /** A tag has another name now, also on the receipts that wait. */
  rename(from: TagId, to: TagId): void {
    for (const [key, event] of this.#waiting)
      if (event.tagId === from) this.#waiting.set(key, { ...event, tagId: to });
  }

  /** Takes a receipt; when it is to be decided on, or null when it has come before or is nobody's in the shop. */
  take(event: TransactionRecorded): EpochMs | null {
    if (event.transactionKind === "delivery") return null;
    const key = receiptName(event);
    if (this.#known.peek(key) === true) {
      this.#counters.repeatedReceipts += 1;
      return null;
    }
    this.#known.set(key, true, monoMs(0));
    if (this.#waiting.size >= VISIT_LIMITS.receipts) {
      this.#counters.droppedReceipts += 1;
      return null;
    }
    this.#waiting.set(key, event);
    return epochMs(event.at + VISIT_RULES.afterPaymentMs + VISIT_RULES.settleMs);
  }

  /** Decides on a receipt that waits, by its `receiptName`: the visits it belongs to, at most one of each sort. */
  decide(name: string): {
    readonly receipt: VisitReceipt;
    readonly visits: readonly PayingVisit<Of>[];
  } | null {
    const event = this.#waiting.get(name);
    if (event === undefined) return null;
    this.#waiting.delete(name);
    const { receiptId, transactionKind, netMinor, units, at } = event;
    const named = this.#byTag(event);
    const silent = named === null ? this.#namedSorts(event) : [];
    const answers = SORTS.map((sort) => {
      if (named?.sort === sort) return named;
      return silent.includes(sort) ? null : this.#byZone(event, sort);
    });
    const visits = answers.filter((one) => one !== null && one !== "several");
    if (visits.length > 0) this.#counters.linkedReceipts += 1;
    else if (answers.includes("several")) this.#counters.ambiguousReceipts += 1;
    else this.#counters.unlinkedReceipts += 1;
    return { receipt: { receiptId, transactionKind, paidAt: at, netMinor, units }, visits };
  }

  #byTag({ tagId, at }: TransactionRecorded): PayingVisit<Of> | null {
    return tagId === undefined ? null : this.#visits.ofTag(tagId, at);
  }

  /** Sorts of which nobody else paid: that of the tag named, though it was not heard; both when it is not known. */
  #namedSorts({ tagId }: TransactionRecorded): readonly PayerSort[] {
    if (tagId === undefined) return [];
    const sort = this.#visits.sortOfTag(tagId);
    return sort === null ? TAG_SORTS : [sort];
  }

  /** Who brings goods back may have bought them any day: where they stand proves nothing, only their tag does. */
  #byZone(event: TransactionRecorded, sort: PayerSort): PayingVisit<Of> | "several" | null {
    const { transactionKind, at } = event;
    if (transactionKind === "refund") return null;
    const kind = transactionKind === "click-collect" ? "collect" : "till";
    const from = epochMs(at - VISIT_RULES.beforePaymentMs);
    const to = epochMs(at + VISIT_RULES.afterPaymentMs);
    const near = this.#visits.inZone(sort, kind, from, to);
    const there = near.filter((one) => one.at <= at && (one.to === null || one.to > at));
    if (near.length === 0) return null;
    const only = sort === "track" ? onlyVisit(near) : null;
    const several = sort === "track" || there.length > 0 ? "several" : null;
    return only ?? onlyVisit(there) ?? several;
  }
}

const TAG_SORTS: readonly PayerSort[] = ["card", "carrier"];
const SORTS: readonly PayerSort[] = ["track", ...TAG_SORTS];

/** The visit that all of these are of; null when there are several or none. */
function onlyVisit<Of>(stays: readonly PayingVisit<Of>[]): PayingVisit<Of> | null {
  const [first] = stays;
  if (first === undefined) return null;
  return stays.every(({ visitId }) => visitId === first.visitId) ? first : null;
}

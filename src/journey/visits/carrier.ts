import { type EpochMs, epochMs, type TagId, type TrackId, type VisitId } from "../../core/brand.ts";
import type {
  BasketChange,
  EventOrigin,
  JourneyHead,
  Somebody,
  VisitMethod,
  VisitReceipt,
} from "../../core/events.ts";
import type { TagKind } from "../../core/site.ts";
import { MarkList } from "./marks.ts";
import { VISIT_LIMITS } from "./rules.ts";

/** A wall clock that runs on in step with the monotonic one wanders by less than this between two events. */
const STEP_MS = 2_000;

/** What comes behind the first colon of a source: which sensor, and which run of it. */
export const runOf = (source: string): string => source.slice(source.indexOf(":") + 1);

/** Names a track within all runs of all cameras. */
export const trackKey = ({ source }: EventOrigin, trackId: TrackId): string =>
  `track ${runOf(source)} ${trackId}`;

/** Names a tag. */
/** The name of a tag in what happened at an instant. */
export type NameAt = (at: EpochMs) => TagId;

export const tagKey = (tagId: TagId): string => `tag ${tagId}`;

/** Whether it is something that people take up in the shop and leave there: it may be in nobody's hands. */
export const isCarried = ({ tagKind }: Pick<Carrier, "tagKind">): boolean =>
  tagKind === "basket" || tagKind === "cart";

/** Names a receipt: its number alone is not enough, since a refund may repeat its sale's. */
export const receiptName = ({
  transactionKind,
  receiptId,
}: Pick<VisitReceipt, "transactionKind" | "receiptId">): string =>
  `${transactionKind} ${receiptId}`;

/** Goods into a basket, out of it, or back. */
export interface BasketMark {
  readonly at: EpochMs;
  readonly change: BasketChange;
  readonly units: number;
}

/** A receipt that somebody can have paid, and the instant by which it is found in a visit. */
export interface LinkedReceipt {
  readonly at: EpochMs;
  readonly receipt: VisitReceipt;
}

export interface CarrierIdentity {
  readonly key: string;
  readonly who: Somebody;
  readonly tagKind: TagKind | null;
  /** Whether its way is made of visits; of others only the queues matter. */
  readonly makesVisits: boolean;
}

/**
 * What is known of one track or one registered tag: of a person, as far as a sensor can name anybody. Nothing about
 * looks, and no radio address.
 */
export class Carrier {
  readonly tagKind: TagKind | null;
  readonly makesVisits: boolean;
  readonly marks = new MarkList();
  readonly baskets: BasketMark[] = [];
  readonly receipts: LinkedReceipt[] = [];
  /** Carriers of the same person by the word of its source. */
  readonly sameAs = new Set<string>();
  /** Visits told that began with a mark of this one. */
  readonly told = new Set<VisitId>();
  /** First and last time it was where people pay, as far as it was ever told; most carriers are not there most of the time. */
  #payFrom = Number.POSITIVE_INFINITY;
  #payTo = Number.NEGATIVE_INFINITY;
  #name: Pick<CarrierIdentity, "key" | "who">;
  #nameAt: NameAt | null = null;
  #source: string;
  #offsetMs: number;

  constructor({ key, who, tagKind, makesVisits }: CarrierIdentity, head: JourneyHead) {
    this.#name = { key, who };
    this.tagKind = tagKind;
    this.makesVisits = makesVisits;
    this.#source = runOf(head.source);
    this.#offsetMs = head.at - head.atMono;
  }

  get key(): string {
    return this.#name.key;
  }

  get who(): Somebody {
    return this.#name.who;
  }

  /** From now on a tag goes by another name, and always did; each visit by the one of when it began. */
  rename(tagId: TagId, nameAt: NameAt): void {
    this.#name = { key: tagKey(tagId), who: { ...this.who, tagId } };
    this.#nameAt = nameAt;
  }

  /** What the tag is called in a visit that began at an instant; null for a track. */
  tagIdAt(enteredAt: EpochMs): TagId | null {
    return this.#nameAt?.(enteredAt) ?? this.who.tagId;
  }

  get method(): VisitMethod {
    return this.who.tagId === null ? "track" : "tag";
  }

  /**
   * The instant of an event on a clock that never jumps within one run of a source: a step of the wall clock between
   * coming in and going out makes no visit longer or shorter.
   */
  steady(head: JourneyHead): EpochMs {
    const run = runOf(head.source);
    const offsetMs = head.at - head.atMono;
    if (run !== this.#source || Math.abs(offsetMs - this.#offsetMs) < STEP_MS) {
      this.#source = run;
      this.#offsetMs = offsetMs;
      return head.at;
    }
    return epochMs(Math.round(head.atMono + this.#offsetMs));
  }

  /** Notes when it was where people pay: `to` is infinite while a stay goes on, and shrinks when all are over. */
  notePaying(from: number, to: number): void {
    this.#payFrom = Math.min(this.#payFrom, from);
    this.#payTo = to;
  }

  /** Whether it may have paid between two instants; its marks say whether it did. */
  mayHavePaid(from: EpochMs, to: EpochMs): boolean {
    return this.#payFrom <= to && this.#payTo >= from;
  }

  /** Notes a receipt once, in order of payment; false when there is no more room. */
  link(linked: LinkedReceipt): boolean {
    const name = receiptName(linked.receipt);
    if (this.receipts.some(({ receipt }) => receiptName(receipt) === name)) return true;
    if (this.receipts.length >= 4 * VISIT_LIMITS.documentReceipts) return false;
    this.receipts.push(linked);
    this.receipts.sort(
      (a, b) =>
        a.receipt.paidAt - b.receipt.paidAt || (a.receipt.receiptId < b.receipt.receiptId ? -1 : 1),
    );
    return true;
  }

  /** Notes a change of the basket; false when there is no more room. */
  noteBasket(mark: BasketMark): boolean {
    if (this.baskets.length >= VISIT_LIMITS.marks) return false;
    this.baskets.push(mark);
    return true;
  }

  /** Forgets what was up to `at`. */
  forget(at: EpochMs): void {
    this.marks.forget(at);
    for (const list of [this.baskets, this.receipts]) {
      const kept = list.filter((one) => one.at > at);
      list.splice(0, list.length, ...(kept as never[]));
    }
  }
}

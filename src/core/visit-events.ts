import type { CameraId, EpochMs, LineId, TagId, TrackId, VisitId, ZoneId } from "./brand.ts";
import type { JourneyHead } from "./journey-head.ts";
import type { BasketChange, EventOrigin } from "./sensor-events.ts";
import type { TagKind, TransactionKind } from "./vocabulary.ts";

/** What the journey stage tells about visits; imported from `events.ts`, where the rest of the vocabulary stands. */

/** Who is meant, as far as a sensor can name anybody: a track of a camera, or a registered tag. Exactly one is set. */
export interface Somebody {
  readonly cameraId: CameraId | null;
  readonly trackId: TrackId | null;
  readonly tagId: TagId | null;
}

/** Somebody came into a queue. */
export interface QueueJoined extends JourneyHead, Somebody {
  readonly kind: "queue-joined";
  readonly zoneId: ZoneId;
}

/**
 * `served`: went on to the service point. `abandoned`: left the queue without reaching it. `balked`: came up to the
 * queue and turned back without joining. `unknown`: the end was not seen.
 */
export type QueueOutcome = "served" | "abandoned" | "balked" | "unknown";

/** Somebody left a queue, or turned back before it (`balked`, which no `queue-joined` precedes). */
export interface QueueLeft extends JourneyHead, Somebody {
  readonly kind: "queue-left";
  readonly zoneId: ZoneId;
  /** Time in the queue, or in its approach when balked. */
  readonly waitMs: number;
  readonly outcome: QueueOutcome;
}

/** Goods went into a basket or out of it. */
export interface BasketChangeRecorded extends JourneyHead {
  readonly kind: "basket-changed";
  readonly tagId: TagId;
  readonly change: BasketChange;
  readonly sku: string | null;
  readonly units: number;
  readonly zoneId: ZoneId | null;
  /** Its name among the changes of its basket, as its source gave it; absent = it has none. */
  readonly changeId?: string | undefined;
}

/** One stay of a visit in a zone, in order of coming in. */
export interface VisitStay {
  readonly zoneId: ZoneId;
  readonly enteredAt: EpochMs;
  readonly dwellMs: number;
  /** The end was not seen: the dwell is a lower bound. */
  readonly isCensored: boolean;
}

/** One receipt of a visit. */
export interface VisitReceipt {
  readonly receiptId: string;
  readonly transactionKind: TransactionKind;
  readonly paidAt: EpochMs;
  readonly netMinor: number;
  readonly units: number;
}

/** One time in a queue during a visit. */
export interface VisitQueue {
  readonly zoneId: ZoneId;
  readonly waitMs: number;
  readonly outcome: QueueOutcome;
}

/** Pieces that went into the basket, out of it, and back to the shelf during a visit. */
export interface VisitBasket {
  readonly added: number;
  readonly removed: number;
  readonly returned: number;
}

/**
 * Why a visit is over. `exit`: went out and did not come back within the re-entry gap, or brought the basket back.
 * `silence`: the tag was not heard any more, or the basket was left standing. `lost`: the track ended inside, or
 * the member was recognised at a station last and nothing heard them leave. `closing`, `day-end`: still open then. `sensor`: its sensor stopped.
 */
export type VisitEnd = "exit" | "silence" | "lost" | "closing" | "day-end" | "sensor";

/**
 * How a visit is known: by one track from door to door, or by a tag that somebody carries. A code, a card or a face shown
 * at a station counts as the member's tag; a visit known by that alone has neither entry nor exit seen.
 */
export type VisitMethod = "track" | "tag";

/** The whole journey of one visit in one document; `at` is its end. */
export interface JourneyCompleted extends JourneyHead {
  readonly kind: "completed";
  readonly visitId: VisitId;
  /** 0 first; a document of the same visit with a higher number replaces the one before. */
  readonly revision: number;
  /** True takes the visit back: it turned out to be a part of another. Nothing else of it counts then. */
  readonly isWithdrawn: boolean;
  readonly method: VisitMethod;
  /** Kind and id of the carrier for `tag`; null for a track. */
  readonly tagKind: TagKind | null;
  readonly tagId: TagId | null;
  /** Of a visit whose beginning was not seen: when it was first seen. */
  readonly enteredAt: EpochMs;
  readonly exitedAt: EpochMs;
  readonly isEntrySeen: boolean;
  /** False: it lasted at least until `exitedAt`. */
  readonly isExitSeen: boolean;
  readonly entryLineId: LineId | null;
  readonly exitLineId: LineId | null;
  readonly endedBy: VisitEnd;
  /** Times it went out and came back within the re-entry gap; the time outside is part of the visit. */
  readonly reentries: number;
  readonly isStaff: boolean;
  /** At most 128; `staysDropped` more were let go of. */
  readonly stays: readonly VisitStay[];
  readonly staysDropped: number;
  /** At most 16. */
  readonly queues: readonly VisitQueue[];
  readonly basket: VisitBasket | null;
  /** At most 16; linked when exactly one visit can have paid. */
  readonly receipts: readonly VisitReceipt[];
  /** The event it began with. */
  readonly began: EventOrigin;
}

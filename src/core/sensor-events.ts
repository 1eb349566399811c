import type {
  CameraId,
  EpochMs,
  LineId,
  MonoMs,
  ReceiverId,
  TagId,
  TrackId,
  ZoneId,
} from "./brand.ts";
import type { FaultCode } from "./errors.ts";
import type { TagKind } from "./site.ts";
import type { TransactionKind } from "./vocabulary.ts";

/**
 * What sensors tell: monotonic time, and nothing about shops. Imported from `events.ts`, where the rest of the
 * vocabulary stands.
 */

/** Where an event was born: with the type, it makes the event's id, so replaying the same input gives the same ids. */
export interface EventOrigin {
  /** Source and its run, e.g. `camera:door#3fa9`; a run is one life of the source, named by its input in a replay. */
  readonly source: string;
  /** Contiguous number of the event within that source and run, from 0. */
  readonly seq: number;
}

export type CrossingDirection = "in" | "out";

/**
 * Where somebody's feet were in the two seconds up to the decision, oldest first: time against the crossing in ms
 * (negative before it), place in Norm of the picture. At most 16 points.
 */
export type FootPath = readonly (readonly [dtMs: number, xNorm: number, yNorm: number])[];

/** A track went through a counting line. `atMono` is the instant of the intersection, not of the decision. */
export interface LineCrossed extends EventOrigin {
  readonly kind: "line-crossed";
  readonly atMono: MonoMs;
  readonly cameraId: CameraId;
  readonly lineId: LineId;
  readonly trackId: TrackId;
  readonly direction: CrossingDirection;
  /** Mean detection score of the track around the crossing, 0..1. */
  readonly confidence: number;
  /** The proof for an audit. */
  readonly path: FootPath;
  /** Below the height that makes an adult, as a counter that measures height told; absent = not measured. */
  readonly isChild?: boolean | undefined;
}

/**
 * People who went through a line together: one buying unit. Told after the crossings it names, once nobody more can
 * join; `atMono` is the first of them. People who come alone are told by no such event.
 */
export interface GroupCrossed extends EventOrigin {
  readonly kind: "group-crossed";
  readonly atMono: MonoMs;
  readonly cameraId: CameraId;
  readonly lineId: LineId;
  readonly direction: CrossingDirection;
  /** Two or more, in the order of crossing. */
  readonly trackIds: readonly TrackId[];
}

/**
 * A source found out that two of its numbers are one person: what `from` did, `to` goes on with. `isUndone` takes an
 * earlier such news back. Told only when both numbers have been in events before.
 */
export interface TrackRenamed extends EventOrigin {
  readonly kind: "track-renamed";
  readonly atMono: MonoMs;
  readonly cameraId: CameraId;
  readonly from: TrackId;
  readonly to: TrackId;
  readonly isUndone: boolean;
}

/** A foot point has been inside a zone for the entry hysteresis; `atMono` is when it came in. */
export interface ZoneEntered extends EventOrigin {
  readonly kind: "zone-entered";
  readonly atMono: MonoMs;
  readonly cameraId: CameraId;
  readonly zoneId: ZoneId;
  readonly trackId: TrackId;
}

/** The stay is over; `atMono` is when the foot point was last inside. */
export interface ZoneExited extends EventOrigin {
  readonly kind: "zone-exited";
  readonly atMono: MonoMs;
  readonly cameraId: CameraId;
  readonly zoneId: ZoneId;
  readonly trackId: TrackId;
  readonly dwellMs: number;
  /** True when the end was not seen (track lost inside, camera blind): the dwell is a lower bound. */
  readonly censored: boolean;
}

/**
 * Somebody outside a zone is about to enter it; told once an approach, at the moment of the forecast. Whoever turns
 * away and comes again is told again.
 */
export interface ZoneApproached extends EventOrigin {
  readonly kind: "zone-approached";
  readonly atMono: MonoMs;
  readonly cameraId: CameraId;
  readonly zoneId: ZoneId;
  readonly trackId: TrackId;
  /** Probability 0..1 of coming in within `horizonMs`. */
  readonly probability: number;
  /** Expected time until then. */
  readonly leadMs: number;
  readonly horizonMs: number;
}

/** Where a registered tag is: not heard at all, heard but not inside (or not for long), or inside the shop. */
export type TagState = "outside" | "passing" | "inside";

export interface TagChanged extends EventOrigin {
  readonly kind: "tag-changed";
  readonly atMono: MonoMs;
  readonly tagId: TagId;
  readonly tagKind: TagKind;
  readonly state: TagState;
  readonly previous: TagState;
}

/**
 * A tag came into a zone of the floor, as inferred from its readings. `atMono` is when it came in by the smoothed
 * estimate, which lies up to fifteen seconds back; per tag, stays do not overlap.
 */
export interface TagZoneEntered extends EventOrigin {
  readonly kind: "tag-zone-entered";
  readonly atMono: MonoMs;
  readonly tagId: TagId;
  readonly tagKind: TagKind;
  readonly zoneId: ZoneId;
  /** Probability 0..1 that the tag was in this zone at the decision, calibrated. */
  readonly confidence: number;
}

/** The tag's stay in a zone of the floor is over. */
export interface TagZoneExited extends EventOrigin {
  readonly kind: "tag-zone-exited";
  readonly atMono: MonoMs;
  readonly tagId: TagId;
  readonly tagKind: TagKind;
  readonly zoneId: ZoneId;
  readonly dwellMs: number;
  /** Mean probability 0..1 of the zone over the stay. */
  readonly confidence: number;
  /** True when the end was not seen (tag fell silent, receivers blind): the dwell is a lower bound. */
  readonly censored: boolean;
}

/**
 * A tag was near a door and most probably went through it; told some seconds later, when that is sure. No event of the
 * shop by itself: the journey stage asks it who of the people in the door wore the tag.
 */
export interface TagAtDoor extends EventOrigin {
  readonly kind: "tag-at-door";
  /** When it was nearest. */
  readonly atMono: MonoMs;
  readonly tagId: TagId;
  readonly tagKind: TagKind;
  readonly lineId: LineId;
  readonly fromMono: MonoMs;
  readonly toMono: MonoMs;
  /** Probability 0..1 of having gone through this door then; doors that the tag was near to share it. */
  readonly probability: number;
  /** By where the tag was before and after; null when that is not known. */
  readonly direction: CrossingDirection | null;
}

/** What somebody did with a tagged thing, as its motion or button telemetry shows. */
export type TagMovement = "picked-up" | "moved" | "put-back";

/** A basket, cart or asset was taken, goes on moving, or rests again. */
export interface TagMoved extends EventOrigin {
  readonly kind: "tag-moved";
  readonly atMono: MonoMs;
  readonly tagId: TagId;
  readonly tagKind: TagKind;
  readonly movement: TagMovement;
  /** The zone of the floor it was in at that time; null when not known. */
  readonly zoneId: ZoneId | null;
}

/** Goods into a basket, out of it to anywhere, or out of it back to where they belong. */
export type BasketChange = "add" | "remove" | "return-to-shelf";

/** A smart basket, a hand-held scanner or a tagged product told of goods going into a basket or out of it. */
export interface BasketReported extends EventOrigin {
  readonly kind: "basket-reported";
  readonly atMono: MonoMs;
  /** The registered tag of the basket, cart or product. */
  readonly tagId: TagId;
  readonly change: BasketChange;
  readonly sku: string | null;
  /** Whole pieces, from 1. */
  readonly units: number;
  readonly zoneId: ZoneId | null;
  /** Names the change among those of its basket, so that it counts once however often it comes; absent = it has none. */
  readonly changeId?: string | undefined;
}

/** One line of a receipt; amounts are minor units, negative where goods come back. */
export interface ReceiptLine {
  readonly sku: string;
  readonly department: string | null;
  readonly units: number;
  readonly netMinor: number;
}

/** What a receipt may tell besides its sum. */
export interface ReceiptDetails {
  /** Which till: whose clock `paidAt` is. Absent = the only one. */
  readonly tillId?: string | undefined;
  /** Absent = not told. */
  readonly lines?: readonly ReceiptLine[] | undefined;
  /** The registered tag of the basket, cart or card that was at the till with it. */
  readonly tagId?: TagId | undefined;
  /** The receipt this one belongs to: the sale of a refund, the hand-over beside which a sale was made. */
  readonly relatedReceiptId?: string | undefined;
}

/** A receipt from the till. `atMono` is the arrival at the gateway; `paidAt` is the till's own clock. */
export interface TransactionReceived extends EventOrigin, ReceiptDetails {
  readonly kind: "transaction";
  readonly atMono: MonoMs;
  readonly receiptId: string;
  readonly transactionKind: TransactionKind;
  readonly paidAt: EpochMs;
  /** Net amount in the store's currency, minor units (cents). Refunds are negative. */
  readonly netMinor: number;
  readonly units: number;
  /** How far the till's clock is ahead of ours, ms, as estimated; absent = not known, taken as 0. */
  readonly clockAheadMs?: number | undefined;
  /** True for receipts that were brought in afterwards: their arrival says nothing about their time. */
  readonly isImported?: boolean | undefined;
}

export type SensorKind = "camera" | "radio";

/**
 * `starting`: opened, nothing seen yet. `seeing`: working. `blind`: expected to work and does not; everything it
 * would have counted is unknown. `stopped`: switched off on purpose.
 */
export type SensorState = "starting" | "seeing" | "blind" | "stopped";

export interface SensorChanged extends EventOrigin {
  readonly kind: "sensor-changed";
  readonly atMono: MonoMs;
  readonly sensorId: string;
  readonly sensorKind: SensorKind;
  readonly state: SensorState;
  /** Why it is blind; null in the other states. */
  readonly code: FaultCode | null;
}

/**
 * What is not right with a sensor that still sees. `moved`: the picture is shifted against the one the lines were
 * drawn on. `low-light`: too dark to trust. `slow`: clearly fewer frames than asked for. `unstable`: reopened again
 * and again.
 */
export type SensorCondition = "moved" | "low-light" | "slow" | "unstable";

/** A condition of a sensor began or ended. */
export interface SensorConditionChanged extends EventOrigin {
  readonly kind: "sensor-condition";
  readonly atMono: MonoMs;
  readonly sensorId: string;
  readonly sensorKind: SensorKind;
  readonly condition: SensorCondition;
  readonly isPresent: boolean;
  /** The measured figures behind it, units in the names, e.g. `shiftXNorm`, `fps`, `targetFps`; at most eight. */
  readonly measured: Readonly<Record<string, number>>;
}

/**
 * One rotating identifier of a member was heard at two places between which nobody walks in the time: somebody sends a
 * copy of it. Nothing is concluded about the member, who may be at either place or at none.
 */
export interface IdentifierAnomaly extends EventOrigin {
  readonly kind: "identifier-anomaly";
  readonly atMono: MonoMs;
  /** Pseudonym of the member in this group of stores. */
  readonly tagId: TagId;
  readonly receivers: readonly [ReceiverId, ReceiverId];
  /** Least distance between the two senders that levels allow, metres. */
  readonly apartM: number;
  readonly withinMs: number;
}

export type SensorEvent =
  | LineCrossed
  | IdentifierAnomaly
  | GroupCrossed
  | ZoneApproached
  | SensorConditionChanged
  | ZoneEntered
  | ZoneExited
  | TagChanged
  | TagZoneEntered
  | TagZoneExited
  | TagAtDoor
  | TagMoved
  | TrackRenamed
  | BasketReported
  | TransactionReceived
  | SensorChanged;

/** Anonymous dots of one camera for the live plan: positions only, never stored or published. */
export interface LivePeople {
  readonly cameraId: CameraId;
  readonly atMono: MonoMs;
  readonly people: readonly {
    readonly trackId: TrackId;
    readonly xNorm: number;
    readonly yNorm: number;
    /** Smoothed over a second; null while too little is seen, absent where the floor is not measured. */
    readonly speedMPerS?: number | null;
  }[];
}

import type { CameraId, LineId, ReceiverId, TagId, TrackId, ZoneId } from "./brand.ts";
import type { ErasureOutcome, LedgerEntry } from "./consent-ledger.ts";
import type { FaultCode } from "./errors.ts";
import type { JourneyHead } from "./journey-head.ts";
import type {
  CrossingDirection,
  EventOrigin,
  FootPath,
  ReceiptDetails,
  SensorCondition,
  SensorKind,
  SensorState,
  TagMovement,
  TagState,
} from "./sensor-events.ts";
import type { LineRole, TagKind } from "./site.ts";
import type {
  BasketChangeRecorded,
  JourneyCompleted,
  QueueJoined,
  QueueLeft,
} from "./visit-events.ts";
import type { AuditOutcome, RecognitionMethod, TransactionKind } from "./vocabulary.ts";

/**
 * The vocabulary on which all stages meet: what sensors tell (`sensor-events.ts`, named here as well) and what happened
 * in the shop, which `journey` makes of it and `metrics` reads here and at the centre.
 */
export type * from "./journey-head.ts";
export type * from "./sensor-events.ts";
export type * from "./visit-events.ts";
export type { RecognitionMethod, TransactionKind } from "./vocabulary.ts";

/** `entered`/`exited`: a door line was crossed. `passed`: a passing or internal line was crossed. */
export interface CrossingRecorded extends JourneyHead {
  readonly kind: "entered" | "exited" | "passed";
  readonly cameraId: CameraId;
  readonly lineId: LineId;
  readonly role: LineRole;
  readonly trackId: TrackId;
  readonly direction: CrossingDirection;
  readonly confidence: number;
  readonly path: FootPath;
  readonly isChild?: boolean | undefined;
}

/** Two numbers of one source are one person, or are not after all. */
export interface TrackRenameRecorded extends JourneyHead {
  readonly kind: "track-renamed";
  readonly cameraId: CameraId;
  readonly from: TrackId;
  readonly to: TrackId;
  readonly isUndone: boolean;
}

/** People who went through a line as one buying unit; the crossings themselves are events of their own. */
export interface GroupRecorded extends JourneyHead {
  readonly kind: "group-crossed";
  readonly cameraId: CameraId;
  readonly lineId: LineId;
  readonly role: LineRole;
  readonly direction: CrossingDirection;
  readonly trackIds: readonly TrackId[];
}

/** Somebody is about to enter a zone: the moment at which a shop can still act. */
export interface ZoneApproachRecorded extends JourneyHead {
  readonly kind: "zone-approached";
  readonly cameraId: CameraId;
  readonly zoneId: ZoneId;
  readonly trackId: TrackId;
  readonly probability: number;
  readonly leadMs: number;
  readonly horizonMs: number;
}

export interface ZoneStayBegan extends JourneyHead {
  readonly kind: "zone-entered";
  readonly cameraId: CameraId;
  readonly zoneId: ZoneId;
  readonly trackId: TrackId;
}

export interface ZoneStayEnded extends JourneyHead {
  readonly kind: "zone-exited";
  readonly cameraId: CameraId;
  readonly zoneId: ZoneId;
  readonly trackId: TrackId;
  readonly dwellMs: number;
  readonly censored: boolean;
}

export interface TagPresenceRecorded extends JourneyHead {
  readonly kind: "tag-presence";
  readonly tagId: TagId;
  readonly tagKind: TagKind;
  readonly state: TagState;
  readonly previous: TagState;
}

export interface TagZoneStayBegan extends JourneyHead {
  readonly kind: "tag-zone-entered";
  readonly tagId: TagId;
  readonly tagKind: TagKind;
  readonly zoneId: ZoneId;
  readonly confidence: number;
}

export interface TagZoneStayEnded extends JourneyHead {
  readonly kind: "tag-zone-exited";
  readonly tagId: TagId;
  readonly tagKind: TagKind;
  readonly zoneId: ZoneId;
  readonly dwellMs: number;
  readonly confidence: number;
  readonly censored: boolean;
}

export interface TagMovementRecorded extends JourneyHead {
  readonly kind: "tag-moved";
  readonly tagId: TagId;
  readonly tagKind: TagKind;
  readonly movement: TagMovement;
  readonly zoneId: ZoneId | null;
}

/**
 * A crossing that was counted before was most probably staff. `at` is the time of that crossing; it is named by the
 * origin it was told with. A crossing is marked at most once.
 */
export interface StaffCrossingRecorded extends JourneyHead {
  readonly kind: "staff-crossed";
  readonly tagId: TagId;
  readonly lineId: LineId;
  readonly direction: CrossingDirection;
  readonly crossing: EventOrigin;
  /** Probability 0..1 that this crossing was the wearer of the tag. */
  readonly probability: number;
}

/**
 * Staff is expected by the shifts of the plan and no staff tag is inside (or one is again): a forgotten tag or an
 * empty battery makes staff count as customers.
 */
export interface StaffUnseenRecorded extends JourneyHead {
  readonly kind: "staff-unseen";
  readonly isPresent: boolean;
  /** Since when none has been seen, ms before `at`; 0 when the alarm ends. */
  readonly unseenMs: number;
}

/**
 * `at` is the time of payment on our clock: the till's own less what its clock is ahead, or the arrival at the gateway
 * when the till's clock lies in the future and so cannot be right.
 */
export interface TransactionRecorded extends JourneyHead, ReceiptDetails {
  readonly kind: "transacted";
  readonly timeSource: "till" | "till-corrected" | "arrival";
  readonly receiptId: string;
  readonly transactionKind: TransactionKind;
  readonly netMinor: number;
  readonly units: number;
  /** What was taken off the till's time, ms; absent = nothing. */
  readonly clockAheadMs?: number | undefined;
}

export interface SensorRecorded extends JourneyHead {
  readonly kind: "sensor-changed";
  readonly sensorId: string;
  readonly sensorKind: SensorKind;
  readonly state: SensorState;
  readonly code: FaultCode | null;
}

export interface SensorConditionRecorded extends JourneyHead {
  readonly kind: "sensor-condition";
  readonly sensorId: string;
  readonly sensorKind: SensorKind;
  readonly condition: SensorCondition;
  readonly isPresent: boolean;
  readonly measured: Readonly<Record<string, number>>;
}

/** What became of a configuration or a command from the centre; never holds what was configured. */
export interface AuditRecorded extends JourneyHead {
  readonly kind: "audited";
  readonly action: "config" | "command" | "outbox";
  /** Hash of the configuration, id of the command, or epoch of the outbox file that took another one's place. */
  readonly subjectId: string;
  /** Name of the command; `config` for a configuration, `replaced` for the outbox. */
  readonly name: string;
  /** Version of the configuration; null for all else. */
  readonly version: number | null;
  readonly outcome: AuditOutcome;
  /** A sentence for people. */
  readonly detail: string;
}

/**
 * The wall clock was set for the first time in this life of the gateway. At `atMono` it really was `at`: times told
 * before, flagged unsynced, are mended by it.
 */
export interface TimeFixed extends JourneyHead {
  readonly kind: "time-fix";
  /** The life it is about. */
  readonly boot: string;
  /** What the clock was wrong by just before, ms; positive: it was slow. */
  readonly offsetMs: number;
}

/** An entry was written to this gateway's consent ledger: the centre's register is made of these. */
export interface ConsentRecorded extends JourneyHead {
  readonly kind: "consent-recorded";
  /** Of the entry's canonical text, 64 hexadecimal digits; the next entry names it. */
  readonly sha256: string;
  readonly entry: LedgerEntry;
}

/** This gateway knows the centre's consents up to a number. */
export interface ConsentApplied extends JourneyHead {
  readonly kind: "consent-applied";
  readonly register: string;
  /** Number in the register; `seq` is that of the source. */
  readonly applied: number;
}

/** A request to erase was dealt with here. `erased` counts what there was, such as templates; it names nobody. */
export interface ErasureAnswerRecorded extends JourneyHead {
  readonly kind: "erasure-answered";
  readonly erasureId: string;
  readonly consumer: string;
  readonly outcome: ErasureOutcome;
  readonly erased: Readonly<Record<string, number>>;
}

/** A copy of a member's identifier is being sent: see `IdentifierAnomaly`. */
export interface IdentifierAnomalyRecorded extends JourneyHead {
  readonly kind: "identifier-anomaly";
  readonly tagId: TagId;
  readonly receivers: readonly [ReceiverId, ReceiverId];
  readonly apartM: number;
  readonly withinMs: number;
}

/**
 * A member who agreed to it was recognised at a station, by what they showed or by their face. Named by the pseudonym of
 * the group of stores; between gateway and centre only.
 */
export interface ShopperRecognised extends JourneyHead {
  readonly kind: "shopper-recognised";
  readonly pseudonym: TagId;
  readonly method: RecognitionMethod;
  readonly stationId: string;
}

export type JourneyEvent =
  | TimeFixed
  | ShopperRecognised
  | IdentifierAnomalyRecorded
  | ConsentRecorded
  | ConsentApplied
  | ErasureAnswerRecorded
  | CrossingRecorded
  | GroupRecorded
  | ZoneApproachRecorded
  | SensorConditionRecorded
  | ZoneStayBegan
  | ZoneStayEnded
  | TagPresenceRecorded
  | TagZoneStayBegan
  | TagZoneStayEnded
  | TagMovementRecorded
  | StaffCrossingRecorded
  | StaffUnseenRecorded
  | TrackRenameRecorded
  | QueueJoined
  | QueueLeft
  | BasketChangeRecorded
  | JourneyCompleted
  | TransactionRecorded
  | AuditRecorded
  | SensorRecorded;

export type JourneyEventKind = JourneyEvent["kind"];

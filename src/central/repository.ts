import type { EpochMs } from "../core/brand.ts";
import type { FaultCode } from "../core/errors.ts";
import type { BirthMessage, GapReason } from "../wire/envelopes.ts";

/** One record of a batch after the checks of the ingest. */
export type BatchRecord =
  | {
      readonly kind: "event";
      readonly storeId: string;
      readonly at: EpochMs;
      readonly id: string;
      readonly type: string;
      readonly body: string;
    }
  | { readonly kind: "gap"; readonly from: number; readonly to: number; readonly why: GapReason }
  | { readonly kind: "quarantined"; readonly reason: string; readonly body: string };

/** Consecutive records of one stream of one outbox, as received. */
export interface CommitBatch {
  readonly gatewayId: string;
  readonly epoch: string;
  readonly stream: string;
  /** Sequence number of the first record; a gap takes `to - from + 1` numbers, everything else one. */
  readonly first: number;
  readonly records: readonly BatchRecord[];
  readonly receivedAt: EpochMs;
  /** Store of the gateway; absent: that of the first event, which must then be there. */
  readonly storeId?: string;
}

/** What became of a batch, in the order of the batches handed in. */
export interface CommitOutcome {
  /** Why nothing is known about the batch: the shard of its store failed. Else null. Then `positions` is empty. */
  readonly failed: FaultCode | null;
  /** The number waited for when the batch left a hole (nothing was changed then); else null. */
  readonly need: number | null;
  /** Cursor of every stream of this outbox after the commit. */
  readonly positions: Readonly<Record<string, number>>;
  /** Records newly stored, already stored under another epoch, shed by the gateway, and set aside. */
  readonly stored: number;
  readonly known: number;
  readonly shed: number;
  readonly quarantined: number;
}

/** Account of one stream: seq = stored + known + shed + quarantined, to the unit. */
export interface StreamAccount {
  readonly epoch: string;
  readonly stream: string;
  readonly seq: number;
  readonly stored: number;
  readonly known: number;
  readonly shed: number;
  readonly quarantined: number;
  readonly updatedAt: EpochMs;
}

/** Numbers of a stream that will never come. */
export interface GapRow {
  readonly epoch: string;
  readonly stream: string;
  readonly from: number;
  readonly to: number;
  readonly n: number;
  readonly why: string;
  readonly receivedAt: EpochMs;
}

/** A message or record that could not be read, as it came. */
export interface QuarantineRow {
  readonly n: number;
  readonly gatewayId: string;
  readonly epoch: string | null;
  readonly stream: string | null;
  readonly seq: number | null;
  readonly reason: string;
  /** At most 64 KiB of it. */
  readonly body: string;
  readonly receivedAt: EpochMs;
}

/** An hour (UTC) of a store in which events arrived since its figures were last made. */
export interface DirtyHour {
  readonly storeId: string;
  readonly hour: EpochMs;
  /** Grows with every commit that touches the hour; figures made of an older mark leave it dirty. */
  readonly mark: number;
}

/** Figures of one slot of one store, as they are stored and asked for. */
export interface RollupRow {
  readonly storeId: string;
  /** `quarter` or `day` of the shop's trading calendar. */
  readonly grain: "quarter" | "day";
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** `store`, `zone:<id>` or `line:<id>`. */
  readonly scope: string;
  readonly metric: string;
  /** null: not known; `value` of `MetricValue`. */
  readonly value: number | null;
  /** The whole value with definition, interval, coverage and reason, as JSON. */
  readonly detail: string;
  /** Share of what the gateways should have sent for this slot that has arrived, 0..1. */
  readonly completeness: number;
  /** From then on only late events change it. */
  readonly finalAt: EpochMs;
  readonly revision: number;
}

/** Which rollups; half-open interval of slots that begin in [from, to). */
export interface RollupQuery {
  /** null: every store. */
  readonly storeIds: readonly string[] | null;
  readonly grain: RollupRow["grain"];
  readonly scope: string | null;
  readonly metrics: readonly string[];
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** A sum of rollups over an interval per store: what chain views need. */
export interface RollupSum {
  readonly storeId: string;
  readonly metric: string;
  readonly slots: number;
  /** Sum and mean of known values; null when none is known. */
  readonly sum: number | null;
  readonly mean: number | null;
  readonly completeness: number;
}

/** One document per store or gateway: `site`, `health`, `reported`, `desired`, `day-record`... */
export interface DocumentKey {
  readonly kind: string;
  /** Store for `site` and `day-record`, gateway for the rest. */
  readonly owner: string;
  /** e.g. the day of a record; "" when there is one only. */
  readonly part: string;
}

export interface GatewayRow {
  readonly gatewayId: string;
  /** null before its first birth message. */
  readonly storeId: string | null;
  readonly online: boolean;
  readonly session: string | null;
  readonly versions: Readonly<Record<string, string>>;
  readonly sensors: BirthMessage["sensors"];
  readonly lastSeenAt: EpochMs;
  readonly streams: readonly StreamAccount[];
  /** The latest gaps, newest first, at most 20. */
  readonly gaps: readonly GapRow[];
}

export interface StoreRow {
  readonly storeId: string;
  readonly events: number;
  readonly firstAt: EpochMs;
  readonly lastAt: EpochMs;
}

export interface EventQuery {
  readonly storeId: string;
  /** Half-open interval [from, to) of the time of the event. */
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly type: string | null;
  readonly limit: number;
  /** Continue behind this event; null from the start. */
  readonly after: { readonly at: EpochMs; readonly id: string } | null;
}

export interface StoredEvent {
  readonly at: EpochMs;
  readonly id: string;
  /** CloudEvent as JSON text. */
  readonly body: string;
}

/**
 * The central store's stream. Every write is durable when its promise resolves, and replaying a batch changes nothing.
 * Faults of the database reject with STORE_FAILED.
 */
export interface EventRepository {
  /**
   * Stores the part of each batch behind its cursor and moves the cursors. Batches of one store are committed in one
   * transaction; the promise resolves when all are durable. Batches of one stream follow each other in order. When
   * some shards fail and others do not, the outcomes say so in `failed`; when all fail, the promise rejects.
   */
  commit(batches: readonly CommitBatch[]): Promise<readonly CommitOutcome[]>;
  /** Cursors of one outbox by stream; empty when it is not known. */
  positions(gatewayId: string, epoch: string): Promise<Readonly<Record<string, number>>>;
  /** Notes who is there. A farewell of an older session is ignored. */
  recordBirth(gatewayId: string, birth: BirthMessage, at: EpochMs): Promise<void>;
  /** Sets a whole message aside that could not be read. Old ones are dropped beyond a cap. */
  quarantine(gatewayId: string, reason: string, body: string, at: EpochMs): Promise<void>;
  /** What was set aside, newest first, below `before` (exclusive; null = from the newest). */
  quarantined(before: number | null, limit: number): Promise<readonly QuarantineRow[]>;
  gateways(): Promise<readonly GatewayRow[]>;
  stores(): Promise<readonly StoreRow[]>;
  /** Events in order of time, then id. */
  events(query: EventQuery): Promise<readonly StoredEvent[]>;
  /** Drops what is older, whole months at a time where the engine keeps months apart; returns how many are gone. */
  retain(eventsFrom: EpochMs): Promise<number>;
  close(): Promise<void>;
}

/** Where gateways are at home: what the ingest must know before it can commit. */
export interface GatewayRegistry {
  /** How many independent databases there are; a commit touches one of them when all its stores share a lane. */
  readonly lanes: number;
  /** Which of them a store lives in, from 0. */
  laneOf(storeId: string): number;
  /** Store a gateway is registered for; null when it is not known yet. */
  home(gatewayId: string): Promise<string | null>;
  /** Registers a gateway for a store unless it is registered already; returns the store it is registered for. */
  claimHome(gatewayId: string, storeId: string): Promise<string>;
}

/** Figures made of events, kept apart from them and made again when events come late. */
export interface RollupRepository {
  /** Hours to make figures of, oldest mark first. */
  dirtyHours(limit: number): Promise<readonly DirtyHour[]>;
  /** Replaces the figures of the slots named by the rows and clears the hours at their marks, in one transaction. */
  saveRollups(
    storeId: string,
    rows: readonly RollupRow[],
    done: readonly DirtyHour[],
  ): Promise<void>;
  rollups(query: RollupQuery): Promise<readonly RollupRow[]>;
  sums(query: RollupQuery): Promise<readonly RollupSum[]>;
}

/** Small documents by key, and the log of who did what. */
export interface DocumentRepository {
  document(key: DocumentKey): Promise<{ readonly text: string; readonly at: EpochMs } | null>;
  documents(
    kind: string,
    owner: string | null,
  ): Promise<readonly { readonly key: DocumentKey; readonly text: string; readonly at: EpochMs }[]>;
  saveDocument(key: DocumentKey, text: string | null, at: EpochMs): Promise<void>;
  audit(entry: AuditEntry): Promise<void>;
  audits(before: number | null, limit: number): Promise<readonly (AuditEntry & { n: number })[]>;
}

/** Who did what: never holds personal data, only names of keys, stores and actions. */
export interface AuditEntry {
  readonly at: EpochMs;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly detail: string;
}

/** The central store: one interface, SQLite and PostgreSQL behind it. */
export interface CentralStore
  extends EventRepository,
    GatewayRegistry,
    RollupRepository,
    DocumentRepository {}

import type { EpochMs } from "../core/brand.ts";
import type { FaultCode } from "../core/errors.ts";
import type { BirthMessage, GapReason } from "../wire/envelopes.ts";
import type { TimeFix } from "../wire/time-fix.ts";
import type { NameRepository } from "./named-events.ts";

/** One record of a batch after the checks of the ingest. */
export type BatchRecord =
  | {
      readonly kind: "event";
      readonly storeId: string;
      readonly at: EpochMs;
      readonly id: string;
      readonly type: string;
      readonly body: string;
      /** Life of the gateway, when the event was told with a clock that was not set: its time is to be mended. */
      readonly unsyncedBoot?: string;
      /** What a `time-fix` event says about a life of the gateway. */
      readonly fix?: TimeFix;
    }
  | {
      readonly kind: "gap";
      readonly from: number;
      readonly to: number;
      readonly why: GapReason;
      /** When the gateway gave them up; absent = not told. */
      readonly shedAt?: EpochMs;
    }
  | {
      readonly kind: "quarantined";
      readonly reason: string;
      readonly body: string;
      /** Set when nothing is wrong with it but a time told with a clock that was not set. */
      readonly unsyncedBoot?: string;
    };

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
  /** Other events are stored under numbers of the batch: its outbox is a copy. Nothing was changed then. */
  readonly isStray?: true;
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
  /** Time of its newest event; null when none came since this is noted. */
  readonly lastAt: EpochMs | null;
}

/** Numbers of a stream that will never come. */
export interface GapRow {
  readonly epoch: string;
  readonly stream: string;
  readonly from: number;
  readonly to: number;
  readonly n: number;
  readonly why: string;
  /**
   * About when they happened: between the event before them in the stream (null = there was none with a known time) and
   * the one behind them, or else the moment they were given up.
   */
  readonly firstAt: EpochMs | null;
  readonly lastAt: EpochMs | null;
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
  /** How often the same message came, and when the last time; a record comes once. */
  readonly times: number;
  readonly lastReceivedAt: EpochMs;
}

/** How much of what a gateway had set aside was dropped, because it was too much. */
export interface AsideLoss {
  readonly gatewayId: string;
  readonly dropped: number;
}

/** An hour (UTC) of a store in which events arrived since its figures were last made. */
export interface DirtyHour {
  readonly storeId: string;
  readonly hour: EpochMs;
  /** Grows with every commit that touches the hour; figures made of an older mark leave it dirty. */
  readonly mark: number;
  /** Since when it waits (the centre's clock). */
  readonly since: EpochMs;
}

/** How much waits to be made figures of. */
export interface DirtyState {
  readonly hours: number;
  /** Since when the oldest waits; null when none does. */
  readonly since: EpochMs | null;
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

/** Two figures of the same trading days, asked of all stores; `n` is how many the first one counts. */
export interface DayPairQuery {
  readonly metric: string;
  readonly other: string | "n";
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** Sums per store over the trading days on which both figures are known. */
export interface DayPairSum {
  readonly storeId: string;
  readonly days: number;
  readonly own: number;
  readonly other: number;
  /** Of own times other. */
  readonly product: number;
  /** Of the completeness of the first. */
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
   * Stores the part of each batch behind its cursor and moves the cursors. What was told with a clock that was not set
   * gets the time it really had as soon as a fix of that life of the gateway is known. Batches of one store are committed in one
   * transaction; the promise resolves when all are durable. Batches of one stream follow each other in order. When
   * some shards fail and others do not, the outcomes say so in `failed`; when all fail, the promise rejects.
   */
  commit(batches: readonly CommitBatch[]): Promise<readonly CommitOutcome[]>;
  /** Cursors of one outbox by stream; empty when it is not known. */
  positions(gatewayId: string, epoch: string): Promise<Readonly<Record<string, number>>>;
  /** Notes who is there. A farewell of an older session is ignored. */
  recordBirth(gatewayId: string, birth: BirthMessage, at: EpochMs): Promise<void>;
  /**
   * Sets a whole message aside that could not be read. One that came before is counted, not kept again: `likeness` is what
   * makes it the same, absent = its reason and text. Beyond a cap per gateway, and one of all, the oldest are dropped and
   * counted.
   */
  quarantine(
    gatewayId: string,
    reason: string,
    body: string,
    at: EpochMs,
    likeness?: string,
  ): Promise<void>;
  /** What was set aside, newest first, below `before` (exclusive; null = from the newest). */
  quarantined(before: number | null, limit: number): Promise<readonly QuarantineRow[]>;
  /** What was dropped of it, by gateway. */
  asideLosses(): Promise<readonly AsideLoss[]>;
  gateways(): Promise<readonly GatewayRow[]>;
  stores(): Promise<readonly StoreRow[]>;
  /** Events in order of time, then id. */
  events(query: EventQuery): Promise<readonly StoredEvent[]>;
  /**
   * Drops events, gaps and what was set aside when they are older, events whole months at a time where the engine keeps
   * months apart; returns how many events are gone.
   */
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
  /** Hours to make figures of, oldest mark first; of one store if it is named. */
  dirtyHours(limit: number, storeId?: string): Promise<readonly DirtyHour[]>;
  dirtyState(): Promise<DirtyState>;
  /**
   * Takes a store for one of several centres, or keeps it, for so long; false while another has it. Who does not release
   * it loses it by time.
   */
  claimStore(storeId: string, holder: string, forMs: number): Promise<boolean>;
  releaseStore(storeId: string, holder: string): Promise<void>;
  /** How many events each gateway said since then that will never come; gateways without any are left out. */
  lostSince(from: EpochMs): Promise<readonly { readonly gatewayId: string; readonly n: number }[]>;
  /** Gaps of a store's gateways that may overlap [from, to), at most 5,000. */
  gapsWithin(storeId: string, from: EpochMs, to: EpochMs): Promise<readonly GapRow[]>;
  /** Replaces the figures of the slots named by the rows and clears the hours at their marks, in one transaction. */
  saveRollups(
    storeId: string,
    rows: readonly RollupRow[],
    done: readonly DirtyHour[],
  ): Promise<void>;
  rollups(query: RollupQuery): Promise<readonly RollupRow[]>;
  sums(query: RollupQuery): Promise<readonly RollupSum[]>;
  /** Stores in order of their ids; those without a day on which both are known are left out. */
  dayPairs(query: DayPairQuery): Promise<readonly DayPairSum[]>;
}

/** Small documents by key, and the log of who did what. */
export interface DocumentRepository {
  document(key: DocumentKey): Promise<{ readonly text: string; readonly at: EpochMs } | null>;
  documents(
    kind: string,
    owner: string | null,
  ): Promise<readonly { readonly key: DocumentKey; readonly text: string; readonly at: EpochMs }[]>;
  saveDocument(key: DocumentKey, text: string | null, at: EpochMs): Promise<void>;
  /**
   * Writes a document of the first node if it still is what it was, and notes who did so, in one transaction. False when
   * it changed meanwhile: then nothing was written.
   */
  changeDocument(key: DocumentKey, change: DocumentChange, entry: AuditEntry): Promise<boolean>;
  audit(entry: AuditEntry): Promise<void>;
  audits(before: number | null, limit: number): Promise<readonly (AuditEntry & { n: number })[]>;
}

/** What becomes of a document; null: there is none. */
export interface DocumentChange {
  readonly was: string | null;
  readonly text: string | null;
}

/** Who did what: never holds personal data, only names of keys, stores and actions. */
export interface AuditEntry {
  readonly at: EpochMs;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly detail: string;
}

/** What one database of the store can be asked about its own stores. */
export type StorePart = Pick<
  EventRepository & RollupRepository & DocumentRepository,
  "gateways" | "documents" | "sums" | "dirtyState" | "asideLosses"
>;

/** The central store: one interface, SQLite and PostgreSQL behind it. */
export interface CentralStore
  extends EventRepository,
    GatewayRegistry,
    RollupRepository,
    DocumentRepository,
    NameRepository {
  /** Each of the independent databases by itself, for those who can do with what some of them say. */
  parts(): readonly StorePart[];
}

import type { EpochMs } from "../core/brand.ts";
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
}

/** What became of a batch. */
export interface CommitOutcome {
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
 * The central store. Every write is durable when its promise resolves, and replaying a batch changes nothing.
 * Faults of the database reject with STORE_FAILED.
 */
export interface EventRepository {
  /** Stores the part of the batch behind the cursor and moves the cursor, in one transaction. */
  commit(batch: CommitBatch): Promise<CommitOutcome>;
  /** Cursors of one outbox by stream; empty when it is not known. */
  positions(gatewayId: string, epoch: string): Promise<Readonly<Record<string, number>>>;
  /** Notes who is there. A farewell of an older session is ignored. */
  recordBirth(gatewayId: string, birth: BirthMessage, at: EpochMs): Promise<void>;
  /** Sets a whole message aside that could not be read. Old ones are dropped beyond a cap. */
  quarantine(gatewayId: string, reason: string, body: string, at: EpochMs): Promise<void>;
  gateways(): Promise<readonly GatewayRow[]>;
  stores(): Promise<readonly StoreRow[]>;
  /** Events in order of time, then id. */
  events(query: EventQuery): Promise<readonly StoredEvent[]>;
  close(): Promise<void>;
}

import type { EpochMs } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import type { FaultCode } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { StreamName } from "../../wire/cloud-event.ts";
import type { ShedCounts } from "./outbox-file.ts";

/** One event to keep until the centre has it. */
export interface OutboxEntry {
  readonly stream: StreamName;
  /** CloudEvent as JSON text. */
  readonly body: string;
  /** Commit now instead of with the next group. */
  readonly urgent: boolean;
  /** Receipt to remember in the same transaction, or null. */
  readonly receiptId: string | null;
}

/** Called after the event is on the disk. `recordedAt` is when it was handed in. */
export type OnAccepted = (stream: StreamName, seq: number) => void;

/** `fault`: OUTBOX_FULL while events are being shed, DISK_FULL while nothing can be written. */
export type OutboxState =
  | { readonly kind: "ok" }
  | { readonly kind: "fault"; readonly code: FaultCode; readonly since: EpochMs };

/** What the outbox holds. */
export interface OutboxStats {
  readonly epoch: string;
  /** Events on the disk that the centre has not acknowledged. */
  readonly waiting: number;
  /** Events in memory, not yet accepted. */
  readonly pending: number;
  readonly bytes: number;
  readonly capBytes: number;
  readonly oldestRecordedAt: EpochMs | null;
  /** Events shed since the file was created; the centre learns of each in a gap record. */
  readonly shed: number;
  /** The same by stream and reason; what is still refused counts as `disk`. */
  readonly shedBy: ShedCounts;
  /** Events refused because memory was full while the disk was; not yet in a gap record. */
  readonly refused: number;
  /** By which a receipt that comes again is known, and those too long ago to be. */
  readonly receipts: { readonly remembered: number; readonly forgotten: number };
  readonly streams: Readonly<
    Record<StreamName, { readonly next: number; readonly acked: number; readonly shed: number }>
  >;
}

export interface OutboxOptions {
  readonly path: string;
  readonly capBytes: number;
  /** Longest wait of an ordinary event for the disk. */
  readonly commitMs: number;
  /** Events that waited longer than this, in time the gateway was switched on, are shed; absent = only the cap counts. */
  readonly maxAgeMs?: number;
  /** Called at every step of work that may take minutes and during which nothing else happens: taking over a damaged file. */
  readonly onStep?: () => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

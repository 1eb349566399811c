import type { MonoMs } from "../../core/brand.ts";

const FIRST_BYTES = 524_288;
const LEAST_BYTES = 32_768;
const MOST_BYTES = 2_097_152;
const LEAST_BATCH_BYTES = 4096;
/** A batch is this part of what may be under way, so that acknowledgements come often enough to judge by. */
const BATCHES = 8;
/** Time in queues up to which more is sent, and from which less is. Between the two the budget stays. */
const SHORT_QUEUE_MS = 150;
const LONG_QUEUE_MS = 400;
const SHRINK = 0.7;
const LITTLE_MS = 10_000;

/**
 * How many bytes of a backlog may be under way to the centre. It follows the round trip: an acknowledgement that takes
 * as long as the quickest one lets more out, one that stood in a queue less, so that what is fresh never waits behind
 * more than about a second of backlog, and a long line is filled all the same. Bounded by 32 KiB and 2 MiB. Pure.
 */
export class FlightBudget {
  readonly #largestBatchBytes: number;
  #bytes = FIRST_BYTES;
  /** Quickest acknowledgement of this connection; a window of time would take its own queue for the line. */
  #leastMs = Number.POSITIVE_INFINITY;
  /** Since when the budget is at its least. */
  #littleSinceMono = Number.POSITIVE_INFINITY;
  #restsUntilMono = Number.NEGATIVE_INFINITY;

  constructor(largestBatchBytes: number) {
    this.#largestBatchBytes = largestBatchBytes;
  }

  /** Bytes that may be under way. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of one batch. */
  get batchBytes(): number {
    const share = Math.floor(this.#bytes / BATCHES);
    return Math.min(this.#largestBatchBytes, Math.max(LEAST_BATCH_BYTES, share));
  }

  /** A batch of `bytes` was acknowledged `tookMs` after it was sent; `wasFull` while more was waiting to be sent. */
  acknowledged(tookMs: number, bytes: number, wasFull: boolean, mono: MonoMs): void {
    // With so little under way for so long it is not our queue: the line itself has become longer.
    const isOurs = mono - this.#littleSinceMono < LITTLE_MS;
    this.#leastMs = isOurs ? Math.min(this.#leastMs, tookMs) : tookMs;
    const queueMs = tookMs - this.#leastMs;
    if (queueMs > LONG_QUEUE_MS) this.#shrink(mono, tookMs);
    else if (queueMs < SHORT_QUEUE_MS && wasFull)
      this.#bytes = Math.min(MOST_BYTES, this.#bytes + bytes);
    if (this.#bytes > LEAST_BYTES) this.#littleSinceMono = mono;
  }

  /** Nothing was acknowledged for long. */
  stalled(mono: MonoMs): void {
    this.#shrink(mono, 0);
  }

  /** A new connection: the line may be another one. */
  reconnected(): void {
    this.#leastMs = Number.POSITIVE_INFINITY;
    this.#littleSinceMono = Number.POSITIVE_INFINITY;
    this.#restsUntilMono = Number.NEGATIVE_INFINITY;
    this.#bytes = Math.max(this.#bytes, FIRST_BYTES);
  }

  /** Once per round trip: what is under way was sent before the last change. */
  #shrink(mono: MonoMs, restMs: number): void {
    if (mono < this.#restsUntilMono) return;
    this.#bytes = Math.max(LEAST_BYTES, Math.floor(this.#bytes * SHRINK));
    this.#restsUntilMono = mono + restMs;
  }
}

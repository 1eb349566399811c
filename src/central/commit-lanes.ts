import type { MonoMs } from "../core/brand.ts";
import type { Clock } from "../core/clock.ts";
import { type FaultCode, GatewayError } from "../core/errors.ts";
import type { Log } from "../core/lifecycle.ts";
import { type RetryOptions, retryPauses } from "../core/retry.ts";
import type { CentralStore, CommitBatch, CommitOutcome } from "./repository.ts";

/** A batch whose store is known. */
export type HomedBatch = CommitBatch & { readonly storeId: string };

/** What became of a batch; `put-off`: its shard fails or is behind, and it may come again after the pause. */
export type LaneOutcome =
  | { readonly kind: "committed"; readonly outcome: CommitOutcome }
  | { readonly kind: "put-off"; readonly code: FaultCode; readonly pauseMs: number };

export interface CommitLanesOptions {
  readonly store: Pick<CentralStore, "commit" | "lanes" | "laneOf">;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** Transactions under way for one shard, of different gateways: while one is written, the next is made ready. */
const COMMITS_AT_ONCE = 2;
/** Records of one transaction; a single batch may hold more. */
const RECORDS_AT_ONCE = 5000;
/** Records that wait for one shard; beyond, its batches are put off. */
const WAITING_RECORDS = 20_000;
const BEHIND_MS = 1000;
/** A transaction that takes longer holds nothing up any more: its shard hangs. */
const OVERDUE_MS = 2000;
const RETRY: RetryOptions = { baseMs: 500, capMs: 15_000, factor: 2, jitterRatio: 0.5 };

interface Waiting {
  readonly batch: HomedBatch;
  readonly settle: (outcome: LaneOutcome) => void;
}

/**
 * Hands batches to the store, those of one shard together. While a transaction runs, what comes in for its shard
 * gathers for the next one, up to 5,000 records; so a quiet centre answers at once and a busy one in large steps. A
 * shard that fails is left alone for growing pauses, in which its batches are put off at once; others do not notice.
 * One that hangs is treated alike from the third second on, until it answers: what it commits late comes again and is
 * found behind the cursor.
 */
export class CommitLanes {
  readonly #options: CommitLanesOptions;
  readonly #lanes: readonly Lane[];

  constructor(options: CommitLanesOptions) {
    this.#options = options;
    this.#lanes = Array.from(
      { length: options.store.lanes },
      (_, index) => new Lane(options, index),
    );
  }

  /** Resolves when the batch is durable or put off; never rejects for a fault of the store. */
  submit(batch: HomedBatch): Promise<LaneOutcome> {
    const lane = this.#lanes[this.#options.store.laneOf(batch.storeId)];
    if (lane === undefined) throw new RangeError("a store has no lane");
    return lane.submit(batch);
  }
}

class Lane {
  readonly #options: CommitLanesOptions;
  readonly #index: number;
  #waiting: Waiting[] = [];
  #waitingRecords = 0;
  /** Gateways with a batch under way: the next one has to follow it. */
  readonly #busy = new Set<string>();
  #running = 0;
  /** Transactions under way for too long. */
  #overdue = 0;
  #fault: { readonly code: FaultCode; readonly untilMono: MonoMs } | null = null;
  #pauses: Generator<number, never>;

  constructor(options: CommitLanesOptions, index: number) {
    this.#options = options;
    this.#index = index;
    this.#pauses = retryPauses(RETRY, options.random);
  }

  submit(batch: HomedBatch): Promise<LaneOutcome> {
    const leftMs = this.#fault === null ? 0 : this.#fault.untilMono - this.#options.clock.mono();
    if (this.#fault !== null && leftMs > 0)
      return Promise.resolve(putOff(this.#fault.code, Math.ceil(leftMs)));
    if (this.#overdue > 0) return Promise.resolve(putOff("STORE_UNREACHABLE", OVERDUE_MS));
    const isFull = this.#waitingRecords >= WAITING_RECORDS;
    if (isFull) return Promise.resolve(putOff("STORE_FAILED", BEHIND_MS));
    return new Promise((settle, reject) => {
      this.#waiting.push({ batch, settle });
      this.#waitingRecords += batch.records.length;
      if (this.#running < COMMITS_AT_ONCE) this.#run().catch(reject);
    });
  }

  async #run(): Promise<void> {
    this.#running += 1;
    // What arrived in the same piece of the stream joins the first transaction.
    await new Promise((resolve) => setImmediate(resolve));
    for (let group = this.#takeGroup(); group.length > 0; group = this.#takeGroup()) {
      const gateways = group.map(({ batch }) => batch.gatewayId);
      for (const gatewayId of gateways) this.#busy.add(gatewayId);
      await this.#commit(group);
      for (const gatewayId of gateways) this.#busy.delete(gatewayId);
    }
    this.#running -= 1;
  }

  /** Takes what may go now, in order; of a gateway with a batch under way nothing. */
  #takeGroup(): readonly Waiting[] {
    const group: Waiting[] = [];
    const left: Waiting[] = [];
    let records = 0;
    let isClosed = false;
    for (const one of this.#waiting) {
      const { gatewayId, records: own } = one.batch;
      isClosed ||= records > 0 && records + own.length > RECORDS_AT_ONCE;
      if (isClosed || this.#busy.has(gatewayId)) left.push(one);
      else {
        group.push(one);
        records += own.length;
      }
    }
    this.#waiting = left;
    this.#waitingRecords -= records;
    return group;
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    let outcomes: readonly CommitOutcome[] = [];
    let code: FaultCode | null = null;
    const stopWatch = this.#watch(group);
    try {
      outcomes = await this.#options.store.commit(group.map(({ batch }) => batch));
      code = outcomes.find(({ failed }) => failed !== null)?.failed ?? null;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      code = error.code;
    } finally {
      stopWatch();
    }
    if (code !== null) return this.#fail(code, group);
    this.#recover();
    for (const [index, { settle }] of group.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) throw new TypeError("a batch has no outcome");
      settle({ kind: "committed", outcome });
    }
  }

  /** Puts a group off when its transaction is overdue. Call the answer when it ended. */
  #watch(group: readonly Waiting[]): () => void {
    let isOverdue = false;
    const timer = this.#options.clock.after(OVERDUE_MS, "overdue commit", () => {
      isOverdue = true;
      this.#overdue += 1;
      this.#fail("STORE_UNREACHABLE", group);
    });
    return () => {
      timer.cancel();
      if (isOverdue) this.#overdue -= 1;
    };
  }

  /** Everything that waits is put off too, so that nothing is held up at the broker. */
  #fail(code: FaultCode, group: readonly Waiting[]): void {
    const pauseMs = Math.max(1, this.#pauses.next().value);
    const untilMono = (this.#options.clock.mono() + pauseMs) as MonoMs;
    if (this.#fault === null) {
      this.#options.log.error(
        { event: "ingest.store-failed", code, lane: this.#index },
        "the store takes nothing; gateways keep their events",
      );
    }
    this.#fault = { code, untilMono };
    const waiting = [...group, ...this.#waiting.splice(0)];
    this.#waitingRecords = 0;
    for (const { settle } of waiting) settle(putOff(code, pauseMs));
  }

  #recover(): void {
    if (this.#fault === null) return;
    this.#fault = null;
    this.#pauses = retryPauses(RETRY, this.#options.random);
    this.#options.log.info(
      { event: "ingest.store-back", lane: this.#index },
      "the store works again",
    );
  }
}

const putOff = (code: FaultCode, pauseMs: number): LaneOutcome => ({
  kind: "put-off",
  code,
  pauseMs,
});

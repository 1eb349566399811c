import { BoundedMap } from "../core/bounded-map.ts";
import type { MonoMs } from "../core/brand.ts";
import type { Clock } from "../core/clock.ts";
import { type FaultCode, GatewayError } from "../core/errors.ts";
import type { Log } from "../core/lifecycle.ts";
import { type RetryOptions, retryPauses } from "../core/retry.ts";
import { bugFields } from "./bug-fields.ts";
import { AsideBudget } from "./gateway-quota.ts";
import { type HomedBatch, type LaneOutcome, LaneQueue, type Waiting } from "./lane-queue.ts";
import type { BatchRecord, CentralStore, CommitOutcome } from "./repository.ts";

export interface CommitLanesOptions {
  readonly store: Pick<CentralStore, "commit" | "lanes" | "laneOf">;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** How a shard stands; counts are since the start. */
export interface LaneState {
  readonly waitingRecords: number;
  readonly isFailing: boolean;
  /** Transactions that were durable, the records in them, and how long they took together. */
  readonly commits: number;
  readonly records: number;
  readonly commitMs: number;
  /** Transactions that failed or took too long. */
  readonly failures: number;
  /** Records that the database refused for what is in them. */
  readonly refused: number;
}

/** Transactions under way for one shard, of different gateways: while one is written, the next is made ready. */
const COMMITS_AT_ONCE = 2;
const BEHIND_MS = 1000;
/** A transaction that takes longer holds nothing up any more: its shard hangs. */
const OVERDUE_MS = 2000;
const RETRY: RetryOptions = { baseMs: 500, capMs: 15_000, factor: 2, jitterRatio: 0.5 };
/** A gateway of which the database refused something shares no transaction with others for so long. */
const APART_MS = 600_000;
const GATEWAYS_APART = 10_000;

type Attempt =
  | { readonly kind: "done"; readonly outcomes: readonly CommitOutcome[] }
  | { readonly kind: "failed"; readonly code: FaultCode }
  | { readonly kind: "refused"; readonly reason: string; readonly isOfData: boolean };

/** The batches of one shard on their way into it; see `CommitLanes`. */
export class CommitLane {
  readonly #options: CommitLanesOptions;
  readonly #index: number;
  readonly #queue = new LaneQueue();
  /** Gateways with a batch under way: the next one has to follow it. */
  readonly #busy = new Set<string>();
  readonly #apart = new BoundedMap<string, MonoMs>({ cap: GATEWAYS_APART, idleMs: APART_MS });
  readonly #budget = new AsideBudget();
  readonly #counts = { commits: 0, records: 0, commitMs: 0, failures: 0, refused: 0 };
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

  get state(): LaneState {
    const isFailing = this.#fault !== null || this.#overdue > 0;
    return { ...this.#counts, waitingRecords: this.#queue.records, isFailing };
  }

  submit(batch: HomedBatch): Promise<LaneOutcome> {
    const rest = this.#rest();
    if (rest !== null) return Promise.resolve(rest);
    if (this.#overdue > 0) return Promise.resolve(putOff("STORE_UNREACHABLE", OVERDUE_MS));
    return new Promise((settle) => {
      if (!this.#queue.push({ batch, settle })) settle(putOff("STORE_FAILED", BEHIND_MS));
      else if (this.#running < COMMITS_AT_ONCE) void this.#run();
    });
  }

  /** What is answered while the shard is left alone; else null. */
  #rest(): LaneOutcome | null {
    if (this.#fault === null) return null;
    const leftMs = this.#fault.untilMono - this.#options.clock.mono();
    return leftMs > 0 ? putOff(this.#fault.code, Math.ceil(leftMs)) : null;
  }

  async #run(): Promise<void> {
    this.#running += 1;
    // What arrived in the same piece of the stream joins the first transaction.
    await new Promise((resolve) => setImmediate(resolve));
    for (let group = this.#take(); group.length > 0; group = this.#take()) {
      const gateways = group.map(({ batch }) => batch.gatewayId);
      for (const gatewayId of gateways) this.#busy.add(gatewayId);
      await this.#commit(group);
      for (const gatewayId of gateways) this.#busy.delete(gatewayId);
    }
    this.#running -= 1;
  }

  #take(): readonly Waiting[] {
    const mono = this.#options.clock.mono();
    return this.#queue.take(this.#busy, (gatewayId) => {
      const sinceMono = this.#apart.peek(gatewayId);
      return sinceMono !== undefined && mono - sinceMono < APART_MS;
    });
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    const batches = group.map(({ batch }) => batch);
    const attempt = await this.#attempt(batches, group);
    if (attempt.kind === "failed") return this.#fail(attempt.code, group);
    if (attempt.kind === "done") {
      for (const [index, { settle }] of group.entries()) {
        const outcome = attempt.outcomes[index];
        if (outcome === undefined) throw new TypeError("a batch has no outcome");
        settle({ kind: "committed", outcome });
      }
      return;
    }
    const [one] = group;
    if (group.length === 1 && one !== undefined) return this.#commitApart(one, attempt);
    for (const single of group) {
      const rest = this.#rest();
      if (rest === null) await this.#commit([single]);
      else single.settle(rest);
    }
  }

  /** Stores of a batch what the database takes, and sets aside the records that it refuses. */
  async #commitApart(
    waiting: Waiting,
    refusal: Extract<Attempt, { kind: "refused" }>,
  ): Promise<void> {
    const { batch, settle } = waiting;
    const mono = this.#options.clock.mono();
    this.#apart.set(batch.gatewayId, mono, mono);
    const result = await this.#commitParts(waiting, batch, refusal);
    if (result.kind === "done") settle({ kind: "committed", outcome: sum(result.outcomes) });
    else if (result.kind === "failed") this.#fail(result.code, [waiting]);
    else {
      const { reason } = result;
      const { gatewayId } = batch;
      this.#options.log.error(
        { event: "ingest.refused", code: "RECORD_REFUSED", lane: this.#index, gatewayId, reason },
        "the store refuses a batch; its gateway keeps it",
      );
      settle({ kind: "refused", reason });
    }
  }

  /**
   * Halves a refused part until the records to blame are alone. A fault of the program, and more of them than the budget of
   * their gateway allows, is no reason to take events away: then the gateway keeps the batch.
   */
  async #commitParts(
    waiting: Waiting,
    part: HomedBatch,
    refusal: Extract<Attempt, { kind: "refused" }>,
  ): Promise<Attempt> {
    const { records } = part;
    const [only] = records;
    if (!refusal.isOfData) return refusal;
    if (records.length === 1 && only !== undefined) {
      if (only.kind !== "event") return refusal;
      if (!this.#budget.take(part.gatewayId, this.#options.clock.mono())) return refusal;
      const aside: BatchRecord = { kind: "quarantined", reason: refusal.reason, body: only.body };
      const noted = await this.#attempt([{ ...part, records: [aside] }], [waiting]);
      if (noted.kind === "done") this.#counts.refused += 1;
      return noted;
    }
    const outcomes: CommitOutcome[] = [];
    for (const half of halves(part)) {
      let result = await this.#attempt([half], [waiting]);
      if (result.kind === "refused") result = await this.#commitParts(waiting, half, result);
      if (result.kind !== "done") return result;
      outcomes.push(...result.outcomes);
    }
    return { kind: "done", outcomes };
  }

  async #attempt(batches: readonly HomedBatch[], group: readonly Waiting[]): Promise<Attempt> {
    const stopWatch = this.#watch(group);
    const { clock, store, log } = this.#options;
    const startMono = clock.mono();
    try {
      const outcomes = await store.commit(batches);
      const failure = outcomes.find(({ failed }) => failed !== null)?.failed ?? null;
      if (failure !== null) return { kind: "failed", code: failure };
      this.#counts.commits += 1;
      this.#counts.records += batches.reduce((total, { records }) => total + records.length, 0);
      this.#counts.commitMs += clock.mono() - startMono;
      this.#recover();
      return { kind: "done", outcomes };
    } catch (error) {
      if (!(error instanceof GatewayError)) {
        // Rethrown, it would break the connection and meet the same batches again.
        const fields = { event: "ingest.broken", lane: this.#index, ...bugFields(error) };
        log.error(fields, "a commit met a fault of the program");
        return { kind: "refused", reason: "a fault of the program", isOfData: false };
      }
      if (error.code !== "RECORD_REFUSED") return { kind: "failed", code: error.code };
      return { kind: "refused", reason: reasonOf(error), isOfData: true };
    } finally {
      stopWatch();
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
    this.#counts.failures += 1;
    if (this.#fault === null) {
      this.#options.log.error(
        { event: "ingest.store-failed", code, lane: this.#index },
        "the store takes nothing; gateways keep their events",
      );
    }
    this.#fault = { code, untilMono };
    for (const { settle } of [...group, ...this.#queue.drain()]) settle(putOff(code, pauseMs));
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

/** The database's own code says what it minded; its text may hold what was in the record. */
function reasonOf({ cause }: GatewayError): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "no code";
  return `the database refuses it (${code})`;
}

function halves(part: HomedBatch): readonly HomedBatch[] {
  const middle = Math.ceil(part.records.length / 2);
  const left = part.records.slice(0, middle);
  const taken = left.reduce(
    (numbers, record) => numbers + (record.kind === "gap" ? record.to - record.from + 1 : 1),
    0,
  );
  return [
    { ...part, records: left },
    { ...part, first: part.first + taken, records: part.records.slice(middle) },
  ];
}

/** What became of a batch that was stored in parts. */
function sum(parts: readonly CommitOutcome[]): CommitOutcome {
  const total = (key: "stored" | "known" | "shed" | "quarantined"): number =>
    parts.reduce((all, part) => all + part[key], 0);
  return {
    ...{ failed: null, need: parts.at(-1)?.need ?? null, positions: parts.at(-1)?.positions ?? {} },
    ...{ stored: total("stored"), known: total("known"), shed: total("shed") },
    quarantined: total("quarantined"),
  };
}

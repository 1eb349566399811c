import type { Worker } from "node:worker_threads";
import type { Clock, Timer } from "../../core/clock.ts";
import type { Log } from "../../core/lifecycle.ts";
import { retryPauses } from "../../core/retry.ts";
import { launchWorker } from "../../io/camera/worker-launch.ts";
import type { FiguresBirth, FiguresNews, FiguresOrder } from "./figures-protocol.ts";
import { NO_ROLLUPS, type RollupCounts } from "./rollup-worker.ts";

export interface FiguresThreadOptions {
  readonly birth: FiguresBirth;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** What the thread did since the start, over all its lives. */
export interface FiguresCounts extends RollupCounts {
  /** Turns that failed, and threads that died. */
  readonly failed: number;
  readonly died: number;
}

/** Nothing was done yet. */
export const NO_FIGURES: FiguresCounts = { ...NO_ROLLUPS, failed: 0, died: 0 };

const FIRST_MS = 5000;
const IDLE_MS = 30_000;
const BUSY_MS = 1000;
/** A day takes about a second; what takes longer to end is ended. */
const STOP_MS = 5000;
const RETRY = { baseMs: 5000, capMs: 300_000, factor: 2, jitterRatio: 0.5 };

/**
 * Makes the figures in a thread of its own, with connections of its own: a shop's day takes about a second of work, and the
 * ingest and the API are not to wait for it. A thread that dies is begun anew after growing pauses.
 */
export class FiguresThread {
  readonly #options: FiguresThreadOptions;
  readonly #total = { ...NO_FIGURES };
  /** Of the present thread. */
  #counts: RollupCounts = NO_ROLLUPS;
  #thread: Worker | null = null;
  #timer: Timer | null = null;
  #pauses: Generator<number, never>;
  #isStopped = false;

  constructor(options: FiguresThreadOptions) {
    this.#options = options;
    this.#pauses = retryPauses(RETRY, options.random);
  }

  get counts(): FiguresCounts {
    const sums = { ...this.#total };
    for (const key of Object.keys(NO_ROLLUPS) as (keyof RollupCounts)[])
      sums[key] += this.#counts[key];
    return sums;
  }

  /** Begins to work, some seconds from now. */
  start(afterMs: number = FIRST_MS): void {
    this.#next(afterMs);
  }

  /** Resolves when the thread has ended: after the day it is at, or when that takes too long in the midst of it. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    const thread = this.#thread;
    if (thread === null) return;
    await new Promise<void>((resolve) => {
      const late = this.#options.clock.after(
        STOP_MS,
        "figures stop",
        () => void thread.terminate(),
      );
      thread.once("exit", () => {
        late.cancel();
        resolve();
      });
      this.#order(thread, { kind: "stop" });
    });
  }

  #next(afterMs: number): void {
    if (this.#isStopped) return;
    const { clock } = this.#options;
    this.#timer = clock.after(afterMs, "figures", () => {
      this.#thread ??= this.#launch();
      this.#order(this.#thread, { kind: "turn", now: clock.now(), mono: clock.mono() });
    });
  }

  #order(thread: Worker, order: FiguresOrder): void {
    thread.postMessage(order);
  }

  #launch(): Worker {
    const { birth, log } = this.#options;
    const thread = launchWorker(import.meta.url, "figures-worker", birth);
    // The centre ends when its link and its API do.
    thread.unref();
    thread.on("message", (news: FiguresNews) => this.#take(news));
    thread.on("error", (error) => {
      const reason = error instanceof Error ? error.message : String(error);
      log.error({ event: "rollups.thread-died", reason }, "the thread that makes figures died");
    });
    thread.once("exit", () => this.#bury());
    return thread;
  }

  #take(news: FiguresNews): void {
    const { log } = this.#options;
    if (news.kind === "log") log[news.level](news.fields, news.message);
    else if (news.kind === "done") {
      this.#counts = news.counts;
      this.#pauses = retryPauses(RETRY, this.#options.random);
      this.#next(news.hasMore ? BUSY_MS : IDLE_MS);
    } else {
      this.#total.failed += 1;
      log.warn({ event: "rollups.failed", code: news.code }, "figures could not be made");
      this.#next(IDLE_MS);
    }
  }

  #bury(): void {
    this.#thread = null;
    for (const key of Object.keys(NO_ROLLUPS) as (keyof RollupCounts)[])
      this.#total[key] += this.#counts[key];
    this.#counts = NO_ROLLUPS;
    if (this.#isStopped) return;
    this.#total.died += 1;
    this.#timer?.cancel();
    this.#next(this.#pauses.next().value);
  }
}

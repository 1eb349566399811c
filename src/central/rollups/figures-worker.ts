import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { type EpochMs, epochMs, type MonoMs, monoMs } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import { createMetrics } from "../../metrics/metrics.ts";
import { openRepository } from "../open-repository.ts";
import type { CentralStore } from "../repository.ts";
import type { FiguresBirth, FiguresNews, FiguresOrder } from "./figures-protocol.ts";
import { RollupWorker } from "./rollup-worker.ts";
import { StorePlans } from "./store-plans.ts";

interface Work {
  readonly repository: CentralStore;
  readonly worker: RollupWorker;
}

/** The thread's side: a worker on connections of its own, which does a turn when it is told to. */
class FiguresTurns {
  readonly #birth: FiguresBirth;
  readonly #tell: (news: FiguresNews) => void;
  /** A turn is work of one instant. */
  readonly #instant = { now: epochMs(0), mono: monoMs(0) };
  #work: Work | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(birth: FiguresBirth, tell: (news: FiguresNews) => void) {
    this.#birth = birth;
    this.#tell = tell;
  }

  /** Does a turn at this instant and tells what came of it. */
  turn(now: EpochMs, mono: MonoMs): void {
    this.#instant.now = now;
    this.#instant.mono = mono;
    this.#running = this.#turn();
  }

  /** Ends the turn under way after the day it is at, and gives everything back. */
  async stop(): Promise<void> {
    this.#work?.worker.stop();
    await this.#running;
    try {
      await this.#work?.worker.release();
      await this.#work?.repository.close();
    } catch (error) {
      // Claims end by time; nobody is left who could do anything about it.
      if (!(error instanceof GatewayError)) throw error;
    }
  }

  async #turn(): Promise<void> {
    try {
      const { worker } = this.#work ?? (await this.#open());
      const hasMore = await worker.turn();
      this.#tell({ kind: "done", hasMore, counts: worker.counts });
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#tell({ kind: "failed", code: error.code });
    }
  }

  async #open(): Promise<Work> {
    const { store, sites, keepDays, holder } = this.#birth;
    const log = logTo(this.#tell);
    const repository = await openRepository(store, log, "figures");
    const worker = new RollupWorker({
      repository,
      plans: new StorePlans({ files: sites, repository, log }),
      metricsOf: (site) => createMetrics({ site }),
      holder,
      ...(keepDays === null ? {} : { keepDays }),
      clock: { now: () => this.#instant.now, mono: () => this.#instant.mono },
      log,
    });
    this.#work = { repository, worker };
    return this.#work;
  }
}

function logTo(tell: (news: FiguresNews) => void): Log {
  const line =
    (level: Extract<FiguresNews, { kind: "log" }>["level"]): Log["info"] =>
    (fields, message) =>
      tell({ kind: "log", level, fields, message });
  return { error: line("error"), warn: line("warn"), info: line("info"), debug: line("debug") };
}

function serve(port: MessagePort): void {
  const turns = new FiguresTurns(workerData as FiguresBirth, (news) => port.postMessage(news));
  port.on("message", (order: FiguresOrder) => {
    if (order.kind === "turn") turns.turn(order.now, order.mono);
    // Without its port the thread has nothing to wait for, and ends.
    else void turns.stop().finally(() => port.close());
  });
}

/** Entry of the thread that makes figures. */
if (parentPort !== null) serve(parentPort);

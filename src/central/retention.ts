import { epochMs } from "../core/brand.ts";
import type { Clock, Timer } from "../core/clock.ts";
import { GatewayError } from "../core/errors.ts";
import type { Log } from "../core/lifecycle.ts";
import type { EventRepository } from "./repository.ts";

const DAY_MS = 86_400_000;
const FIRST_MS = 60_000;
const PERIOD_MS = 6 * 3_600_000;

export interface RetentionOptions {
  readonly repository: Pick<EventRepository, "retain">;
  /** Events older than this many days are dropped; in PostgreSQL when their whole month is. */
  readonly keepDays: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Drops old events a minute after the start and every six hours; a store that fails is asked again then. */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #timers: readonly Timer[];
  #isRunning = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
    const run = (): void => {
      this.#run().catch((error: unknown) => {
        if (!(error instanceof GatewayError)) throw error;
        const { code } = error;
        options.log.warn({ event: "retention.failed", code }, "old events could not be dropped");
      });
    };
    this.#timers = [
      options.clock.after(FIRST_MS, "retention", run),
      options.clock.every(PERIOD_MS, "retention", run),
    ];
  }

  /** Begins no further run. */
  stop(): void {
    for (const timer of this.#timers) timer.cancel();
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      const { repository, keepDays, clock, log } = this.#options;
      const events = await repository.retain(epochMs(clock.now() - keepDays * DAY_MS));
      if (events > 0) log.info({ event: "retention.dropped", events }, "old events were dropped");
    } finally {
      this.#isRunning = false;
    }
  }
}

import { epochMs } from "../core/brand.ts";
import type { Clock, Timer } from "../core/clock.ts";
import { GatewayError } from "../core/errors.ts";
import type { Log } from "../core/lifecycle.ts";
import { isoTime } from "../wire/cloud-event.ts";
import type { DocumentRepository, EventRepository } from "./repository.ts";

const DAY_MS = 86_400_000;

/**
 * How long events are kept unless somebody says otherwise: journeys for 90 days at most. PostgreSQL drops whole months,
 * when the last day of one is older, so that nothing is there for longer than 91 days.
 */
export const keptDays = (store: string): number => (/^postgres(ql)?:/.test(store) ? 60 : 90);

const FIRST_MS = 60_000;
const PERIOD_MS = 6 * 3_600_000;

export interface RetentionOptions {
  readonly repository: Pick<EventRepository, "retain"> & Pick<DocumentRepository, "audit">;
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
      const now = clock.now();
      const from = epochMs(now - keepDays * DAY_MS);
      const events = await repository.retain(from);
      if (events === 0) return;
      log.info({ event: "retention.dropped", events }, "old events were dropped");
      // The receipt: what was dropped, when, and by which rule.
      const detail = `${events} events from before ${isoTime(from)}, kept ${keepDays} days`;
      const entry = { actor: "retention", action: "drop", target: "events", detail };
      await repository.audit({ at: now, ...entry });
    } finally {
      this.#isRunning = false;
    }
  }
}

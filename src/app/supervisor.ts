import { type Clock, sleep } from "../core/clock.ts";
import { GatewayError } from "../core/errors.ts";
import type { Log, Service } from "../core/lifecycle.ts";
import { retryPauses } from "../core/retry.ts";

/** What the supervisor needs. `services` are listed in data-path order: sources first, sinks last. */
export interface SupervisorDeps {
  readonly services: readonly Service[];
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** Longest time one service may take to stop; then the next one is stopped and the fault is logged. */
const STOP_DEADLINE_MS = 10_000;

/**
 * Starts sinks before sources and stops sources before sinks, so that nothing is emitted into the void.
 * A service whose start fails with a fault that may pass is started again with growing pauses, without
 * holding up the others; a fault that only a person can mend stops the start-up.
 */
export class Supervisor {
  readonly #deps: SupervisorDeps;
  readonly #abort = new AbortController();
  readonly #retries: Promise<void>[] = [];
  #started: Service[] = [];

  constructor(deps: SupervisorDeps) {
    this.#deps = deps;
  }

  /** Resolves when every service started or is being retried. @throws the fault of a service that may not be retried */
  async start(): Promise<void> {
    for (const service of [...this.#deps.services].reverse()) {
      if (this.#abort.signal.aborted) return;
      this.#started = [service, ...this.#started];
      try {
        await service.start(this.#abort.signal);
      } catch (error) {
        if (!(error instanceof GatewayError) || error.retry !== "backoff") throw error;
        this.#report(service, error);
        this.#retries.push(this.#keepTrying(service));
      }
    }
  }

  /** Stops everything in data-path order; idempotent. */
  async stop(): Promise<void> {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    await Promise.all(this.#retries);
    for (const service of this.#started) await this.#stopOne(service);
  }

  async #keepTrying(service: Service): Promise<void> {
    const { clock, random } = this.#deps;
    const { signal } = this.#abort;
    const pauses = retryPauses(
      { baseMs: 1000, capMs: 60_000, factor: 2, jitterRatio: 0.5 },
      random,
    );
    for (const pauseMs of pauses) {
      await sleep(clock, pauseMs, `restart:${service.name}`, signal);
      if (signal.aborted) return;
      try {
        await service.start(signal);
        this.#deps.log.info({ event: "service.started", service: service.name }, "service started");
        return;
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        this.#report(service, error);
      }
    }
  }

  async #stopOne(service: Service): Promise<void> {
    const { clock, log } = this.#deps;
    const deadline = new AbortController();
    const stopped = (async () => {
      await service[Symbol.asyncDispose]();
      return "stopped" as const;
    })();
    const late = sleep(clock, STOP_DEADLINE_MS, `stop:${service.name}`, deadline.signal);
    try {
      const outcome = await Promise.race([stopped, late]);
      if (outcome !== "stopped") {
        log.error(
          { event: "service.stop-late", service: service.name },
          "service did not stop in time",
        );
      }
    } catch (error) {
      log.error(
        { event: "service.stop-failed", service: service.name, error },
        "service failed to stop",
      );
    } finally {
      deadline.abort();
    }
  }

  #report(service: Service, error: GatewayError): void {
    this.#deps.log.warn(
      { event: "service.failed", service: service.name, code: error.code },
      `${error.message}; trying again`,
    );
  }
}

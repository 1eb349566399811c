import type { Clock } from "../core/clock.ts";
import type { GatewayError } from "../core/errors.ts";
import type { Log } from "../core/lifecycle.ts";

/** Leaving for the supervisor because a radio died. */
export interface DeadRadioExit {
  /** A radio tells that it is dead; acted upon once the process has been up for an hour. */
  readonly onDead: (fault: GatewayError) => void;
  /** Aborts when the gateway is to leave. */
  readonly signal: AbortSignal;
  /** Why it is to leave; null while it is not. */
  readonly fault: GatewayError | null;
}

const UPTIME_MIN_MS = 3_600_000;

/**
 * Creates the way out. A process that has not been up for an hour stays: so a radio that a restart does not mend costs
 * the cameras a few seconds an hour at most. The radio tells again while it is dead, so that nothing need be remembered.
 */
export function createDeadRadioExit(clock: Clock, log: Log): DeadRadioExit {
  const startMono = clock.mono();
  const abort = new AbortController();
  let fault: GatewayError | null = null;
  return {
    onDead(told) {
      if (fault !== null || clock.mono() - startMono < UPTIME_MIN_MS) return;
      fault = told;
      log.error(
        { event: "gateway.leaving", code: told.code, ...told.context },
        "a radio is dead: leaving, so that the supervisor starts the gateway anew",
      );
      abort.abort();
    },
    signal: abort.signal,
    get fault() {
      return fault;
    },
  };
}

import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import { type History, openHistory } from "../../io/history/history.ts";

/** The history of a state folder, or why there is none. */
export interface Past {
  readonly history: History | null;
  /** Sentences that people should see. */
  readonly notices: readonly string[];
}

/**
 * Opens the history in a state folder. One that cannot be opened must not keep a shop from counting: the gateway runs
 * without, and says so.
 */
export function openPast(stateDir: string, clock: Clock, log: Log): Past {
  try {
    return {
      history: openHistory({ path: join(stateDir, "history.db"), clock, log }),
      notices: [],
    };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const { code, message, hint } = error;
    log.error({ event: "history.missing", code, err: error }, message);
    return { history: null, notices: [`Past days are not kept: ${message} (${code}). ${hint}`] };
  }
}

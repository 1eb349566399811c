import { GatewayError } from "../../core/errors.ts";

/** A wish to end this life of the process so that the supervisor begins another. */
export interface Leaving {
  readonly leave: (why: string) => void;
  /** Aborts when the gateway is to leave. */
  readonly signal: AbortSignal;
  /** RESTART_WANTED with the first reason given; null while nobody wishes it. */
  readonly fault: GatewayError | null;
}

/** Creates the way out; the first reason counts. */
export function createLeaving(): Leaving {
  const abort = new AbortController();
  let fault: GatewayError | null = null;
  return {
    leave(why) {
      fault ??= new GatewayError("RESTART_WANTED", why);
      abort.abort();
    },
    signal: abort.signal,
    get fault() {
      return fault;
    },
  };
}

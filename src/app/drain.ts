import { type Clock, sleep } from "../core/clock.ts";
import type { Service } from "../core/lifecycle.ts";

const POLL_MS = 50;

/**
 * Stands between the sensors and the way out: when the sensors have stopped, it waits until nothing waits any more or
 * the time is over. What is left stays on the disk and goes out after the next start.
 */
export function createDrain(waiting: () => number, limitMs: number, clock: Clock): Service {
  return {
    name: "drain",
    start: async () => undefined,
    async [Symbol.asyncDispose]() {
      const never = new AbortController().signal;
      const untilMono = clock.mono() + limitMs;
      while (waiting() > 0 && clock.mono() < untilMono) {
        await sleep(clock, POLL_MS, "drain", never);
      }
    },
  };
}

import type { Clock, Timer } from "../core/clock.ts";
import type { Service } from "../core/lifecycle.ts";

/** Work that is due again and again, with its period. */
export interface Chore {
  readonly name: string;
  readonly periodMs: number;
  readonly run: () => void;
}

/** Runs chores while the gateway lives; each runs first after its own period. */
export function createUpkeep(clock: Clock, chores: readonly Chore[]): Service {
  const timers: Timer[] = [];
  return {
    name: "upkeep",
    async start() {
      for (const chore of chores) timers.push(clock.every(chore.periodMs, chore.name, chore.run));
    },
    async [Symbol.asyncDispose]() {
      for (const timer of timers.splice(0)) timer.cancel();
    },
  };
}

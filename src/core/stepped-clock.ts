import { type EpochMs, epochMs, type MonoMs, monoMs } from "./brand.ts";
import type { Clock, Timer } from "./clock.ts";

/** A clock that stands still until it is told to go on. Timers run inside `advanceTo`, in order of their time. */
export interface SteppedClock extends Clock {
  /**
   * Goes to `at`, running every timer that falls due on the way with the clock set to its time. Timers with the same
   * time run in the order they were made. Going back is ignored: a monotonic clock never does.
   */
  advanceTo(at: MonoMs): void;
  /** Timers not yet fired or cancelled. */
  readonly pending: number;
}

interface Pending {
  dueMs: number;
  readonly order: number;
  readonly periodMs: number | null;
  readonly run: () => void;
}

/**
 * Virtual time for replays, simulations and tests: as fast as the machine, and the same every time.
 * `epochAtZero` is the wall-clock time at monotonic 0; the wall clock then runs in step.
 */
export function createSteppedClock(epochAtZero: EpochMs, startMono = monoMs(0)): SteppedClock {
  const timers = new Set<Pending>();
  let nowMs: number = startMono;
  let made = 0;
  const add = (delayMs: number, periodMs: number | null, run: () => void): Timer => {
    made += 1;
    const entry: Pending = { dueMs: nowMs + Math.max(0, delayMs), order: made, periodMs, run };
    timers.add(entry);
    return { cancel: () => void timers.delete(entry) };
  };
  const nextDue = (limitMs: number): Pending | undefined => {
    let first: Pending | undefined;
    for (const entry of timers) {
      if (entry.dueMs > limitMs) continue;
      if (first === undefined || entry.dueMs < first.dueMs) first = entry;
      else if (entry.dueMs === first.dueMs && entry.order < first.order) first = entry;
    }
    return first;
  };
  return {
    now: () => epochMs(epochAtZero + nowMs),
    mono: () => monoMs(nowMs),
    after: (delayMs, _name, run) => add(delayMs, null, run),
    every: (periodMs, _name, run) => add(periodMs, Math.max(1, periodMs), run),
    get pending() {
      return timers.size;
    },
    advanceTo(at) {
      for (let due = nextDue(at); due !== undefined; due = nextDue(at)) {
        nowMs = Math.max(nowMs, due.dueMs);
        if (due.periodMs === null) timers.delete(due);
        else due.dueMs += due.periodMs;
        due.run();
      }
      nowMs = Math.max(nowMs, at);
    },
  };
}

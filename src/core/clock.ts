import { type EpochMs, epochMs, type MonoMs } from "./brand.ts";

/** How well the wall clock is known: in step with NTP, coasting since it was, or never set in this boot. */
export type ClockState = "synced" | "holdover" | "unsynced";

/** A running timer. `cancel` is idempotent and safe after the timer fired. */
export interface Timer {
  cancel(): void;
}

/** The only source of time. Injected everywhere; there is no default instance. */
export interface Clock {
  /** Wall clock, for records. May jump in both directions. */
  now(): EpochMs;
  /** Monotonic clock, for every duration. Never goes back. */
  mono(): MonoMs;
  /** Calls `run` once after `delayMs`. `name` appears in diagnostics. */
  after(delayMs: number, name: string, run: () => void): Timer;
  /** Calls `run` every `periodMs` until cancelled. `name` appears in diagnostics. */
  every(periodMs: number, name: string, run: () => void): Timer;
}

/** One simultaneous reading of both clocks, with the quality of the wall clock at that moment. */
export interface TimeAnchor {
  readonly mono: MonoMs;
  readonly epoch: EpochMs;
  readonly clock: ClockState;
}

/** Converts a monotonic instant to wall time by an anchor, rounded to a whole millisecond. Pure. */
export function epochAt(anchor: TimeAnchor, at: MonoMs): EpochMs {
  return epochMs(Math.round(anchor.epoch + (at - anchor.mono)));
}

/**
 * Resolves after `delayMs` of the given clock, or at once when the signal aborts (it never rejects: the caller
 * checks `signal.aborted`, as after every await).
 */
export function sleep(
  clock: Clock,
  delayMs: number,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.after(delayMs, name, done);
    signal.addEventListener("abort", done, { once: true });
  });
}

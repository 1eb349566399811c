import type { MonoMs } from "../core/brand.ts";

/** What tells whether the gateway still does its work. */
export interface LivenessReading {
  /** Events in memory that are not on the disk yet. */
  readonly pending: number;
  /** Events that have ever been written: grows with every commit. */
  readonly committed: number;
  /** False while the disk is known to refuse: a new start would not mend that, and would lose what is in memory. */
  readonly mayCommit: boolean;
}

/** An event loop that is later than this has stood still. */
const LATE_MS = 5000;
/** An ordinary event waits a quarter of a second for the disk. */
const COMMIT_MS = 10_000;

/**
 * Decides whether a sign of life may be given: the event loop runs on time and what was accepted gets to the disk.
 * Ask once per period.
 */
export class Liveness {
  readonly #periodMs: number;
  #lastMono: MonoMs | null = null;
  #stuckSinceMono: MonoMs | null = null;
  #committed = -1;

  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  /** Why no sign of life may be given; null when one may. */
  judge(nowMono: MonoMs, reading: LivenessReading): "late" | "stuck" | null {
    const lateMs = this.#lastMono === null ? 0 : nowMono - this.#lastMono - this.#periodMs;
    this.#lastMono = nowMono;
    const { pending, committed, mayCommit } = reading;
    const moves = pending === 0 || committed !== this.#committed || !mayCommit;
    this.#committed = committed;
    if (moves) this.#stuckSinceMono = null;
    else this.#stuckSinceMono ??= nowMono;
    if (lateMs >= LATE_MS) return "late";
    const stuckMs = this.#stuckSinceMono === null ? 0 : nowMono - this.#stuckSinceMono;
    return stuckMs >= COMMIT_MS ? "stuck" : null;
  }
}

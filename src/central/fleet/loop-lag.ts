import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";

/** How late the event loop was, since it was last asked. */
export interface LoopLag {
  readonly p99Ms: number;
  readonly maxMs: number;
}

const RESOLUTION_MS = 10;
const NS_PER_MS = 1e6;

/** Watches how late timers of the event loop fire: what holds it up holds up the ingest and the API. */
export class LoopWatch {
  readonly #delays: IntervalHistogram;

  constructor() {
    this.#delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.#delays.enable();
  }

  /** What was seen since the call before; the loop's own resolution is taken off. */
  take(): LoopLag {
    const late = (ns: number): number => Math.max(0, ns / NS_PER_MS - RESOLUTION_MS);
    const seen = { p99Ms: late(this.#delays.percentile(99)), maxMs: late(this.#delays.max) };
    this.#delays.reset();
    return seen;
  }

  /** Ends the watch. */
  stop(): void {
    this.#delays.disable();
  }
}

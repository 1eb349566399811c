import { type MonoMs, monoMs } from "../../../core/brand.ts";
import type { SensorEvent } from "../../../core/events.ts";

/** An event and when its sensor tells it; epoch milliseconds by true time. Its number is 0 until it is told. */
export interface Notice {
  readonly toldAt: number;
  readonly event: SensorEvent;
}

/**
 * Numbers events per source in the order in which they are told; numbers go on from day to day. Monotonic time begins
 * at `startAt`.
 */
export class Numbering {
  readonly #next = new Map<string, number>();
  readonly #startAt: number;

  constructor(startAt: number) {
    this.#startAt = startAt;
  }

  /** Monotonic time of a true instant. */
  mono(at: number): MonoMs {
    return monoMs(Math.round(at - this.#startAt));
  }

  /** Puts notices in order and numbers their events, which are changed: hundreds of thousands are not copied. */
  number(notices: readonly Notice[]): readonly Notice[] {
    const inOrder = [...notices].sort(byTime);
    for (const { event } of inOrder) {
      const seq = this.#next.get(event.source) ?? 0;
      this.#next.set(event.source, seq + 1);
      (event as { seq: number }).seq = seq;
    }
    return inOrder;
  }
}

const byTime = (a: Notice, b: Notice): number => a.toldAt - b.toldAt;

/** What every part of sensing needs. */
export interface SenseContext {
  readonly mono: (at: number) => MonoMs;
  /** Name of the run: part of every source. */
  readonly run: string;
}

import { type EpochMs, epochMs, type MonoMs, monoMs } from "../../src/core/brand.ts";
import type { Clock, Timer } from "../../src/core/clock.ts";
import { createSteppedClock, type SteppedClock } from "../../src/core/stepped-clock.ts";

/** Clock of the tests: time passes only in `advance`. The wall clock may be set apart from the monotonic one. */
export class FakeClock implements Clock {
  readonly #stepped: SteppedClock;
  #wallShiftMs = 0;

  constructor(options: { readonly epoch?: number; readonly mono?: number } = {}) {
    const mono = options.mono ?? 0;
    const epoch = options.epoch ?? Date.UTC(2026, 10, 20, 9, 0, 0);
    this.#stepped = createSteppedClock(epochMs(epoch - mono), monoMs(mono));
  }

  now(): EpochMs {
    return epochMs(this.#stepped.now() + this.#wallShiftMs);
  }

  mono(): MonoMs {
    return this.#stepped.mono();
  }

  after(delayMs: number, name: string, run: () => void): Timer {
    return this.#stepped.after(delayMs, name, run);
  }

  every(periodMs: number, name: string, run: () => void): Timer {
    return this.#stepped.every(periodMs, name, run);
  }

  /** Timers not yet fired or cancelled; 0 after everything was disposed. */
  get pending(): number {
    return this.#stepped.pending;
  }

  /** Lets `ms` pass, running due timers in order of their time. */
  advance(ms: number): void {
    this.#stepped.advanceTo(monoMs(this.#stepped.mono() + ms));
  }

  /** Goes to an absolute monotonic instant. */
  advanceTo(at: number): void {
    this.#stepped.advanceTo(monoMs(at));
  }

  /** Sets the wall clock (as NTP or a person would); the monotonic clock is untouched. */
  setWall(epoch: number): void {
    this.#wallShiftMs += epoch - this.now();
  }

  /** Lets microtasks and immediates run between steps of `stepMs` until the promise settles or `limitMs` passed. */
  async runUntil<T>(promise: Promise<T>, stepMs = 100, limitMs = 600_000): Promise<T> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    for (let passedMs = 0; passedMs <= limitMs; passedMs += stepMs) {
      await new Promise((resolve) => setImmediate(resolve));
      if (settled) return promise;
      this.advance(stepMs);
    }
    throw new Error(`the promise did not settle within ${limitMs} ms of fake time`);
  }
}

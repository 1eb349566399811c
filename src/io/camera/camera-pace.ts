import { type MonoMs, monoMs } from "../../core/brand.ts";
import { Ring } from "../../core/ring.ts";
import { CAMERA_TIMING } from "./camera-timing.ts";

/** A finding about a condition: whether it holds, and the figures behind it. */
export interface Finding {
  readonly isPresent: boolean;
  readonly measured: Readonly<Record<string, number>>;
}

/** Gaps that make up the usual one. */
const GAPS = 9;
/** A named rate below one frame in this time is not believed. */
const LONGEST_INTERVAL_MS = 6000;

/**
 * How fast a source delivers, to tell silence from slowness. A camera that makes one frame in three seconds is well
 * long after a fast one would be called stalled. Learns from the gaps between frames and keeps that from run to run.
 */
export class FramePace {
  readonly #gapsMs = new Ring(GAPS);
  readonly #targetFps: number;
  #lastMono: MonoMs | null = null;
  #namedIntervalMs = 0;

  /** `targetFps`: frames per second asked for; more never arrive. */
  constructor(targetFps: number) {
    this.#targetFps = targetFps;
  }

  /** A run begins; the gap before it is not the camera's pace. */
  begin(): void {
    this.#lastMono = null;
    this.#namedIntervalMs = 0;
  }

  /** The rate the source names itself; null, zero and absurd ones are passed over. */
  name(fps: number | null): void {
    if (fps === null || !(fps > 0)) return;
    const intervalMs = 1000 / fps;
    if (intervalMs <= LONGEST_INTERVAL_MS) this.#namedIntervalMs = intervalMs;
  }

  count(atMono: MonoMs): void {
    if (this.#lastMono !== null) this.#gapsMs.push(atMono - this.#lastMono);
    this.#lastMono = atMono;
  }

  /** Silence after the last frame that means the stream is stale. */
  get staleMs(): number {
    const { staleMs, staleIntervals, staleCapMs, secondFrameMs } = CAMERA_TIMING;
    const isUnknown = this.#gapsMs.length === 0 && this.#namedIntervalMs === 0;
    if (isUnknown) return Math.max(secondFrameMs, staleIntervals * this.#intervalMs());
    return Math.min(staleCapMs, Math.max(staleMs, staleIntervals * this.#intervalMs()));
  }

  #intervalMs(): number {
    return Math.max(1000 / this.#targetFps, this.#namedIntervalMs, this.#usualGapMs());
  }

  /** Median gap: a few late frames do not make a camera slow. 0 when none is known. */
  #usualGapMs(): number {
    const gaps = Array.from({ length: this.#gapsMs.length }, (_, i) => this.#gapsMs.at(i));
    return gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? 0;
  }
}

/** Tells when a camera that sees delivers clearly less than asked for, and when it does so no more. */
export class SlowWatch {
  readonly #targetFps: number;
  #isSlow = false;
  #otherwiseSince: MonoMs | null = null;

  constructor(targetFps: number) {
    this.#targetFps = targetFps;
  }

  /** What was so up to now counts no more, for instance because the camera was blind in between. */
  begin(): void {
    this.#otherwiseSince = null;
  }

  /** Takes the rate achieved lately; the finding when it changes, null otherwise. */
  check(fps: number, nowMono: MonoMs): Finding | null {
    const ratio = fps / this.#targetFps;
    const { slowRatio, paceGoodRatio, slowMs } = CAMERA_TIMING;
    const isOtherwise = this.#isSlow ? ratio >= paceGoodRatio : ratio < slowRatio;
    if (!isOtherwise) {
      this.#otherwiseSince = null;
      return null;
    }
    this.#otherwiseSince ??= nowMono;
    if (nowMono - this.#otherwiseSince < slowMs) return null;
    this.#otherwiseSince = null;
    this.#isSlow = !this.#isSlow;
    const measured = { fps: Math.round(fps * 100) / 100, targetFps: this.#targetFps };
    return { isPresent: this.#isSlow, measured };
  }
}

/** Tells when a camera had to be opened again and again. Remembers the last few times only. */
export class ReopenWatch {
  readonly #times = new Ring(CAMERA_TIMING.unstableReopened * 4);
  #isUnstable = false;
  #count = 0;

  /** How often since the start. */
  get count(): number {
    return this.#count;
  }

  reopened(atMono: MonoMs): void {
    this.#times.push(atMono);
    this.#count += 1;
  }

  /** The finding when it changes, null otherwise. */
  check(nowMono: MonoMs): Finding | null {
    const { unstableReopened, unstableWindowMs } = CAMERA_TIMING;
    const from = monoMs(nowMono - unstableWindowMs);
    let reopened = 0;
    for (let i = 0; i < this.#times.length; i += 1) if (this.#times.at(i) > from) reopened += 1;
    const isUnstable = this.#isUnstable ? reopened > 1 : reopened >= unstableReopened;
    if (isUnstable === this.#isUnstable) return null;
    this.#isUnstable = isUnstable;
    return { isPresent: isUnstable, measured: { reopened } };
  }
}

import type { MonoMs } from "../core/brand.ts";
import { type SceneShift, SceneShiftMeter } from "./scene-shift.ts";

/** When a camera counts as moved. Shifts are Norm of the picture, times ms. */
const MOVED_RULE = {
  /** One and a half hundredths: what a line drawn along a threshold cannot bear. */
  shiftXNorm: 0.015,
  shiftYNorm: 0.02,
  /** It is back when less than this part of that is left. */
  backRatio: 0.6,
  /** Measurements that must agree, to this far, before anything is said. */
  confirmations: 3,
  agreeNorm: 0.02,
  everyMs: 3000,
  /** The background is trusted this long after it began or most of it changed. */
  settleMs: 10_000,
} as const;

/**
 * Watches for a camera that was pushed or turned. The reference is the first settled background of this life of the
 * process (it is not kept over a restart: whoever moves a camera on purpose restarts or redraws). A scene that matches
 * the reference nowhere is not called moved: that may be another light.
 */
export class MovedCamera {
  readonly #meter = new SceneShiftMeter();
  #sinceMono: MonoMs | null = null;
  #measuredMono: MonoMs | null = null;
  #isMoved = false;
  #other: { shift: SceneShift; times: number } | null = null;
  #last: SceneShift | null = null;

  get isMoved(): boolean {
    return this.#isMoved;
  }

  /** The latest shift that could be told; null before the first. */
  get shift(): SceneShift | null {
    return this.#last;
  }

  /** The background began again: it must settle before it says anything. */
  unsettle(): void {
    this.#sinceMono = null;
    this.#other = null;
  }

  /** Takes the background of one frame in; true when the camera has just become moved or come back. */
  look(background: Float32Array, atMono: MonoMs): boolean {
    this.#sinceMono ??= atMono;
    if (atMono - this.#sinceMono < MOVED_RULE.settleMs) return false;
    if (this.#measuredMono !== null && atMono - this.#measuredMono < MOVED_RULE.everyMs)
      return false;
    this.#measuredMono = atMono;
    if (!this.#meter.hasReference) {
      this.#meter.learn(background);
      return false;
    }
    return this.#judge(this.#meter.measure(background));
  }

  #judge(shift: SceneShift | null): boolean {
    if (shift === null) return false;
    this.#last = shift;
    if (this.#isBeyond(shift) === this.#isMoved) {
      this.#other = null;
      return false;
    }
    const known = this.#other;
    const isAgain = known !== null && isNear(known.shift, shift);
    this.#other = { shift, times: isAgain ? known.times + 1 : 1 };
    if (this.#other.times < MOVED_RULE.confirmations) return false;
    this.#isMoved = !this.#isMoved;
    this.#other = null;
    return true;
  }

  #isBeyond({ shiftXNorm, shiftYNorm }: SceneShift): boolean {
    const part = this.#isMoved ? MOVED_RULE.backRatio : 1;
    return (
      Math.abs(shiftXNorm) >= part * MOVED_RULE.shiftXNorm ||
      Math.abs(shiftYNorm) >= part * MOVED_RULE.shiftYNorm
    );
  }
}

function isNear(a: SceneShift, b: SceneShift): boolean {
  const dx = Math.abs(a.shiftXNorm - b.shiftXNorm);
  const dy = Math.abs(a.shiftYNorm - b.shiftYNorm);
  return dx <= MOVED_RULE.agreeNorm && dy <= MOVED_RULE.agreeNorm;
}

import type { MonoMs } from "../core/brand.ts";
import type { SceneChange } from "./scene-background.ts";

/** Times of the gate in ms. */
export const GATE_TIMING = {
  /** It stays open this long after the last motion and after the last person: who stands still is still there. */
  holdMs: 4000,
  /** While it is closed one frame in this time is looked at all the same, so that nobody stays unseen. */
  glanceMs: 2000,
} as const;

/**
 * Decides whether a frame is worth an inference. It opens on motion, with the very frame that shows it, and never
 * closes while people are followed or were a few seconds ago.
 */
export class MotionGate {
  #busyMono: MonoMs | null = null;
  #lookedMono: MonoMs | null = null;

  /** Begins open, as after a start or a gap in the stream. */
  reset(): void {
    this.#busyMono = null;
    this.#lookedMono = null;
  }

  /** Whether this frame must be looked at. */
  mayPass(change: SceneChange, atMono: MonoMs, arePeopleFollowed: boolean): boolean {
    if (change.isMotion || arePeopleFollowed || this.#busyMono === null) this.#busyMono = atMono;
    const isHeld = atMono - this.#busyMono < GATE_TIMING.holdMs;
    const isDue = this.#lookedMono === null || atMono - this.#lookedMono >= GATE_TIMING.glanceMs;
    if (isHeld || isDue) this.#lookedMono = atMono;
    return isHeld || isDue;
  }
}

import type { MonoMs } from "../core/brand.ts";
import type { SceneChange } from "./scene-background.ts";

/** Times of the gate in ms. */
export const GATE_TIMING = {
  /** It stays open this long after the last motion and after the last person: who stands still is still there. */
  holdMs: 4000,
  /** While it is closed one frame in this time is looked at all the same, so that nobody stays unseen. */
  glanceMs: 2000,
  /** The same while something stands there that may be somebody: three glances fit into the tracker's memory. */
  thingGlanceMs: 900,
} as const;

/**
 * What a camera follows: people; only things, which never moved and may yet turn out to be somebody standing; nothing.
 * A thing must not keep the detector busy.
 */
export type Following = "people" | "things" | "nothing";

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
  mayPass(change: SceneChange, atMono: MonoMs, following: Following): boolean {
    if (change.isMotion || following === "people" || this.#busyMono === null)
      this.#busyMono = atMono;
    const isHeld = atMono - this.#busyMono < GATE_TIMING.holdMs;
    const glanceMs = following === "things" ? GATE_TIMING.thingGlanceMs : GATE_TIMING.glanceMs;
    const isDue = this.#lookedMono === null || atMono - this.#lookedMono >= glanceMs;
    if (isHeld || isDue) this.#lookedMono = atMono;
    return isHeld || isDue;
  }
}

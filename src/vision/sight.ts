import type { MonoMs, TrackId } from "../core/brand.ts";

/**
 * One look at one person: where the feet are and how tall the body is, in Px of the picture. The pipeline reuses one
 * object for all: read it only during the call it came with.
 */
export interface Sight {
  readonly trackId: TrackId;
  /** Foot point. */
  readonly xPx: number;
  readonly yPx: number;
  readonly heightPx: number;
  /** Mean detection score of the track, 0..1. */
  readonly score: number;
  readonly atMono: MonoMs;
}

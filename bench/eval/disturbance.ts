import { seededRandom } from "../../src/core/random.ts";

/** What is done to the frames of a sequence before the tracker gets them. */
export interface Disturbance {
  /** Share of the frames that never arrive, 0..1. */
  readonly dropRatio: number;
  /** Frames come up to this much before or after their regular time, evenly. */
  readonly jitterMs: number;
}

/** The frames that arrive: their indices, from 0, and when. */
export interface ArrivedFrames {
  readonly indices: readonly number[];
  /** Strictly rising: cameras do not send frames out of order. */
  readonly timesMs: readonly number[];
}

/** Draws what arrives of regular frames. The same seed gives the same frames. Pure. */
export function disturb(
  frameCount: number,
  frameMs: number,
  { dropRatio, jitterMs }: Disturbance,
  seed: number,
): ArrivedFrames {
  const random = seededRandom(seed);
  const indices: number[] = [];
  const timesMs: number[] = [];
  let lastMs = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < frameCount; index += 1) {
    const isKept = random() >= dropRatio;
    const shiftMs = (2 * random() - 1) * jitterMs;
    if (!isKept) continue;
    lastMs = Math.max(lastMs + 1, index * frameMs + shiftMs);
    indices.push(index);
    timesMs.push(lastMs);
  }
  return { indices, timesMs };
}

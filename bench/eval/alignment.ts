import { boxIou } from "../../src/vision/nms.ts";
import type { BoxFrame } from "./mot.ts";

/** One frame of a comparison: dense ids and the overlap of each true box with each found one. */
export interface AlignedFrame {
  /** Dense id of each true box, 0..truthIds-1. */
  readonly truth: readonly number[];
  /** Dense id of each found box, 0..foundIds-1. */
  readonly found: readonly number[];
  /** IoU [truth.length, found.length], row by row. */
  readonly iou: Float64Array;
}

/** Truth and tracker output side by side, as all measures read them. */
export interface Alignment {
  readonly frames: readonly AlignedFrame[];
  /** Frames in which each true id appears; its length is the number of true ids. */
  readonly truthFrames: readonly number[];
  readonly foundFrames: readonly number[];
}

/** Pairs two sequences frame by frame; the shorter one is taken as empty from its end. Pure. */
export function align(truth: readonly BoxFrame[], found: readonly BoxFrame[]): Alignment {
  const truthNumbers = new IdNumbers();
  const foundNumbers = new IdNumbers();
  const frames: AlignedFrame[] = [];
  for (let i = 0; i < Math.max(truth.length, found.length); i += 1) {
    const t = truth[i];
    const f = found[i];
    const truthIds = (t?.ids ?? []).map((id) => truthNumbers.take(id));
    const foundIds = (f?.ids ?? []).map((id) => foundNumbers.take(id));
    const iou = new Float64Array(truthIds.length * foundIds.length);
    for (let r = 0; r < truthIds.length; r += 1)
      for (let c = 0; c < foundIds.length; c += 1)
        iou[r * foundIds.length + c] = boxIou(t?.xyxy ?? [], r * 4, f?.xyxy ?? [], c * 4);
    frames.push({ truth: truthIds, found: foundIds, iou });
  }
  return { frames, truthFrames: truthNumbers.frames, foundFrames: foundNumbers.frames };
}

/** Numbers ids in the order of appearance and counts their frames. */
class IdNumbers {
  readonly frames: number[] = [];
  readonly #numbers = new Map<number, number>();

  take(id: number): number {
    const known = this.#numbers.get(id);
    const number = known ?? this.frames.length;
    if (known === undefined) this.#numbers.set(id, number);
    this.frames[number] = (this.frames[number] ?? 0) + 1;
    return number;
  }
}

/** Sum of a list. */
export const total = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0);

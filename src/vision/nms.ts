import type { Detections, Letterbox, PictureSize } from "./ports.ts";

/** Scores are probabilities; rounding in the network may carry one this far over 1. */
const SCORE_SLACK = 1e-3;

/**
 * Candidate boxes of one frame before suppression, in Px of the network input. All buffers are made once;
 * candidates beyond the capacity are refused, so the capacity is the number of cells that can speak.
 */
export class BoxCandidates {
  readonly xyxy: Float32Array;
  readonly score: Float32Array;
  readonly #order: Int32Array;
  readonly #dropped: Uint8Array;
  readonly #input: PictureSize;
  #count = 0;
  #refused = 0;

  constructor(capacity: number, input: PictureSize) {
    this.#input = input;
    this.xyxy = new Float32Array(capacity * 4);
    this.score = new Float32Array(capacity);
    this.#order = new Int32Array(capacity);
    this.#dropped = new Uint8Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  /** Boxes refused by `add` since the start. */
  get refused(): number {
    return this.#refused;
  }

  clear(): void {
    this.#count = 0;
  }

  /**
   * Adds a box. Refused and counted: a value that is not a number, a side that is not positive, a score over 1, and a
   * box that reaches more than a whole input beyond the input's edge, which no trained network means.
   */
  add(left: number, top: number, right: number, bottom: number, score: number): void {
    const i = this.#count;
    if (i >= this.score.length || !this.#isUsable(left, top, right, bottom, score)) {
      this.#refused += 1;
      return;
    }
    const box = i * 4;
    this.xyxy[box] = left;
    this.xyxy[box + 1] = top;
    this.xyxy[box + 2] = right;
    this.xyxy[box + 3] = bottom;
    this.score[i] = Math.min(score, 1);
    this.#count = i + 1;
  }

  /** Written so that NaN fails every comparison. */
  #isUsable(left: number, top: number, right: number, bottom: number, score: number): boolean {
    const { widthPx, heightPx } = this.#input;
    return (
      score > 0 &&
      score <= 1 + SCORE_SLACK &&
      right > left &&
      bottom > top &&
      left >= -widthPx &&
      top >= -heightPx &&
      right <= 2 * widthPx &&
      bottom <= 2 * heightPx
    );
  }

  /**
   * Greedy non-maximum suppression: takes candidates by falling score (the earlier one on a tie), drops those whose
   * IoU with a taken one exceeds `iou`, and writes the taken ones into `out`, mapped back through the letterbox and
   * clipped to the source picture. Boxes left narrower or lower than one Px by clipping vanish. Stops when `out` is
   * full, so what is lost has the lowest scores. Allocates nothing.
   * @source Felzenszwalb et al., Object detection with discriminatively trained part-based models, 2010, greedy NMS.
   */
  suppress(iou: number, letterbox: Letterbox, out: Detections): void {
    this.#sort();
    this.#dropped.fill(0, 0, this.#count);
    out.count = 0;
    for (let k = 0; k < this.#count && out.count < out.score.length; k += 1) {
      const i = this.#order[k] ?? 0;
      if (this.#dropped[i] === 1) continue;
      for (let m = k + 1; m < this.#count; m += 1) {
        const j = this.#order[m] ?? 0;
        if (this.#dropped[j] === 0 && boxIou(this.xyxy, i * 4, this.xyxy, j * 4) > iou)
          this.#dropped[j] = 1;
      }
      this.#emit(i, letterbox, out);
    }
  }

  #emit(i: number, letterbox: Letterbox, out: Detections): void {
    const { scaleX, scaleY, padLeftPx, padTopPx, source } = letterbox;
    const box = i * 4;
    const left = clamp(((this.xyxy[box] ?? 0) - padLeftPx) / scaleX, source.widthPx);
    const top = clamp(((this.xyxy[box + 1] ?? 0) - padTopPx) / scaleY, source.heightPx);
    const right = clamp(((this.xyxy[box + 2] ?? 0) - padLeftPx) / scaleX, source.widthPx);
    const bottom = clamp(((this.xyxy[box + 3] ?? 0) - padTopPx) / scaleY, source.heightPx);
    if (right - left < 1 || bottom - top < 1) return;
    const to = out.count * 4;
    out.xyxy[to] = left;
    out.xyxy[to + 1] = top;
    out.xyxy[to + 2] = right;
    out.xyxy[to + 3] = bottom;
    out.score[out.count] = this.score[i] ?? 0;
    out.count += 1;
  }

  /** Heap sort of the order by falling score; TypedArray.sort with a comparator would allocate in every frame. */
  #sort(): void {
    const order = this.#order;
    const n = this.#count;
    for (let i = 0; i < n; i += 1) order[i] = i;
    for (let root = (n >> 1) - 1; root >= 0; root -= 1) this.#sift(root, n);
    for (let end = n - 1; end > 0; end -= 1) {
      const first = order[0] ?? 0;
      order[0] = order[end] ?? 0;
      order[end] = first;
      this.#sift(0, end);
    }
  }

  /** Restores the heap below `root`; its top is the candidate that comes last. */
  #sift(start: number, end: number): void {
    const order = this.#order;
    let root = start;
    for (;;) {
      let child = 2 * root + 1;
      if (child >= end) return;
      if (child + 1 < end && this.#isAfter(order[child + 1] ?? 0, order[child] ?? 0)) child += 1;
      const top = order[root] ?? 0;
      const below = order[child] ?? 0;
      if (!this.#isAfter(below, top)) return;
      order[root] = below;
      order[child] = top;
      root = child;
    }
  }

  #isAfter(a: number, b: number): boolean {
    const difference = (this.score[a] ?? 0) - (this.score[b] ?? 0);
    return difference < 0 || (difference === 0 && a > b);
  }
}

function clamp(value: number, limit: number): number {
  return Math.max(0, Math.min(value, limit));
}

/**
 * Intersection over union of two [left, top, right, bottom] boxes at offsets into flat arrays, any common unit.
 * 0 when they do not meet or have no area. Allocates nothing.
 */
export function boxIou(
  a: ArrayLike<number>,
  atA: number,
  b: ArrayLike<number>,
  atB: number,
): number {
  const aLeft = a[atA] ?? 0;
  const aTop = a[atA + 1] ?? 0;
  const aRight = a[atA + 2] ?? 0;
  const aBottom = a[atA + 3] ?? 0;
  const bLeft = b[atB] ?? 0;
  const bTop = b[atB + 1] ?? 0;
  const bRight = b[atB + 2] ?? 0;
  const bBottom = b[atB + 3] ?? 0;
  const width = Math.min(aRight, bRight) - Math.max(aLeft, bLeft);
  const height = Math.min(aBottom, bBottom) - Math.max(aTop, bTop);
  if (!(width > 0) || !(height > 0)) return 0;
  const both = width * height;
  const union = (aRight - aLeft) * (aBottom - aTop) + (bRight - bLeft) * (bBottom - bTop) - both;
  return union > 0 ? both / union : 0;
}

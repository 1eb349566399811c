import { assertLength, levelsOf, logitOf, sigmoid } from "../vision/box-decoder.ts";
import { boxIou } from "../vision/nms.ts";
import type { PictureSize } from "../vision/ports.ts";
import { type FaceBoxes, POINT_NUMBERS } from "./face-boxes.ts";

/** How a network's input lies in the picture: `picture = input * scale + offset`, in Px, per axis. */
export interface InputPlace {
  readonly scale: number;
  readonly leftPx: number;
  readonly topPx: number;
}

/** What a BlazeFace network says at one stride: logits [cells * anchors], boxes [cells * anchors * 16]. */
export interface BlazeLevel {
  readonly stride: number;
  readonly scores: Float32Array;
  readonly boxes: Float32Array;
}

export interface BlazeOptions {
  /** Size of the network input in Px. */
  readonly input: PictureSize;
  /** Faces under this score are dropped, 0..1. */
  readonly minScore: number;
  /** Of two boxes overlapping by more than this (IoU) the weaker is dropped. */
  readonly nmsIou: number;
}

/** Turns the outputs of BlazeFace into faces; keeps the output arrays it was made with. */
export interface BlazeDecoder {
  /** Fills `out` in Px of the picture, best score first. Allocates nothing. */
  decode(place: InputPlace, out: FaceBoxes): void;
  /** Overwrites what it remembers of the last picture with zeros. */
  wipe(): void;
}

/** Anchors in one cell by the stride of the level. @source MediaPipe, face_detection_back, SSD anchors */
export const ANCHORS_PER_CELL: Readonly<Record<number, number>> = Object.freeze({ 16: 2, 32: 6 });
/** Centre, size, then the points, all as x and y. */
export const BLAZE_NUMBERS = 4 + POINT_NUMBERS;

/**
 * Makes the decoder of BlazeFace "back" at any input size: anchors in the middle of each cell, the copies of a cell
 * next to each other; positions are told in Px of the input from the anchor.
 * @throws TypeError when an output has another length, or a stride is not 16 or 32 (a bug in the wiring)
 * @source Bazarevsky et al., BlazeFace, 2019; MediaPipe face_detection_back, Apache-2.0, written anew
 */
export function createBlazeDecoder(
  { input, minScore, nmsIou }: BlazeOptions,
  outputs: readonly BlazeLevel[],
): BlazeDecoder {
  const strides = outputs.map(({ stride }) => stride);
  const anchors = levelsOf(input, strides).map(({ stride, columns, cells }, k) => {
    const copies = ANCHORS_PER_CELL[stride];
    const { scores, boxes } = outputs[k] ?? {};
    if (copies === undefined || scores === undefined || boxes === undefined) {
      throw new TypeError(`no anchors at stride ${stride}`);
    }
    assertLength(`scores at ${stride}`, scores, cells * copies);
    assertLength(`boxes at ${stride}`, boxes, cells * copies * BLAZE_NUMBERS);
    return { stride, columns, copies, scores, boxes };
  });
  const capacity = anchors.reduce((sum, { scores }) => sum + scores.length, 0);
  const found = new Candidates(capacity);
  const minLogit = logitOf(minScore);
  return {
    decode(place, out) {
      found.clear();
      for (let k = 0; k < anchors.length; k += 1) {
        const level = anchors[k];
        if (level === undefined) continue;
        const { stride, columns, copies, scores, boxes } = level;
        for (let at = 0; at < scores.length; at += 1) {
          const logit = scores[at] ?? Number.NaN;
          if (!(logit >= minLogit)) continue;
          const cell = Math.floor(at / copies);
          const x = ((cell % columns) + 0.5) * stride;
          const y = (Math.floor(cell / columns) + 0.5) * stride;
          found.add(x, y, boxes, at * BLAZE_NUMBERS, sigmoid(logit));
        }
      }
      found.suppress(nmsIou, place, out);
    },
    wipe: () => found.wipe(),
  };
}

/** Anchors that see a face, with room for all of them. */
class Candidates {
  readonly #xyxy: Float32Array;
  readonly #points: Float32Array;
  /** 0 once taken or dropped. */
  readonly #score: Float32Array;
  #count = 0;

  constructor(capacity: number) {
    this.#xyxy = new Float32Array(capacity * 4);
    this.#points = new Float32Array(capacity * POINT_NUMBERS);
    this.#score = new Float32Array(capacity);
  }

  clear(): void {
    this.#count = 0;
  }

  wipe(): void {
    this.clear();
    this.#xyxy.fill(0);
    this.#points.fill(0);
    this.#score.fill(0);
  }

  /** Refuses a box with a side that is not positive or no number. */
  add(x: number, y: number, boxes: Float32Array, from: number, score: number): void {
    const centreX = x + (boxes[from] ?? 0);
    const centreY = y + (boxes[from + 1] ?? 0);
    const halfWidth = (boxes[from + 2] ?? 0) / 2;
    const halfHeight = (boxes[from + 3] ?? 0) / 2;
    const isBox = halfWidth > 0 && halfHeight > 0 && Number.isFinite(centreX + centreY + score);
    if (!isBox) return;
    const i = this.#count;
    this.#xyxy[i * 4] = centreX - halfWidth;
    this.#xyxy[i * 4 + 1] = centreY - halfHeight;
    this.#xyxy[i * 4 + 2] = centreX + halfWidth;
    this.#xyxy[i * 4 + 3] = centreY + halfHeight;
    for (let k = 0; k < POINT_NUMBERS; k += 1) {
      const anchor = k % 2 === 0 ? x : y;
      this.#points[i * POINT_NUMBERS + k] = anchor + (boxes[from + 4 + k] ?? 0);
    }
    this.#score[i] = score;
    this.#count = i + 1;
  }

  /** Greedy non-maximum suppression; few faces, so the best is looked for anew each time. */
  suppress(iou: number, place: InputPlace, out: FaceBoxes): void {
    out.count = 0;
    while (out.count < out.score.length) {
      const best = this.#best();
      if (best < 0) return;
      this.#emit(best, place, out);
      this.#score[best] = 0;
      for (let i = 0; i < this.#count; i += 1) {
        const overlap = boxIou(this.#xyxy, best * 4, this.#xyxy, i * 4);
        if (overlap > iou) this.#score[i] = 0;
      }
    }
  }

  #best(): number {
    let best = -1;
    let score = 0;
    for (let i = 0; i < this.#count; i += 1) {
      const own = this.#score[i] ?? 0;
      if (own <= score) continue;
      score = own;
      best = i;
    }
    return best;
  }

  #emit(i: number, { scale, leftPx, topPx }: InputPlace, out: FaceBoxes): void {
    const to = out.count;
    for (let k = 0; k < 4; k += 1) {
      const offset = k % 2 === 0 ? leftPx : topPx;
      out.xyxy[to * 4 + k] = (this.#xyxy[i * 4 + k] ?? 0) * scale + offset;
    }
    for (let k = 0; k < POINT_NUMBERS; k += 1) {
      const offset = k % 2 === 0 ? leftPx : topPx;
      out.points[to * POINT_NUMBERS + k] =
        (this.#points[i * POINT_NUMBERS + k] ?? 0) * scale + offset;
    }
    out.score[to] = this.#score[i] ?? 0;
    out.count = to + 1;
  }
}

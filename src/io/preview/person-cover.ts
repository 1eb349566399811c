import type { Detections } from "../../vision/ports.ts";
import { ChangedBlocks } from "./changed-blocks.ts";
import { PixelCells } from "./pixel-cells.ts";
import type { FittedPicture } from "./planar-picture.ts";

/** A box stays covered for this long after the detector last saw it: detectors miss people for some frames. */
const HOLD_MS = 1000;
/** Boxes remembered, missed ones included; beyond that the oldest gives way. Several crowds. */
const CAPACITY = 512;
/** Every box is enlarged by this share of its height, because detectors cut off feet, hands and bags. */
const MARGIN_RATIO = 0.15;
/** How far a person may have gone since, in body heights per second. @source 1.4 m/s at 1.7 m. */
const WALK_PER_S = 0.8;
/** The same towards or away from the camera, where a step changes the picture less. */
const WALK_DEPTH_PER_S = 0.25;
/** A new box that covers as much of an old one takes its place; each new box takes the place of one at most. */
const SAME_IOU = 0.3;

/**
 * Remembers where people were and makes these places unrecognisable. Conservative on purpose: every detection counts
 * however low its score; a box nobody is found in again is covered for another second and grows as fast as people walk;
 * the boxes of the last look are covered however old they are, because a picture in which nothing moves is not looked at
 * again; and whatever moves is covered too. One cover per picture size.
 */
export class PersonCover {
  readonly #at: FittedPicture;
  readonly #cells: PixelCells;
  readonly #changes: ChangedBlocks;
  /** Boxes as left, top, right, bottom in Px of the cut-out picture, oldest first, and when each was seen. */
  readonly #boxes = new Float32Array(CAPACITY * 4);
  readonly #times = new Float64Array(CAPACITY);
  #count = 0;
  #lookMono: number | null = null;

  constructor(at: FittedPicture) {
    this.#at = at;
    this.#cells = new PixelCells(at);
    this.#changes = new ChangedBlocks(at);
  }

  /** Takes in what the detector found, in Px of the source picture. */
  note(detections: Detections, atMono: number): void {
    this.#lookMono = atMono;
    this.#keep((box) => atMono - (this.#times[box] ?? 0) <= HOLD_MS);
    const { source, widthPx, heightPx } = this.#at;
    const scaleX = widthPx / source.widthPx;
    const scaleY = heightPx / source.heightPx;
    for (let i = 0; i < detections.count * 4; i += 4) {
      const { xyxy } = detections;
      const left = (xyxy[i] ?? 0) * scaleX;
      const top = (xyxy[i + 1] ?? 0) * scaleY;
      const right = (xyxy[i + 2] ?? 0) * scaleX;
      const bottom = (xyxy[i + 3] ?? 0) * scaleY;
      this.#replace(left, top, right, bottom, atMono);
    }
  }

  /**
   * Covers people in a cut-out picture (rgb24, changed in place). False when it must not be shown: the detector has not
   * looked yet, or there is no earlier picture to tell what moves.
   */
  cover(rgb24: Uint8Array, atMono: number): boolean {
    const mayShow = this.#changes.take(rgb24, atMono) && this.#lookMono !== null;
    if (!mayShow) return false;
    for (let box = 0; box < this.#count; box += 1) this.#mark(box, this.#lookMono ?? atMono);
    this.#changes.mark(this.#cells, atMono);
    this.#cells.apply(rgb24);
    return true;
  }

  /** Puts a new box in the place of the old one it overlaps most, or beside all of them. */
  #replace(left: number, top: number, right: number, bottom: number, atMono: number): void {
    let same = -1;
    let best = SAME_IOU;
    for (let box = 0; box < this.#count; box += 1) {
      if (this.#times[box] === atMono) continue;
      const iou = this.#iou(box, left, top, right, bottom);
      if (iou < best) continue;
      same = box;
      best = iou;
    }
    if (same >= 0) this.#keep((box) => box !== same);
    if (this.#count === CAPACITY) this.#keep((box) => box !== 0);
    const at = this.#count;
    this.#boxes[at * 4] = left;
    this.#boxes[at * 4 + 1] = top;
    this.#boxes[at * 4 + 2] = right;
    this.#boxes[at * 4 + 3] = bottom;
    this.#times[at] = atMono;
    this.#count += 1;
  }

  #keep(isKept: (box: number) => boolean): void {
    let kept = 0;
    for (let box = 0; box < this.#count; box += 1) {
      if (!isKept(box)) continue;
      this.#boxes.copyWithin(kept * 4, box * 4, box * 4 + 4);
      this.#times[kept] = this.#times[box] ?? 0;
      kept += 1;
    }
    this.#count = kept;
  }

  #iou(box: number, left: number, top: number, right: number, bottom: number): number {
    const l = this.#boxes[box * 4] ?? 0;
    const t = this.#boxes[box * 4 + 1] ?? 0;
    const r = this.#boxes[box * 4 + 2] ?? 0;
    const b = this.#boxes[box * 4 + 3] ?? 0;
    const width = Math.min(r, right) - Math.max(l, left);
    const height = Math.min(b, bottom) - Math.max(t, top);
    if (!(width > 0 && height > 0)) return 0;
    const both = width * height;
    return both / ((r - l) * (b - t) + (right - left) * (bottom - top) - both);
  }

  #mark(box: number, lookMono: number): void {
    const left = this.#boxes[box * 4] ?? 0;
    const top = this.#boxes[box * 4 + 1] ?? 0;
    const right = this.#boxes[box * 4 + 2] ?? 0;
    const bottom = this.#boxes[box * 4 + 3] ?? 0;
    const missedS = (lookMono - (this.#times[box] ?? 0)) / 1000;
    const heightPx = bottom - top;
    const dx = heightPx * (MARGIN_RATIO + WALK_PER_S * missedS);
    const dy = heightPx * (MARGIN_RATIO + WALK_DEPTH_PER_S * missedS);
    this.#cells.mark(left - dx, top - dy, right + dx, bottom + dy, heightPx);
  }
}

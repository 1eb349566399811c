import { type MonoMs, monoMs, type TrackId, trackId } from "../core/brand.ts";
import { KalmanBox } from "./kalman-box.ts";
import { MovementGate } from "./movement-gate.ts";
import type { Detections, PictureSize } from "./ports.ts";
import type { TrackerParameters } from "./tracker-parameters.ts";

/** A box in Px of the picture. */
export interface PixelBox {
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/**
 * One confirmed track as others may see it. Its own box is the best estimate: filtered, and predicted while the
 * person is not seen. The tracker changes it in place: read it only during the call it came with.
 */
export interface TrackView extends PixelBox {
  readonly id: TrackId;
  /** Speed of the box centre, Px/s. */
  readonly vxPxPerS: number;
  readonly vyPxPerS: number;
  /** Box as last detected; it trembles as the detector does. */
  readonly observed: PixelBox;
  /** Score of the last detection, 0..1. */
  readonly score: number;
  /** Mean score over about the last second, 0..1. */
  readonly meanScore: number;
  /** When it was last detected. */
  readonly seenMono: MonoMs;
  /** Whether it was detected in the frame at hand. */
  readonly isSeen: boolean;
  /** Where and when the very first detection was, before the track counted as a person. */
  readonly born: PixelBox & { readonly atMono: MonoMs };
  /** Whether it counts as a person: it has moved since its birth, as things that look like people never do. Stays true. */
  readonly isPerson: boolean;
  /** When it was last at the place of its birth; of one that moves from the start, its birth. */
  readonly restMono: MonoMs;
  /** True in the one frame in which it became a person. */
  readonly isNew: boolean;
}

const emptyBox = () => ({ leftPx: 0, topPx: 0, widthPx: 0, heightPx: 0 });

/** A track in the tracker's pool: reused for another person after its end. */
export class Track implements TrackView {
  id: TrackId = trackId(0);
  readonly observed = emptyBox();
  readonly born = { ...emptyBox(), atMono: monoMs(0) };
  readonly filter = new KalmanBox();
  readonly #movement = new MovementGate();
  score = 0;
  meanScore = 0;
  seenMono: MonoMs = monoMs(0);
  isSeen = false;
  isNew = false;
  /** Detections it took so far. */
  hits = 0;
  isConfirmed = false;
  isPerson = false;

  get leftPx(): number {
    return this.filter.cx - this.filter.w / 2;
  }

  get topPx(): number {
    return this.filter.cy - this.filter.h / 2;
  }

  get widthPx(): number {
    return this.filter.w;
  }

  get heightPx(): number {
    return this.filter.h;
  }

  get hasMoved(): boolean {
    return this.#movement.hasMoved;
  }

  get restMono(): MonoMs {
    return this.#movement.restMono;
  }

  get vxPxPerS(): number {
    return this.filter.vx;
  }

  get vyPxPerS(): number {
    return this.filter.vy;
  }

  /** Starts a new, unconfirmed life at detection `i`. */
  begin(detections: Detections, i: number, atMono: MonoMs, parameters: TrackerParameters): void {
    this.#observe(detections, i, atMono);
    this.hits = 1;
    this.meanScore = this.score;
    this.isNew = false;
    this.isConfirmed = false;
    this.isPerson = false;
    const { leftPx, topPx, widthPx, heightPx } = this.observed;
    this.born.atMono = atMono;
    this.born.leftPx = leftPx;
    this.born.topPx = topPx;
    this.born.widthPx = widthPx;
    this.born.heightPx = heightPx;
    this.filter.init(
      leftPx + widthPx / 2,
      topPx + heightPx / 2,
      widthPx,
      heightPx,
      parameters.noise,
    );
    this.#movement.begin(this.born, atMono);
  }

  /** Takes it for somebody who is known to have moved before. */
  vouch(): void {
    this.#movement.vouch();
  }

  /** Takes detection `i` of the frame at hand. */
  take(
    detections: Detections,
    i: number,
    atMono: MonoMs,
    parameters: TrackerParameters,
    picture: PictureSize,
  ): void {
    const fresh = 1 - Math.exp(-(atMono - this.seenMono) / parameters.meanScoreMs);
    this.#observe(detections, i, atMono);
    this.meanScore += fresh * (this.score - this.meanScore);
    this.hits += 1;
    const { leftPx, topPx, widthPx, heightPx } = this.observed;
    const cx = leftPx + widthPx / 2;
    const cy = topPx + heightPx / 2;
    this.filter.update(cx, cy, widthPx, heightPx, this.score, parameters.noise);
    this.#movement.note(this, picture, atMono);
  }

  #observe(detections: Detections, i: number, atMono: MonoMs): void {
    const { xyxy, score } = detections;
    const at = i * 4;
    const box = this.observed;
    box.leftPx = xyxy[at] ?? 0;
    box.topPx = xyxy[at + 1] ?? 0;
    box.widthPx = (xyxy[at + 2] ?? 0) - box.leftPx;
    box.heightPx = (xyxy[at + 3] ?? 0) - box.topPx;
    this.score = score[i] ?? 0;
    this.seenMono = atMono;
    this.isSeen = true;
  }
}

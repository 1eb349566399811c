import type { MonoMs } from "../core/brand.ts";
import { FORBIDDEN } from "./assignment.ts";
import { type Feet, FLOOR_LIMITS, type GroundGate, REFIND_LIMITS } from "./ground-gate.ts";
import { boxIou } from "./nms.ts";
import type { Detections } from "./ports.ts";
import type { PixelBox, Track } from "./track.ts";
import type { TrackerParameters } from "./tracker-parameters.ts";

/**
 * How a stage compares. `overlap`: only boxes that clearly lie on each other. `reach`: whatever the filter thinks
 * possible, the likeliest first.
 */
export type PairStage = "overlap" | "reach";

/** Costs stay well inside what `Assignment` allows. */
const MAX_COST = 900;

/** What it costs to take a detection for a track; `FORBIDDEN` for what cannot be. Allocates nothing. */
export class PairCost {
  readonly #parameters: TrackerParameters;
  readonly #ground: GroundGate | null;
  readonly #box = new Float64Array(4);
  readonly #other = new Float64Array(4);
  readonly #from: { -readonly [Key in keyof Feet]: number } = noFeet();
  readonly #to: { -readonly [Key in keyof Feet]: number } = noFeet();

  constructor(parameters: TrackerParameters, ground: GroundGate | null) {
    this.#parameters = parameters;
    this.#ground = ground;
  }

  /** Cost of detection `i` for a track that was predicted to `atMono`. */
  cost(stage: PairStage, track: Track, detections: Detections, i: number, atMono: MonoMs): number {
    const value =
      stage === "overlap"
        ? this.#overlapCost(track, detections, i)
        : this.#reachCost(track, detections, i);
    if (value >= FORBIDDEN || !this.#fitsHeight(track, detections.xyxy, i * 4)) return FORBIDDEN;
    return this.#isPossible(stage, track, detections.xyxy, i * 4, atMono) ? value : FORBIDDEN;
  }

  /** Overlap of the track's box with detection `i`, both enlarged by this share of their sides on each side. */
  overlap(track: Track, xyxy: Float32Array, at: number, enlargement: number): number {
    const { cx, cy, w, h } = track.filter;
    const share = 0.5 + enlargement;
    this.#box[0] = cx - w * share;
    this.#box[1] = cy - h * share;
    this.#box[2] = cx + w * share;
    this.#box[3] = cy + h * share;
    if (enlargement === 0) return boxIou(this.#box, 0, xyxy, at);
    const left = xyxy[at] ?? 0;
    const top = xyxy[at + 1] ?? 0;
    const right = xyxy[at + 2] ?? 0;
    const bottom = xyxy[at + 3] ?? 0;
    const dx = (right - left) * enlargement;
    const dy = (bottom - top) * enlargement;
    this.#other[0] = left - dx;
    this.#other[1] = top - dy;
    this.#other[2] = right + dx;
    this.#other[3] = bottom + dy;
    return boxIou(this.#box, 0, this.#other, 0);
  }

  /** Overlap (IoU) of two boxes. */
  coverage(a: PixelBox, b: PixelBox): number {
    write(a, this.#box);
    write(b, this.#other);
    return boxIou(this.#box, 0, this.#other, 0);
  }

  #overlapCost(track: Track, { xyxy, score }: Detections, i: number): number {
    const { minOverlap, scoreBonus, hitBonus, hitBonusCap } = this.#parameters;
    const overlap = this.overlap(track, xyxy, i * 4, 0);
    if (overlap < minOverlap) return FORBIDDEN;
    const standing = hitBonus * Math.min(track.hits, hitBonusCap);
    return -(overlap + scoreBonus * (score[i] ?? 0) + standing);
  }

  /** Squared distance in sigmas of the filter's own uncertainty, and of the height. */
  #reachCost(track: Track, { xyxy, score }: Detections, i: number): number {
    const p = this.#parameters;
    const { cx, cy, h, placeVariance } = track.filter;
    const at = i * 4;
    const dx = ((xyxy[at] ?? 0) + (xyxy[at + 2] ?? 0)) / 2 - cx;
    const dy = ((xyxy[at + 1] ?? 0) + (xyxy[at + 3] ?? 0)) / 2 - cy;
    const distance2 = (dx * dx + dy * dy) / (placeVariance + (p.noise.measurement * h) ** 2);
    const isReached =
      distance2 <= p.reachSigmas ** 2 ||
      this.overlap(track, xyxy, at, p.enlargement) >= p.minEnlargedOverlap;
    if (!isReached) return FORBIDDEN;
    const heightPx = (xyxy[at + 3] ?? 0) - (xyxy[at + 1] ?? 0);
    const height2 = (Math.log(heightPx / h) / p.heightSigma) ** 2;
    return Math.min(MAX_COST, distance2 + height2 - p.scoreBonus * (score[i] ?? 0));
  }

  /**
   * Whether a detection may be this person, by height: as filtered, or as last seen, since the visible part of
   * somebody who comes in at the edge of the picture grows faster than the filter follows.
   */
  #fitsHeight(track: Track, xyxy: Float32Array, at: number): boolean {
    const { heightRatioMin, heightRatioMax } = this.#parameters;
    const heightPx = (xyxy[at + 3] ?? 0) - (xyxy[at + 1] ?? 0);
    const ratio = track.filter.h / heightPx;
    if (ratio >= heightRatioMin && ratio <= heightRatioMax) return true;
    const seenRatio = track.observed.heightPx / heightPx;
    return seenRatio >= heightRatioMin && seenRatio <= heightRatioMax;
  }

  /**
   * Whether the floor allows it: in the time since the last sight at all, and, for the less certain pairs, near
   * where the person was expected.
   */
  #isPossible(
    stage: PairStage,
    track: Track,
    xyxy: Float32Array,
    at: number,
    atMono: MonoMs,
  ): boolean {
    const ground = this.#ground;
    if (ground === null) return true;
    const { filter, observed, seenMono } = track;
    const gapS = (atMono - seenMono) / 1000;
    const to = this.#to;
    to.xPx = ((xyxy[at] ?? 0) + (xyxy[at + 2] ?? 0)) / 2;
    to.footPx = xyxy[at + 3] ?? 0;
    to.heightPx = filter.h;
    to.hiddenFootPx = (xyxy[at + 1] ?? 0) + filter.h;
    const from = this.#from;
    from.heightPx = filter.h;
    from.xPx = filter.cx;
    from.footPx = filter.cy + filter.h / 2;
    from.hiddenFootPx = from.footPx;
    if (stage === "reach" && !ground.isPossible(from, to, gapS, REFIND_LIMITS)) return false;
    if (ground.isPossible(from, to, gapS, FLOOR_LIMITS)) return true;
    from.xPx = observed.leftPx + observed.widthPx / 2;
    from.footPx = observed.topPx + observed.heightPx;
    from.hiddenFootPx = observed.topPx + filter.h;
    return ground.isPossible(from, to, gapS, FLOOR_LIMITS);
  }
}

function write({ leftPx, topPx, widthPx, heightPx }: PixelBox, corners: Float64Array): void {
  corners[0] = leftPx;
  corners[1] = topPx;
  corners[2] = leftPx + widthPx;
  corners[3] = topPx + heightPx;
}

const noFeet = (): { xPx: number; footPx: number; hiddenFootPx: number; heightPx: number } => ({
  xPx: 0,
  footPx: 0,
  hiddenFootPx: 0,
  heightPx: 0,
});

import type { Refusal } from "../core/consent.ts";
import type { ChipTemplate } from "./chip-template.ts";
import { type FaceBoxes, POINT_NUMBERS } from "./face-boxes.ts";
import { meanLuma } from "./luma.ts";
import type { FacePicture, FaceQuality } from "./ports.ts";

/** What a face must be like for one use. */
export interface QualityLimits {
  readonly minHeightPx: number;
  readonly minEyeDistancePx: number;
  readonly minSharpness: number;
  readonly maxTurn: number;
  /** 180: a face may stand on its head too. */
  readonly maxRollDeg: number;
  readonly minBrightness: number;
  readonly maxBrightness: number;
  /** Another face of at least this share of the acting one's size makes the picture ambiguous; over 1: none does. */
  readonly rivalRatio: number;
}

/**
 * What is asked of a face by use. A template lasts for months, so it is made of good pictures only; below 64 Px half
 * of the genuine faces would not be known again. Sharpness 0.4 and 0.2 are a blur of about 4.5 and 6 % of the distance
 * between the eyes, which moves a face by a half and by two thirds of the threshold.
 */
export const QUALITY_LIMITS: Readonly<Record<"enrol" | "match", QualityLimits>> = Object.freeze({
  enrol: {
    minHeightPx: 100,
    minEyeDistancePx: 40,
    minSharpness: 0.4,
    maxTurn: 0.4,
    maxRollDeg: 20,
    minBrightness: 0.15,
    maxBrightness: 0.92,
    rivalRatio: 0.25,
  },
  match: {
    minHeightPx: 64,
    minEyeDistancePx: 20,
    minSharpness: 0.2,
    maxTurn: 0.65,
    maxRollDeg: 30,
    minBrightness: 0.12,
    maxBrightness: 0.95,
    rivalRatio: 0.5,
  },
});

/** The parts of the quality that follow from where the points lie. */
export type FaceShape = Pick<FaceQuality, "heightPx" | "eyeDistancePx" | "turn" | "rollDeg">;

/** The parts of the quality that follow from the pixels. */
export type FaceLight = Pick<FaceQuality, "sharpness" | "brightness">;

/** The detector's box goes from the eyebrows to the chin; with the forehead a face is this much higher. */
const HEIGHT_OVER_BOX = 1.3;
/** Eyes, nose and mouth must be in the picture; ears may be hidden. */
const NEEDED_POINTS = 4;

/** Measures size and pose of face `i` from its points; one that is cut off by the picture's edge counts as turned. */
export function measureShape(
  faces: FaceBoxes,
  i: number,
  picture: Pick<FacePicture, "widthPx" | "heightPx">,
): FaceShape {
  const point = (k: number): number => faces.points[i * POINT_NUMBERS + k] ?? 0;
  const alongX = point(2) - point(0);
  const alongY = point(3) - point(1);
  const eyeDistancePx = Math.hypot(alongX, alongY);
  const noseX = point(4) - (point(0) + point(2)) / 2;
  const noseY = point(5) - (point(1) + point(3)) / 2;
  // The tip of the nose stands out, so it leaves the middle between the eyes when the head turns.
  const aside = Math.abs(noseX * alongX + noseY * alongY) / (eyeDistancePx * eyeDistancePx);
  let isWhole = aside < 0.5;
  for (let k = 0; k < NEEDED_POINTS; k += 1) {
    const isIn =
      point(2 * k) >= 0 &&
      point(2 * k + 1) >= 0 &&
      point(2 * k) <= picture.widthPx &&
      point(2 * k + 1) <= picture.heightPx;
    isWhole &&= isIn;
  }
  const boxPx = (faces.xyxy[i * 4 + 3] ?? 0) - (faces.xyxy[i * 4 + 1] ?? 0);
  return {
    heightPx: boxPx * HEIGHT_OVER_BOX,
    eyeDistancePx,
    turn: isWhole ? aside * 2 : 1,
    rollDeg: (Math.atan2(alongY, alongX) * 180) / Math.PI,
  };
}

/** Cells of the sharpness grid between the eyes, so that chips of different sizes are measured alike. */
const CELLS_BETWEEN_EYES = 17.6;
/** Share of the distance between the eyes that is looked at beyond eyes and mouth. */
const MARGIN = 0.3;
/** Ratio of curvature to contrast at which sharpness is 1 - 1/e. Portraits have 0.6 to 2. */
const SHARP_RATIO = 0.5;
const WHITE = 255;

/**
 * Measures light and blur of an aligned face: how much of its contrast is between neighbouring cells of a fine grid.
 * Independent of contrast and exposure. Pure, allocates nothing.
 * @source Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, 2000: variance of the Laplacian
 */
export function measureLight(
  chip: Uint8Array,
  { sidePx, targets }: Pick<ChipTemplate, "sidePx" | "targets">,
): FaceLight {
  const [rightX = 0, eyesY = 0, leftX = 0] = targets;
  const mouthY = targets[7] ?? 0;
  const eyes = leftX - rightX;
  const cellPx = Math.max(1, Math.round(eyes / CELLS_BETWEEN_EYES));
  const last = Math.floor(sidePx / cellPx) - 2;
  const cell = (px: number): number => Math.min(last, Math.max(1, Math.round(px / cellPx)));
  const bottom = cell(mouthY + MARGIN * eyes);
  const right = cell(leftX + MARGIN * eyes);
  const grey = (x: number, y: number): number =>
    meanLuma(chip, sidePx, {
      left: x * cellPx,
      top: y * cellPx,
      right: (x + 1) * cellPx - 1,
      bottom: (y + 1) * cellPx - 1,
    });
  let count = 0;
  let sum = 0;
  let squares = 0;
  let bends = 0;
  for (let y = cell(eyesY - MARGIN * eyes); y <= bottom; y += 1) {
    for (let x = cell(rightX - MARGIN * eyes); x <= right; x += 1) {
      const value = grey(x, y);
      const around = grey(x - 1, y) + grey(x + 1, y) + grey(x, y - 1) + grey(x, y + 1);
      count += 1;
      sum += value;
      squares += value * value;
      bends += (4 * value - around) ** 2;
    }
  }
  const mean = sum / count;
  const contrast = squares / count - mean * mean;
  const ratio = contrast > 0 ? bends / count / contrast : 0;
  return { sharpness: 1 - Math.exp(-ratio / SHARP_RATIO), brightness: mean / WHITE };
}

/** Why size or pose will not do; null: they will. Written so that a value that is no number is refused. Pure. */
export function shapeRefusal(shape: FaceShape, limits: QualityLimits): Refusal | null {
  const isLarge =
    shape.heightPx >= limits.minHeightPx && shape.eyeDistancePx >= limits.minEyeDistancePx;
  if (!isLarge) return "face-small";
  const isStraight = shape.turn <= limits.maxTurn && Math.abs(shape.rollDeg) <= limits.maxRollDeg;
  return isStraight ? null : "face-turned";
}

/** Why light or focus will not do; null: they will. Pure. */
export function lightRefusal(light: FaceLight, limits: QualityLimits): Refusal | null {
  const isLit =
    light.brightness >= limits.minBrightness && light.brightness <= limits.maxBrightness;
  if (!isLit) return "face-poor-light";
  return light.sharpness >= limits.minSharpness ? null : "face-blurred";
}

import type { FaceBoxes } from "./face-boxes.ts";
import type { FacePicture } from "./ports.ts";

/**
 * The probability of one class among logits, 0..1. Pure, allocates nothing.
 */
export function softmaxAt(logits: ArrayLike<number>, index: number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i += 1) most = Math.max(most, logits[i] ?? 0);
  let sum = 0;
  for (let i = 0; i < logits.length; i += 1) sum += Math.exp((logits[i] ?? 0) - most);
  return Math.exp((logits[index] ?? 0) - most) / sum;
}

/** Below this a face rather looks like a picture of one. */
const DOUBTFUL = 0.5;

/**
 * Whether somebody of the staff should have a look, or the shopper show a code instead. A hint and no security: of 124
 * photographs taken of people 7 were doubted too, and a good print or screen may pass. Without a model nobody is
 * doubted. Pure.
 */
export function needsSecondLook(live: number | null): boolean {
  return live !== null && !(live >= DOUBTFUL);
}

/** A rectangle of a picture in Px. */
export interface Region {
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/**
 * The part of the picture the hint is made from: face `i` with what is around it, `cropRatio` times its box, smaller
 * where the picture is, and moved inside where it would reach beyond. Pure.
 */
export function livenessRegion(
  faces: FaceBoxes,
  i: number,
  cropRatio: number,
  picture: Pick<FacePicture, "widthPx" | "heightPx">,
): Region {
  const side = (axis: number): number =>
    (faces.xyxy[i * 4 + axis + 2] ?? 0) - (faces.xyxy[i * 4 + axis] ?? 0);
  const ratio = Math.min(cropRatio, picture.widthPx / side(0), picture.heightPx / side(1));
  const place = (axis: number, limitPx: number): readonly [number, number] => {
    const sidePx = side(axis) * ratio;
    const middle = (faces.xyxy[i * 4 + axis] ?? 0) + side(axis) / 2;
    return [Math.min(Math.max(0, middle - sidePx / 2), limitPx - sidePx), sidePx];
  };
  const [leftPx, widthPx] = place(0, picture.widthPx);
  const [topPx, heightPx] = place(1, picture.heightPx);
  return { leftPx, topPx, widthPx, heightPx };
}

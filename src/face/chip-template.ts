import { POINT_NUMBERS } from "./face-boxes.ts";
import { fitSimilarity, type Similarity } from "./similarity.ts";

/** Where eyes, nose tip and mouth have to lie in the square that an embedding network looks at. */
export interface ChipTemplate {
  readonly sidePx: number;
  /** Right eye, left eye, nose tip, middle of the mouth; [x, y] each, in Px of the chip. */
  readonly targets: readonly number[];
  /** How much each point counts. */
  readonly weights: readonly number[];
}

/** Left to right in the picture, as in `FACE_POINTS`. */
const USED_POINTS = 4;

const DLIB_SIDE_PX = 150;
/** Room around the mean shape, as a share of its size. */
const DLIB_PADDING = 0.25;

const dlibPx = (share: number): number =>
  (DLIB_SIDE_PX * (DLIB_PADDING + share)) / (1 + 2 * DLIB_PADDING);

/**
 * The templates by their name in the model manifest. dlib's knows two corners of the mouth, so its middle counts
 * twice; the other one is used with one middle.
 * @source dlib, face chip of 150 Px from the mean of its 68-point shape; InsightFace, 112 Px reference points
 */
export const CHIP_TEMPLATES: Readonly<Record<"dlib150" | "arc112", ChipTemplate>> = Object.freeze({
  dlib150: {
    sidePx: DLIB_SIDE_PX,
    targets: [
      ...[0.2255, 0.216],
      ...[0.7548, 0.216],
      ...[0.4901, 0.5156],
      ...[(0.2723 + 0.708) / 2, 0.7825],
    ].map(dlibPx),
    weights: [1, 1, 1, 2],
  },
  arc112: {
    sidePx: 112,
    targets: [
      ...[38.2946, 51.6963],
      ...[73.5318, 51.5014],
      ...[56.0252, 71.7366],
      ...[(41.5493 + 70.7299) / 2, (92.3655 + 92.2041) / 2],
    ],
    weights: [1, 1, 1, 1],
  },
});

/**
 * Fits the similarity from picture to chip for face `i`, whose points lie in `points` as a detector gives them, into
 * `out`. False when the points are all one, which is no face. Allocates nothing but a view.
 */
export function fitChip(
  points: Float32Array,
  i: number,
  { targets, weights }: ChipTemplate,
  out: Similarity,
): boolean {
  const own = points.subarray(i * POINT_NUMBERS, i * POINT_NUMBERS + USED_POINTS * 2);
  return fitSimilarity(own, targets, weights, out);
}

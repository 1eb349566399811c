/** Points of a face in the order the detector gives them; right and left are the shopper's own. */
export const FACE_POINTS = Object.freeze([
  "rightEye",
  "leftEye",
  "noseTip",
  "mouth",
  "rightEar",
  "leftEar",
] as const);

/** Numbers of one face's points: x and y each. */
export const POINT_NUMBERS = FACE_POINTS.length * 2;

/**
 * Faces found in one picture, as a struct of arrays so that a look allocates nothing. Only the first `count` entries
 * are valid. Positions are in Px of the picture and may lie beside it: a face may be cut off by its edge.
 */
export interface FaceBoxes {
  count: number;
  /** [left, top, right, bottom] x n. */
  readonly xyxy: Float32Array;
  /** 0..1. */
  readonly score: Float32Array;
  /** Six points x n, as [x, y] each; see `FACE_POINTS`. */
  readonly points: Float32Array;
}

/** Room for `capacity` faces; more than that are dropped, lowest score first. */
export function createFaceBoxes(capacity: number): FaceBoxes {
  return {
    count: 0,
    xyxy: new Float32Array(capacity * 4),
    score: new Float32Array(capacity),
    points: new Float32Array(capacity * POINT_NUMBERS),
  };
}

/** Overwrites everything with zeros. */
export function wipeFaceBoxes(boxes: FaceBoxes): void {
  boxes.count = 0;
  boxes.xyxy.fill(0);
  boxes.score.fill(0);
  boxes.points.fill(0);
}

/** Copies face `i` of one list over face `to` of another. Allocates nothing. */
export function copyFace(from: FaceBoxes, i: number, out: FaceBoxes, to: number): void {
  for (let k = 0; k < 4; k += 1) out.xyxy[to * 4 + k] = from.xyxy[i * 4 + k] ?? 0;
  out.score[to] = from.score[i] ?? 0;
  for (let k = 0; k < POINT_NUMBERS; k += 1) {
    out.points[to * POINT_NUMBERS + k] = from.points[i * POINT_NUMBERS + k] ?? 0;
  }
}

/** Moves faces found in a smaller copy of a picture to where they are in the picture. Allocates nothing. */
export function scaleFaces(faces: FaceBoxes, by: number): void {
  for (let k = 0; k < faces.count * 4; k += 1) faces.xyxy[k] = (faces.xyxy[k] ?? 0) * by;
  for (let k = 0; k < faces.count * POINT_NUMBERS; k += 1) {
    faces.points[k] = (faces.points[k] ?? 0) * by;
  }
}

/** Larger side of a face's box, in Px; 0 for a box without area. */
export function faceSidePx({ xyxy }: FaceBoxes, i: number): number {
  const width = (xyxy[i * 4 + 2] ?? 0) - (xyxy[i * 4] ?? 0);
  const height = (xyxy[i * 4 + 3] ?? 0) - (xyxy[i * 4 + 1] ?? 0);
  return width > 0 && height > 0 ? Math.max(width, height) : 0;
}

import type { Refusal } from "../core/consent.ts";
import { fail, ok, type Result } from "../core/errors.ts";
import { copyFace, type FaceBoxes, faceSidePx } from "./face-boxes.ts";

/** A box of which more than this lies in another one shows the same face, or a part of it. */
const SAME_SHARE = 0.5;

/**
 * Adds the faces of a second look that the first one does not have. A part of a face that a closer look takes for a
 * whole one lies within it and is left out. What finds no room is dropped. Allocates nothing.
 */
export function addFaces(faces: FaceBoxes, more: FaceBoxes): void {
  const known = faces.count;
  for (let i = 0; i < more.count && faces.count < faces.score.length; i += 1) {
    let isKnown = false;
    for (let k = 0; k < known; k += 1) {
      isKnown ||= sharedPart(faces.xyxy, k * 4, more.xyxy, i * 4) > SAME_SHARE;
    }
    if (isKnown) continue;
    copyFace(more, i, faces, faces.count);
    faces.count += 1;
  }
}

/** Common area over the smaller area of two boxes; 0 when one has none. */
function sharedPart(a: Float32Array, atA: number, b: Float32Array, atB: number): number {
  const area = (xyxy: Float32Array, at: number): number =>
    ((xyxy[at + 2] ?? 0) - (xyxy[at] ?? 0)) * ((xyxy[at + 3] ?? 0) - (xyxy[at + 1] ?? 0));
  const overlap = (axis: number): number =>
    Math.min(a[atA + axis + 2] ?? 0, b[atB + axis + 2] ?? 0) -
    Math.max(a[atA + axis] ?? 0, b[atB + axis] ?? 0);
  const smaller = Math.min(area(a, atA), area(b, atB));
  if (!(overlap(0) > 0 && overlap(1) > 0 && smaller > 0)) return 0;
  return (overlap(0) * overlap(1)) / smaller;
}

/** From this score on a face counts beside a sure one; below, patterns of a wall are told as faces now and then. */
const SURE_SCORE = 0.6;

/**
 * The one face that acts in a picture: the largest of the sure ones, or of the others when none is sure. Another sure
 * one of at least `rivalRatio` of its size could be meant as well, and then nobody is looked at; smaller ones are people
 * further away, who have no part in it. Pure.
 */
export function actingFace(
  faces: FaceBoxes,
  rivalRatio: number,
): Result<number, Extract<Refusal, "no-face" | "several-faces">> {
  const sure = largestFace(faces, SURE_SCORE);
  const acting = sure >= 0 ? sure : largestFace(faces, 0);
  if (acting < 0) return fail("no-face");
  const rivalPx = rivalRatio * faceSidePx(faces, acting);
  for (let i = 0; i < faces.count; i += 1) {
    const isRival = i !== acting && faceSidePx(faces, i) >= rivalPx;
    if (isRival && (faces.score[i] ?? 0) >= SURE_SCORE) return fail("several-faces");
  }
  return ok(acting);
}

/** Index of the largest face of at least a score; -1 when there is none. */
function largestFace(faces: FaceBoxes, minScore: number): number {
  let largest = -1;
  let sidePx = 0;
  for (let i = 0; i < faces.count; i += 1) {
    const own = faceSidePx(faces, i);
    if (own <= sidePx || (faces.score[i] ?? 0) < minScore) continue;
    sidePx = own;
    largest = i;
  }
  return largest;
}

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

/**
 * The one face that acts in a picture: the largest. Another one of at least `rivalRatio` of its size could be meant as
 * well, and then nobody is looked at; smaller ones are people further away, who have no part in it. Pure.
 */
export function actingFace(
  faces: FaceBoxes,
  rivalRatio: number,
): Result<number, Extract<Refusal, "no-face" | "several-faces">> {
  let largest = -1;
  let sidePx = 0;
  for (let i = 0; i < faces.count; i += 1) {
    const own = faceSidePx(faces, i);
    if (own <= sidePx) continue;
    sidePx = own;
    largest = i;
  }
  if (largest < 0) return fail("no-face");
  for (let i = 0; i < faces.count; i += 1) {
    if (i !== largest && faceSidePx(faces, i) >= rivalRatio * sidePx) return fail("several-faces");
  }
  return ok(largest);
}

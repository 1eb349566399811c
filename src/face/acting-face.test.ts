import assert from "node:assert/strict";
import { test } from "node:test";
import { actingFace, addFaces } from "./acting-face.ts";
import { createFaceBoxes, type FaceBoxes, scaleFaces, wipeFaceBoxes } from "./face-boxes.ts";

/** Faces by left, top, side and score. */
function faces(...each: readonly (readonly [number, number, number, number])[]): FaceBoxes {
  const out = createFaceBoxes(6);
  each.forEach(([left, top, side, score], i) => {
    out.xyxy.set([left, top, left + side, top + side], i * 4);
    out.points.fill(left, i * 12, i * 12 + 12);
    out.score[i] = score;
  });
  out.count = each.length;
  return out;
}

const refusalOf = (found: FaceBoxes, rivalRatio = 0.5) => {
  const acting = actingFace(found, rivalRatio);
  return acting.ok ? acting.value : acting.error;
};

test("the largest face acts, people far behind have no part in it", () => {
  assert.equal(refusalOf(faces([0, 0, 40, 0.9], [100, 0, 90, 0.8])), 1);
  assert.equal(refusalOf(faces([0, 0, 30, 0.9], [100, 0, 90, 0.8]), 0.25), "several-faces");
});

test("two who could both be meant are refused, and so is nobody", () => {
  assert.equal(refusalOf(faces([0, 0, 60, 0.9], [100, 0, 90, 0.8])), "several-faces");
  assert.equal(refusalOf(faces([0, 0, 90, 0.9], [100, 0, 90, 0.9])), "several-faces");
  assert.equal(refusalOf(faces()), "no-face");
  assert.equal(refusalOf(faces([0, 0, 0, 0.9])), "no-face");
});

test("a pattern that is hardly a face neither acts beside a sure one nor is its rival", () => {
  assert.equal(refusalOf(faces([0, 0, 60, 0.52], [100, 0, 90, 0.8])), 1);
  assert.equal(refusalOf(faces([0, 0, 200, 0.52], [100, 0, 90, 0.8])), 1);
  assert.equal(refusalOf(faces([0, 0, 200, 0.52])), 0, "alone it is looked at more closely");
});

test("a second look adds faces the first one did not see, and no parts of those it did", () => {
  const found = faces([0, 0, 100, 0.9]);
  addFaces(
    found,
    faces([20, 20, 30, 0.8], [90, 90, 40, 0.7], [300, 0, 20, 0.6], [-20, -20, 150, 0.5]),
  );
  const left = Array.from({ length: found.count }, (_, i) => found.xyxy[i * 4]);
  assert.deepEqual(left, [0, 90, 300]);
  assert.equal(found.points[13], 90);
});

test("faces beyond the room there is are dropped, and broken boxes hide nobody", () => {
  const found = faces([0, 0, 10, 0.9], [20, 0, 0, 0.9]);
  const more = [1, 2, 3, 4, 5, 6].map((k) => [k * 100, 0, 10, 0.9] as const);
  addFaces(found, faces(...more));
  assert.equal(found.count, 6);
});

test("faces of a smaller copy are moved to the picture, and wiped faces leave nothing", () => {
  const found = faces([10, 20, 30, 0.9]);
  scaleFaces(found, 2);
  assert.deepEqual(Array.from(found.xyxy.subarray(0, 4)), [20, 40, 80, 100]);
  assert.equal(found.points[0], 20);
  wipeFaceBoxes(found);
  const left = [...found.xyxy, ...found.points, ...found.score, found.count];
  assert.ok(left.every((value) => value === 0));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { Admission } from "./admission.ts";
import { createDetections, type Detections } from "./ports.ts";

const picture = { widthPx: 800, heightPx: 400 };
const leftHalf = [
  { x: 0, y: 0 },
  { x: 0.5, y: 0 },
  { x: 0.5, y: 1 },
  { x: 0, y: 1 },
];

function boxesAt(xs: readonly number[]): Detections {
  const detections = createDetections(Math.max(1, xs.length));
  xs.forEach((x, i) => {
    detections.xyxy.set([x - 20, 100, x + 20, 200], 4 * i);
    detections.score[i] = 0.5 + i / 1000;
  });
  detections.count = xs.length;
  return detections;
}

test("with nothing to refuse the detections themselves come back, uncopied", () => {
  const admission = new Admission([], picture);
  const detections = boxesAt([100, 500]);
  assert.equal(admission.admit(detections), detections);
  assert.equal(admission.refused, 0);
});

test("a broken box is left out and counted, its neighbours stay with their scores", () => {
  const admission = new Admission([], picture);
  const detections = boxesAt([100, Number.NaN, 500]);
  const admitted = admission.admit(detections);
  assert.equal(admitted.count, 2);
  assert.equal(admitted.xyxy[4], 480);
  assert.ok(Math.abs((admitted.score[1] ?? 0) - 0.502) < 1e-6);
  assert.equal(admission.refused, 1);
  assert.equal(detections.count, 3, "the detector's own arrays are not touched");
});

test("an excluded foot point is left out but is no fault", () => {
  const admission = new Admission([leftHalf], picture);
  assert.equal(admission.admit(boxesAt([100, 500])).count, 1);
  assert.equal(admission.refused, 0);
});

test("more boxes than before find room", () => {
  const admission = new Admission([leftHalf], picture);
  const many = boxesAt(Array.from({ length: 200 }, (_, i) => (i === 0 ? 10 : 410 + i)));
  assert.equal(admission.admit(many).count, 199);
});

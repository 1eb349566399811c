import assert from "node:assert/strict";
import { test } from "node:test";
import { BLAZE_NUMBERS, createBlazeDecoder } from "./decode-blazeface.ts";
import { createFaceBoxes } from "./face-boxes.ts";

const INPUT = { widthPx: 64, heightPx: 32 };
const PLAIN = { scale: 1, leftPx: 0, topPx: 0 };
const OPTIONS = { input: INPUT, minScore: 0.5, nmsIou: 0.3 };

/** Outputs in which no anchor sees a face: 4 x 2 cells of two anchors, 2 x 1 cells of six. */
function nobody() {
  return [
    { stride: 16, anchors: 16 },
    { stride: 32, anchors: 12 },
  ].map(({ stride, anchors }) => ({
    stride,
    scores: new Float32Array(anchors).fill(-9),
    boxes: new Float32Array(anchors * BLAZE_NUMBERS),
  }));
}

/** A face of 10 x 12 Px, 2 Px right of and 3 below the anchor, whose six points lie on a diagonal. */
function speak(level: ReturnType<typeof nobody>[number], anchor: number, logit: number): void {
  level.scores[anchor] = logit;
  const points = [0, 1, 2, 3, 4, 5].flatMap((k) => [k, -k]);
  level.boxes.set([2, 3, 10, 12, ...points], anchor * BLAZE_NUMBERS);
}

function decode(levels: ReturnType<typeof nobody>, place = PLAIN) {
  const out = createFaceBoxes(4);
  createBlazeDecoder(OPTIONS, levels).decode(place, out);
  return {
    boxes: Array.from(out.xyxy.subarray(0, out.count * 4)),
    points: Array.from(out.points.subarray(0, out.count * 12)),
    scores: Array.from(out.score.subarray(0, out.count)),
  };
}

test("an anchor tells box and points from the middle of its cell, copies of a cell side by side", () => {
  const levels = nobody();
  const [fine, coarse] = levels;
  assert.ok(fine && coarse);
  // Anchor 11 at stride 16: cell 5, column 1 and row 1, so (24, 24). Anchor 7 at stride 32: cell 1, (48, 16).
  speak(fine, 11, 1);
  speak(coarse, 7, 2);
  const { boxes, points, scores } = decode(levels);
  assert.deepEqual(boxes, [45, 13, 55, 25, 21, 21, 31, 33]);
  assert.deepEqual(points.slice(12), [24, 24, 25, 23, 26, 22, 27, 21, 28, 20, 29, 19]);
  assert.ok(Math.abs((scores[0] ?? 0) - 1 / (1 + Math.exp(-2))) < 1e-6);
});

test("faces are told in the picture the input was cut from, also when it lay upside down", () => {
  const levels = nobody();
  assert.ok(levels[0]);
  speak(levels[0], 11, 1);
  const { boxes } = decode(levels, { scale: 2, leftPx: -5, topPx: 7 });
  assert.deepEqual(boxes, [37, 49, 57, 73]);
  const turned = decode(levels, { scale: -1, leftPx: 64, topPx: 32 });
  assert.deepEqual(turned.points.slice(0, 4), [40, 8, 39, 9]);
});

test("of anchors that see the same face the surest counts, and weak ones do not count at all", () => {
  const levels = nobody();
  const [fine] = levels;
  assert.ok(fine);
  speak(fine, 10, 0.5);
  speak(fine, 11, 3);
  speak(fine, 0, -0.1);
  const { boxes, scores } = decode(levels);
  assert.deepEqual(boxes, [21, 21, 31, 33]);
  assert.ok((scores[0] ?? 0) > 0.95);
});

test("a box that is no box is refused, and so is a score that is no number", () => {
  const levels = nobody();
  const [fine] = levels;
  assert.ok(fine);
  speak(fine, 0, Number.NaN);
  speak(fine, 2, 1);
  fine.boxes[2 * BLAZE_NUMBERS + 2] = -4;
  speak(fine, 4, 1);
  fine.boxes[4 * BLAZE_NUMBERS] = Number.NaN;
  speak(fine, 6, Number.POSITIVE_INFINITY);
  assert.deepEqual(decode(levels).boxes, []);
});

test("no more faces are told than there is room for, the surest first", () => {
  const levels = nobody();
  const [fine] = levels;
  assert.ok(fine);
  [0, 2, 4, 6, 8, 10].forEach((anchor, k) => {
    speak(fine, anchor, 1 + k);
  });
  const { scores } = decode(levels);
  assert.equal(scores.length, 4);
  assert.deepEqual(
    scores,
    scores.toSorted((a, b) => b - a),
  );
});

test("outputs of another size, or of a stride without anchors, are a mistake of the wiring", () => {
  const [fine] = nobody();
  assert.ok(fine);
  const short = { ...fine, scores: fine.scores.subarray(1) };
  assert.throws(() => createBlazeDecoder(OPTIONS, [short]), TypeError);
  assert.throws(() => createBlazeDecoder(OPTIONS, [{ ...fine, stride: 8 }]), TypeError);
});

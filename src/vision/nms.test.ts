import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BoxCandidates, boxIou } from "./nms.ts";
import { createDetections, letterboxOf } from "./ports.ts";

const picture = { widthPx: 100, heightPx: 100 };
const plain = letterboxOf(picture, picture);

function kept(boxes: readonly (readonly number[])[], iou: number, capacity = 10): number[] {
  const candidates = new BoxCandidates(16, picture);
  for (const [left = 0, top = 0, right = 0, bottom = 0, score = 0] of boxes)
    candidates.add(left, top, right, bottom, score);
  const out = createDetections(capacity);
  candidates.suppress(iou, plain, out);
  return [...out.score.subarray(0, out.count)].map((score) => Math.round(score * 100) / 100);
}

test("of two boxes on the same person the stronger one stays", () => {
  assert.deepEqual(
    kept(
      [
        [10, 10, 30, 60, 0.5],
        [11, 11, 31, 61, 0.8],
        [60, 10, 80, 60, 0.3],
      ],
      0.5,
    ),
    [0.8, 0.3],
  );
});

test("a suppressed box suppresses nobody", () => {
  // b overlaps a and c by a half each; a and c overlap by little.
  const boxes = [
    [0, 0, 30, 30, 0.9],
    [10, 0, 40, 30, 0.8],
    [20, 0, 50, 30, 0.7],
  ];
  assert.deepEqual(kept(boxes, 0.45), [0.9, 0.7]);
});

test("a full output keeps the highest scores", () => {
  const boxes = [0.2, 0.9, 0.5, 0.7].map((score, i) => [20 * i, 0, 20 * i + 10, 20, score]);
  assert.deepEqual(kept(boxes, 0.5, 2), [0.9, 0.7]);
});

test("boxes without area or with a value that is not a number are refused", () => {
  const boxes = [
    [10, 10, 10, 20, 0.9],
    [10, 10, 5, 20, 0.9],
    [Number.NaN, 0, 10, 10, 0.9],
    [0, 0, 10, 10, Number.NaN],
  ];
  assert.deepEqual(kept(boxes, 0.5), []);
});

test("scores come out falling, whatever the order of the candidates", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 99 }), { maxLength: 16 }), (percent) => {
      const scores = kept(
        percent.map((p, i) => [6 * i, 0, 6 * i + 5, 20, p / 100]),
        0.5,
        16,
      );
      const expected = percent.map((p) => p / 100).sort((a, b) => b - a);
      assert.deepEqual(scores, expected);
    }),
    { seed: 3 },
  );
});

test("overlap is one for the same box, zero for boxes that only touch, a third for half-shifted ones", () => {
  assert.equal(boxIou([0, 0, 2, 2], 0, [0, 0, 2, 2], 0), 1);
  assert.equal(boxIou([0, 0, 2, 2], 0, [2, 0, 4, 2], 0), 0);
  assert.ok(Math.abs(boxIou([0, 0, 2, 2], 0, [1, 0, 3, 2], 0) - 1 / 3) < 1e-12);
});

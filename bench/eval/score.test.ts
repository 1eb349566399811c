import assert from "node:assert/strict";
import { test } from "node:test";
import { type BoxFrame, emptyFrame } from "./mot.ts";
import { scoreTracking } from "./score.ts";

/** One frame with a box of 10 x 10 per entry [id, left]. */
function frame(...boxes: readonly (readonly [id: number, left: number])[]): BoxFrame {
  const made = emptyFrame();
  for (const [id, left] of boxes) {
    made.ids.push(id);
    made.xyxy.push(left, 0, left + 10, 10);
    made.scores.push(1);
  }
  return made;
}

const two = [frame([1, 0], [2, 50]), frame([1, 0], [2, 50]), frame([1, 0], [2, 50])];

test("a perfect tracker scores a hundred in everything, whatever its ids are called", () => {
  const found = two.map((f) => ({ ...f, ids: f.ids.map((id) => id + 70) }));
  const { HOTA, DetA, AssA, MOTA, IDF1, IDSW, FP, FN } = scoreTracking(two, found);
  assert.deepEqual([HOTA, DetA, AssA, MOTA, IDF1], [100, 100, 100, 100, 100]);
  assert.deepEqual([IDSW, FP, FN], [0, 0, 0]);
});

test("a change of id costs identity but not detection", () => {
  const found = [frame([1, 0], [2, 50]), frame([1, 0], [2, 50]), frame([1, 0], [9, 50])];
  const score = scoreTracking(two, found);
  assert.equal(score.IDSW, 1);
  assert.equal(score.DetA, 100);
  assert.equal(score.MOTA, 83.33);
  // Five of six boxes agree under the best assignment: 2 * 5 / 12.
  assert.equal(score.IDF1, 83.33);
  // Pairs 1-1: 3/3 for three hits, 2-2: 2/3 for two, 2-9: 1/3 for one.
  assert.equal(score.AssA, Math.round((10_000 * (3 + 4 / 3 + 1 / 3)) / 6) / 100);
});

test("swapped ids are two switches", () => {
  const found = [frame([1, 0], [2, 50]), frame([2, 0], [1, 50]), frame([2, 0], [1, 50])];
  assert.equal(scoreTracking(two, found).IDSW, 2);
});

test("misses, false boxes and interruptions are counted", () => {
  const found = [frame([1, 0], [2, 50]), frame([1, 0], [3, 200]), frame([1, 0], [2, 50])];
  const score = scoreTracking(two, found);
  assert.deepEqual([score.FN, score.FP, score.Frag, score.IDSW], [1, 1, 1, 0]);
});

test("a box that overlaps by less than a half is a miss for MOTA but a hit for the low thresholds of HOTA", () => {
  const score = scoreTracking([frame([1, 0])], [frame([1, 6])]);
  assert.deepEqual([score.FN, score.FP, score.IDF1], [1, 1, 0]);
  assert.ok(score.HOTA > 0 && score.HOTA < 50);
});

test("an established pair is kept although another pair would overlap more", () => {
  const truth = [frame([1, 0]), frame([1, 2])];
  const found = [frame([7, 0]), frame([7, 0], [8, 2])];
  assert.equal(scoreTracking(truth, found).IDSW, 0);
});

test("nothing found and nothing to find are zeros, not faults", () => {
  assert.equal(scoreTracking(two, []).MOTA, 0);
  assert.equal(scoreTracking(two, []).FN, 6);
  const none = scoreTracking([], []);
  assert.deepEqual([none.HOTA, none.MOTA, none.IDF1], [0, 0, 0]);
});

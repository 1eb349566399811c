import assert from "node:assert/strict";
import test from "node:test";
import { FrameGeometry } from "./frame-geometry.ts";

const WIDE = { widthPx: 640, heightPx: 360 };
const HIGH = { widthPx: 480, heightPx: 640 };

test("a frame is described once its line was read, and only a change of size is told", () => {
  const geometry = new FrameGeometry();
  assert.equal(geometry.isDescribed(0), false);
  assert.equal(geometry.takeChange(0), null);
  for (const picture of [WIDE, WIDE, HIGH, HIGH, WIDE]) geometry.describe(picture);
  const told = [0, 1, 2, 3, 4].map((frame) => geometry.takeChange(frame));
  assert.deepEqual(told, [WIDE, null, HIGH, null, WIDE]);
  assert.equal(geometry.isDescribed(4), true);
  assert.equal(geometry.isDescribed(5), false);
});

test("a change that was read ahead is not told before its frame", () => {
  const geometry = new FrameGeometry();
  for (const picture of [WIDE, HIGH]) geometry.describe(picture);
  assert.deepEqual(geometry.takeChange(0), WIDE);
  assert.equal(geometry.takeChange(0), null);
  assert.deepEqual(geometry.takeChange(1), HIGH);
});

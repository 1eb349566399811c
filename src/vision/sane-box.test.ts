import assert from "node:assert/strict";
import { test } from "node:test";
import { createDetections } from "./ports.ts";
import { isSaneBox } from "./sane-box.ts";

const cases: readonly { name: string; box: readonly number[]; score: number; sane: boolean }[] = [
  { name: "a person", box: [10, 20, 50, 120], score: 0.7, sane: true },
  { name: "a person half outside the picture", box: [-10, -20, 50, 120], score: 0, sane: true },
  { name: "a corner that is no number", box: [10, Number.NaN, 50, 120], score: 0.7, sane: false },
  { name: "an endless box", box: [10, 20, Infinity, 120], score: 0.7, sane: false },
  { name: "an endless box upwards", box: [10, -Infinity, 50, 120], score: 0.7, sane: false },
  { name: "a box beyond all reason", box: [10, 20, 3e38, 120], score: 0.7, sane: false },
  { name: "a negative width", box: [50, 20, 10, 120], score: 0.7, sane: false },
  { name: "no height", box: [10, 20, 50, 20], score: 0.7, sane: false },
  { name: "a score that is no number", box: [10, 20, 50, 120], score: Number.NaN, sane: false },
  { name: "a negative score", box: [10, 20, 50, 120], score: -0.1, sane: false },
  { name: "a score above one", box: [10, 20, 50, 120], score: 1.5, sane: false },
];

for (const { name, box, score, sane } of cases)
  test(`${name} is ${sane ? "a box" : "refused"}`, () => {
    const detections = createDetections(2);
    detections.xyxy.set(box, 4);
    detections.score[1] = score;
    assert.equal(isSaneBox(detections, 1), sane);
  });

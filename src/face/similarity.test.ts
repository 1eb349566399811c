import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CHIP_TEMPLATES, fitChip } from "./chip-template.ts";
import { createFaceBoxes } from "./face-boxes.ts";
import { createSimilarity, fitSimilarity, type Similarity } from "./similarity.ts";

const apply = ({ a, b, tx, ty }: Similarity, x: number, y: number): [number, number] => [
  a * x - b * y + tx,
  b * x + a * y + ty,
];

test("any turn, scale and move is found again from four points", () => {
  const number = (size: number) => fc.double({ min: -size, max: size, noNaN: true });
  const arbitrary = fc.record({ a: number(3), b: number(3), tx: number(500), ty: number(500) });
  fc.assert(
    fc.property(arbitrary, (wanted) => {
      const points = [100, 120, 160, 118, 131, 150, 130, 190];
      const targets = [0, 2, 4, 6].flatMap((k) =>
        apply(wanted, points[k] ?? 0, points[k + 1] ?? 0),
      );
      const found = createSimilarity();
      assert.ok(fitSimilarity(points, targets, [1, 1, 1, 2], found));
      for (const key of ["a", "b", "tx", "ty"] as const) {
        assert.ok(Math.abs(found[key] - wanted[key]) < 1e-6, `${key}: ${found[key]}`);
      }
    }),
  );
});

test("points that fit no similarity are met as nearly as can be, heavier ones more nearly", () => {
  const points = [0, 0, 10, 0, 5, 8];
  const targets = [0, 0, 10, 0, 5, 9];
  const errorAt = (weights: readonly number[]): number => {
    const found = createSimilarity();
    assert.ok(fitSimilarity(points, targets, weights, found));
    const [x, y] = apply(found, 5, 8);
    return Math.hypot(x - 5, y - 9);
  };
  assert.ok(errorAt([1, 1, 5]) < errorAt([1, 1, 1]));
});

test("points that are all one are no face, and the last fit stays", () => {
  const found = createSimilarity();
  assert.equal(fitSimilarity([3, 3, 3, 3], [0, 0, 1, 1], [1, 1], found), false);
  assert.equal(fitSimilarity([Number.NaN, 3, 3, 3], [0, 0, 1, 1], [1, 1], found), false);
  assert.deepEqual(found, createSimilarity());
});

test("a face that has the template's own points needs no change, whatever its ears say", () => {
  for (const template of Object.values(CHIP_TEMPLATES)) {
    const faces = createFaceBoxes(2);
    faces.points.set([...template.targets, 900, 900, -900, 5], 12);
    const found = createSimilarity();
    assert.ok(fitChip(faces.points, 1, template, found));
    assert.ok(Math.abs(found.a - 1) < 1e-6 && Math.abs(found.b) < 1e-6);
    assert.ok(Math.abs(found.tx) < 1e-4 && Math.abs(found.ty) < 1e-4);
  }
});

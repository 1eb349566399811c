import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  cross,
  insidePolygon,
  isSelfCrossing,
  type Point,
  polygonArea,
  segmentsTouch,
} from "./geometry.ts";

const p = (x: number, y: number): Point => ({ x, y });
const square = [p(0, 0), p(1, 0), p(1, 1), p(0, 1)];
const flat = (polygon: readonly Point[]): number[] => polygon.flatMap(({ x, y }) => [x, y]);

test("with y down, a point left of the arrow gives a negative cross product", () => {
  assert.ok(cross(0, 1, 0, 0, -1, 0.5) < 0, "arrow pointing up the picture: left is smaller x");
  assert.ok(cross(0, 0, 0, 1, -1, 0.5) > 0, "arrow reversed: the same point is right of it");
});

const touching: readonly [name: string, a: Point, b: Point, c: Point, d: Point, touch: boolean][] =
  [
    ["crossing in the middle", p(0, 0), p(2, 2), p(0, 2), p(2, 0), true],
    ["meeting at an end", p(0, 0), p(1, 1), p(1, 1), p(2, 0), true],
    ["one end on the other segment", p(0, 0), p(2, 0), p(1, 0), p(1, 1), true],
    ["collinear and overlapping", p(0, 0), p(2, 0), p(1, 0), p(3, 0), true],
    ["collinear and apart", p(0, 0), p(1, 0), p(2, 0), p(3, 0), false],
    ["parallel", p(0, 0), p(1, 0), p(0, 1), p(1, 1), false],
    ["would cross if longer", p(0, 0), p(1, 1), p(3, 0), p(0, 3), false],
  ];

for (const [name, a, b, c, d, touch] of touching) {
  test(`segments ${name}: ${touch ? "touch" : "do not touch"}, in every order`, () => {
    assert.equal(segmentsTouch(a, b, c, d), touch);
    assert.equal(segmentsTouch(b, a, c, d), touch);
    assert.equal(segmentsTouch(c, d, a, b), touch);
  });
}

test("scaling and shifting change neither inside nor crossing", () => {
  // Multiples of 1/64 scale without rounding, so the border stays exact.
  const number = fc.integer({ min: -128, max: 192 }).map((k) => k / 64);
  fc.assert(
    fc.property(number, number, (x, y) => {
      const moved = square.map((q) => p(q.x * 8 + 16, q.y * 8 + 16));
      const same = insidePolygon(flat(moved), x * 8 + 16, y * 8 + 16);
      assert.equal(insidePolygon(flat(square), x, y), same);
    }),
  );
});

test("a point on a shared edge is inside exactly one of the two polygons", () => {
  const right = square.map((q) => p(q.x + 1, q.y));
  for (const y of [0.1, 0.5, 0.9]) {
    const count = [square, right].filter((s) => insidePolygon(flat(s), 1, y)).length;
    assert.equal(count, 1);
  }
});

test("a bow tie crosses itself, a square and a triangle do not", () => {
  assert.equal(isSelfCrossing([p(0, 0), p(1, 1), p(1, 0), p(0, 1)]), true);
  assert.equal(isSelfCrossing(square), false);
  assert.equal(isSelfCrossing([p(0, 0), p(1, 0), p(0, 1)]), false);
});

test("the area does not depend on the direction in which the corners are given", () => {
  assert.equal(polygonArea(square), 1);
  assert.equal(polygonArea([...square].reverse()), 1);
});

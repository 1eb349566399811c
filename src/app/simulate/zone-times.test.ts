import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { rectangle } from "./layout.ts";
import type { Spot } from "./walk.ts";
import { boxOf, clipStep, lineTimes, zoneTimes } from "./zone-times.ts";

const UNIT = rectangle(0, 0, 10, 10);
const zone = (x0: number, y0: number, x1: number, y1: number) => {
  const area = rectangle(x0, y0, x1, y1);
  return { area, box: boxOf(area) };
};
const spot = (at: number, x: number, y: number): Spot => ({ at, x, y });

test("the part of a step within an area is told in shares of the step", () => {
  assert.deepEqual(clipStep({ x: -10, y: 5 }, { x: 10, y: 5 }, UNIT), [0.5, 1]);
  assert.deepEqual(clipStep({ x: -10, y: 5 }, { x: 30, y: 5 }, UNIT), [0.25, 0.5]);
  assert.deepEqual(clipStep({ x: 2, y: 2 }, { x: 3, y: 9 }, UNIT), [0, 1]);
  assert.equal(clipStep({ x: -10, y: 11 }, { x: 30, y: 11 }, UNIT), null);
});

test("the order of an area's corners does not matter", () => {
  const turned = [...UNIT].reverse();
  assert.deepEqual(clipStep({ x: -10, y: 5 }, { x: 30, y: 5 }, turned), [0.25, 0.5]);
});

test("a rest within a zone belongs to the stay, and coming back begins another", () => {
  const path = [spot(0, -5, 5), spot(10, 5, 5), spot(70, 5, 5), spot(80, -5, 5), spot(90, 5, 5)];
  assert.deepEqual(zoneTimes(path, [zone(0, 0, 10, 10)]), [
    { zone: 0, from: 5, to: 75 },
    { zone: 0, from: 85, to: 90 },
  ]);
});

test("zones that tile the ground share all of the time among them", () => {
  const corner = fc.record({
    x: fc.double({ min: 0.01, max: 19.99, noNaN: true }),
    y: fc.double({ min: 0.01, max: 9.99, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(corner, { minLength: 2, maxLength: 12 }), (corners) => {
      const path = corners.map(({ x, y }, i) => spot(i * 1000, x, y));
      const stays = zoneTimes(path, [zone(0, 0, 10, 10), zone(10, 0, 20, 10)]);
      const total = stays.reduce((sum, { from, to }) => sum + to - from, 0);
      assert.ok(Math.abs(total - (path.length - 1) * 1000) < 1);
    }),
  );
});

test("a line tells when and which way it was crossed; turned around it says the contrary", () => {
  const path = [spot(0, 5, 2), spot(100, 5, -2), spot(200, 5, 2)];
  const line = { a: { x: 0, y: 0 }, b: { x: 10, y: 0 } };
  assert.deepEqual(lineTimes(path, line), [
    { at: 50, direction: "in" },
    { at: 150, direction: "out" },
  ]);
  assert.deepEqual(
    lineTimes(path, { a: line.b, b: line.a }).map(({ direction }) => direction),
    ["out", "in"],
  );
});

test("a corner on the line itself is one crossing, and beside the line is none", () => {
  const line = { a: { x: 0, y: 0 }, b: { x: 10, y: 0 } };
  const onLine = [spot(0, 5, 2), spot(100, 5, 0), spot(200, 5, -2)];
  assert.deepEqual(lineTimes(onLine, line), [{ at: 100, direction: "in" }]);
  assert.deepEqual(lineTimes([spot(0, 12, 2), spot(100, 12, -2)], line), []);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { cross } from "../../core/geometry.ts";
import {
  labelPoint,
  layOutLine,
  onPlan,
  PLAN_HEIGHT,
  PLAN_WIDTH,
  pointsAttribute,
} from "./plan-geometry.ts";

const lines = [
  { a: { x: 0.2, y: 0.5 }, b: { x: 0.8, y: 0.5 } },
  { a: { x: 0.8, y: 0.5 }, b: { x: 0.2, y: 0.5 } },
  { a: { x: 0.1, y: 0.9 }, b: { x: 0.3, y: 0.1 } },
  { a: { x: 0.95, y: 0.1 }, b: { x: 0.6, y: 0.95 } },
];
for (const { a, b } of lines) {
  test(`the arrow of ${pointsAttribute([a, b])} points to the side that is counted as in`, () => {
    const drawing = layOutLine(a, b);
    const [p, q, tip] = [onPlan(a), onPlan(b), drawing.arrowTo];
    assert.ok(cross(p.x, p.y, q.x, q.y, tip.x, tip.y) < 0);
  });
}

test("names stay inside the drawing", () => {
  const points = [
    layOutLine({ x: 0, y: 0 }, { x: 1, y: 0 }).label,
    layOutLine({ x: 0, y: 1 }, { x: 0, y: 0 }).label,
    labelPoint([{ x: 1, y: 1 }]),
    labelPoint([]),
  ];
  for (const { x, y } of points) {
    assert.ok(x >= 0 && x <= PLAN_WIDTH && y >= 0 && y <= PLAN_HEIGHT, `${x},${y}`);
  }
});

test("a line of no length is drawn without an error", () => {
  const drawing = layOutLine({ x: 0.5, y: 0.5 }, { x: 0.5, y: 0.5 });
  assert.ok(Number.isFinite(drawing.arrowTo.x) && Number.isFinite(drawing.arrowTo.y));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { learnFloor } from "./purchase-floor.ts";

const evenly = (count: number, fromMs: number, toMs: number): number[] =>
  Array.from({ length: count }, (_, i) => fromMs + ((toMs - fromMs) * i) / (count - 1));

test("tau is the time by which the quickest twentieth have paid, to the second", () => {
  const floor = learnFloor(evenly(101, 100_000, 600_000), "2026-11", 120_000);
  assert.deepEqual(floor, {
    bounceMaxMs: 125_000,
    origin: "learned",
    month: "2026-11",
    payments: 101,
  });
});

test("with few payments the shop's choice stays, and says so", () => {
  const floor = learnFloor(evenly(49, 100_000, 600_000), "2026-11", 90_000);
  assert.deepEqual(floor, {
    bounceMaxMs: 90_000,
    origin: "default",
    month: "2026-11",
    payments: 49,
  });
});

test("payments before the entry teach nothing, and tau keeps its bounds", () => {
  assert.equal(learnFloor(Array(80).fill(-5000), "2026-11", 120_000).origin, "default");
  assert.equal(learnFloor(Array(80).fill(1000), "2026-11", 120_000).bounceMaxMs, 30_000);
  assert.equal(learnFloor(Array(80).fill(9e6), "2026-11", 120_000).bounceMaxMs, 600_000);
});

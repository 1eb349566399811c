import assert from "node:assert/strict";
import { test } from "node:test";
import { exponentialMean95, wilson95 } from "./intervals.ts";

const percent = (interval: readonly [number, number] | null): number[] =>
  (interval ?? []).map((share) => Math.round(share * 100));

test("4 of 15 lies between 11 and 52 percent", () => {
  assert.deepEqual(percent(wilson95(4, 15)), [11, 52]);
});

test("160 of 600 lies between 23 and 30 percent", () => {
  assert.deepEqual(percent(wilson95(160, 600)), [23, 30]);
});

test("none and all keep an interval inside 0 to 1", () => {
  assert.deepEqual(wilson95(0, 10)?.[0], 0);
  assert.deepEqual(wilson95(10, 10)?.[1], 1);
});

test("without trials, or with more hits than trials, there is no interval", () => {
  assert.equal(wilson95(0, 0), null);
  assert.equal(wilson95(7, 5), null);
});

test("the interval of a mean duration narrows with the root of the observations", () => {
  const [low, high] = exponentialMean95(600, 100) ?? [0, 0];
  assert.ok(Math.abs(low * high - 360_000) < 1e-6);
  assert.equal(Math.round(high), Math.round(600 * Math.exp(0.1959963984540054)));
  assert.equal(exponentialMean95(600, 0), null);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { monoMs } from "../../core/brand.ts";
import { SeenOrigins } from "./origins.ts";

const AT = monoMs(0);

test("the same source and number is admitted once, in any order", () => {
  const seen = new SeenOrigins();
  const admitted = [5, 3, 5, 4, 3, 6].map((seq) => seen.admit({ source: "a", seq }, AT));
  assert.deepEqual(admitted, [true, true, false, true, false, true]);
});

test("equal numbers of different sources are different events", () => {
  const seen = new SeenOrigins();
  assert.equal(seen.admit({ source: "a", seq: 1 }, AT), true);
  assert.equal(seen.admit({ source: "b", seq: 1 }, AT), true);
});

test("a number that comes round to the same place in the window is new", () => {
  const seen = new SeenOrigins();
  for (let seq = 0; seq < 40_000; seq += 1) assert.ok(seen.admit({ source: "a", seq }, AT));
  assert.equal(seen.admit({ source: "a", seq: 39_999 - 16_383 }, AT), false);
});

test("a leap over the whole window forgets it cleanly", () => {
  const seen = new SeenOrigins();
  seen.admit({ source: "a", seq: 7 }, AT);
  assert.equal(seen.admit({ source: "a", seq: 7 + 16_384 * 3 }, AT), true);
  assert.equal(seen.admit({ source: "a", seq: 8 + 16_384 * 2 }, AT), true);
});

test("the number of remembered sources is bounded", () => {
  const seen = new SeenOrigins();
  for (let run = 0; run < 1000; run += 1) seen.admit({ source: `camera#${run}`, seq: 0 }, AT);
  assert.equal(seen.size, 256);
});

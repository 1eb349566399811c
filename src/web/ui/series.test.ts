import assert from "node:assert/strict";
import { test } from "node:test";
import { epochMs } from "../../core/brand.ts";
import type { DaySeries } from "../../metrics/today.ts";
import { newestSeen, slotsOf } from "./series.ts";

const STEP = 15 * 60_000;

function series(values: readonly (number | null)[]): DaySeries {
  return {
    from: epochMs(0),
    stepMs: STEP,
    passing: values,
    entrants: values,
    exits: values,
    occupancy: values,
    transactions: values,
  };
}

test("the last hours are cut from the day", () => {
  const slots = slotsOf(series(Array.from({ length: 40 }, (_, i) => i)), 3, 100);
  assert.equal(slots.length, 12);
  assert.equal(slots[0]?.from, 28 * STEP);
  assert.equal(slots.at(-1)?.passing, 39);
});

test("slots before anything was seen are left out, down to two hours", () => {
  const late = [...Array<null>(30).fill(null), ...Array<number>(10).fill(1)];
  assert.equal(slotsOf(series(late), 8, 100).length, 10);
  const first = [...Array<null>(39).fill(null), 4];
  assert.equal(slotsOf(series(first), 8, 100).length, 8);
});

test("merging adds counts, averages occupancy and keeps slots on round times", () => {
  const slots = slotsOf(series(Array.from({ length: 41 }, () => 2)), 24, 12);
  assert.ok(slots.length <= 12);
  const slot = slots[1];
  assert.ok(slot !== undefined);
  const merged = (slot.to - slot.from) / STEP;
  assert.equal(slot.passing, 2 * merged);
  assert.equal(slot.occupancy, 2);
  for (const { from } of slots) assert.equal(from % (merged * STEP), 0);
});

test("unknown stays unknown, and a slot seen in part says so", () => {
  const values = [...Array<number>(8).fill(1), null, null, 3, null];
  const slots = slotsOf(series(values), 24, 7);
  assert.deepEqual(
    slots.map((slot) => [slot.passing, slot.isPartial]),
    [
      [2, false],
      [2, false],
      [2, false],
      [2, false],
      [null, false],
      [3, true],
    ],
  );
  assert.equal(newestSeen(slots)?.passing, 3);
});

test("a day without any value has no newest slot, and an empty one no slots", () => {
  assert.equal(newestSeen(slotsOf(series([null, null]), 8, 50)), null);
  assert.deepEqual(slotsOf(series([]), 8, 50), []);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { isBatteryLow } from "./tag-battery.ts";

const judge = (readings: readonly (readonly [number | null, number | null])[]): boolean[] => {
  let isLow = false;
  return readings.map(([batteryRatio, batteryMv]) => {
    isLow = isBatteryLow(isLow, { batteryRatio, batteryMv });
    return isLow;
  });
};

test("a battery is low from a tenth of its charge, and well again only clearly above", () => {
  const ratios = [0.11, 0.1, 0.12, 0.15, 0.16, 0.11];
  assert.deepEqual(judge(ratios.map((ratio) => [ratio, null])), [
    false,
    true,
    true,
    true,
    false,
    false,
  ]);
});

test("by the voltage a coin cell is empty at 2.2 V", () => {
  const volts = [3_000, 2_201, 2_200, 2_300, 2_400, 2_401, 0];
  assert.deepEqual(judge(volts.map((mv) => [null, mv])), [
    false,
    false,
    true,
    true,
    true,
    false,
    false,
  ]);
});

test("either of the two is enough, and a tag that says nothing has no empty battery", () => {
  assert.deepEqual(judge([[0.9, 2_100]]), [true]);
  assert.deepEqual(judge([[0.05, 3_000]]), [true]);
  assert.deepEqual(judge([[null, null]]), [false]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { epochMs, monoMs } from "../../core/brand.ts";
import { seededRandom } from "../../core/random.ts";
import { TillClocks } from "./till-clock.ts";

const AT = Date.UTC(2026, 4, 1, 10);

/** Lets a till with a clock `aheadMs` ahead send receipts with these delays; what is believed after the last. */
function after(clocks: TillClocks, aheadMs: number, delaysMs: readonly number[]): number {
  let believed = 0;
  delaysMs.forEach((delayMs, i) => {
    const paid = AT + i * 60_000;
    const at = monoMs(i * 60_000);
    believed = clocks.take("till", epochMs(paid + aheadMs), epochMs(paid + delayMs), at);
  });
  return believed;
}

const prompt = (n: number, seed = 1): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: n }, () => 200 + 1_500 * random());
};

test("a till whose clock is right is left alone", () => {
  assert.equal(after(new TillClocks(), 0, prompt(15)), 0);
});

test("a clock that is ahead is known to within the shortest delay", () => {
  const believed = after(new TillClocks(), 90_000, prompt(15));
  assert.ok(Math.abs(believed - 90_000) <= 2_000, `${believed}`);
});

test("one receipt that arrives before it was paid is proof enough", () => {
  assert.equal(after(new TillClocks(), 3_600_000, [500]), 3_599_500);
});

test("a clock that is behind is believed after five prompt receipts, not before", () => {
  const clocks = new TillClocks();
  assert.equal(after(clocks, -240_000, prompt(4)), 0);
  const believed = after(new TillClocks(), -240_000, prompt(6));
  assert.ok(Math.abs(believed + 240_000) <= 2_000, `${believed}`);
});

test("a till that collects its receipts and sends them together is not taken to be behind", () => {
  const collected = Array.from({ length: 15 }, (_, i) => 3_600_000 - i * 60_000 * 2);
  assert.equal(after(new TillClocks(), 0, collected), 0);
});

test("an outage of the network does not bend a clock that is right", () => {
  const delays = [...prompt(8), 900_000, 840_000, 780_000, ...prompt(3, 2)];
  assert.equal(after(new TillClocks(), 0, delays), 0);
});

test("a clock that is set right is noticed after four receipts", () => {
  const clocks = new TillClocks();
  after(clocks, 90_000, prompt(12));
  assert.ok(after(clocks, 0, prompt(3, 3)) > 80_000);
  assert.equal(after(clocks, 0, prompt(4, 4)), 0);
});

test("the clocks of many tills are kept apart and bounded", () => {
  const clocks = new TillClocks();
  for (let i = 0; i < 100; i += 1)
    clocks.take(`till-${i}`, epochMs(AT + 60_000 * i), epochMs(AT), monoMs(i));
  assert.equal(clocks.readings().length, 64);
  assert.equal(clocks.aheadMs("till-99"), 99 * 60_000);
});

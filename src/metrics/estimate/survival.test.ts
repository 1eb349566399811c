import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../core/random.ts";
import { type Duration, kaplanMeier } from "./survival.ts";

const ended = (...ms: number[]): Duration[] =>
  ms.map((value) => ({ ms: value, isCensored: false }));
const open = (...ms: number[]): Duration[] => ms.map((value) => ({ ms: value, isCensored: true }));

test("without censored stays median and mean are those of the sample", () => {
  const survival = kaplanMeier(ended(50, 10, 30, 20, 40));
  assert.equal(survival.medianMs, 30);
  assert.ok(Math.abs((survival.meanMs ?? 0) - 30) < 1e-9);
  assert.equal(survival.isMeanLowerBound, false);
});

test("Kaplan and Meier's own example gives their curve", () => {
  // JASA 1958, section 2: deaths at 0.8, 3.1, 5.4, 9.2; losses at 1.0, 2.7, 7.0, 12.1. S = 7/8, 7/10, 21/40, 21/80.
  const survival = kaplanMeier([...ended(0.8, 3.1, 5.4, 9.2), ...open(1, 2.7, 7, 12.1)]);
  assert.equal(survival.medianMs, 9.2);
  const mean = 0.8 + 0.875 * 2.3 + 0.7 * 2.3 + 0.525 * 3.8 + 0.2625 * 2.9;
  assert.ok(Math.abs((survival.meanMs ?? 0) - mean) < 1e-9);
  assert.equal(survival.isMeanLowerBound, true);
});

test("a median beyond everything seen to its end is unknown", () => {
  const survival = kaplanMeier([...ended(10), ...open(20, 30, 40)]);
  assert.equal(survival.medianMs, null);
  assert.equal(survival.median95, null);
});

test("no stay at all, or none that ended, gives no figure", () => {
  for (const durations of [[], open(10, 20)]) {
    const survival = kaplanMeier(durations);
    assert.equal(survival.medianMs, null);
    assert.equal(survival.meanMs, null);
  }
});

test("cutting half of the stays short moves the median by little, the mean of the ended ones by much", () => {
  const random = seededRandom(11);
  const truth: number[] = [];
  const seen: Duration[] = [];
  for (let i = 0; i < 4000; i += 1) {
    const ms = -60_000 * Math.log(1 - random());
    const cutMs = -60_000 * Math.log(1 - random());
    truth.push(ms);
    seen.push({ ms: Math.min(ms, cutMs), isCensored: cutMs < ms });
  }
  const trueMedian = truth.sort((a, b) => a - b)[2000] ?? 0;
  const survival = kaplanMeier(seen);
  assert.ok(Math.abs((survival.medianMs ?? 0) / trueMedian - 1) < 0.06);
  const complete = seen.filter((d) => !d.isCensored).map((d) => d.ms);
  const naive = complete.sort((a, b) => a - b)[complete.length >> 1] ?? 0;
  assert.ok(naive < 0.6 * trueMedian);
  const [low, high] = survival.median95 ?? [0, 0];
  assert.ok(low < trueMedian && trueMedian < high && high - low < 0.2 * trueMedian);
});

test("the interval of the mean holds the true mean in about 95 of 100 samples", () => {
  const random = seededRandom(5);
  let held = 0;
  for (let sample = 0; sample < 200; sample += 1) {
    const durations = Array.from({ length: 120 }, () => ({
      ms: -1000 * Math.log(1 - random()),
      isCensored: false,
    }));
    const [low, high] = kaplanMeier(durations).mean95 ?? [0, 0];
    if (low <= 1000 && 1000 <= high) held += 1;
  }
  assert.ok(held >= 180 && held <= 199, `held ${held} of 200`);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../core/random.ts";
import { ShortShare } from "./short-share.ts";
import type { TagVisits } from "./tag-lags.ts";
import type { TagVisit } from "./tag-weights.ts";

const card = (ms: number): TagVisit => ({
  kind: "loyalty-card",
  ms,
  isEngaged: false,
  hasTwoZones: false,
  isPart: false,
});

/** Days of forty card holders of whom so many leave between the first and the third minute. */
function days(short: readonly number[]): TagVisits {
  const visits = (count: number): TagVisit[] =>
    Array.from({ length: 40 }, (_, i) => card(i < count ? 120_000 : 600_000));
  return { days: short.map((count) => [...visits(count), card(20_000)]), detectMs: 14_000 };
}

const DOORS = { early: { value: 0.16, error: 0.008 }, between: { value: 0.1, error: 0.015 } };
const times = (count: number): Uint16Array => new Uint16Array(count).fill(1);

test("without cards the doors say all of it", () => {
  const { value, error } = new ShortShare(DOORS, { days: [[], []], detectMs: 14_000 }).share;
  assert.ok(Math.abs(value - (0.16 + 0.84 * 0.1)) < 1e-12);
  assert.ok(Math.abs(error - Math.hypot(0.008 * 0.9, 0.015 * 0.84)) < 1e-12);
});

test("cards move the share of who stays a minute and leaves, and make it surer", () => {
  const alone = new ShortShare(DOORS, { days: [], detectMs: 14_000 }).share;
  const { value, error } = new ShortShare(DOORS, days([4, 6, 5, 5, 4, 6, 5, 5])).share;
  assert.ok(value > alone.value && value < 0.16 + 0.84 * 0.125);
  assert.ok(error < alone.error);
});

test("who is heard for less than a minute does not count: only the doors know how many they are", () => {
  const many = days([5, 5, 4, 6]);
  const more = { ...many, days: many.days.map((one) => [...one, card(5_000), card(30_000)]) };
  assert.deepEqual(new ShortShare(DOORS, more).share, new ShortShare(DOORS, many).share);
});

test("where cards and doors contradict each other neither is as sure as it says", () => {
  const agreed = new ShortShare(DOORS, days([4, 3, 5, 4, 4, 3, 5, 4])).share;
  const apart = new ShortShare(DOORS, days([12, 11, 13, 12, 12, 11, 13, 12])).share;
  assert.ok(apart.error > 2 * agreed.error, `${apart.error} and ${agreed.error}`);
});

test("draws lie around the share, as wide as its error", () => {
  const share = new ShortShare(DOORS, days([4, 6, 5, 5, 3, 7, 5, 5]));
  const random = seededRandom(5);
  const draws = Array.from({ length: 2_000 }, () => share.drawn(times(8), random));
  const mean = draws.reduce((sum, one) => sum + one, 0) / draws.length;
  const spread = Math.sqrt(draws.reduce((sum, one) => sum + (one - mean) ** 2, 0) / draws.length);
  assert.ok(Math.abs(mean - share.share.value) < 0.001);
  // The days are drawn by the caller, so what cards add by themselves is not in it.
  assert.ok(spread > 0.5 * share.share.error && spread <= 1.05 * share.share.error);
});

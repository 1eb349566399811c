import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fakeMetric } from "../../../test/fakes/fake-dashboard-scenes.ts";
import {
  createFormats,
  formatAge,
  formatDuration,
  formatFull,
  formatInterval,
  formatMetric,
} from "./format.ts";
import { roundCount, roundDuration } from "./precision.ts";

const en = createFormats("en-US", "Europe/Berlin", "EUR");
const de = createFormats("de-DE", "Europe/Berlin", "EUR");
const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, " ");

const durations: readonly (readonly [ms: number, text: string])[] = [
  [0, "0 s"],
  [-5, "0 s"],
  [42_400, "42 s"],
  [60_000, "1 min"],
  [260_000, "4 min 20 s"],
  [3_599_600, "1 h"],
  [7_500_000, "2 h 5 min"],
  [86_400_000, "24 h"],
];
for (const [ms, text] of durations) {
  test(`${ms} ms is written as ${text}`, () => {
    assert.equal(formatDuration(ms), text);
  });
}

test("thousands are grouped as the reader's language does it", () => {
  const metric = fakeMetric("entrants", 12_345, "people");
  assert.equal(formatMetric(en, metric), "12,345");
  assert.equal(formatMetric(de, metric), "12.345");
});

test("a rate has one decimal, and none when its interval is wide", () => {
  const rate = fakeMetric("sales-conversion", 0.2333, "ratio");
  assert.equal(formatMetric(en, rate), "23.3%");
  assert.equal(plain(formatMetric(de, rate)), "23,3 %");
  assert.equal(formatMetric(en, { ...rate, ci95: [0.2, 0.27] }), "23.3%");
  assert.equal(formatMetric(en, { ...rate, ci95: [0.11, 0.52] }), "23%");
  assert.equal(formatInterval(en, { ...rate, ci95: [0.11, 0.52] }), "11% to 52%");
});

test("an unknown value is a dash and a known zero is a zero", () => {
  assert.equal(formatMetric(en, fakeMetric("entrants", null, "people")), "\u2013");
  assert.equal(formatMetric(en, fakeMetric("entrants", 0, "people")), "0");
});

test("money is counted in the currency's own minor units", () => {
  const sales = fakeMetric("net-sales", 512_345, "minor");
  assert.equal(formatFull(en, sales), "\u20ac5,123.45");
  assert.equal(formatFull(createFormats("en-US", "UTC", "JPY"), sales), "\u00a5512,345");
});

test("times are the shop's, whatever zone the reader is in", () => {
  const at = Date.UTC(2026, 6, 1, 12, 5, 9);
  assert.equal(de.time(at), "14:05");
  assert.equal(de.timeWithSeconds(at), "14:05:09");
  assert.equal(createFormats("de-DE", "Asia/Kolkata", "INR").time(at), "17:35");
});

test("a moment of another day carries its date", () => {
  const now = Date.UTC(2026, 6, 1, 12, 0);
  assert.equal(de.moment(now - 60_000, now), "13:59");
  assert.match(de.moment(now - 86_400_000, now), /30\. Juni/);
});

test("ages are said in one unit", () => {
  assert.deepEqual([900, 59_999, 61_000, 7_300_000, 200_000_000].map(formatAge), [
    "0 s",
    "59 s",
    "1 min",
    "2 h",
    "2 d",
  ]);
});

test("a value is written no finer than its interval allows", () => {
  const visit = fakeMetric("visit-duration-mean", 812_400, "ms");
  assert.equal(formatMetric(en, { ...visit, ci95: [776_000, 848_000] }), "13 min 30 s");
  assert.equal(formatMetric(en, { ...visit, ci95: [620_000, 1_000_000] }), "14 min");
  assert.equal(formatMetric(en, visit), "13 min 32 s");
  const units = fakeMetric("buying-units", 1_413, "count");
  assert.equal(formatMetric(en, { ...units, ci95: [1_353, 1_473] }), "1,410");
  const average = fakeMetric("average-transaction-value", 5_337, "minor");
  assert.equal(formatMetric(en, { ...average, ci95: [5_000, 5_700] }), "\u20ac53");
  assert.equal(formatMetric(en, { ...average, ci95: [5_320, 5_350] }), "\u20ac53.37");
});

test("rounding never makes something out of nothing nor nothing out of something", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_000, max: 10_000_000 }), fc.nat(20_000_000), (ms, half) => {
      assert.ok(roundDuration(ms, half) > 0);
      assert.ok(Math.abs(roundDuration(ms, half) - ms) <= Math.max(500, half / 2));
    }),
  );
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.nat(1_000_000), (value, half) => {
      assert.equal(roundCount(value, half) > 0, value > 0);
      assert.ok(Math.abs(roundCount(value, half) - value) <= Math.max(0.5, half / 2));
    }),
  );
});

test("means of whole things keep a decimal, and cross-shopping is a factor", () => {
  assert.equal(
    formatMetric(en, fakeMetric("units-per-transaction", 2.34, "per-transaction")),
    "2.3",
  );
  assert.equal(formatMetric(en, fakeMetric("zone-lift", 1.84, "ratio")), "1.8 \u00d7");
  assert.equal(formatMetric(en, fakeMetric("queue-service-rate", 41.26, "per-hour")), "41.3 /h");
  assert.equal(formatMetric(en, fakeMetric("visit-recency", 12, "days")), "12 d");
});

test("large sums are read without cents, and the details show them", () => {
  const sales = fakeMetric("net-sales", 512_345, "minor");
  assert.equal(formatMetric(en, sales), "\u20ac5,123");
  assert.equal(formatFull(en, sales), "\u20ac5,123.45");
  assert.equal(formatMetric(en, { ...sales, value: 12_345 }), "\u20ac123.45");
});

test("periods are said as one says them", () => {
  const says = (first: string, last: string): string =>
    plain(en.days({ first, last }, "2026-11-22"));
  assert.equal(says("2026-11-22", "2026-11-22"), "Sunday, November 22");
  assert.equal(says("2025-11-22", "2025-11-22"), "Saturday, November 22, 2025");
  assert.equal(says("2026-11-01", "2026-11-30"), "November 2026");
  assert.match(says("2026-11-16", "2026-11-22"), /^Nov 16.*22, 2026$/);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { OpeningHours, Weekday } from "../../core/site.ts";
import { createShopHours, type TimeSpan } from "./shop-hours.ts";
import { createTradingCalendar } from "./trading-day.ts";

const utc = (text: string): EpochMs => epochMs(Date.parse(text));
const HOUR_MS = 3_600_000;
const EVERY_DAY: readonly Weekday[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const daily = (fromMin: number, toMin: number): OpeningHours => ({
  days: EVERY_DAY,
  fromMin,
  toMin,
});
const shown = (spans: readonly TimeSpan[]): string[] =>
  spans.map(({ from, to }) => `${new Date(from).toISOString()}/${new Date(to).toISOString()}`);

const cases = [
  {
    name: "nine to six in winter",
    zone: "Europe/Copenhagen",
    cutoverMin: 240,
    hours: [daily(540, 1080)],
    at: "2026-01-14T12:00:00Z",
    open: ["2026-01-14T08:00:00.000Z/2026-01-14T17:00:00.000Z"],
  },
  {
    name: "on the day clocks go forward the wall clock decides",
    zone: "Europe/Copenhagen",
    cutoverMin: 0,
    hours: [daily(540, 1080)],
    at: "2026-03-29T12:00:00Z",
    open: ["2026-03-29T07:00:00.000Z/2026-03-29T16:00:00.000Z"],
  },
  {
    name: "opening in the hour the clocks skip begins right after it",
    zone: "Europe/Copenhagen",
    cutoverMin: 0,
    hours: [daily(150, 300)],
    at: "2026-03-29T12:00:00Z",
    open: ["2026-03-29T01:00:00.000Z/2026-03-29T03:00:00.000Z"],
  },
  {
    name: "a night through the hour that occurs twice is an hour longer",
    zone: "Europe/Copenhagen",
    cutoverMin: 0,
    hours: [daily(60, 240)],
    at: "2026-10-25T12:00:00Z",
    open: ["2026-10-24T23:00:00.000Z/2026-10-25T03:00:00.000Z"],
  },
  {
    name: "a bar that closes at two belongs to one trading day",
    zone: "Asia/Kolkata",
    cutoverMin: 240,
    hours: [daily(1080, 1560)],
    at: "2026-11-20T19:00:00Z",
    open: ["2026-11-20T12:30:00.000Z/2026-11-20T20:30:00.000Z"],
  },
  {
    name: "hours over the cut-over are cut there, and the rest belongs to the day before",
    zone: "UTC",
    cutoverMin: 0,
    hours: [daily(1320, 1500)],
    at: "2026-11-20T12:00:00Z",
    open: [
      "2026-11-20T00:00:00.000Z/2026-11-20T01:00:00.000Z",
      "2026-11-20T22:00:00.000Z/2026-11-21T00:00:00.000Z",
    ],
  },
  {
    name: "a lunch break makes two spans, hours that overlap one",
    zone: "UTC",
    cutoverMin: 240,
    hours: [daily(540, 720), daily(780, 900), daily(840, 1080)],
    at: "2026-11-20T12:00:00Z",
    open: [
      "2026-11-20T09:00:00.000Z/2026-11-20T12:00:00.000Z",
      "2026-11-20T13:00:00.000Z/2026-11-20T18:00:00.000Z",
    ],
  },
  {
    name: "a day on which the shop is closed has none",
    zone: "UTC",
    cutoverMin: 240,
    hours: [{ days: ["mon"] as const, fromMin: 540, toMin: 1080 }],
    at: "2026-11-22T12:00:00Z",
    open: [],
  },
];

for (const c of cases) {
  test(`opening hours: ${c.name}`, () => {
    const calendar = createTradingCalendar(c.zone, c.cutoverMin);
    const hours = createShopHours(c.hours, calendar);
    const day = calendar.dayOf(utc(c.at));
    assert.deepEqual(shown(hours.openSpans(day)), c.open);
    assert.deepEqual(shown(hours.openWithin(day.start, day.end)), c.open);
  });
}

test("while hours are not known every interval is open throughout", () => {
  const hours = createShopHours(undefined, createTradingCalendar("UTC", 240));
  const from = utc("2026-11-20T22:00:00Z");
  assert.deepEqual(hours.openWithin(from, epochMs(from + HOUR_MS)), [{ from, to: from + HOUR_MS }]);
  assert.deepEqual(hours.openWithin(from, from), []);
  assert.ok(hours.isOpen(from));
});

test("spans can reach beyond the hours, over the border of a trading day too", () => {
  const hours = createShopHours([daily(240, 600)], createTradingCalendar("UTC", 240));
  const reach = { beforeMs: HOUR_MS, afterMs: 0 };
  const spans = hours.openWithin(utc("2026-11-20T03:30:00Z"), utc("2026-11-20T04:00:00Z"), reach);
  assert.deepEqual(shown(spans), ["2026-11-20T03:30:00.000Z/2026-11-20T04:00:00.000Z"]);
});

test("open time of parts adds up to that of the whole, in every zone and over clock changes", () => {
  const zones = ["Europe/Copenhagen", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata"];
  const length = (spans: readonly TimeSpan[]): number =>
    spans.reduce((sum, { from, to }) => sum + to - from, 0);
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2027, 0) }),
      fc.integer({ min: 1, max: 4 * 24 * 60 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (zone, start, minutes, share) => {
        const hours = createShopHours(
          [daily(540, 720), daily(780, 1500)],
          createTradingCalendar(zone, 240),
        );
        const from = epochMs(start);
        const to = epochMs(start + minutes * 60_000);
        const cut = epochMs(Math.round(start + share * minutes * 60_000));
        const parts = length(hours.openWithin(from, cut)) + length(hours.openWithin(cut, to));
        assert.equal(parts, length(hours.openWithin(from, to)));
        assert.equal(hours.isOpen(from), hours.openWithin(from, epochMs(from + 1)).length === 1);
      },
    ),
    { numRuns: 60, seed: 11 },
  );
});

test("the hours of a day are worked out once", () => {
  const calendar = createTradingCalendar("UTC", 240);
  let asked = 0;
  const counting = {
    ...calendar,
    wallSpans: (...of: Parameters<typeof calendar.wallSpans>) => {
      asked += 1;
      return calendar.wallSpans(...of);
    },
  };
  const hours = createShopHours([daily(540, 1080)], counting);
  const from = utc("2026-11-20T04:00:00Z");
  for (let i = 0; i < 5; i += 1) hours.openWithin(from, epochMs(from + 24 * HOUR_MS));
  assert.equal(asked, 1);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { epochMs } from "../../core/brand.ts";
import { daysFromCivil } from "../../core/civil-date.ts";
import { createTradingCalendar } from "./trading-day.ts";

const utc = (text: string) => epochMs(Date.parse(text));
const HOUR_MS = 3_600_000;

const cases = [
  {
    name: "an evening after midnight belongs to the day before the cut-over",
    zone: "Europe/Copenhagen",
    cutoverMin: 240,
    at: "2026-11-21T01:30:00Z",
    start: "2026-11-20T03:00:00Z",
    end: "2026-11-21T03:00:00Z",
  },
  {
    name: "the cut-over itself begins the new day",
    zone: "Europe/Copenhagen",
    cutoverMin: 240,
    at: "2026-11-21T03:00:00Z",
    start: "2026-11-21T03:00:00Z",
    end: "2026-11-22T03:00:00Z",
  },
  {
    name: "the day on which clocks go forward has 23 hours",
    zone: "Europe/Copenhagen",
    cutoverMin: 0,
    at: "2026-03-29T12:00:00Z",
    start: "2026-03-28T23:00:00Z",
    end: "2026-03-29T22:00:00Z",
  },
  {
    name: "the day on which clocks go back has 25 hours",
    zone: "Europe/Copenhagen",
    cutoverMin: 0,
    at: "2026-10-25T12:00:00Z",
    start: "2026-10-24T22:00:00Z",
    end: "2026-10-25T23:00:00Z",
  },
  {
    name: "with a cut-over at 04:00 it is the trading day before that is short",
    zone: "Europe/Copenhagen",
    cutoverMin: 240,
    at: "2026-03-28T12:00:00Z",
    start: "2026-03-28T03:00:00Z",
    end: "2026-03-29T02:00:00Z",
  },
  {
    name: "a zone with a half-hour offset is cut at its own time",
    zone: "Asia/Kolkata",
    cutoverMin: 240,
    at: "2026-11-20T12:00:00Z",
    start: "2026-11-19T22:30:00Z",
    end: "2026-11-20T22:30:00Z",
  },
  {
    name: "a zone whose clocks move by half an hour has a day of 23.5 hours",
    zone: "Australia/Lord_Howe",
    cutoverMin: 0,
    at: "2026-10-04T00:00:00Z",
    start: "2026-10-03T13:30:00Z",
    end: "2026-10-04T13:00:00Z",
  },
  {
    name: "a cut-over that the clocks skip begins right after the gap",
    zone: "Europe/Copenhagen",
    cutoverMin: 150,
    at: "2026-03-29T12:00:00Z",
    start: "2026-03-29T01:00:00Z",
    end: "2026-03-30T00:30:00Z",
  },
  {
    name: "a cut-over that occurs twice begins at the first",
    zone: "Europe/Copenhagen",
    cutoverMin: 150,
    at: "2026-10-25T01:10:00Z",
    start: "2026-10-25T00:30:00Z",
    end: "2026-10-26T01:30:00Z",
  },
];

for (const c of cases) {
  test(`trading day: ${c.name}`, () => {
    const day = createTradingCalendar(c.zone, c.cutoverMin).dayOf(utc(c.at));
    assert.deepEqual(
      [new Date(day.start).toISOString(), new Date(day.end).toISOString()],
      [c.start, c.end].map((text) => new Date(text).toISOString()),
    );
  });
}

test("every instant lies in its trading day, and days join without gap or overlap", () => {
  const zones = ["Europe/Copenhagen", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata"];
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({ min: 0, max: 1439 }),
      fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2030, 0) }),
      (zone, cutoverMin, at) => {
        const calendar = createTradingCalendar(zone, cutoverMin);
        const day = calendar.dayOf(epochMs(at));
        assert.ok(day.start <= at && at < day.end);
        assert.ok(day.end - day.start >= 22 * HOUR_MS && day.end - day.start <= 26 * HOUR_MS);
        assert.equal(calendar.dayOf(day.end).start, day.end);
        assert.equal(calendar.dayOf(epochMs(day.start - 1)).end, day.start);
      },
    ),
    { numRuns: 150, seed: 7 },
  );
});

test("civil days agree with the platform's calendar", () => {
  for (const [y, m, d] of [
    [1970, 1, 1],
    [2000, 2, 29],
    [2026, 11, 22],
    [1999, 12, 31],
  ] as const)
    assert.equal(daysFromCivil(y, m, d), Date.UTC(y, m - 1, d) / 86_400_000);
});

test("local time is written as people read it", () => {
  const calendar = createTradingCalendar("Asia/Kolkata", 240);
  assert.equal(calendar.localTime(utc("2026-11-20T08:32:00Z")), "14:02");
});

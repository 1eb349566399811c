import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { shopSite, utc } from "../../../test/fakes/journey-events.ts";
import type { EpochMs } from "../../core/brand.ts";
import { type CivilDay, dateText, parseDate } from "../../core/civil-date.ts";
import {
  chartGrain,
  comparedPeriod,
  type DatedPeriod,
  periodOf,
  shopDays,
  slotsOf,
} from "./report-period.ts";

const HOUR_MS = 3_600_000;
const date = (text: string): CivilDay => parseDate(text) ?? Number.NaN;
const berlin = shopDays(shopSite({ timeZone: "Europe/Berlin" }));
const dates = (period: DatedPeriod): string =>
  `${dateText(period.first)}..${dateText(period.last)}`;
/** Sunday noon in Berlin. */
const NOW = utc("2026-11-22T11:00:00Z");

test("a day is a trading day: from the cut-over on its date to that on the next", () => {
  const period = periodOf(berlin, { kind: "day", date: null }, NOW);
  assert.deepEqual(
    [period.from, period.to],
    [utc("2026-11-22T03:00:00Z"), utc("2026-11-23T03:00:00Z")],
  );
});

test("before the cut-over the present day is still the one before", () => {
  const period = periodOf(berlin, { kind: "day", date: null }, utc("2026-11-22T02:59:59Z"));
  assert.equal(dates(period), "2026-11-21..2026-11-21");
});

const periods = [
  { kind: "week", on: "2026-11-22", is: "2026-11-16..2026-11-22" },
  { kind: "week", on: "2026-11-23", is: "2026-11-23..2026-11-29" },
  { kind: "month", on: "2024-02-29", is: "2024-02-01..2024-02-29" },
  { kind: "month", on: "2026-12-01", is: "2026-12-01..2026-12-31" },
] as const;
for (const { kind, on, is } of periods) {
  test(`the ${kind} of ${on} is ${is}`, () => {
    assert.equal(dates(periodOf(berlin, { kind, date: date(on) }, NOW)), is);
  });
}

test("trading days of 23 and 25 hours have as many hours", () => {
  const hours = (on: string): number => {
    const { from, to } = periodOf(berlin, { kind: "day", date: date(on) }, NOW);
    assert.equal((to - from) / HOUR_MS, [...slotsOf(berlin, "hour", from, to)].length);
    return (to - from) / HOUR_MS;
  };
  // The clocks change at 02:00 or 03:00, before the cut-over: in the trading day of the Saturday.
  assert.deepEqual([hours("2026-03-28"), hours("2026-10-24"), hours("2026-11-22")], [23, 25, 24]);
});

const compared = [
  { kind: "day", choice: "previous", is: "2026-11-21..2026-11-21", until: "2026-11-21T11:00:00Z" },
  {
    kind: "day",
    choice: "same-weekday",
    is: "2026-11-15..2026-11-15",
    until: "2026-11-15T11:00:00Z",
  },
  { kind: "week", choice: "previous", is: "2026-11-09..2026-11-15", until: "2026-11-15T11:00:00Z" },
  {
    kind: "week",
    choice: "same-weekday",
    is: "2026-11-09..2026-11-15",
    until: "2026-11-15T11:00:00Z",
  },
  {
    kind: "month",
    choice: "previous",
    is: "2026-10-01..2026-10-31",
    until: "2026-10-22T10:00:00Z",
  },
  {
    kind: "month",
    choice: "same-weekday",
    is: "2026-09-27..2026-10-26",
    until: "2026-10-18T10:00:00Z",
  },
] as const;
for (const { kind, choice, is, until } of compared) {
  test(`a running ${kind} against ${choice} is ${is}, up to the same time on the wall`, () => {
    const current = periodOf(berlin, { kind, date: null }, NOW);
    const other = comparedPeriod(berlin, { kind: choice }, current, NOW);
    assert.deepEqual([dates(other), other.until], [is, utc(until)]);
  });
}

test("a period that is over is compared in full, and a shorter month before it ends where it ends", () => {
  const january = periodOf(berlin, { kind: "month", date: date("2026-01-10") }, NOW);
  const december = comparedPeriod(berlin, { kind: "previous" }, january, NOW);
  assert.equal(december.until, december.to);
  const now = utc("2026-03-31T10:00:00Z");
  const march = periodOf(berlin, { kind: "month", date: null }, now);
  const february = comparedPeriod(berlin, { kind: "previous" }, march, now);
  assert.equal(february.until, february.to);
});

test("a comparison of one's own choice never reaches into the future", () => {
  const current = periodOf(berlin, { kind: "day", date: null }, NOW);
  const choice = { kind: "custom", from: date("2026-11-20"), to: date("2026-11-30") } as const;
  assert.equal(comparedPeriod(berlin, choice, current, NOW).until, NOW);
});

test("charts of longer periods have coarser slots", () => {
  const grain = (kind: "day" | "week" | "month") =>
    chartGrain(periodOf(berlin, { kind, date: null }, NOW));
  assert.deepEqual([grain("day"), grain("week"), grain("month")], ["quarter", "hour", "day"]);
});

test("slots of any grain fill a period without gap or overlap, in any zone and over any change of clocks", () => {
  const zones = ["Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia", "UTC"];
  const arbitrary = fc.record({
    timeZone: fc.constantFrom(...zones),
    dayCutoverMin: fc.integer({ min: 0, max: 1439 }),
    first: fc.integer({ min: 14_900, max: 21_000 }),
    length: fc.integer({ min: 1, max: 3 }),
    grain: fc.constantFrom("quarter" as const, "hour" as const, "day" as const),
  });
  fc.assert(
    fc.property(arbitrary, ({ timeZone, dayCutoverMin, first, length, grain }) => {
      const days = shopDays(shopSite({ timeZone, dayCutoverMin }));
      const choice = { kind: "custom", from: first, to: first + length - 1 } as const;
      const { from, to } = periodOf(days, choice, NOW);
      let at = from;
      for (const slot of slotsOf(days, grain, from, to)) {
        assert.equal(slot.from, at);
        assert.ok(slot.to > slot.from);
        at = slot.to;
      }
      assert.equal(at, to);
      // Apia left a date out; every other date is the date of its trading day.
      if (timeZone !== "Pacific/Apia") assert.equal(days.dateOf(from), first);
    }),
  );
});

const DAYS_2026 = Array.from({ length: 365 }, (_, i) => date("2026-01-01") + i);

for (const timeZone of ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
  test(`slots begin at whole local times in ${timeZone}, also when clocks change`, () => {
    const lengths = new Set<number>();
    for (const dayCutoverMin of [0, 60, 90, 240, 300]) {
      const days = shopDays(shopSite({ timeZone, dayCutoverMin }));
      const changing = DAYS_2026.map((day) => days.tradingDay(day)).filter(
        ({ start, end }) => end - start !== 86_400_000,
      );
      for (const { start, end } of changing) {
        lengths.add((end - start) / 3_600_000);
        const past = (at: EpochMs): number =>
          days.calendar.wallOf(at) - days.calendar.wallOf(start);
        for (const { from, to } of slotsOf(days, "hour", start, end)) {
          assert.equal(Math.abs(past(from) % 3_600_000), 0, new Date(from).toISOString());
          assert.ok(to - from <= 5_400_000);
        }
        for (const { from } of slotsOf(days, "quarter", start, end))
          assert.equal(Math.abs(past(from) % 900_000), 0, new Date(from).toISOString());
      }
    }
    const expected = timeZone === "Australia/Lord_Howe" ? [23.5, 24.5] : [23, 25];
    assert.deepEqual([...lengths].sort(), expected);
  });

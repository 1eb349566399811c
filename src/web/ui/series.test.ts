import assert from "node:assert/strict";
import { test } from "node:test";
import { shopSite } from "../../../test/fakes/journey-events.ts";
import { epochMs } from "../../core/brand.ts";
import {
  localMinOf,
  periodOf,
  slotsOf as periodSlots,
  type ShopDays,
  shopDays,
} from "../../metrics/reports/report-period.ts";
import type { ReportSeries } from "../../metrics/reports/reports.ts";
import type { DaySeries } from "../../metrics/reports/today.ts";
import { dayCurve, newestSeen, reportCharts, reportCurve, slotsOf } from "./series.ts";

const STEP = 15 * 60_000;

type Values = readonly (number | null)[];

function series(values: Values): DaySeries {
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

const curve = (values: Values, before: Values | null = null) =>
  dayCurve(series(values), before === null ? null : series(before), "entrants");

test("the last hours are cut from the day", () => {
  const slots = slotsOf(curve(Array.from({ length: 40 }, (_, i) => i)), 3, 100);
  assert.equal(slots.length, 12);
  assert.equal(slots[0]?.from, 28 * STEP);
  assert.equal(slots.at(-1)?.value, 39);
});

test("slots before anything was seen are left out, down to two hours", () => {
  const late = [...Array<null>(30).fill(null), ...Array<number>(10).fill(1)];
  assert.equal(slotsOf(curve(late), 8, 100).length, 10);
  assert.equal(slotsOf(curve(late), null, 100).length, 10);
  const first = [...Array<null>(39).fill(null), 4];
  assert.equal(slotsOf(curve(first), 8, 100).length, 8);
});

test("merging adds counts, averages people in the store, and keeps slots on round times", () => {
  const twos = Array.from({ length: 41 }, () => 2);
  const slots = slotsOf(curve(twos), 24, 12);
  assert.ok(slots.length <= 12);
  const slot = slots[1];
  assert.ok(slot !== undefined);
  const merged = (slot.to - slot.from) / STEP;
  assert.equal(slot.value, 2 * merged);
  assert.equal(slotsOf(dayCurve(series(twos), null, "occupancy"), 24, 12)[1]?.value, 2);
  for (const { from } of slots) assert.equal(from % (merged * STEP), 0);
});

test("unknown stays unknown, and a slot seen in part says so", () => {
  const values = [...Array<number>(8).fill(1), null, null, 3, null];
  const slots = slotsOf(curve(values), 24, 7);
  assert.deepEqual(
    slots.map((slot) => [slot.value, slot.isPartial]),
    [
      [2, false],
      [2, false],
      [2, false],
      [2, false],
      [null, false],
      [3, true],
    ],
  );
  assert.equal(newestSeen(slots)?.value, 3);
});

test("a day without any value has no newest slot, and an empty one no slots", () => {
  assert.equal(newestSeen(slotsOf(curve([null, null]), 8, 50)), null);
  assert.deepEqual(slotsOf(curve([]), 8, 50), []);
  assert.deepEqual(slotsOf(curve([]), null, 50), []);
});

test("the day beside it goes on where today has not arrived yet", () => {
  const before = [...Array<number>(20).fill(0), ...Array<number>(20).fill(5), 0, 0];
  const slots = slotsOf(curve(Array<number>(30).fill(1), before), null, 100);
  assert.equal(slots.length, 40);
  assert.deepEqual([slots.at(-1)?.value, slots.at(-1)?.before], [null, 5]);
  assert.equal(slots.at(-1)?.to, 40 * STEP);
});

test("hours that were empty on both days are cut off, unless something was counted then", () => {
  const today = [0, 0, 0, 0, 4, ...Array<number>(10).fill(2)];
  const before = [0, 0, 0, 3, 4, ...Array<number>(10).fill(2), 0, 0];
  const slots = slotsOf(curve(today, before), null, 100);
  assert.equal(slots[0]?.from, 3 * STEP);
  assert.equal(slots.length, 12);
});

test("a week on a phone is drawn by days, never by odd parts of them", () => {
  const HOUR = 3_600_000;
  const hours: ReportSeries = {
    grain: "hour",
    slots: Array.from({ length: 168 }, (_, i) => ({
      from: epochMs(i * HOUR),
      to: epochMs((i + 1) * HOUR),
    })),
    localMin: Array.from({ length: 168 }, (_, i) => i * 60),
    columns: { entrants: Array<number>(168).fill(1) },
  };
  for (const [maxSlots, count] of [
    [27, 7],
    [45, 42],
    [200, 168],
  ] as const) {
    const slots = slotsOf(reportCurve(hours, null, "entrants"), null, maxSlots);
    assert.equal(slots.length, count);
    assert.equal(slots[0]?.value, 168 / count);
  }
});

test("a report's slots are kept as they are, also days of 23 and 25 hours", () => {
  const HOUR = 3_600_000;
  const starts = [0, 24, 47, 72, 97].map((hours) => hours * HOUR);
  const days = (values: Values): ReportSeries => ({
    grain: "day",
    slots: starts.slice(0, -1).map((from, i) => ({
      from: epochMs(from),
      to: epochMs(starts[i + 1] ?? from),
    })),
    localMin: [0, 1440, 2880, 4320],
    columns: { entrants: values, "shopfront-conversion": [0.1, 0.2, null, 0.1] },
  });
  const one = reportCurve(days([0, 7, null, 9]), days([1, 2, 3, 4]), "entrants");
  const slots = slotsOf(one, null, 3);
  assert.deepEqual(
    slots.map(({ value, before }) => [value, before]),
    [
      [0, 1],
      [7, 2],
      [null, 3],
      [9, 4],
    ],
  );
  assert.deepEqual(
    slots.map(({ from, to }) => (to - from) / HOUR),
    [24, 23, 25, 25],
  );
  assert.deepEqual(reportCharts(days([])), ["entrants", "shopfront-conversion"]);
});

const ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"] as const;
/** The Mondays of the weeks in which clocks change in one of them, and of one in which none does. */
const WEEKS = ["2026-03-02", "2026-03-23", "2026-03-30", "2026-09-28", "2026-10-19", "2026-10-26"];

test("merged slots over a change of clocks tile the week, hold all of it and begin at round local times", () => {
  const cases = ZONES.flatMap((timeZone) =>
    WEEKS.flatMap((week) => [10, 27, 45, 60, 100, 200].map((most) => ({ timeZone, week, most }))),
  );
  for (const { timeZone, week, most } of cases) {
    const days = shopDays(shopSite({ timeZone }));
    const series = hoursOf(days, week);
    const slots = slotsOf(reportCurve(series, null, "entrants"), null, most);
    const where = `${timeZone} ${week} ${most}`;
    const edges = [...slots.map(({ from }) => from), series.slots.at(-1)?.to];
    assert.deepEqual([series.slots[0]?.from, ...slots.map(({ to }) => to)], edges, where);
    const total = slots.reduce((sum, { value }) => sum + (value ?? 0), 0);
    assert.equal(total, series.slots.length, where);
    const lengths = slots.map(({ from, to }) => to - from).sort((a, b) => a - b);
    const usual = lengths[lengths.length >> 1] ?? Number.NaN;
    assert.ok(slots.length <= most && [1, 2, 3, 4, 24].includes(usual / 3_600_000), where);
    for (const { from } of slots) assert.equal(localMs(days, from) % usual, 0, where);
  }
});

/** How far the wall clock is past the beginning of the trading day. */
const localMs = ({ calendar }: ShopDays, at: number): number =>
  calendar.wallOf(epochMs(at)) - calendar.wallOf(calendar.dayOf(epochMs(at)).start);

function hoursOf(days: ShopDays, monday: string): ReportSeries {
  const date = Date.parse(`${monday}T00:00:00Z`) / 86_400_000;
  const period = periodOf(days, { kind: "week", date }, epochMs(0));
  const slots = [...periodSlots(days, "hour", period.from, period.to)];
  return {
    grain: "hour",
    slots,
    localMin: slots.map(({ from }) => localMinOf(days, period, from)),
    columns: { entrants: slots.map(() => 1) },
  };
}

test("what is compared stands beside the same time of day, also when only one of the weeks changes its clocks", () => {
  const days = shopDays(shopSite({ timeZone: "Europe/Berlin" }));
  const noons = (series: ReportSeries): ReportSeries => ({
    ...series,
    columns: {
      entrants: series.slots.map(({ from }) => Number(days.calendar.localTime(from) === "12:00")),
    },
  });
  const [plain, longer, shorter] = ["2026-10-12", "2026-10-19", "2026-03-23"].map((week) =>
    noons(hoursOf(days, week)),
  );
  assert.ok(plain !== undefined && longer !== undefined && shorter !== undefined);
  assert.deepEqual(
    [plain, longer, shorter].map(({ slots }) => slots.length),
    [168, 169, 167],
  );
  for (const [one, other] of [
    [plain, longer],
    [longer, plain],
    [shorter, plain],
    [plain, shorter],
    [longer, shorter],
  ] as const)
    for (const { value, before } of slotsOf(reportCurve(one, other, "entrants"), null, 200))
      assert.ok(before === null || before === value, "noon beside noon");
});

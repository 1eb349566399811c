import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { followedShop, type Stop, VisitMaker } from "../../../test/fakes/completed-visits.ts";
import { EventMaker, utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import { createTradingCalendar } from "../calendar/trading-day.ts";
import { createMetrics } from "../metrics.ts";
import { toldCount, weekPieces, wholeHours } from "./told-counts.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A Monday; trading days begin at 04:00. */
const MONDAY = utc("2026-11-16T04:00:00Z");
const at = (hours: number): EpochMs => epochMs(MONDAY + hours * HOUR_MS);

/** All counts hour by hour of which the same is told of every interval. */
function* alike(told: readonly number[], step: number, hour = 0, before = 0): Generator<number[]> {
  const goal = told[hour];
  if (goal === undefined) {
    yield [];
    return;
  }
  for (let now = before; now <= goal + step; now += 1) {
    if (toldCount(now, step) !== goal) continue;
    for (const rest of alike(told, step, hour + 1, now)) yield [now - before, ...rest];
  }
}

const sum = (counts: readonly number[], from: number, to: number): number =>
  counts.slice(from, to).reduce((total, one) => total + one, 0);

test("whoever asks every interval can tell no small count from none, or else not from a large one", () => {
  const hours = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(hours, fc.integer({ min: 2, max: 4 }), (counts, step) => {
      const told = counts.map((_, hour) => toldCount(sum(counts, 0, hour + 1), step));
      const others = [...alike(told, step)];
      assert.ok(others.some((other) => other.every((one, hour) => one === counts[hour])));
      for (let from = 0; from < counts.length; from += 1) {
        for (let to = from + 1; to <= counts.length; to += 1) {
          const mine = sum(counts, from, to);
          if (mine === 0 || mine >= step) continue;
          const may = others.map((other) => sum(other, from, to));
          assert.ok(may.includes(0) || may.some((one) => one >= step), `${counts} ${from} ${to}`);
        }
      }
    }),
    { numRuns: 200 },
  );
});

test("from the beginning of a week nothing is told of fewer than a step", () => {
  assert.deepEqual(
    [0, 4, 5, 9, 10, 23].map((count) => toldCount(count, 5)),
    [0, 0, 5, 5, 10, 20],
  );
  assert.equal(toldCount(3, 1), 3);
});

test("an interval is cut at Mondays, in the shop's own time, and its ends at hours", () => {
  const calendar = createTradingCalendar("Europe/Berlin", 240);
  const monday = utc("2026-10-19T02:00:00Z");
  // Clocks go back on Sunday the 25th: that week is an hour longer.
  const next = epochMs(monday + 7 * DAY_MS + HOUR_MS);
  const asked = { from: epochMs(monday + 90 * 60_000), to: epochMs(next + 119 * 60_000) };
  assert.deepEqual(weekPieces(calendar, wholeHours(calendar, asked)), [
    { weekStart: monday, from: monday + HOUR_MS, to: next },
    { weekStart: next, from: next, to: next + HOUR_MS },
  ]);
  assert.deepEqual(weekPieces(calendar, { from: monday, to: monday }), []);
});

/** A shop some of whose visits go from the table to the shoes, by hours after Monday. */
function shopOf(visits: readonly { readonly hour: number; readonly isOn: boolean }[]) {
  const metrics = createMetrics({ site: followedShop() });
  const make = new VisitMaker();
  for (const event of new EventMaker().allSeeing(at(0))) metrics.ingest(event);
  const table: Stop = ["table", 5, 30];
  visits.forEach(({ hour, isOn }, i) => {
    const stops: Stop[] = isOn ? [table, ["shoes", 60, 40]] : [table];
    metrics.ingest(make.visit(epochMs(at(hour) + i * 1000), { stops }));
  });
  const scope = { kind: "zone-pair", from: "table", to: "shoes" } as const;
  return (from: EpochMs, to: EpochMs) => metrics.value("zone-transition", scope, from, to);
}

test("a minute more asks for nothing more: visits are told hour by hour", () => {
  const visits = Array.from({ length: 40 }, (_, i) => ({ hour: 6 + (i % 2), isOn: i % 4 === 0 }));
  const ask = shopOf(visits);
  const plain = ask(at(6), at(8));
  assert.equal(plain.n, 40);
  const { value, n, ci95, effectiveN } = ask(at(6), epochMs(at(8) + 60_000));
  assert.deepEqual(
    { value, n, ci95, effectiveN },
    { value: plain.value, n: plain.n, ci95: plain.ci95, effectiveN: plain.effectiveN },
  );
});

test("what is told of a transition rests on steps only, and neighbouring intervals add up", () => {
  const visit = fc.record({ hour: fc.integer({ min: 0, max: 30 }), isOn: fc.boolean() });
  fc.assert(
    fc.property(fc.array(visit, { minLength: 30, maxLength: 90 }), (visits) => {
      const ask = shopOf(visits);
      const on = (from: number, to: number): number => {
        const { value, n } = ask(at(from), at(to));
        return Math.round((value ?? 0) * n * 1e6) / 1e6;
      };
      const isOn = visits.filter((one) => one.isOn);
      for (const [from, to] of [
        [0, 31],
        [0, 12],
        [12, 31],
        [5, 9],
      ] as const) {
        const told = (end: number): number =>
          toldCount(isOn.filter(({ hour }) => hour < end).length, 5);
        const { value, n } = ask(at(from), at(to));
        assert.equal(n % 5, 0);
        // Of fewer than twenty visits there is an interval only.
        if (value !== null) assert.equal(on(from, to), told(to) - told(from));
      }
      const [whole, first, second] = [ask(at(0), at(31)), ask(at(0), at(12)), ask(at(12), at(31))];
      assert.equal(first.n + second.n, whole.n);
    }),
    { numRuns: 25 },
  );
});

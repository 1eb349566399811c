import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EventMaker, shopSite, utc } from "../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../core/brand.ts";
import type { CrossingRecorded, JourneyEvent } from "../core/events.ts";
import type { MetricId, MetricValue } from "../core/metric-value.ts";
import type { MeasurePlan, OpeningHours, SitePlan } from "../core/site.ts";
import { createTradingCalendar } from "./calendar/trading-day.ts";
import { createMetrics } from "./metrics.ts";

/** The edge cases of the metric definitions, as far as doors, hours and time are concerned. */

const MINUTE_MS = 60_000;
const STORE = { kind: "store" } as const;
/** A Friday. */
const DAY = utc("2026-11-20T04:00:00Z");
const at = (minute: number): EpochMs => epochMs(DAY + minute * MINUTE_MS);
const times = (count: number, first: number, step = 1): number[] =>
  Array.from({ length: count }, (_, i) => first + i * step);

/** Nine to six on every day of the week: minutes 300 to 840 of the trading day. */
const HOURS: OpeningHours = {
  days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
  fromMin: 540,
  toMin: 1080,
};

function withPlan(
  plan: { readonly hours?: readonly OpeningHours[]; readonly measures?: MeasurePlan },
  site = shopSite(),
): SitePlan {
  const { hours, measures } = plan;
  return { ...site, store: { ...site.store, hours }, measures };
}

function shop(site: SitePlan, make: (maker: EventMaker) => readonly JourneyEvent[]) {
  const maker = new EventMaker();
  const metrics = createMetrics({ site });
  for (const event of [...maker.allSeeing(DAY), ...make(maker)]) metrics.ingest(event);
  const ask = (metric: MetricId, from = 0, to = 1440): MetricValue =>
    metrics.value(metric, STORE, at(from), at(to));
  return { metrics, ask, maker };
}

const enter = (maker: EventMaker, minutes: readonly number[]): CrossingRecorded[] =>
  minutes.map((minute) => maker.crossing(at(minute), "door", "in"));
const child = (event: CrossingRecorded, isChild = true): CrossingRecorded => ({
  ...event,
  isChild,
});

test("children: told apart they are no entrants, and stand beside them; else they are in", () => {
  const events = (maker: EventMaker): JourneyEvent[] => [
    ...enter(maker, times(10, 310)).map((event) => child(event, false)),
    ...enter(maker, times(4, 330)).map((event) => child(event)),
  ];
  const apart = shop(withPlan({ measures: { children: "separate" } }), events);
  const value = apart.ask("entrants");
  assert.deepEqual([value.value, value.definition.parameters["childrenSeparate"]], [10, 4]);
  assert.equal(apart.ask("children").value, 4);
  assert.equal(apart.ask("children").definition.parameters["measured"], 14);
  const together = shop(shopSite(), events);
  assert.deepEqual([together.ask("entrants").value, together.ask("children").value], [14, 4]);
});

test("children are unknown where no counter measures height, never nobody", () => {
  const value = shop(shopSite(), (maker) => enter(maker, times(5, 310))).ask("children");
  assert.deepEqual([value.value, value.reason?.code], [null, "no-heights"]);
});

test("a child of staff, or one that comes in again, is taken out once", () => {
  const { ask } = shop(withPlan({ measures: { children: "separate" } }), (maker) => {
    const [helper] = enter(maker, [310]).map((event) => child(event));
    const again = [320, 325].map((minute) =>
      child(maker.crossing(at(minute), "door", "in", { track: 7 })),
    );
    assert.ok(helper !== undefined);
    return [...enter(maker, times(3, 340)), helper, ...again, maker.staff(helper)];
  });
  assert.deepEqual([ask("entrants").value, ask("children").value], [3, 1]);
});

test("a family is one buying unit, whether or not its children count as entrants", () => {
  for (const children of ["count", "separate"] as const) {
    const { ask } = shop(withPlan({ measures: { children } }), (maker) => [
      ...enter(maker, [310, 310]),
      child(maker.crossing(at(310), "door", "in")),
      maker.group(at(310), "door", "in", 3),
    ]);
    assert.equal(ask("buying-units").value, 1);
  }
});

test("groups: with every fourth person in a pair, units are an eighth fewer than people", () => {
  const { ask } = shop(shopSite(), (maker) => [
    ...enter(maker, times(80, 310)),
    ...times(10, 310).map((minute) => maker.group(at(minute), "door", "in", 2)),
  ]);
  assert.deepEqual([ask("entrants").value, ask("buying-units").value], [80, 70]);
});

test("a U-turn at the door on one track is one entrant, and the raw count tells both", () => {
  const { ask } = shop(shopSite(), (maker) => [
    maker.crossing(at(310), "door", "in", { track: 3 }),
    maker.crossing(at(310.1), "door", "out", { track: 3 }),
    maker.crossing(at(310.2), "door", "in", { track: 3 }),
  ]);
  assert.deepEqual([ask("entrants").value, ask("entrants-raw").value], [1, 2]);
});

test("in at one door and out at another: the shop is even, and so says nobody", () => {
  const { ask } = shop(shopSite({ doors: ["street", "mall"] }), (maker) =>
    times(60, 310).flatMap((minute) => [
      maker.crossing(at(minute), "street", "in"),
      maker.crossing(at(minute + 9), "mall", "out", { role: "door" }),
    ]),
  );
  assert.deepEqual([ask("entrants").value, ask("exits").value], [60, 60]);
  assert.equal(ask("entrants").reason, null);
});

test("a door that only counts out is doubted, and counted as it is", () => {
  const { ask } = shop(shopSite(), (maker) =>
    times(80, 310).map((minute) => maker.crossing(at(minute), "door", "out")),
  );
  assert.deepEqual([ask("entrants").value, ask("entrants").reason?.code], [0, "counts-lopsided"]);
  assert.match(ask("exits").reason?.text ?? "", /^0 came in but 80 left in a day/);
  assert.equal(ask("exits", 0, 400).reason?.code, "counts-lopsided", "while the day goes on too");
  const none = ask("sales-conversion");
  assert.equal(none.value, null);
});

test("more people in a minute than go through a door are doubted, and counted as they are", () => {
  const { ask } = shop(shopSite(), (maker) => enter(maker, Array(300).fill(310)));
  assert.deepEqual([ask("entrants").value, ask("entrants").reason?.code], [300, "impossible-rate"]);
});

test("a line that falls silent while its sibling counts is named", () => {
  const pass = (maker: EventMaker, day: number, lines: readonly string[]): JourneyEvent[] =>
    times(100, day * 1440 + 310).flatMap((minute) =>
      lines.map((line) => maker.crossing(at(minute), line, "in")),
    );
  const both = ["pass-left", "pass-right"];
  const { ask } = shop(shopSite(), (maker) => [
    ...[0, 1, 2].flatMap((day) => pass(maker, day, both)),
    ...pass(maker, 3, ["pass-left"]),
  ]);
  assert.equal(ask("passing-traffic", 0, 1440).reason, null);
  const value = ask("passing-traffic", 3 * 1440, 4 * 1440);
  assert.deepEqual([value.value, value.reason?.code], [100, "silent-line"]);
  assert.match(value.reason?.text ?? "", /Line pass-right/);
});

test("opening hours: who comes outside of them is told apart, and the raw count holds everybody", () => {
  const { ask, metrics } = shop(withPlan({ hours: [HOURS] }), (maker) =>
    enter(maker, [250, 294, ...times(30, 295), 839, 840, 900]),
  );
  const chart = metrics.today(at(1439)).series.entrants;
  assert.equal(
    chart.reduce((sum: number, n) => sum + (n ?? 0), 0),
    31,
    "in the chart too",
  );
  const value = ask("entrants");
  assert.equal(value.value, 31, "five minutes before opening count");
  const { preOpen, postClose, openGraceMs } = value.definition.parameters;
  assert.deepEqual([preOpen, postClose, openGraceMs], [2, 2, 300_000]);
  assert.equal(value.reason?.code, "outside-hours");
  const raw = ask("entrants-raw");
  assert.equal(raw.value, 35);
  const { entrants, outsideHours } = raw.definition.parameters;
  assert.deepEqual([entrants, outsideHours], [31, 4]);
  assert.equal(shop(shopSite(), (maker) => enter(maker, [250, 900])).ask("entrants").value, 2);
});

test("opening hours: passers-by of the night are in no rate, leavers after closing are leavers", () => {
  const { ask } = shop(withPlan({ hours: [HOURS] }), (maker) => [
    ...times(100, 310).map((minute) => maker.crossing(at(minute), "pass-left", "in")),
    ...times(50, 900).map((minute) => maker.crossing(at(minute), "pass-left", "in")),
    ...enter(maker, times(25, 310)),
    ...times(25, 830).map((minute) => maker.crossing(at(minute), "door", "out")),
  ]);
  assert.equal(ask("passing-traffic").value, 100);
  assert.equal(ask("passing-traffic").definition.parameters["postClose"], 50);
  assert.equal(ask("shopfront-conversion").value, 0.25);
  assert.equal(ask("exits").value, 25);
  assert.equal(ask("occupancy").value, 0);
});

test("opening hours: a camera that is blind at night has seen all of the day", () => {
  const { ask } = shop(withPlan({ hours: [HOURS] }), (maker) => [
    maker.sensor(at(850), "entrance", "stopped"),
    ...enter(maker, times(30, 310)),
  ]);
  assert.deepEqual([ask("entrants").coverage, ask("entrants").reason], [1, null]);
  assert.equal(ask("entrants").imputedShare, 0);
  assert.ok(
    shop(shopSite(), (m) => [m.sensor(at(850), "entrance", "stopped")]).ask("entrants").coverage <
      0.6,
  );
});

test("opening hours: an hour in which the shop is closed has no entrants, and no rate", () => {
  const { ask } = shop(withPlan({ hours: [HOURS] }), (maker) => enter(maker, [310, 905]));
  const value = ask("entrants", 900, 960);
  assert.deepEqual([value.value, value.reason?.code], [0, "outside-hours"]);
  assert.equal(ask("shopfront-conversion", 900, 960).reason?.code, "no-passers-by");
});

test("people inside at the roll-over belong to the day they came, each crossing to its own day", () => {
  const { ask } = shop(shopSite(), (maker) => [
    maker.crossing(at(1439), "door", "in"),
    maker.crossing(at(1441), "door", "out"),
  ]);
  assert.deepEqual([ask("entrants").value, ask("exits").value], [1, 0]);
  assert.deepEqual([ask("entrants", 1440, 2880).value, ask("exits", 1440, 2880).value], [0, 1]);
});

const zones = [
  { zone: "Europe/Copenhagen", day: "2026-03-28T12:00:00Z", hours: 23 },
  { zone: "Europe/Copenhagen", day: "2026-10-24T12:00:00Z", hours: 25 },
  { zone: "Asia/Kolkata", day: "2026-11-20T12:00:00Z", hours: 24 },
  { zone: "Australia/Lord_Howe", day: "2026-10-03T12:00:00Z", hours: 23.5 },
];
for (const { zone, day, hours } of zones) {
  test(`a trading day of ${hours} hours in ${zone} holds its crossings, and its hours add up to it`, () => {
    const site = shopSite({ timeZone: zone });
    const { start, end } = createTradingCalendar(zone, 240).dayOf(utc(day));
    assert.equal((end - start) / 3_600_000, hours);
    const maker = new EventMaker();
    const metrics = createMetrics({ site });
    for (const event of maker.allSeeing(start)) metrics.ingest(event);
    for (let t = start - 30 * MINUTE_MS; t < end + 30 * MINUTE_MS; t += 10 * MINUTE_MS)
      metrics.ingest(maker.crossing(epochMs(t), "door", "in"));
    const count = (from: number, to: number): number =>
      metrics.value("entrants", STORE, epochMs(from), epochMs(to)).value ?? Number.NaN;
    assert.equal(count(start, end), hours * 6);
    let sum = 0;
    for (let t: number = start; t < end; t += 3_600_000)
      sum += count(t, Math.min(end, t + 3_600_000));
    assert.equal(sum, hours * 6);
  });
}

test("a day that the calendar skips takes nothing with it", () => {
  // Apia went from 29 to 31 December 2011.
  const calendar = createTradingCalendar("Pacific/Apia", 240);
  const before = calendar.dayOf(utc("2011-12-30T09:00:00Z"));
  const after = calendar.dayOf(before.end);
  assert.equal(after.start, before.end);
  const maker = new EventMaker();
  const metrics = createMetrics({ site: shopSite({ timeZone: "Pacific/Apia" }) });
  for (const event of maker.allSeeing(before.start)) metrics.ingest(event);
  const span = after.end - before.start;
  for (let i = 0; i < 96; i += 1)
    metrics.ingest(maker.crossing(epochMs(before.start + (i * span) / 96), "door", "in"));
  const count = (from: EpochMs, to: EpochMs): number =>
    metrics.value("entrants", STORE, from, to).value ?? Number.NaN;
  assert.equal(count(before.start, before.end) + count(after.start, after.end), 96);
  assert.equal(count(before.start, after.end), 96);
});

test("counts of parts add up to the whole over days, with hours, staff and re-entries", () => {
  const random = fc.integer({ min: 0, max: 3 * 1440 });
  fc.assert(
    fc.property(fc.array(random, { minLength: 1, maxLength: 60 }), random, (minutes, cut) => {
      const { ask } = shop(withPlan({ hours: [HOURS] }), (maker) =>
        [...minutes]
          .sort((a, b) => a - b)
          .flatMap((minute, i): JourneyEvent[] => {
            const track = i % 3 === 0 ? { track: 5 } : {};
            const crossing = maker.crossing(at(minute), "door", "in", track);
            const passed = maker.crossing(at(minute), "pass-left", "in");
            return i % 5 === 0 ? [crossing, passed, maker.staff(crossing)] : [crossing, passed];
          }),
      );
      for (const metric of ["entrants", "entrants-raw", "passing-traffic", "exits"] as const) {
        const parts =
          (ask(metric, 0, cut).value ?? 0) + (ask(metric, cut, 3 * 1440 + 1).value ?? 0);
        assert.equal(parts, ask(metric, 0, 3 * 1440 + 1).value, metric);
      }
      const raw = ask("entrants-raw");
      const { entrants, reentriesMerged, staffExcluded, childrenSeparate, outsideHours } =
        raw.definition.parameters;
      const named = [entrants, reentriesMerged, staffExcluded, childrenSeparate, outsideHours];
      assert.equal(
        named.reduce<number>((sum, n) => sum + Number(n), 0),
        raw.value,
      );
      assert.equal(ask("entrants").value, entrants);
    }),
    { numRuns: 60, seed: 9 },
  );
});

test("with nobody at all every rate is unknown and every count is zero", () => {
  const { ask } = shop(withPlan({ hours: [HOURS] }), (maker) => [maker.receipt(at(400), "r")]);
  for (const metric of ["entrants", "exits", "passing-traffic", "buying-units"] as const)
    assert.equal(ask(metric).value, 0);
  for (const metric of ["shopfront-conversion", "sales-conversion", "shopper-yield"] as const) {
    assert.equal(ask(metric).value, null);
    assert.ok(ask(metric).reason !== null);
  }
});

test("intervals of counts hold the count, and what a door may have missed", () => {
  const { ask } = shop(shopSite(), (maker) => [
    ...enter(maker, times(500, 310)),
    ...times(480, 320).map((minute) => maker.crossing(at(minute), "door", "out")),
  ]);
  const [low, high] = ask("entrants").ci95 ?? [0, 0];
  assert.ok(low < 500 && low > 480 && high > 510 && high < 540);
  const [, exitsHigh] = ask("exits").ci95 ?? [0, 0];
  assert.ok(exitsHigh > 510, "as many must have left as came");
});

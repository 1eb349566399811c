import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FullDay, fullShop } from "../../test/fakes/full-day.ts";
import { EventMaker, shopSite, utc } from "../../test/fakes/journey-events.ts";
import { simulateDay } from "../../test/fakes/shop-simulation.ts";
import { type EpochMs, epochMs } from "../core/brand.ts";
import type { JourneyEvent } from "../core/events.ts";
import type { MetricId } from "../core/metric-value.ts";
import { seededRandom } from "../core/random.ts";
import { createTradingCalendar } from "./calendar/trading-day.ts";
import { KEPT_DAYS } from "./days/day-book.ts";
import { createMetrics, type Metrics, type MetricsFootprint } from "./metrics.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAY = utc("2026-11-20T04:00:00Z");
const OPENS = epochMs(DAY + 5 * HOUR_MS);
const STORE = { kind: "store" } as const;

function ingestAll(metrics: Metrics, events: readonly JourneyEvent[]): Metrics {
  for (const event of events) metrics.ingest(event);
  return metrics;
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

/** A simulated day with zone stays, sensors and a blind hour, in time. */
function richDay(seed: number): JourneyEvent[] {
  const random = seededRandom(seed);
  const maker = new EventMaker();
  const day = simulateDay({ random, opensAt: OPENS, maker, missInRatio: 0.02, missOutRatio: 0.03 });
  const extra: JourneyEvent[] = [
    ...maker.allSeeing(DAY),
    maker.sensor(epochMs(OPENS + 2 * HOUR_MS), "floor", "blind"),
    maker.sensor(epochMs(OPENS + 3 * HOUR_MS), "floor"),
  ];
  for (let track = 1; track <= 80; track += 1) {
    const from = epochMs(OPENS + Math.floor(random() * 9 * HOUR_MS));
    const dwellMs = Math.floor(-40_000 * Math.log(1 - random()));
    extra.push(maker.zoneEntered(from, "table", track));
    extra.push(maker.zoneExited(epochMs(from + dwellMs), "table", track, dwellMs, random() < 0.1));
  }
  return [...day.events, ...extra].sort((a, b) => a.at - b.at);
}

test("the same input gives identical JSON", () => {
  const render = (): string => {
    const metrics = ingestAll(createMetrics({ site: shopSite() }), richDay(3));
    return JSON.stringify(metrics.today(epochMs(OPENS + 11 * HOUR_MS)));
  };
  assert.equal(render(), render());
});

test("shuffling events within a minute changes nothing", () => {
  const events = richDay(4);
  const minutes = new Map<number, JourneyEvent[]>();
  for (const event of events) {
    const minute = Math.floor(event.at / MINUTE_MS);
    minutes.set(minute, [...(minutes.get(minute) ?? []), event]);
  }
  const now = epochMs(OPENS + 11 * HOUR_MS);
  const expected = ingestAll(createMetrics({ site: shopSite() }), events).today(now);
  for (const seed of [1, 2, 3]) {
    const random = seededRandom(seed);
    const mixed = [...minutes.values()].flatMap((group) => shuffled(group, random));
    const view = ingestAll(createMetrics({ site: shopSite() }), mixed).today(now);
    assert.equal(JSON.stringify(view), JSON.stringify(expected));
  }
});

test("any order of arrival gives the same figures, only revisions differ", () => {
  const events = richDay(5);
  const now = epochMs(OPENS + 11 * HOUR_MS);
  const figures = (input: readonly JourneyEvent[]): unknown => {
    const view = ingestAll(createMetrics({ site: shopSite() }), input).today(now);
    const doors = view.tiles.map(({ metric, value, n, coverage }) => [metric, value, n, coverage]);
    return [doors, view.series.entrants, view.series.occupancy, view.series.passing];
  };
  assert.deepEqual(figures(shuffled(events, seededRandom(8))), figures(events));
});

test("delivering everything twice changes nothing", () => {
  const events = richDay(6);
  const now = epochMs(OPENS + 11 * HOUR_MS);
  const once = ingestAll(createMetrics({ site: shopSite() }), events);
  const twice = ingestAll(
    createMetrics({ site: shopSite() }),
    events.flatMap((e) => [e, e]),
  );
  assert.equal(JSON.stringify(twice.today(now)), JSON.stringify(once.today(now)));
  const replayed = ingestAll(once, events);
  assert.equal(replayed.counters.duplicates, events.length);
});

test("parts of the day add up to the whole, and the chart adds up to the tiles", () => {
  const metrics = ingestAll(createMetrics({ site: shopSite() }), richDay(7));
  const value = (id: MetricId, from: EpochMs, to: EpochMs): number =>
    metrics.value(id, STORE, from, to).value ?? Number.NaN;
  const end = epochMs(DAY + DAY_MS);
  const ids = ["entrants", "exits", "passing-traffic", "transactions", "net-sales"] as const;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1439 }), (minute) => {
      const cut = epochMs(DAY + minute * MINUTE_MS);
      for (const id of ids)
        assert.equal(value(id, DAY, cut) + value(id, cut, end), value(id, DAY, end), id);
    }),
    { numRuns: 40, seed: 1 },
  );
  const { series, tiles } = metrics.today(epochMs(end - 1));
  const sum = (column: readonly (number | null)[]): number =>
    column.reduce<number>((all, n) => all + (n ?? 0), 0);
  const tile = (id: MetricId): number | null | undefined =>
    tiles.find((t) => t.metric === id)?.value;
  assert.equal(sum(series.entrants), tile("entrants"));
  assert.equal(sum(series.exits), tile("exits"));
  assert.equal(sum(series.passing), tile("passing-traffic"));
  assert.equal(sum(series.transactions), tile("transactions"));
});

test("doors add up to the shop", () => {
  const maker = new EventMaker();
  const metrics = createMetrics({ site: shopSite({ doors: ["door", "door-2"] }) });
  ingestAll(metrics, maker.allSeeing(DAY));
  const random = seededRandom(12);
  for (let i = 0; i < 200; i += 1) {
    const at = epochMs(OPENS + Math.floor(random() * 8 * HOUR_MS));
    const door = random() < 0.3 ? "door" : "door-2";
    metrics.ingest(maker.crossing(at, door, random() < 0.6 ? "in" : "out"));
  }
  const now = epochMs(OPENS + 9 * HOUR_MS);
  for (const id of ["entrants", "exits"] as const) {
    const ask = (scope: { kind: "store" } | { kind: "line"; id: string }): number =>
      metrics.value(id, scope, DAY, now).value ?? Number.NaN;
    const doors = ask({ kind: "line", id: "door" }) + ask({ kind: "line", id: "door-2" });
    assert.equal(doors, ask(STORE));
  }
});

test("occupancy is in less out while it never was negative", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 40 }), (stays) => {
      const maker = new EventMaker();
      const metrics = createMetrics({ site: shopSite() });
      ingestAll(metrics, maker.allSeeing(DAY));
      for (const [i, minutes] of stays.entries()) {
        metrics.ingest(maker.crossing(epochMs(OPENS + i * MINUTE_MS), "door", "in"));
        const left = epochMs(OPENS + (i + minutes) * MINUTE_MS);
        if (left < OPENS + 120 * MINUTE_MS) metrics.ingest(maker.crossing(left, "door", "out"));
      }
      const now = epochMs(OPENS + 120 * MINUTE_MS);
      const ask = (id: MetricId): number => metrics.value(id, STORE, DAY, now).value ?? Number.NaN;
      assert.equal(ask("occupancy"), ask("entrants") - ask("exits"));
    }),
    { numRuns: 60, seed: 2 },
  );
});

const clockChanges = [
  { name: "23 hours", noon: "2026-03-28T12:00:00Z", hours: 23 },
  { name: "25 hours", noon: "2026-10-24T12:00:00Z", hours: 25 },
];
for (const c of clockChanges) {
  test(`a trading day of ${c.name} has as many slots, and the hour of the change is counted`, () => {
    const site = shopSite({ timeZone: "Europe/Copenhagen" });
    const day = createTradingCalendar("Europe/Copenhagen", 240).dayOf(utc(c.noon));
    const maker = new EventMaker();
    const metrics = createMetrics({ site });
    ingestAll(metrics, maker.allSeeing(day.start));
    for (let at = day.start; at < day.end; at = epochMs(at + HOUR_MS))
      metrics.ingest(maker.crossing(at, "door", "in"));
    const view = metrics.today(epochMs(day.end - 1));
    assert.equal(view.series.entrants.length, c.hours * 4);
    assert.equal(view.tiles.find((tile) => tile.metric === "entrants")?.value, c.hours);
    assert.equal(view.dayEnd - view.dayStart, c.hours * HOUR_MS);
    metrics.ingest(maker.crossing(day.end, "door", "in"));
    assert.equal(metrics.value("entrants", STORE, day.start, day.end).value, c.hours);
  });
}

test("after a week of closed days the live figures take the learned drift of the doors into account", () => {
  const random = seededRandom(21);
  const maker = new EventMaker();
  const metrics = createMetrics({ site: shopSite() });
  ingestAll(metrics, maker.allSeeing(DAY));
  let inside = 0;
  for (let day = 0; day <= 7; day += 1) {
    const opensAt = epochMs(OPENS + day * DAY_MS);
    const missed = { missInRatio: 0.01, missOutRatio: 0.05, entriesPerHour: 120 };
    const { events } = simulateDay({ random, opensAt, maker, ...missed });
    ingestAll(metrics, events);
    inside = events.reduce((sum, { kind }) => {
      return sum + Number(kind === "entered") - Number(kind === "exited");
    }, 0);
  }
  const closing = epochMs(OPENS + 7 * DAY_MS + 15 * HOUR_MS);
  const live = metrics.value("occupancy", STORE, epochMs(DAY + 7 * DAY_MS), closing);
  assert.equal(live.definition.parameters["driftDays"], 7);
  assert.ok(inside > 30, `raw balance ${inside}`);
  assert.ok((live.value ?? 99) < inside / 2, `live ${live.value} of raw ${inside}`);
});

test("sixty days of a busy shop keep memory flat", () => {
  const metrics = createMetrics({ site: fullShop(), estimating: "in-slices" });
  const sizes: MetricsFootprint[] = [];
  for (let day = 0; day < 60; day += 1) {
    // A camera restarts every night: another run, another source, numbers from 0.
    const opensAt = epochMs(OPENS + day * DAY_MS);
    const run = `run-${day}`;
    ingestAll(metrics, new FullDay(run, opensAt, seededRandom(day)).events(100));
    if (day % 10 === 0) metrics.today(epochMs(opensAt + 12 * HOUR_MS));
    sizes.push(metrics.footprint);
  }
  const last = sizes.at(-1);
  assert.equal(last?.days, KEPT_DAYS);
  assert.equal(last?.slots, KEPT_DAYS * 1440);
  assert.equal(last?.learnedDays, 60 - KEPT_DAYS);
  // Every visitor: a visit, two door times, at most three stays and a tag's, and at most one receipt.
  for (const size of sizes.slice(KEPT_DAYS)) {
    const people = KEPT_DAYS * 100;
    assert.ok(size.days <= KEPT_DAYS && size.slots <= KEPT_DAYS * 1440);
    assert.ok(size.sensorChanges <= 3 * 3 * (KEPT_DAYS + 1) && size.sources <= 256);
    assert.ok(size.tracks <= 2 * 4096 && size.crossings <= 2 * 4096 && size.zoneTracks <= 400);
    assert.ok(size.visits === people && size.doorTimes <= 2 * people);
    assert.ok(size.zoneVisits <= 4 * people && size.receipts <= people);
    assert.ok(size.openVisits <= 3 * 4096 && size.customers <= 6 && size.answers <= 6144);
  }
  const old = metrics.value("entrants", STORE, DAY, epochMs(DAY + DAY_MS));
  assert.equal(old.reason?.code, "not-kept");
  metrics.ingest(new EventMaker("late").crossing(OPENS, "door", "in"));
  assert.equal(metrics.counters.tooLate, 1);
});

test("days go on being kept when nobody asks, across closed days too", () => {
  const maker = new EventMaker();
  const metrics = createMetrics({ site: shopSite() });
  ingestAll(metrics, maker.allSeeing(DAY));
  const days = [0, 1, 2, 3, 7, 8, 9, 10, 11, 12, 20];
  for (const day of days)
    metrics.ingest(maker.crossing(epochMs(OPENS + day * DAY_MS), "door", "in"));
  const from = epochMs(DAY + 20 * DAY_MS);
  assert.equal(metrics.value("entrants", STORE, from, epochMs(from + DAY_MS)).value, 1);
  assert.equal(metrics.counters.tooLate, 0);
});

test("an event from a clock far ahead takes the place of no real day", () => {
  const maker = new EventMaker();
  const metrics = createMetrics({ site: shopSite() });
  ingestAll(metrics, maker.allSeeing(DAY));
  metrics.today(OPENS);
  for (let year = 1; year <= KEPT_DAYS + 5; year += 1) {
    const at = epochMs(OPENS + year * 365 * DAY_MS);
    metrics.ingest({ ...maker.crossing(at, "door", "in"), clock: "unsynced" });
  }
  metrics.ingest(maker.crossing(OPENS, "door", "in"));
  const value = metrics.value("entrants", STORE, DAY, epochMs(OPENS + HOUR_MS));
  assert.equal(value.value, 1);
  assert.equal(metrics.footprint.days, KEPT_DAYS);
});

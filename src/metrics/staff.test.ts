import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EventMaker, shopSite, utc } from "../../test/fakes/journey-events.ts";
import { simulateDay } from "../../test/fakes/shop-simulation.ts";
import { type EpochMs, epochMs } from "../core/brand.ts";
import type { CrossingRecorded, JourneyEvent } from "../core/events.ts";
import type { MetricId, MetricValue } from "../core/metric-value.ts";
import { seededRandom } from "../core/random.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { TILES } from "./reports/today-view.ts";

const MINUTE_MS = 60_000;
const DAY = utc("2026-11-20T04:00:00Z");
const NEXT = utc("2026-11-21T04:00:00Z");
const at = (minute: number): EpochMs => epochMs(DAY + minute * MINUTE_MS);
const STORE = { kind: "store" } as const;
const DOOR = { kind: "line", id: "door" } as const;

function openShop(): { maker: EventMaker; metrics: Metrics; add(...events: JourneyEvent[]): void } {
  const maker = new EventMaker();
  const metrics = createMetrics({ site: shopSite() });
  const add = (...events: JourneyEvent[]): void => {
    for (const event of events) metrics.ingest(event);
  };
  add(...maker.allSeeing(DAY));
  return { maker, metrics, add };
}

const ask = (metrics: Metrics, metric: MetricId, minute = 600): MetricValue =>
  metrics.value(metric, STORE, DAY, at(minute));

/** What of a value must not depend on whether somebody was left out or never came. */
const bare = ({ metric, value, n, ci95, coverage }: MetricValue): unknown => [
  metric,
  value,
  n,
  ci95,
  coverage,
];

/** Every figure of the day, open and closed, door by door and in the chart. */
function figures(metrics: Metrics): unknown {
  const view = metrics.today(at(700));
  const doors = (view.doors ?? []).flatMap(({ entrants, exits }) => [entrants, exits]);
  const closed = TILES.map((metric) => metrics.value(metric, STORE, DAY, NEXT));
  return [[...view.tiles, ...doors, ...closed].map(bare), view.series];
}

test("a crossing that turned out to be staff is no entrant any more, and the value says so", () => {
  const { maker, metrics, add } = openShop();
  const crossings = [10, 20, 30].map((minute) => maker.crossing(at(minute), "door", "in"));
  add(...crossings, maker.crossing(at(100), "door", "out"));
  const [first] = crossings;
  assert.ok(first !== undefined);
  assert.equal(ask(metrics, "entrants").value, 3);
  add(maker.staff(first));
  const value = ask(metrics, "entrants");
  assert.deepEqual([value.value, value.n, value.revision], [2, 2, 1]);
  assert.deepEqual(value.reason, {
    code: "staff-excluded",
    text: "Staff left out: 1; raw count 3.",
  });
  assert.equal(value.definition.parameters["staffExcluded"], 1);
  assert.equal(ask(metrics, "exits").definition.parameters["staffExcluded"], 0);
  assert.equal(ask(metrics, "occupancy").value, 1);
  assert.equal(metrics.counters.staffCrossings, 1);
});

test("a mark that comes at once corrects nothing that had been published", () => {
  const { maker, metrics, add } = openShop();
  const crossing = maker.crossing(at(10), "door", "in");
  add(crossing, maker.staff(crossing));
  assert.deepEqual([ask(metrics, "entrants").value, ask(metrics, "entrants").revision], [0, 0]);
});

test("a mark before its crossing waits for it", () => {
  const { maker, metrics, add } = openShop();
  const crossing = maker.crossing(at(10), "door", "in");
  add(maker.staff(crossing));
  assert.deepEqual([ask(metrics, "entrants").value, metrics.footprint.waitingMarks], [0, 1]);
  add(crossing, maker.crossing(at(11), "door", "in"));
  assert.deepEqual([ask(metrics, "entrants").value, metrics.footprint.waitingMarks], [1, 0]);
});

test("a mark whose crossing never came takes nobody out", () => {
  const { maker, metrics, add } = openShop();
  const lost = maker.crossing(at(10), "door", "in");
  add(maker.crossing(at(10), "door", "in"), maker.staff(lost));
  assert.equal(ask(metrics, "entrants").value, 1);
  for (let i = 0; i < 2000; i += 1) add(maker.staff(maker.crossing(at(12), "door", "in")));
  assert.equal(metrics.footprint.waitingMarks, 1024);
  assert.equal(ask(metrics, "entrants").value, 1);
});

test("a crossing is taken out once, however often it is marked", () => {
  const { maker, metrics, add } = openShop();
  const crossing = maker.crossing(at(10), "door", "in");
  const mark = maker.staff(crossing);
  add(crossing, maker.crossing(at(11), "door", "in"), mark, mark, maker.staff(crossing, "ben"));
  assert.equal(ask(metrics, "entrants").value, 1);
});

test("a mark for a passing line, a line outside the plan or a day not kept changes nothing", () => {
  const { maker, metrics, add } = openShop();
  const passing = maker.crossing(at(10), "pass-left", "in");
  add(passing, maker.staff(passing));
  assert.equal(ask(metrics, "passing-traffic").value, 1);
  const { unknownIds } = metrics.counters;
  add(maker.staff(maker.crossing(at(10), "nowhere", "in")));
  assert.equal(metrics.counters.unknownIds, unknownIds + 1);
  assert.equal(metrics.counters.staffCrossings, 0);
});

test("staff who come again on one track are taken out once, whatever came first", () => {
  for (const order of [
    [0, 1, 2],
    [2, 0, 1],
    [1, 2, 0],
    [1, 0, 2],
  ]) {
    const { maker, metrics, add } = openShop();
    const first = maker.crossing(at(10), "door", "in", { track: 7 });
    const again = maker.crossing(at(15), "door", "in", { track: 7 });
    const news = [first, again, maker.staff(again)];
    add(maker.crossing(at(5), "door", "in"), ...order.flatMap((i) => news[i] ?? []));
    assert.equal(ask(metrics, "entrants").value, 2, String(order));
    assert.equal(metrics.value("entrants", DOOR, DAY, at(600)).value, 2, String(order));
    assert.equal(ask(metrics, "occupancy").value, 2, String(order));
  }
});

test("both entries of one track marked: nobody came, and nothing is below zero", () => {
  const { maker, metrics, add } = openShop();
  const first = maker.crossing(at(10), "door", "in", { track: 7 });
  const again = maker.crossing(at(15), "door", "in", { track: 7 });
  add(first, again, maker.staff(first), maker.staff(again));
  assert.deepEqual([ask(metrics, "entrants").value, ask(metrics, "occupancy").value], [0, 0]);
  assert.match(ask(metrics, "entrants").reason?.text ?? "", /raw count 2/);
});

test("staff in a group are no part of its buying unit, whether the mark or the group came first", () => {
  const sizes: [size: number, staff: number, units: number][] = [
    [2, 1, 1],
    [2, 2, 0],
    [3, 1, 1],
    [3, 2, 1],
    [4, 0, 1],
  ];
  for (const [size, staff, units] of sizes) {
    for (const isMarkFirst of [true, false]) {
      const { maker, metrics, add } = openShop();
      const tracks = Array.from({ length: size }, (_, i) => i);
      const members = tracks.map((track) => maker.crossing(at(10), "door", "in", { track }));
      const marks = members.slice(0, staff).map((member) => maker.staff(member));
      const group = maker.group(at(10), "door", "in", size, tracks);
      add(...members, ...(isMarkFirst ? [...marks, group] : [group, ...marks]));
      assert.equal(ask(metrics, "entrants").value, size - staff);
      assert.equal(ask(metrics, "buying-units").value, units, `${staff} staff of ${size}`);
    }
  }
});

/** A simulated day in which some of the crossings are staff, and the same day had staff never come. */
function dayWithStaff(seed: number): { all: JourneyEvent[]; without: JourneyEvent[] } {
  const random = seededRandom(seed);
  const maker = new EventMaker();
  const opensAt = at(300);
  const openMs = 5 * 60 * MINUTE_MS;
  const { events } = simulateDay({ random, opensAt, openMs, maker, entriesPerHour: 40 });
  const isDoor = (event: JourneyEvent): event is CrossingRecorded =>
    event.kind === "entered" || event.kind === "exited";
  const staff = new Set(events.filter(isDoor).filter(() => random() < 0.1));
  const marks = [...staff].map((crossing) => maker.staff(crossing));
  const seeing = maker.allSeeing(DAY);
  const customers = events.filter((event) => !isDoor(event) || !staff.has(event));
  return { all: [...seeing, ...events, ...marks], without: [...seeing, ...customers] };
}

test("with marks in any order all figures are those of a day in which staff never came", () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(1000), (seed, mixing) => {
      const { all, without } = dayWithStaff(seed);
      const random = seededRandom(mixing);
      const mixed = all
        .map((event) => ({ event, rank: random() }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ event }) => event);
      const metrics = createMetrics({ site: shopSite() });
      for (const event of [...mixed, ...mixed]) metrics.ingest(event);
      const expected = createMetrics({ site: shopSite() });
      for (const event of without) expected.ingest(event);
      assert.deepEqual(figures(metrics), figures(expected));
      assert.equal(metrics.footprint.waitingMarks, 0);
    }),
    { numRuns: 15 },
  );
});

test("the hour before payments match entries begins with the first customer, not with staff", () => {
  const { maker, metrics, add } = openShop();
  const opening = maker.crossing(at(10), "door", "in");
  add(opening, maker.staff(opening));
  for (let i = 0; i < 30; i += 1) add(maker.crossing(at(80 + i), "door", "in"));
  add(maker.receipt(at(100), "r1"));
  assert.equal(ask(metrics, "sales-conversion", 120).reason?.code, "payment-lag");
  assert.equal(ask(metrics, "sales-conversion", 141).value, 1 / 30);
});

test("staff who stay all day do not lengthen the visits of customers", () => {
  const { maker, metrics, add } = openShop();
  const opening = maker.crossing(at(300), "door", "in");
  const closing = maker.crossing(at(900), "door", "out");
  add(opening, closing);
  for (let i = 0; i < 20; i += 1) {
    add(maker.crossing(at(400 + 20 * i), "door", "in"));
    add(maker.crossing(at(410 + 20 * i), "door", "out"));
  }
  const meanMs = (): number =>
    metrics.value("visit-duration-mean", STORE, DAY, NEXT).value ?? Number.NaN;
  assert.ok(meanMs() > 30 * MINUTE_MS);
  add(maker.staff(opening), maker.staff(closing));
  assert.equal(meanMs(), 10 * MINUTE_MS);
});

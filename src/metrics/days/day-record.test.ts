import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FullDay, fullShop } from "../../../test/fakes/full-day.ts";
import { EventMaker, utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { JourneyEvent } from "../../core/events.ts";
import type { MetricScope, MetricValue } from "../../core/metric-value.ts";
import { seededRandom } from "../../core/random.ts";
import type { SitePlan } from "../../core/site.ts";
import { DEFINITIONS } from "../definitions.ts";
import { createMetrics, type Metrics } from "../metrics.ts";
import type { DayRecord } from "./day-record.ts";
import { plainVisit } from "./visit-row.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAY = utc("2026-11-20T04:00:00Z");
const NEXT = epochMs(DAY + DAY_MS);
const OPENS = epochMs(DAY + 5 * HOUR_MS);
const STORE = { kind: "store" } as const;

const SCOPES: readonly MetricScope[] = [
  STORE,
  { kind: "line", id: "door" },
  { kind: "line", id: "pass-left" },
  { kind: "zone", id: "table" },
  { kind: "zone", id: "cellar" },
  { kind: "zone", id: "queue" },
  { kind: "zone-pair", from: "table", to: "shoes" },
  { kind: "zone-pair", from: "shoes", to: "exit-without" },
];

function ingestAll(metrics: Metrics, events: readonly JourneyEvent[]): Metrics {
  for (const event of events) metrics.ingest(event);
  return metrics;
}

/** Every metric in every scope over an interval. */
const answers = (metrics: Metrics, from: EpochMs, to: EpochMs): MetricValue[] =>
  DEFINITIONS.flatMap(({ metric }) =>
    SCOPES.map((scope) => metrics.value(metric, scope, from, to)),
  );

/** A day of so many people, and the beginning of the next, so that everything of the day is final. */
function dayOf(seed: number, people = 40, start = DAY): JourneyEvent[] {
  const opensAt = epochMs(start + 5 * HOUR_MS);
  const events = new FullDay(`run-${seed}`, opensAt, seededRandom(seed)).events(people);
  return [...events, new EventMaker(`next-${seed}`).sensor(epochMs(start + DAY_MS), "entrance")];
}

/** What was taken out of one life, by way of a disk. */
const throughDisk = (records: readonly DayRecord[]): DayRecord[] =>
  JSON.parse(JSON.stringify(records)) as DayRecord[];

function restoredFrom(metrics: Metrics, site: SitePlan = fullShop()): Metrics {
  const again = createMetrics({ site });
  for (const record of throughDisk(metrics.takeChangedDays(NEXT)))
    assert.ok(again.restore(record), "the record is taken");
  return again;
}

test("a restored day answers every question as it did before", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer({ min: 0, max: 1439 }),
      fc.integer({ min: 1, max: 1440 }),
      (seed, first, length) => {
        const before = ingestAll(createMetrics({ site: fullShop() }), dayOf(seed));
        const after = restoredFrom(before);
        const whole = answers(before, DAY, NEXT);
        assert.deepEqual(answers(after, DAY, NEXT), whole);
        assert.ok(whole.filter(({ value }) => value !== null).length > 40);
        const from = epochMs(DAY + first * 60_000);
        const to = epochMs(Math.min(NEXT, from + length * 60_000));
        assert.deepEqual(answers(after, from, to), answers(before, from, to));
      },
    ),
    { numRuns: 12, seed: 1 },
  );
});

test("a restored day holds the same visits, receipts and door times, and says so again", () => {
  const before = ingestAll(createMetrics({ site: fullShop() }), dayOf(3));
  const records = throughDisk(before.takeChangedDays(NEXT));
  const after = createMetrics({ site: fullShop() });
  for (const record of records) after.restore(record);
  const [old, young] = [before, after].map((metrics) => metrics.sources.book.find(DAY));
  assert.ok(old && young && old.visits.size > 30 && old.sales.size > 5);
  const whole = { from: 0, to: old.slots };
  assert.deepEqual(
    [...young.visits.rows()].map(plainVisit),
    [...old.visits.rows()].map(plainVisit),
  );
  const receipts = (day: typeof old): unknown =>
    [...day.sales.receipts(whole)].map((row) => ({ ...row, lines: row.lines }));
  assert.deepEqual(receipts(young), receipts(old));
  assert.deepEqual(young.doorTimes.times("in"), old.doorTimes.times("in"));
  assert.deepEqual(after.takeChangedDays(), []);
  assert.deepEqual(after.takeDirtySlots(), []);
});

test("what is told again after a restore counts once, and what is new counts", () => {
  const events = dayOf(4);
  const [cut, late] = [Math.floor(events.length * 0.8), events.length - 1];
  const whole = ingestAll(createMetrics({ site: fullShop() }), events);
  const before = ingestAll(createMetrics({ site: fullShop() }), [
    ...events.slice(0, cut),
    ...events.slice(late),
  ]);
  const after = restoredFrom(before);
  // The last hour is told again, and then goes on.
  ingestAll(after, events.slice(Math.floor(cut / 2)));
  const counts = (metrics: Metrics): unknown =>
    (["entrants-raw", "exits", "passing-traffic", "transactions", "net-sales"] as const).map(
      (id) => metrics.value(id, STORE, DAY, NEXT).value,
    );
  assert.deepEqual(counts(after), counts(whole));
  const dwell = (metrics: Metrics): unknown =>
    metrics.value("zone-dwell-total", { kind: "zone", id: "table" }, DAY, NEXT).value;
  assert.deepEqual(dwell(after), dwell(whole));
  assert.ok(after.counters.duplicates > 20);
});

test("a stay that ended and is not final yet is in the record, once", () => {
  const maker = new EventMaker();
  const before = createMetrics({ site: fullShop() });
  const nearEnd = epochMs(NEXT - 120_000);
  const exit = maker.zoneExited(epochMs(nearEnd + 60_000), "table", 1, 60_000);
  ingestAll(before, [...maker.allSeeing(DAY), maker.zoneEntered(nearEnd, "table", 1), exit]);
  const after = restoredFrom(before);
  const asked = (metrics: Metrics): unknown => {
    const zone = { kind: "zone", id: "table" } as const;
    const { value } = metrics.value("zone-dwell-total", zone, DAY, NEXT);
    return [value, metrics.value("zone-visits", zone, DAY, NEXT).value];
  };
  assert.deepEqual(asked(after), [60_000, 1]);
  after.ingest(exit);
  after.ingest(new EventMaker("b").sensor(epochMs(NEXT + HOUR_MS), "floor"));
  assert.deepEqual(asked(after), [60_000, 1]);
  assert.deepEqual(asked(before), [60_000, 1]);
});

test("lines and zones that left the plan are ignored, and written again with the day", () => {
  const before = ingestAll(createMetrics({ site: fullShop() }), dayOf(5));
  const site = fullShop();
  const smaller = {
    ...site,
    cameras: site.cameras.map((camera) => ({
      ...camera,
      lines: camera.lines.filter((line) => line.id !== "pass-left"),
      zones: camera.zones.filter((zone) => zone.id !== "table"),
    })),
  };
  const [record] = throughDisk(before.takeChangedDays(NEXT));
  assert.ok(record !== undefined);
  const after = createMetrics({ site: smaller });
  assert.ok(after.restore(record));
  const asked = (metrics: Metrics): unknown =>
    metrics.value("entrants-raw", STORE, DAY, NEXT).value;
  assert.equal(asked(after), asked(before));
  after.ingest(new EventMaker("late").crossing(OPENS, "door", "in"));
  const [again] = throughDisk(after.takeChangedDays(NEXT));
  assert.deepEqual(again?.lines["pass-left"], record.lines["pass-left"]);
  assert.deepEqual(again?.zones["table"], record.zones["table"]);
  assert.deepEqual(again?.zones["shoes"], record.zones["shoes"]);
});

test("a record that is there already, of another calendar, or broken is refused and changes nothing", () => {
  const before = ingestAll(createMetrics({ site: fullShop() }), dayOf(6));
  const [record] = throughDisk(before.takeChangedDays(NEXT));
  assert.ok(record !== undefined);
  assert.equal(before.restore(record), false);
  const metrics = createMetrics({ site: fullShop() });
  const broken: readonly unknown[] = [
    {},
    { ...record, v: 2 },
    { ...record, start: record.start + 1 },
    { ...record, end: record.end - HOUR_MS },
    { ...record, visits: { ...record.visits, columns: {} } },
    { ...record, doorTimes: { in: "%%%", out: "" } },
    { ...record, zones: { table: { ...record.zones["table"], slots: "AA==" } } },
    { ...record, sales: null },
  ];
  for (const one of broken) assert.equal(metrics.restore(one as DayRecord), false);
  assert.equal(metrics.footprint.days, 0);
  assert.ok(metrics.restore(record));
});

test("only days that changed are told, and those that go on can wait", () => {
  const metrics = ingestAll(createMetrics({ site: fullShop() }), dayOf(7));
  const starts = (records: readonly DayRecord[]): unknown => records.map(({ start }) => start);
  assert.deepEqual(starts(metrics.takeChangedDays(NEXT)), [DAY]);
  assert.deepEqual(starts(metrics.takeChangedDays(NEXT)), []);
  const late = new EventMaker("late");
  metrics.ingest(late.crossing(OPENS, "door", "in"));
  metrics.ingest(late.crossing(NEXT, "door", "in"));
  assert.deepEqual(starts(metrics.takeChangedDays(NEXT)), [DAY]);
  assert.deepEqual(starts(metrics.takeChangedDays()), [NEXT]);
});

test("an event of a restored day that comes late raises the revision", () => {
  const after = restoredFrom(ingestAll(createMetrics({ site: fullShop() }), dayOf(8)));
  const before = after.value("exits", STORE, DAY, NEXT);
  after.ingest(new EventMaker("late").crossing(OPENS, "door", "out"));
  const { revision } = after.value("exits", STORE, DAY, NEXT);
  assert.equal(revision, before.revision + 1);
});

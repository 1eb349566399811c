import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FullDay, fullShop } from "../../test/fakes/full-day.ts";
import { EventMaker, utc } from "../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../core/brand.ts";
import type { JourneyEvent } from "../core/events.ts";
import type { MetricScope, MetricValue } from "../core/metric-value.ts";
import { seededRandom } from "../core/random.ts";
import { DEFINITIONS } from "./definitions.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import type { TodayView } from "./reports/today.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const DAY = utc("2026-11-20T04:00:00Z");
const NEXT = epochMs(DAY + 24 * HOUR_MS);
const OPENS = epochMs(DAY + 5 * HOUR_MS);

const STORE: MetricScope = { kind: "store" };
const ZONES: readonly MetricScope[] = [
  { kind: "zone", id: "table" },
  { kind: "zone", id: "cellar" },
  { kind: "zone", id: "queue" },
  { kind: "zone-pair", from: "table", to: "shoes" },
];

function metricsOf(events: readonly JourneyEvent[]): Metrics {
  const metrics = createMetrics({ site: fullShop() });
  for (const event of events) metrics.ingest(event);
  return metrics;
}

function dayOf(seed: number, people = 40): JourneyEvent[] {
  const events = new FullDay(`run-${seed}`, OPENS, seededRandom(seed)).events(people);
  return [...events, new EventMaker(`next-${seed}`).sensor(NEXT, "entrance")];
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

/** What of a value must not depend on when its events came; a correction does, by its nature. */
const withoutRevision = ({ revision: _, ...value }: MetricValue): unknown => value;

const answers = (metrics: Metrics, scopes: readonly MetricScope[]): unknown[] =>
  DEFINITIONS.flatMap(({ metric }) =>
    scopes.map((scope) => withoutRevision(metrics.value(metric, scope, DAY, NEXT))),
  );

const seeds = fc.integer({ min: 1, max: 1_000_000 });

test("visits, queues, baskets, receipts and doors do not depend on the order of arrival", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const events = dayOf(seed);
      const mixed = shuffled(events, seededRandom(seed + 1));
      const zones = ["zone-unique-visits", "zone-draw", "zone-transition", "zone-lift"] as const;
      const read = (metrics: Metrics): unknown => [
        answers(metrics, [STORE]),
        answers(metrics, ZONES.slice(2)),
        zones.map((id) =>
          ZONES.map((scope) => withoutRevision(metrics.value(id, scope, DAY, NEXT))),
        ),
      ];
      assert.deepEqual(read(metricsOf(mixed)), read(metricsOf(events)));
    }),
    { numRuns: 8, seed: 6 },
  );
});

test("no figure depends on the order of events within a minute", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const random = seededRandom(seed + 2);
      const minutes = new Map<number, JourneyEvent[]>();
      const events = dayOf(seed);
      let newest = 0;
      for (const event of events) {
        newest = Math.max(newest, event.at);
        const minute = Math.floor(newest / MINUTE_MS);
        minutes.set(minute, [...(minutes.get(minute) ?? []), event]);
      }
      const mixed = [...minutes.values()].flatMap((group) => shuffled(group, random));
      const read = (metrics: Metrics): unknown => answers(metrics, [STORE, ...ZONES]);
      assert.deepEqual(read(metricsOf(mixed)), read(metricsOf(events)));
    }),
    { numRuns: 8, seed: 7 },
  );
});

test("told twice, in any order, nothing counts twice", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const events = dayOf(seed);
      const twice = events.flatMap((event, i) => [event, events[Math.max(0, i - 40)] ?? event]);
      const [once, again] = [metricsOf(events), metricsOf([...twice, ...events])];
      assert.deepEqual(answers(again, [STORE, ...ZONES]), answers(once, [STORE, ...ZONES]));
      assert.equal(again.counters.accepted, once.counters.accepted);
    }),
    { numRuns: 4, seed: 8 },
  );
});

const valuesOf = (view: TodayView): MetricValue[] => [
  ...view.tiles,
  ...view.zones.flatMap((zone) => [zone.peopleNow, zone.visits, zone.dwellMedian, zone.dwellTotal]),
  ...(view.doors ?? []).flatMap((door) => [door.entrants, door.exits]),
];

test("what the Today page shows after each event is what a fresh question is answered", () => {
  const events = dayOf(11, 15);
  const metrics = createMetrics({ site: fullShop() });
  let now: EpochMs = DAY;
  let reused = 0;
  events.forEach((event, i) => {
    metrics.ingest(event);
    now = epochMs(Math.max(now, Math.min(event.at + 1, NEXT - 1)));
    const shown = valuesOf(metrics.today(now));
    for (const value of shown) {
      assert.ok(value.to <= now && now - value.to < MINUTE_MS);
      reused += Number(value.to < now);
    }
    if (i % 30 !== 0) return;
    const fresh = metricsOf(events.slice(0, i + 1));
    fresh.today(now);
    for (const value of shown)
      assert.deepEqual(fresh.value(value.metric, value.scope, value.from, value.to), value);
  });
  assert.ok(reused > 500, `${reused}`);
});

test("the chart after each event is the chart made afresh, but for the quarter that goes on", () => {
  const events = dayOf(12, 15);
  const metrics = createMetrics({ site: fullShop() });
  events.forEach((event, i) => {
    metrics.ingest(event);
    if (event.kind === "completed") return;
    const now = epochMs(Math.min(event.at + 1, NEXT - 1));
    const { series } = metrics.today(now);
    if (i % 30 !== 0) return;
    const { series: fresh } = metricsOf(events.slice(0, i + 1)).today(now);
    assert.deepEqual(series.entrants, fresh.entrants);
    assert.deepEqual(series.passing, fresh.passing);
    assert.deepEqual(series.transactions, fresh.transactions);
    assert.deepEqual(series.occupancy.slice(0, -1), fresh.occupancy.slice(0, -1));
  });
});

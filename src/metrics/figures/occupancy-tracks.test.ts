import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Stop, VisitMaker } from "../../../test/fakes/completed-visits.ts";
import { EventMaker, shopSite, utc } from "../../../test/fakes/journey-events.ts";
import { cameraId, type EpochMs, epochMs } from "../../core/brand.ts";
import type { CrossingRecorded, JourneyEvent, ZoneStayEnded } from "../../core/events.ts";
import type { MetricId, MetricValue } from "../../core/metric-value.ts";
import type { SitePlan } from "../../core/site.ts";
import { createMetrics, type Metrics } from "../metrics.ts";

const STORE = { kind: "store" } as const;
const DAY_MS = 86_400_000;
const FIRST = utc("2026-03-02T04:00:00Z");
const OPENS_MS = 5 * 3_600_000;
const TODAY = epochMs(FIRST + 2 * DAY_MS);
const at = (minute: number): EpochMs => epochMs(TODAY + OPENS_MS + minute * 60_000);

/** One camera over the door and the tables, which follows people. */
function followed(): SitePlan {
  const site = shopSite();
  const zones = site.cameras[2]?.zones ?? [];
  return {
    ...site,
    cameras: site.cameras.map((camera, i) => {
      if (i === 0) return { ...camera, followsVisits: true, zones };
      return i === 2 ? { ...camera, zones: [] } : camera;
    }),
  };
}

const maker = new EventMaker();
const go = (minute: number, direction: "in" | "out", track: number): CrossingRecorded =>
  maker.crossing(at(minute), "door", direction, { track });
const sit = (from: number, to: number, track: number): ZoneStayEnded => ({
  ...maker.zoneExited(at(to), "table", track, (to - from) * 60_000),
  source: "stays:entrance#a",
  cameraId: cameraId("entrance"),
});

const STOPS: readonly Stop[] = [
  ["table", 30, 300],
  ["table", 360, 300],
];

/**
 * A shop that has watched a hundred visits. Most leave a minute after the table, ten after five minutes, and the exits of
 * five were missed.
 */
function openShop(site: SitePlan = followed()): Metrics {
  const metrics = createMetrics({ site });
  const visits = new VisitMaker();
  for (const event of maker.allSeeing(FIRST)) metrics.ingest(event);
  for (let i = 0; i < 100; i += 1) {
    const enteredAt = epochMs(FIRST + OPENS_MS + i * 300_000);
    const isMissed = i % 20 === 0;
    const change = isMissed ? ({ isExitSeen: false, endedBy: "closing" } as const) : {};
    const lengthS = isMissed ? 660 : i % 10 === 3 ? 960 : 720;
    const began = maker.crossing(enteredAt, "door", "in", { track: 10_000 + i });
    metrics.ingest(began);
    if (!isMissed)
      metrics.ingest(
        maker.crossing(epochMs(enteredAt + lengthS * 1000), "door", "out", { track: 10_000 + i }),
      );
    metrics.ingest(
      visits.visit(enteredAt, { stops: STOPS, lengthS, change: { ...change, began } }),
    );
  }
  return metrics;
}

const ask = (metrics: Metrics, minute: number, metric: MetricId = "occupancy"): MetricValue =>
  metrics.value(metric, STORE, TODAY, at(minute));

test("who is seen in a zone is inside, whatever the doors counted", () => {
  const metrics = openShop();
  // Two were missed coming in, and one who came in was missed going out, long ago.
  for (const event of [go(0, "in", 1), sit(1, 2, 1), sit(3, 70, 2), sit(4, 70, 3)])
    metrics.ingest(event);
  const value = ask(metrics, 60);
  assert.deepEqual([value.value, value.method], [2, "track"]);
  assert.deepEqual(value.ci95, [1.5, 2.5], "there is no doubt about any of them");
});

test("who is in no zone is probably on the way, and the interval holds both", () => {
  const metrics = openShop();
  for (const event of [go(0, "in", 1), sit(1, 20, 1)]) metrics.ingest(event);
  assert.deepEqual([ask(metrics, 20.5).value, ask(metrics, 20.5).ci95], [1, [0.5, 1.5]]);
  // Ten of 95 take so long, and five of a hundred were missed: and one in ten of those is on the way, too.
  const value = ask(metrics, 22);
  const chance = (10 + (5 * 10) / 95) / 15;
  assert.equal(value.value, 1);
  const half = 0.5 + 1.96 * Math.sqrt(chance * (1 - chance));
  assert.ok(value.ci95?.[0] === 0 && Math.abs(value.ci95[1] - (chance + half)) < 1e-3);
  assert.deepEqual([ask(metrics, 26).value, ask(metrics, 26).ci95], [0, [0, 0.5]]);
});

test("what comes later tells more of the past than was known then", () => {
  const metrics = openShop();
  for (const event of [go(0, "in", 1), sit(1, 20, 1)]) metrics.ingest(event);
  assert.equal(ask(metrics, 26).value, 0);
  metrics.ingest(go(40, "out", 1));
  assert.deepEqual([ask(metrics, 26).value, ask(metrics, 26).ci95], [1, [0.5, 1.5]]);
  assert.equal(ask(metrics, 41).value, 0);
});

test("the peak and the chart of the day follow the same people", () => {
  const metrics = openShop();
  for (let i = 0; i < 30; i += 1)
    for (const event of [go(i, "in", i), sit(i + 0.1, i + 11, i), go(i + 12, "out", i)])
      metrics.ingest(event);
  const peak = ask(metrics, 60, "occupancy-peak");
  assert.deepEqual([peak.value, peak.method], [12, "track"]);
  assert.equal(ask(metrics, 20.5).value, 12);
  const { series } = metrics.today(at(60));
  const first = (OPENS_MS / series.stepMs) | 0;
  const hours = series.occupancy.slice(first, first + 4).map((people) => people ?? Number.NaN);
  const total = hours.reduce((sum, people) => sum + people * 15, 0);
  assert.ok(Math.abs(total - 30 * 12) < 1e-6, `${total} person-minutes`);
});

test("a camera that loses most of those who come in says nothing of who is inside", () => {
  const site = followed();
  const blind = {
    ...site,
    cameras: site.cameras.map((camera) => ({ ...camera, zones: [] })),
  };
  const metrics = openShop(blind);
  for (let i = 0; i < 60; i += 1) metrics.ingest(go(i, "in", i));
  // Of each the door saw the exit as well, under another number.
  for (let i = 0; i < 60; i += 1) metrics.ingest(go(i + 12, "out", 1000 + i));
  assert.equal(ask(metrics, 120).method, "count");
});

test("who is inside does not depend on the order of the news, and is never more than were seen", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          entered: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
          sits: fc.integer({ min: 0, max: 100 }),
          length: fc.integer({ min: 1, max: 40 }),
          isLeaving: fc.boolean(),
        }),
        { minLength: 1, maxLength: 8 },
      ),
      fc.integer({ min: 1, max: 160 }),
      fc.func(fc.nat()),
      (people, minute, rank) => {
        const events: JourneyEvent[] = people.flatMap(({ entered, sits, length, isLeaving }, i) => [
          ...(entered === undefined ? [] : [go(Math.min(entered, sits), "in", i)]),
          sit(sits, sits + length, i),
          ...(isLeaving ? [go(sits + length + 0.2, "out", i)] : []),
        ]);
        const read = (list: readonly JourneyEvent[]): unknown => {
          const metrics = openShop();
          for (const event of list) metrics.ingest(event);
          const { value, ci95, method } = ask(metrics, minute);
          assert.ok(value !== null && value >= 0 && value <= people.length);
          assert.ok(ci95 !== null && ci95[0] >= 0 && ci95[0] <= value && value <= ci95[1]);
          return { value, ci95, method };
        };
        const mixed = [...events].sort((a, b) => rank(a.seq) - rank(b.seq));
        assert.deepEqual(read(mixed), read(events));
      },
    ),
    { numRuns: 40, seed: 11 },
  );
});

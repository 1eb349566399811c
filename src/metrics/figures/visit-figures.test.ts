import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type SimulatedDoors,
  shareBelow,
  simulateDoors,
} from "../../../test/fakes/door-simulation.ts";
import { EventMaker, shopSite, utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs, monoMs, visitId } from "../../core/brand.ts";
import type { JourneyCompleted } from "../../core/events.ts";
import type { MetricId, MetricScope, MetricValue } from "../../core/metric-value.ts";
import { seededRandom } from "../../core/random.ts";
import type { SitePlan } from "../../core/site.ts";
import { createMetrics, type Metrics } from "../metrics.ts";

const DAY_MS = 86_400_000;
const FIRST = utc("2026-03-02T04:00:00Z");
const OPENS_MS = 5 * 3_600_000;
const STORE: MetricScope = { kind: "store" };

interface Shop {
  readonly metrics: Metrics;
  readonly maker: EventMaker;
  /** Feeds days, the first of them beginning at FIRST; crossings only. */
  count(days: readonly SimulatedDoors[], door?: string): void;
  ask(metric: MetricId, days?: number, scope?: MetricScope): MetricValue;
}

function openShop(
  site: SitePlan = shopSite(),
  estimating: "at-once" | "in-slices" = "at-once",
): Shop {
  const metrics = createMetrics({ site, estimating });
  const maker = new EventMaker();
  for (const event of maker.allSeeing(FIRST)) metrics.ingest(event);
  return {
    metrics,
    maker,
    count(days, door = "door") {
      days.forEach(({ ins, outs }, day) => {
        const start = FIRST + day * DAY_MS + OPENS_MS;
        const crossings = [
          ...ins.map((at) => [start + at, "in"] as const),
          ...outs.map((at) => [start + at, "out"] as const),
        ].sort((a, b) => a[0] - b[0]);
        for (const [at, direction] of crossings)
          metrics.ingest(maker.crossing(epochMs(at), door, direction));
      });
    },
    ask: (metric, days = 28, scope = STORE) =>
      metrics.value(metric, scope, FIRST, epochMs(FIRST + days * DAY_MS)),
  };
}

const following = (site: SitePlan): SitePlan => ({
  ...site,
  cameras: site.cameras.map((camera, i) => ({ ...camera, followsVisits: i === 0 })),
});

let visits = 0;

/** A visit on a track from door to door, told when it was over. */
function trackVisit(
  enteredAt: EpochMs,
  ms: number,
  changed: Partial<JourneyCompleted> = {},
): JourneyCompleted {
  visits += 1;
  const at = epochMs(enteredAt + ms);
  return {
    kind: "completed",
    source: "visits#a",
    seq: visits,
    at,
    atMono: monoMs(at),
    clock: "synced",
    visitId: visitId(`visit-${visits}`),
    revision: 0,
    isWithdrawn: false,
    method: "track",
    tagKind: null,
    tagId: null,
    enteredAt,
    exitedAt: at,
    isEntrySeen: true,
    isExitSeen: true,
    entryLineId: null,
    exitLineId: null,
    endedBy: "exit",
    reentries: 0,
    isStaff: false,
    stays: [],
    staysDropped: 0,
    queues: [],
    basket: null,
    receipts: [],
    began: { source: "camera:entrance#a", seq: visits },
    ...changed,
  };
}

/** One person after the other, each so many ms inside, the first at an hour of the first day. */
function follow(
  shop: Shop,
  lengths: readonly number[],
  changed: Partial<JourneyCompleted> = {},
): void {
  lengths.forEach((ms, i) => {
    const at = epochMs(FIRST + OPENS_MS + i * 400_000);
    shop.metrics.ingest(shop.maker.crossing(at, "door", "in", { track: i + 1 }));
    shop.metrics.ingest(shop.maker.crossing(epochMs(at + ms), "door", "out", { track: i + 1 }));
    shop.metrics.ingest(trackVisit(at, ms, changed));
  });
}

const cycle = (count: number, ...lengths: readonly number[]): number[] =>
  Array.from({ length: count }, (_, i) => lengths[i % lengths.length] ?? 0);

test("door counts alone tell the bounce rate over four weeks, with an interval that holds the truth", () => {
  const shop = openShop();
  const days = simulateDoors({ seed: 5, groupedRatio: 0.2 });
  shop.count(days);
  const truth = shareBelow(days, 120_000);
  const value = shop.ask("bounce-rate");
  assert.equal(value.method, "deconvolution");
  assert.equal(value.reason, null);
  assert.ok(Math.abs((value.value ?? 0) - truth) < 0.025, `${value.value} of ${truth}`);
  assert.ok((value.ci95?.[0] ?? 1) < truth && (value.ci95?.[1] ?? 0) > truth);
  assert.equal(value.definition.parameters["basisDays"], 28);
  assert.equal(value.definition.parameters["bounceMaxOrigin"], "default");
  assert.equal(shop.ask("bounce-rate-ga4").reason?.code, "not-identifiable");
  assert.equal(shop.ask("visit-duration-p90").reason?.code, "not-identifiable");
  assert.equal(shop.ask("visit-duration-median").method, "deconvolution");
  const oneDay = shop.metrics.value(
    "bounce-rate",
    STORE,
    epochMs(FIRST + 27 * DAY_MS),
    epochMs(FIRST + 28 * DAY_MS),
  );
  assert.equal(oneDay.value, value.value, "one day cannot tell, so the last closed days do");
  assert.equal(oneDay.reason?.code, "estimated-over-days");
  const drift = shop.ask("door-drift");
  assert.ok((drift.value ?? 0) > 2 && (drift.value ?? 0) < 11, `drift ${drift.value}`);
  const peak = shop.ask("occupancy-peak");
  assert.ok((peak.value ?? 0) > 12 && (peak.value ?? 0) < 50, `peak ${peak.value}`);
  const mean = shop.ask("visit-duration-mean");
  assert.equal(mean.method, "little-closure");
  assert.ok((mean.ci95?.[0] ?? 0) < (mean.value ?? 0) && (mean.ci95?.[1] ?? 0) > (mean.value ?? 0));
});

test("in slices an estimate is said to be in the making, and then is there", () => {
  const shop = openShop(shopSite(), "in-slices");
  shop.count(simulateDoors({ days: 8, entriesPerHour: 30 }));
  assert.equal(shop.ask("bounce-rate", 8).reason?.code, "estimating");
  while (shop.metrics.advanceEstimates());
  const value = shop.ask("bounce-rate", 8);
  assert.notEqual(value.reason?.code, "estimating");
  assert.notEqual(value.ci95, null);
});

test("a week of coach parties gives the interval of a bounce rate and no number", () => {
  const shop = openShop();
  const random = seededRandom(1);
  const coachDay = (): SimulatedDoors => {
    const coaches = Array.from({ length: 6 }, (_, i) => ({
      at: i * 5_400_000 + Math.floor(random() * 3_000_000),
      ms: random() < 0.3 ? 70_000 : 1_500_000,
    }));
    const people = coaches.flatMap(({ at, ms }) =>
      Array.from({ length: 30 }, (_, n) => ({ enteredMs: at + n * 1500, ms })),
    );
    const outs = people.map(({ enteredMs, ms }) => enteredMs + ms).sort((a, b) => a - b);
    return { visits: people, ins: people.map(({ enteredMs }) => enteredMs), outs };
  };
  shop.count(Array.from({ length: 8 }, coachDay));
  const value = shop.ask("bounce-rate", 8);
  assert.equal(value.value, null);
  assert.equal(value.reason?.code, "small-sample");
  assert.ok(value.ci95 !== null && value.ci95[1] - value.ci95[0] > 0.1, String(value.ci95));
});

test("tracks from door to door tell bounce and lengths exactly, buyers never bounce", () => {
  const shop = openShop(following(shopSite()));
  follow(shop, cycle(40, 60_000, 600_000, 900_000, 1_200_000));
  const bounce = shop.ask("bounce-rate", 1);
  assert.equal(bounce.method, "track");
  assert.equal(bounce.value, 0.25);
  assert.ok((bounce.effectiveN ?? 99) <= 40);
  assert.equal(shop.ask("visit-duration-median", 1).value, 600_000);
  assert.equal(shop.ask("visit-duration-p90", 1).value, 1_200_000);
  assert.equal(Math.round(shop.ask("visit-duration-mean", 1).value ?? 0), 690_000);
  assert.equal(shop.ask("visit-duration-mean", 1).method, "track");

  const buyers = openShop(following(shopSite()));
  const receipt = {
    receiptId: "r",
    transactionKind: "sale",
    paidAt: FIRST,
    netMinor: 5,
    units: 1,
  } as const;
  follow(buyers, cycle(40, 60_000), { receipts: [receipt] });
  assert.equal(buyers.ask("bounce-rate", 1).value, 0);
});

test("tracks say who was inside, whatever the balance of the doors is", () => {
  const shop = openShop(following(shopSite()));
  follow(shop, cycle(40, 600_000));
  shop.metrics.ingest(shop.maker.crossing(epochMs(FIRST + OPENS_MS + 1000), "door", "out"));
  const at = epochMs(FIRST + OPENS_MS + 4_900_000);
  const value = shop.metrics.value("occupancy", STORE, FIRST, at);
  assert.equal(value.method, "track");
  assert.equal(value.value, 2);
});

test("in the web's sense whoever saw two zones did not bounce", () => {
  const shop = openShop(following(shopSite()));
  const stay = (zone: string) =>
    ({ zoneId: zone, enteredAt: FIRST, dwellMs: 9000, isCensored: false }) as never;
  follow(shop, cycle(30, 60_000), { stays: [stay("table"), stay("till"), stay("table")] });
  assert.equal(shop.ask("bounce-rate-ga4", 1).value, 0);
  assert.equal(shop.ask("bounce-rate", 1).value, 1);
});

test("staff, visits whose beginning was not seen and tracks that get lost do not bend the rate", () => {
  const shop = openShop(following(shopSite()));
  follow(shop, cycle(40, 60_000, 600_000));
  for (let i = 0; i < 20; i += 1) {
    const at = epochMs(FIRST + OPENS_MS + 10_000 + i * 500_000);
    shop.metrics.ingest(trackVisit(at, 30_000, { isStaff: true }));
    shop.metrics.ingest(trackVisit(at, 30_000, { isEntrySeen: false }));
  }
  assert.equal(shop.ask("bounce-rate", 1).value, 0.5);
  for (let i = 0; i < 8; i += 1)
    shop.metrics.ingest(
      trackVisit(epochMs(FIRST + OPENS_MS + i * 900_000), 30_000, {
        isExitSeen: false,
        endedBy: "lost",
      }),
    );
  const value = shop.ask("bounce-rate", 1);
  assert.equal(value.value, 0.5);
  assert.equal(value.reason?.code, "censored-stays");
});

test("tracks that lose too many people give way to a lesser method, and it is said", () => {
  const shop = openShop(following(shopSite()));
  shop.count(simulateDoors({ days: 10 }));
  shop.metrics.ingest(trackVisit(epochMs(FIRST + OPENS_MS), 60_000));
  const value = shop.ask("bounce-rate", 10);
  assert.equal(value.method, "deconvolution");
  assert.match(value.reason?.text ?? "", /Only \d+ % of those who came in were followed/);
});

test("few tracks give an interval only", () => {
  const shop = openShop(following(shopSite()));
  follow(shop, cycle(10, 60_000, 600_000));
  const value = shop.ask("bounce-rate", 1);
  assert.equal(value.value, null);
  assert.equal(value.reason?.code, "small-sample");
  assert.notEqual(value.ci95, null);
});

test("the shortest time to buy is learned from payments, anew with each month", () => {
  const shop = openShop(following(shopSite()));
  for (let i = 0; i < 60; i += 1) {
    const at = epochMs(FIRST + Math.floor(i / 3) * DAY_MS + OPENS_MS + (i % 3) * 900_000);
    const paidAt = epochMs(at + 200_000);
    const receipt = {
      receiptId: `r${i}`,
      transactionKind: "sale",
      paidAt,
      netMinor: 9,
      units: 1,
    } as const;
    shop.metrics.ingest(trackVisit(at, 300_000, { receipts: [receipt] }));
  }
  shop.count(simulateDoors({ days: 40, entriesPerHour: 10 }));
  const tauAt = (day: number): unknown[] => {
    const from = epochMs(FIRST + (day - 28) * DAY_MS);
    const to = epochMs(FIRST + day * DAY_MS);
    const { parameters } = shop.metrics.value("bounce-rate", STORE, from, to).definition;
    return ["bounceMaxMs", "bounceMaxOrigin", "tauVersion"].map((name) => parameters[name]);
  };
  assert.deepEqual(tauAt(28), [120_000, "default", "2026-03"]);
  assert.deepEqual(tauAt(36), [200_000, "learned", "2026-04"]);
});

test("of several doors none is judged alone, least of all one that is used one way only", () => {
  const shop = openShop(shopSite({ doors: ["door", "back"] }));
  const days = simulateDoors({ days: 8 });
  shop.count(days.map((day) => ({ ...day, outs: [] })));
  shop.count(
    days.map((day) => ({ ...day, ins: [] })),
    "back",
  );
  const back = shop.ask("door-drift", 8, { kind: "line", id: "back" });
  assert.equal(back.value, null);
  assert.equal(back.reason?.code, "one-way-door");
  assert.notEqual(shop.ask("door-drift", 8).value, null);
  const nowhere = shop.ask("door-drift", 8, { kind: "line", id: "aisle" });
  assert.equal(nowhere.reason?.code, "unknown-scope");
});

test("a door that only counts out is flagged and corrects nothing", () => {
  const shop = openShop();
  shop.count(simulateDoors({ days: 8 }).map((day) => ({ ...day, ins: [] })));
  assert.equal(shop.ask("visit-duration-mean", 8).reason?.code, "counts-inconsistent");
  assert.equal(shop.ask("bounce-rate", 8).reason?.code, "learning");
  assert.equal(shop.ask("door-drift", 8).reason?.code, "day-open");
  assert.equal(shop.ask("occupancy", 8).reason?.code, "drift");
});

test("after closing time the shop empties even if leavers were missed", () => {
  const hours = [
    { days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], fromMin: 540, toMin: 600 },
  ] as const;
  const plain = shopSite();
  const shop = openShop({ ...plain, store: { ...plain.store, hours } });
  for (let i = 0; i < 10; i += 1)
    shop.metrics.ingest(shop.maker.crossing(epochMs(FIRST + OPENS_MS + i * 60_000), "door", "in"));
  const at = (minute: number): number | null =>
    shop.metrics.value("occupancy", STORE, FIRST, epochMs(FIRST + minute * 60_000)).value;
  assert.deepEqual([at(359), at(375), at(391)], [10, 5, 0]);
});

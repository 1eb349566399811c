import assert from "node:assert/strict";
import { test } from "node:test";
import { followedShop, type Stop, VisitMaker } from "../../../test/fakes/completed-visits.ts";
import { EventMaker, utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { JourneyEvent } from "../../core/events.ts";
import type { SitePlan } from "../../core/site.ts";
import { createMetrics } from "../metrics.ts";
import type { JourneysReport } from "./reports.ts";

const DAY = utc("2026-11-20T04:00:00Z");
const at = (seconds: number): EpochMs => epochMs(DAY + seconds * 1000);
const PERIOD = { kind: "day", from: at(0), to: at(86_400) } as const;

const TABLE: Stop = ["table", 5, 30];
const SHOES: Stop = ["shoes", 60, 40];
const MIRROR: Stop = ["mirror", 120, 20];

interface Shop {
  readonly maker: EventMaker;
  add(...events: readonly JourneyEvent[]): void;
  /** So many visits of the same kind through the door, a minute apart. */
  walk(times: number, stops: readonly Stop[], isBuying?: boolean): void;
  report(): JourneysReport;
}

function openShop(site: SitePlan = followedShop()): Shop {
  const metrics = createMetrics({ site });
  const maker = new EventMaker();
  const visits = new VisitMaker();
  let minute = 60;
  const add = (...events: readonly JourneyEvent[]): void => {
    for (const event of events) metrics.ingest(event);
  };
  add(...maker.allSeeing(at(0)));
  return {
    maker,
    add,
    walk(times, stops, isBuying = false) {
      for (let i = 0; i < times; i += 1) {
        minute += 1;
        const receipt = `r${minute}`;
        const came = at(60 * minute);
        add(maker.crossing(came, "door", "in"));
        add(visits.visit(came, isBuying ? { stops, bought: receipt } : { stops }));
        if (isBuying) add(maker.receipt(at(60 * minute + 50), receipt));
      }
    },
    report: () => metrics.journeys(PERIOD, at(80_000)),
  };
}

test("the funnel goes from passing by to buying, with shares of the step before", () => {
  const shop = openShop();
  for (let i = 0; i < 100; i += 1) shop.add(shop.maker.crossing(at(4000 + i), "pass-left", "in"));
  shop.walk(10, [TABLE, SHOES], true);
  shop.walk(15, [TABLE, MIRROR]);
  shop.walk(15, []);
  const { funnel } = shop.report();
  assert.deepEqual(
    funnel.map(({ id, people }) => [id, people]),
    [
      ["passing", 100],
      ["entered", 40],
      ["engaged", 25],
      ["purchased", 10],
    ],
  );
  assert.deepEqual(
    funnel.map(({ shareOfPrevious }) => shareOfPrevious),
    [null, 0.4, 0.625, 0.4],
  );
});

test("a step that is larger than the one before is shown as it is and flagged", () => {
  const shop = openShop();
  shop.walk(20, [TABLE]);
  const [passing, entered] = shop.report().funnel;
  assert.equal(passing?.people, 0);
  assert.equal(entered?.people, 20);
  assert.equal(entered?.shareOfPrevious, null);
  assert.equal(entered?.reason?.code, "funnel-grows");
});

test("the commonest paths are shown, and those of few visits are only counted", () => {
  const shop = openShop();
  shop.walk(58, [TABLE, ["table", 50, 20], SHOES], true);
  shop.walk(12, []);
  shop.walk(9, [MIRROR]);
  const { paths, pathVisits, rareVisits, pathMethod } = shop.report();
  assert.equal(pathMethod, "track");
  assert.deepEqual(
    paths.map(({ zones, visits, boughtRatio }) => ({ zones, visits, boughtRatio })),
    [
      { zones: ["table", "shoes"], visits: 50, boughtRatio: 1 },
      { zones: [], visits: 10, boughtRatio: null },
    ],
    "in steps of ten",
  );
  assert.deepEqual([pathVisits, rareVisits], [79, 19]);
});

test("a path is told up to its sixth zone", () => {
  const shop = openShop();
  const long = Array.from(
    { length: 9 },
    (_, i): Stop => [i % 2 === 0 ? "table" : "shoes", 60 * i, 30],
  );
  shop.walk(10, long);
  shop.walk(10, long.slice(0, 6));
  const [first, second] = shop.report().paths;
  assert.equal(first?.zones.length, 6);
  assert.deepEqual(second?.zones.slice(5), ["shoes", "…"]);
  assert.equal(first?.boughtRatio, null);
});

test("how many of a path bought is not told when it is about few of them", () => {
  const shop = openShop();
  shop.walk(3, [TABLE], true);
  shop.walk(20, [TABLE]);
  assert.equal(shop.report().paths[0]?.boughtRatio, null);
});

test("transitions are told for pairs that enough visits went, lifts for every pair", () => {
  const shop = openShop();
  shop.walk(25, [TABLE, SHOES]);
  const { transitions, lifts, zones } = shop.report();
  const pairs = transitions.map(
    ({ scope }) => scope.kind === "zone-pair" && [scope.from, scope.to],
  );
  assert.deepEqual(pairs, [
    ["entry", "table"],
    ["table", "shoes"],
    ["shoes", "exit-without"],
  ]);
  assert.equal(zones.length, 5);
  assert.equal(lifts.length, 10);
});

test("of a place that few leave no way is told, and none of them apart from those nobody went", () => {
  const shop = openShop();
  shop.walk(30, [SHOES]);
  shop.walk(4, [TABLE]);
  const told = shop.report().transitions;
  assert.ok(told.length > 0);
  assert.ok(told.every(({ scope }) => scope.kind === "zone-pair" && scope.from !== "table"));
});

test("the queue of the plan is among the queues with its figures", () => {
  const [queue] = openShop().report().queues;
  assert.equal(queue?.id, "queue");
  assert.equal(queue?.values[0]?.metric, "zone-people-now");
});

test("where visits are not known, paths are empty and say why", () => {
  const site = followedShop();
  const cameras = site.cameras.map((camera) => ({ ...camera, followsVisits: false }));
  const report = openShop({ ...site, cameras }).report();
  assert.deepEqual([report.paths, report.transitions, report.lifts], [[], [], []]);
  assert.equal(report.pathReason?.code, "not-identifiable");
  assert.equal(report.funnel[2]?.people, null);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { EventMaker, shopSite, utc } from "../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../core/brand.ts";
import type { JourneyEvent } from "../core/events.ts";
import type { MetricId, MetricValue } from "../core/metric-value.ts";
import type { SitePlan } from "../core/site.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { summaries } from "./reports/live-summaries.ts";
import { TILES } from "./reports/today-view.ts";

const MINUTE_MS = 60_000;
const DAY = utc("2026-11-20T04:00:00Z");
/** Minutes after the trading day began. */
const at = (minute: number): EpochMs => epochMs(DAY + minute * MINUTE_MS);

interface Shop {
  readonly maker: EventMaker;
  readonly metrics: Metrics;
  add(...events: readonly JourneyEvent[]): void;
  /** A store-level value of the day up to `minute`. */
  ask(metric: MetricId, minute?: number): MetricValue;
  cross(line: string, direction: "in" | "out", minutes: readonly number[]): void;
}

function openShop(site: SitePlan = shopSite(), seeingFrom: number | null = 0): Shop {
  const maker = new EventMaker();
  const metrics = createMetrics({ site });
  const add = (...events: readonly JourneyEvent[]): void => {
    for (const event of events) metrics.ingest(event);
  };
  if (seeingFrom !== null) add(...maker.allSeeing(at(seeingFrom)));
  return {
    maker,
    metrics,
    add,
    ask: (metric, minute = 600) => metrics.value(metric, { kind: "store" }, DAY, at(minute)),
    cross(line, direction, minutes) {
      for (const minute of minutes) add(maker.crossing(at(minute), line, direction));
    },
  };
}

const times = (count: number, first: number, step = 1): number[] =>
  Array.from({ length: count }, (_, i) => first + i * step);

test("every value of the view is complete, and tiles come in display order", () => {
  const shop = openShop();
  shop.cross("door", "in", times(3, 100));
  const view = shop.metrics.today(at(200));
  assert.deepEqual(
    view.tiles.map((tile) => tile.metric),
    TILES,
  );
  const values = [
    ...view.tiles,
    ...view.zones.flatMap((z) => [z.peopleNow, z.visits, z.dwellMedian, z.dwellTotal]),
  ];
  for (const value of values) {
    assert.ok(value.definition.version >= 1 && value.definition.id === value.metric);
    assert.ok(value.coverage >= 0 && value.coverage <= 1);
    assert.equal(value.imputedShare, 0);
    assert.ok(value.value !== null || value.reason !== null, `${value.metric} says why`);
    assert.deepEqual([value.from, value.to], [DAY, at(200)]);
  }
});

test("passing traffic counts those coming towards the door on either side, never leavers", () => {
  const shop = openShop();
  shop.cross("pass-left", "in", times(3, 10));
  shop.cross("pass-right", "in", times(2, 20));
  shop.cross("pass-right", "out", times(9, 30));
  assert.equal(shop.ask("passing-traffic").value, 5);
});

test("a track that paces in front of the shop is one passer-by", () => {
  const shop = openShop();
  for (const minute of [10, 11, 12])
    shop.add(shop.maker.crossing(at(minute), "pass-left", "in", { track: 7 }));
  assert.equal(shop.ask("passing-traffic").value, 1);
});

test("re-entries merge only where one track proves them, and the raw count is named", () => {
  const shop = openShop();
  shop.cross("door", "in", times(4, 10));
  for (const minute of [20, 25, 60])
    shop.add(shop.maker.crossing(at(minute), "door", "in", { track: 7 }));
  const value = shop.ask("entrants");
  assert.equal(value.value, 6);
  assert.equal(value.reason?.code, "re-entries-merged");
  assert.match(value.reason?.text ?? "", /raw count 7/);
});

test("shopfront conversion is entrants over passing traffic, with Wilson's interval", () => {
  const shop = openShop();
  shop.cross("pass-left", "in", times(60, 10));
  shop.cross("door", "in", times(15, 10));
  const value = shop.ask("shopfront-conversion");
  assert.equal(value.value, 0.25);
  assert.equal(value.n, 60);
  assert.deepEqual(
    value.ci95?.map((share) => Math.round(share * 100)),
    [16, 37],
  );
});

test("with few people a rate is given as an interval only", () => {
  const shop = openShop();
  shop.cross("door", "in", times(15, 10));
  for (const minute of [80, 81, 82, 83]) shop.add(shop.maker.receipt(at(minute), `r${minute}`));
  const value = shop.ask("sales-conversion");
  assert.equal(value.value, null);
  assert.equal(value.reason?.code, "small-sample");
  assert.deepEqual(
    value.ci95?.map((share) => Math.round(share * 100)),
    [11, 52],
  );
});

const unknowns: readonly {
  readonly name: string;
  readonly metric: MetricId;
  readonly code: string;
  readonly site?: SitePlan;
  readonly run?: (shop: Shop) => void;
}[] = [
  { name: "nobody passed", metric: "shopfront-conversion", code: "no-passers-by" },
  {
    name: "no passing line",
    metric: "passing-traffic",
    code: "no-passing-line",
    site: shopSite({ passing: [] }),
  },
  {
    name: "no passing line for the rate",
    metric: "shopfront-conversion",
    code: "no-passing-line",
    site: shopSite({ passing: [] }),
  },
  { name: "no door line", metric: "entrants", code: "no-door-line", site: shopSite({ doors: [] }) },
  { name: "nobody left", metric: "visit-duration-mean", code: "no-exits" },
  { name: "bounce from anonymous counts", metric: "bounce-rate", code: "learning" },
  { name: "no receipt ever", metric: "transactions", code: "no-receipts" },
  {
    name: "nobody entered",
    metric: "sales-conversion",
    code: "no-entrants",
    run: (shop) => shop.add(shop.maker.receipt(at(5), "r")),
  },
  {
    name: "less than an hour since the first entrant",
    metric: "sales-conversion",
    code: "payment-lag",
    run: (shop) => {
      shop.cross("door", "in", times(30, 550));
      shop.add(shop.maker.receipt(at(560), "r"));
    },
  },
];

for (const c of unknowns) {
  test(`unknown and never zero: ${c.name}`, () => {
    const shop = openShop(c.site);
    c.run?.(shop);
    const value = shop.ask(c.metric);
    assert.equal(value.value, null);
    assert.equal(value.reason?.code, c.code);
    assert.equal(value.method, "none");
  });
}

test("a blind door camera gives null, not 0, and says since when", () => {
  const shop = openShop(shopSite(), null);
  shop.add(
    shop.maker.sensor(at(0), "entrance", "starting"),
    shop.maker.sensor(at(2), "entrance", "blind"),
  );
  for (const metric of ["entrants", "exits", "occupancy", "visit-duration-mean"] as const) {
    const value = shop.ask(metric);
    assert.equal(value.value, null);
    assert.equal(value.coverage, 0);
    assert.equal(value.reason?.code, "sensor-blind");
    assert.match(value.reason?.text ?? "", /Camera entrance blind since 04:02/);
  }
});

test("a door that went blind keeps its counts with their coverage, but not who is inside now", () => {
  const shop = openShop();
  shop.cross("door", "in", [10, 11]);
  shop.add(shop.maker.sensor(at(300), "entrance", "blind"));
  assert.equal(shop.ask("entrants").value, 2);
  assert.equal(shop.ask("entrants").coverage, 0.5);
  assert.match(shop.ask("entrants").reason?.text ?? "", /50 % .*Camera entrance blind since 09:00/);
  assert.equal(shop.ask("occupancy").value, null);
});

test("an unseen quarter of an hour is null in the chart, a seen empty one is 0", () => {
  const shop = openShop();
  shop.cross("door", "in", [1]);
  shop.add(shop.maker.sensor(at(15), "entrance", "blind"), shop.maker.sensor(at(30), "entrance"));
  const { series } = shop.metrics.today(at(50));
  assert.deepEqual(series.entrants, [1, null, 0, 0]);
  assert.deepEqual(series.passing, [0, 0, 0, 0]);
  assert.deepEqual(series.transactions, [null, null, null, null]);
  assert.equal(series.stepMs, 900_000);
});

test("mean occupancy of a quarter of an hour is the time inside over its length", () => {
  const shop = openShop();
  shop.cross("door", "in", [5, 20]);
  shop.cross("door", "out", [25]);
  assert.deepEqual(shop.metrics.today(at(40)).series.occupancy, [10 / 15, 20 / 15, 1]);
});

test("a single passing line gives an index and says so", () => {
  const shop = openShop(shopSite({ passing: ["pass-left"] }));
  shop.cross("pass-left", "in", times(40, 10));
  shop.cross("door", "in", times(10, 10));
  assert.equal(shop.ask("passing-traffic").value, 40);
  assert.equal(shop.ask("passing-traffic").reason?.code, "index-only");
  assert.equal(shop.ask("shopfront-conversion").value, 0.25);
  assert.equal(shop.ask("shopfront-conversion").reason?.code, "index-only");
});

test("more entrants than passers-by is shown as it is and flagged", () => {
  const shop = openShop();
  shop.cross("pass-left", "in", times(10, 10));
  shop.cross("door", "in", times(12, 10));
  const value = shop.ask("shopfront-conversion");
  assert.equal(value.value, 1.2);
  assert.equal(value.reason?.code, "geometry-fault");
  assert.equal(value.ci95, null);
});

test("a rate rests only on the minutes that both its counts saw", () => {
  const shop = openShop();
  shop.cross("pass-left", "in", times(40, 10));
  shop.cross("door", "in", times(10, 10));
  shop.add(shop.maker.sensor(at(60), "front", "blind"), shop.maker.sensor(at(120), "front"));
  shop.cross("door", "in", times(50, 65));
  const value = shop.ask("shopfront-conversion");
  assert.equal(value.value, 0.25);
  assert.equal(value.n, 40);
  assert.equal(value.coverage, 0.9);
  assert.equal(shop.ask("entrants").value, 60);
  shop.add(shop.maker.sensor(at(121), "entrance", "blind"), shop.maker.sensor(at(180), "entrance"));
  for (const minute of [30, 40, 150]) shop.add(shop.maker.receipt(at(minute), `r${minute}`));
  assert.equal(shop.ask("sales-conversion").value, 2 / 60);
  assert.equal(shop.ask("transactions").value, 3);
});

test("a note keeps its code when part of the interval was not seen, and says so too", () => {
  const shop = openShop(shopSite({ passing: ["pass-left"] }), 300);
  shop.cross("pass-left", "in", [310]);
  const value = shop.ask("passing-traffic");
  assert.equal(value.reason?.code, "index-only");
  assert.match(value.reason?.text ?? "", /50 % of the interval was seen/);
});

test("more purchases than entrants is shown as it is and flagged", () => {
  const shop = openShop();
  shop.cross("door", "in", times(4, 10));
  for (const n of times(6, 0)) shop.add(shop.maker.receipt(at(60 + n), `r${n}`));
  const value = shop.ask("sales-conversion");
  assert.equal(value.value, 1.5);
  assert.equal(value.reason?.code, "more-sales-than-entrants");
});

test("only sales are transactions; refunds and exchanges change net sales; a receipt counts once", () => {
  const shop = openShop();
  const { maker } = shop;
  shop.add(
    maker.receipt(at(10), "a", 5000),
    maker.receipt(at(10), "a", 5000),
    maker.receipt(at(11), "a", -2000, "refund"),
    maker.receipt(at(12), "b", -300, "exchange"),
    maker.receipt(at(13), "c", 900, "staff-sale"),
    maker.receipt(at(14), "d", 900, "click-collect"),
    maker.receipt(at(15), "e", 900, "delivery"),
  );
  assert.equal(shop.ask("transactions").value, 1);
  assert.equal(shop.ask("net-sales").value, 2700);
  assert.equal(shop.ask("net-sales").definition.parameters["currency"], "EUR");
  assert.equal(shop.metrics.counters.repeatedReceipts, 1);
});

test("the mean visit is provisional while the day is open and exact once it is closed", () => {
  const shop = openShop();
  shop.cross("door", "in", [100, 110, 120]);
  shop.cross("door", "out", [130, 140]);
  const open = shop.ask("visit-duration-mean", 200);
  assert.equal(open.reason?.code, "day-open");
  assert.match(open.reason?.text ?? "", /1 person is still inside/);
  assert.equal(open.value, ((130 - 100 + 140 - 110 + 80) * MINUTE_MS) / 2);
  const closed = shop.metrics.value("visit-duration-mean", { kind: "store" }, DAY, at(1440));
  assert.equal(closed.value, (135 - 110) * MINUTE_MS);
  assert.equal(closed.reason, null);
  assert.equal(closed.method, "little-closure");
  const occupancy = shop.metrics.value("occupancy", { kind: "store" }, DAY, at(1440));
  assert.equal(occupancy.value, 0);
});

test("leavers nobody saw coming in make no negative occupancy, and the drift is named", () => {
  const shop = openShop();
  shop.cross("door", "out", [10, 11]);
  shop.cross("door", "in", [20]);
  const value = shop.ask("occupancy");
  assert.equal(value.value, 1);
  assert.equal(value.reason?.code, "drift");
});

test("an event for a closed slot counts and raises the revision; one of the day before does too", () => {
  const shop = openShop();
  shop.cross("door", "in", [10, 300]);
  assert.equal(shop.ask("entrants").revision, 0);
  shop.cross("door", "in", [10.5]);
  assert.equal(shop.ask("entrants").value, 3);
  assert.equal(shop.ask("entrants").revision, 1);
  assert.equal(shop.ask("exits").revision, 0);
  assert.equal(shop.metrics.counters.late, 1);
});

test("a sensor's late news raises the revision of what it covers", () => {
  const shop = openShop();
  shop.cross("door", "in", [500]);
  shop.add(shop.maker.sensor(at(100), "entrance", "blind"));
  shop.add(shop.maker.sensor(at(200), "entrance"));
  assert.equal(shop.ask("entrants", 500).revision, 2);
  assert.equal(shop.ask("entrants", 500).coverage, 0.8);
});

test("an event delivered twice counts once", () => {
  const shop = openShop();
  const event = shop.maker.crossing(at(10), "door", "in");
  shop.add(event, event);
  assert.equal(shop.ask("entrants").value, 1);
  assert.equal(shop.metrics.counters.duplicates, 1);
});

test("lines, zones and sensors outside the plan are counted and left out", () => {
  const shop = openShop();
  shop.add(
    shop.maker.crossing(at(10), "nowhere", "in"),
    shop.maker.zoneEntered(at(10), "nowhere", 1),
    shop.maker.sensor(at(10), "nobody"),
  );
  assert.equal(shop.metrics.counters.unknownIds, 3);
  assert.equal(shop.ask("entrants").value, 0);
});

test("a metric asked for a scope it does not have is unknown, not a crash", () => {
  const shop = openShop();
  const scope = { kind: "zone", id: "nowhere" } as const;
  assert.equal(shop.metrics.value("zone-visits", scope, DAY, at(9)).reason?.code, "unknown-scope");
  assert.equal(shop.metrics.value("entrants", scope, DAY, at(9)).reason?.code, "unknown-scope");
});

test("live summaries hold the store, each zone and each door, as plain JSON", () => {
  const shop = openShop();
  shop.cross("door", "in", [10]);
  const parts = summaries(shop.metrics.today(at(30)));
  assert.deepEqual(
    parts.map((part) => part.scope),
    ["store", "zone-table", "zone-till", "door-door"],
  );
  assert.deepEqual(JSON.parse(JSON.stringify(parts)), parts);
  assert.doesNotMatch(JSON.stringify(parts), /trackId|camera:/);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { VisitMaker } from "../../test/fakes/completed-visits.ts";
import { FullDay, fullShop } from "../../test/fakes/full-day.ts";
import { EventMaker, utc } from "../../test/fakes/journey-events.ts";
import { judge, judgeAll, METRICS } from "../../test/fakes/judged-figures.ts";
import { QueueMaker } from "../../test/fakes/queue-events.ts";
import { type EpochMs, epochMs, receiverId, tagId, zoneId } from "../core/brand.ts";
import type { JourneyEvent } from "../core/events.ts";
import type { MetricId, MetricScope, MetricValue } from "../core/metric-value.ts";
import { seededRandom } from "../core/random.ts";
import type { SitePlan } from "../core/site.ts";
import { createMetrics, type Metrics } from "./metrics.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A Friday. */
const DAY = utc("2026-11-20T04:00:00Z");
const END = epochMs(DAY + 24 * HOUR_MS);
const STORE: MetricScope = { kind: "store" };
const at = (minute: number, second = 0): EpochMs =>
  epochMs(DAY + minute * MINUTE_MS + second * 1000);

interface Shop {
  readonly metrics: Metrics;
  ask(metric: MetricId, from?: EpochMs, to?: EpochMs, scope?: MetricScope): MetricValue;
}

/** A shop that all these events came from; every figure of it has been judged. */
function judged(events: readonly JourneyEvent[], changes: Partial<SitePlan> = {}): Shop {
  const metrics = createMetrics({ site: fullShop(changes) });
  for (const event of events) metrics.ingest(event);
  judgeAll(metrics, DAY, END);
  judgeAll(metrics, at(300), at(420));
  return {
    metrics,
    ask: (metric, from = DAY, to = END, scope = STORE) => metrics.value(metric, scope, from, to),
  };
}

test("a day on which the shop is closed has people outside of its hours, and no rate", () => {
  const hours = [{ days: ["mon", "tue"] as const, fromMin: 540, toMin: 1200 }];
  const events = new FullDay("closed", at(300), seededRandom(4)).events(60);
  const { ask } = judged(events, { store: { ...fullShop().store, hours } });
  assert.equal(ask("entrants").value, 0);
  assert.equal(ask("entrants").reason?.code, "outside-hours");
  assert.ok((ask("entrants-raw").value ?? 0) > 50);
  assert.equal(ask("sales-conversion").value, null);
  assert.equal(ask("zone-draw", DAY, END, { kind: "zone", id: "table" }).value, null);
});

test("a shop with a till and nothing else knows its sales, and of everything else why it does not", () => {
  const maker = new EventMaker();
  const sales = Array.from({ length: 30 }, (_, i) => maker.receipt(at(320 + i), `r${i}`, 1500));
  const { metrics, ask } = judged(sales, { cameras: [] });
  assert.deepEqual([ask("transactions").value, ask("net-sales").value], [30, 45_000]);
  assert.equal(ask("average-transaction-value").value, 1500);
  assert.equal(ask("sales-conversion").reason?.code, "no-door-line");
  const known = METRICS.filter((metric) => ask(metric).value !== null);
  assert.deepEqual(known.sort(), [
    "average-transaction-value",
    "click-collect-handovers",
    "net-sales",
    "transactions",
    "units-per-transaction",
  ]);
  for (const { id } of metrics.sources.site.floor?.zones ?? [])
    judge(metrics.value("zone-visits", { kind: "zone", id }, DAY, END));
});

test("a shop with tags and nothing else tells of those who carry them, and makes no rate of it", () => {
  const visits = new VisitMaker();
  const radio = new EventMaker("radio").sensor(DAY, "r1");
  const told = Array.from({ length: 40 }, (_, i) =>
    visits.visit(at(320 + i), { tag: `c${i}`, stops: [["cellar", 20, 60]] }),
  );
  const { ask } = judged([{ ...radio, sensorKind: "radio" }, ...told], {
    cameras: [],
    receivers: [{ id: receiverId("r1"), name: "Receiver", xM: 0, yM: 0, zM: 2 }],
    tags: [{ id: tagId("c0"), kind: "loyalty-card", beacon: { format: "altbeacon", id: "00" } }],
  });
  const draw = ask("zone-draw", DAY, END, { kind: "zone", id: "cellar" });
  assert.deepEqual([draw.value, draw.method], [1, "tag"]);
  assert.equal(ask("identification-coverage").reason?.code, "no-door-line");
  assert.equal(ask("entrants").reason?.code, "no-door-line");
  assert.equal(ask("repeat-rate").value, 0);
});

test("exits without entries are counted, doubted, and leave nobody inside", () => {
  const maker = new EventMaker();
  const queue = new QueueMaker();
  const out = Array.from({ length: 60 }, (_, i) => maker.crossing(at(310 + i), "door", "out"));
  const stays = Array.from({ length: 10 }, (_, i) =>
    maker.zoneExited(at(310 + i), "table", i, 30_000),
  );
  const left = Array.from({ length: 25 }, (_, i) =>
    queue.left(at(320 + i), "abandoned", 60_000, i),
  );
  const { ask } = judged([...maker.allSeeing(DAY), ...out, ...stays, ...left]);
  assert.deepEqual([ask("exits").value, ask("entrants").value], [60, 0]);
  assert.equal(ask("exits").reason?.code, "counts-lopsided");
  assert.equal(ask("occupancy").value, 0);
  assert.equal(ask("occupancy").reason?.code, "drift");
  const gone = ask("queue-abandonment", DAY, END, { kind: "zone", id: "queue" });
  assert.deepEqual([gone.value, gone.reason?.code], [null, "no-queue"]);
});

test("a sensor whose clock or counter runs backwards gives the figures of its events, whatever their order", () => {
  const events = new FullDay("back", at(300), seededRandom(8)).events(80);
  const forwards = judged(events);
  const backwards = judged(events.toReversed());
  for (const metric of ["entrants", "exits", "transactions", "zone-unique-visits"] as const) {
    const scope: MetricScope = metric.startsWith("zone") ? { kind: "zone", id: "table" } : STORE;
    const one = forwards.ask(metric, DAY, END, scope);
    assert.equal(backwards.ask(metric, DAY, END, scope).value, one.value, metric);
  }
});

test("a visit that ends before it began is counted as impossible, and is in no figure", () => {
  const visits = new VisitMaker();
  const good = Array.from({ length: 25 }, (_, i) => visits.visit(at(320 + i), {}));
  const bad = visits.visit(at(330), { change: { exitedAt: at(320) } });
  const { metrics, ask } = judged([...new EventMaker().allSeeing(DAY), ...good, bad]);
  assert.equal(metrics.counters.impossibleVisits, 1);
  assert.equal(ask("zone-draw", DAY, END, { kind: "zone", id: "table" }).n, 25);
});

test("a stay that ends before it began takes no time from its zone", () => {
  const maker = new EventMaker();
  const stays = [
    maker.zoneEntered(at(330), "table", 1),
    maker.zoneExited(at(320), "table", 1, -600_000),
    maker.zoneEntered(at(340), "table", 2),
    maker.zoneExited(at(341), "table", 2, 60_000),
  ];
  const { ask } = judged([...maker.allSeeing(DAY), ...stays]);
  const zone = { kind: "zone", id: "table" } as const;
  assert.ok((ask("zone-dwell-total", DAY, END, zone).value ?? -1) >= 60_000);
  assert.ok((ask("zone-dwell-median", DAY, END, zone).value ?? 0) >= 0);
});

test("payments before the first entry, of less than nothing and from hours ahead are shown and explained", () => {
  const maker = new EventMaker();
  const came = Array.from({ length: 60 }, (_, i) => maker.crossing(at(360 + i), "door", "in"));
  const early = Array.from({ length: 5 }, (_, i) => maker.receipt(at(200 + i), `early${i}`));
  const late = Array.from({ length: 20 }, (_, i) => maker.receipt(at(420 + i), `r${i}`));
  const given = maker.receipt(at(500), "back", -90_000, "refund");
  const ahead = maker.receipt(epochMs(END + 9 * HOUR_MS), "ahead");
  const events = [...maker.allSeeing(DAY), ...came, ...early, ...late, given, ahead];
  const { ask } = judged(events);
  assert.equal(ask("transactions").value, 25);
  assert.match(ask("sales-conversion").reason?.text ?? "", /before/);
  assert.equal(ask("sales-conversion").reason?.code, "sales-before-entry");
  assert.equal(ask("net-sales").value, 25_000 - 90_000);
  assert.equal(ask("net-sales").reason?.code, "negative-sales");
  assert.ok((ask("average-transaction-value").value ?? 0) < 0);
  const next = epochMs(END + 24 * HOUR_MS);
  assert.equal(ask("transactions", END, next).value, 1, "it counts where its till puts it");
  judge(ask("sales-conversion", END, next));
});

test("a group that an interval cuts through makes no units of nobody, and parts add up to the whole", () => {
  const maker = new EventMaker();
  const entry = (second: number, track: number) =>
    maker.crossing(at(310, second), "door", "in", { track });
  const events = [
    ...maker.allSeeing(DAY),
    entry(59, 1),
    entry(60, 2),
    entry(61, 3),
    maker.group(at(310, 59), "door", "in", 3, [1, 2, 3]),
  ];
  const { ask } = judged(events);
  const [before, after] = [
    ask("buying-units", at(310), at(311)),
    ask("buying-units", at(311), at(312)),
  ];
  assert.deepEqual([before.value, after.value], [-1, 2]);
  assert.deepEqual([before.reason?.code, before.ci95], ["group-cut", null]);
  assert.equal(ask("buying-units", at(310), at(312)).value, 1);
  assert.equal(ask("buying-units").value, 1);
});

test("zones and tags that the plan does not know are counted, and change nothing", () => {
  const maker = new EventMaker();
  const strange = maker.zoneExited(at(320), "nowhere", 1, 60_000);
  const { metrics } = judged([...maker.allSeeing(DAY), strange]);
  assert.equal(metrics.counters.unknownIds, 1);
  assert.equal(metrics.sources.book.find(at(320))?.zones.get(zoneId("nowhere")), undefined);
});

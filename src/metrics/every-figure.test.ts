import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { VisitMaker } from "../../test/fakes/completed-visits.ts";
import { FullDay, fullShop } from "../../test/fakes/full-day.ts";
import { EventMaker, utc } from "../../test/fakes/journey-events.ts";
import { judgeAll, METRICS, scopesOf } from "../../test/fakes/judged-figures.ts";
import { QueueMaker } from "../../test/fakes/queue-events.ts";
import { type EpochMs, epochMs, receiverId, tagId } from "../core/brand.ts";
import type { JourneyEvent } from "../core/events.ts";
import { seededRandom } from "../core/random.ts";
import type { OpeningHours, SitePlan } from "../core/site.ts";
import { createMetrics, type Metrics } from "./metrics.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAY = utc("2026-11-20T04:00:00Z");
const END = epochMs(DAY + DAY_MS);
const OPENS = epochMs(DAY + 5 * HOUR_MS);
const HOURS: OpeningHours = {
  days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
  fromMin: 540,
  toMin: 1200,
};
const WITH_HOURS: Partial<SitePlan> = { store: { ...fullShop().store, hours: [HOURS] } };
/** Receivers and tags beside the cameras; where `table` is followed by nothing else, tags tell of it. */
const WITH_TAGS: Partial<SitePlan> = {
  receivers: ["r1", "r2"].map((id, i) => ({
    id: receiverId(id),
    name: id,
    xM: i,
    yM: 0,
    zM: 3,
  })),
  tags: ["card-1", "basket-1"].map((id, i) => ({
    id: tagId(id),
    kind: i === 0 ? "loyalty-card" : "basket",
    beacon: { format: "altbeacon", id: `0${i}` },
  })),
};
const at = (minute: number): EpochMs => epochMs(DAY + minute * MINUTE_MS);

function shopOf(events: readonly JourneyEvent[], changes: Partial<SitePlan> = {}): Metrics {
  const metrics = createMetrics({ site: fullShop(changes) });
  for (const event of events) metrics.ingest(event);
  return metrics;
}

const seeing = (maker = new EventMaker()): JourneyEvent[] => maker.allSeeing(DAY);

/** Whole day, part of it, a night, nothing at all, two days, and not on whole minutes. */
const SPANS: readonly (readonly [EpochMs, EpochMs])[] = [
  [DAY, END],
  [OPENS, epochMs(OPENS + 30 * MINUTE_MS)],
  [DAY, epochMs(DAY + HOUR_MS)],
  [OPENS, OPENS],
  [epochMs(DAY - DAY_MS), END],
  [epochMs(OPENS + 1234), epochMs(OPENS + 2 * HOUR_MS + 77)],
];

function judgeSpans(events: readonly JourneyEvent[], changes: Partial<SitePlan> = {}): void {
  const metrics = shopOf(events, changes);
  for (const [from, to] of SPANS) judgeAll(metrics, from, to);
}

test("every figure of a shop of which nothing was ever heard explains itself", () => {
  judgeSpans([]);
  judgeSpans([], WITH_HOURS);
  const metrics = shopOf([]);
  for (const scope of scopesOf(metrics.sources.site))
    for (const metric of METRICS) assert.equal(metrics.value(metric, scope, DAY, END).value, null);
});

test("every figure of a shop with a single event explains itself", () => {
  const maker = new EventMaker();
  const queue = new QueueMaker();
  const visits = new VisitMaker();
  const singles: readonly JourneyEvent[] = [
    maker.crossing(at(310), "door", "in"),
    maker.crossing(at(311), "door", "out"),
    maker.crossing(at(312), "pass-left", "in"),
    maker.group(at(310), "door", "in", 3),
    maker.zoneEntered(at(310), "table", 1),
    maker.zoneExited(at(310), "table", 1, 60_000),
    maker.zoneExited(at(310), "table", 1, 6000, true),
    maker.receipt(at(310), "r"),
    maker.receipt(at(310), "e", 0, "exchange"),
    maker.receipt(at(310), "c", 100, "click-collect"),
    queue.joined(at(310)),
    queue.left(at(311), "served", 0),
    queue.left(at(311), "unknown", 5000),
    queue.basket(at(310), "add"),
    queue.basket(at(310), "remove"),
    visits.visit(at(310), { stops: [["table", 5, 40]] }),
    visits.visit(at(310), { tag: "card-1", stops: [["table", 5, 40]] }),
  ];
  for (const event of singles) {
    const metrics = shopOf([...seeing(), event]);
    judgeAll(metrics, DAY, END);
  }
});

test("every figure of a door that only counts out explains itself", () => {
  const maker = new EventMaker();
  const left = Array.from({ length: 80 }, (_, i) => maker.crossing(at(310 + i), "door", "out"));
  judgeSpans([...seeing(maker), ...left]);
});

test("every figure of a day on which nothing sees explains itself", () => {
  const maker = new EventMaker();
  const blind = ["entrance", "front", "floor"].map((id) => maker.sensor(DAY, id, "blind"));
  const before = new FullDay("before", epochMs(OPENS - DAY_MS), seededRandom(4)).events(60);
  judgeSpans([...before, ...blind, maker.receipt(at(320), "r")]);
});

test("every figure of tags that no receiver hears explains itself", () => {
  const visits = new VisitMaker();
  const told = Array.from({ length: 30 }, (_, i) =>
    visits.visit(at(310 + i), { tag: `card-${i}`, stops: [["cellar", 5, 40]] }),
  );
  judgeSpans([...seeing(), ...told], WITH_TAGS);
  const { cameras } = fullShop();
  const unfollowed = cameras.map(({ followsVisits: _, ...camera }) => camera);
  judgeSpans([...seeing(), ...told], { ...WITH_TAGS, cameras: unfollowed });
});

test("every figure of a shop that chose the least it may explains itself", () => {
  const visits = new VisitMaker();
  const measures = { minCell: 1, minPathCell: 1, reentryGapMs: 0, engagedMs: 1000 };
  for (const people of [1, 2]) {
    const told = Array.from({ length: people }, (_, i) =>
      visits.visit(at(310 + i), { tag: `card-${i}`, stops: [["table", 5, 40]] }),
    );
    judgeSpans([...seeing(), ...told], { ...WITH_TAGS, measures });
  }
});

test("every figure of a shop that more people enter, and more buy, than come by explains itself", () => {
  const maker = new EventMaker();
  const crowd = Array.from({ length: 90 }, (_, i) => [
    ...(i < 30 ? [maker.crossing(at(310 + i), "pass-left", "in")] : []),
    ...(i < 40 ? [maker.crossing(at(310 + i), "door", "in")] : []),
    maker.receipt(at(330 + i), `r${i}`),
    maker.zoneExited(at(320 + i), "table", i, 6000, true),
  ]).flat();
  judgeSpans([...seeing(maker), ...crowd]);
});

test("every figure of a day of refunds explains itself", () => {
  const maker = new EventMaker();
  const refunds = Array.from({ length: 30 }, (_, i) =>
    maker.receipt(at(320 + i), `r${i}`, -1000, "refund"),
  );
  const came = Array.from({ length: 30 }, (_, i) => maker.crossing(at(310 + i), "door", "in"));
  judgeSpans([...seeing(maker), ...refunds]);
  judgeSpans([...seeing(maker), ...came, ...refunds], WITH_HOURS);
});

test("every figure of any day explains itself, over any part of it", () => {
  const minute = fc.integer({ min: 0, max: 1440 });
  const day = fc.record({
    seed: fc.integer({ min: 1, max: 1_000_000 }),
    people: fc.constantFrom(3, 25, 60, 120),
    hasHours: fc.boolean(),
    isShuffled: fc.boolean(),
    from: minute,
    to: minute,
  });
  fc.assert(
    fc.property(day, ({ seed, people, hasHours, isShuffled, from, to }) => {
      const random = seededRandom(seed);
      const events = [-7, -1, 0].flatMap((ago) =>
        new FullDay(`d${ago}`, epochMs(OPENS + ago * DAY_MS), random).events(people),
      );
      const order = isShuffled
        ? events
            .map((event) => ({ event, rank: random() }))
            .sort((a, b) => a.rank - b.rank)
            .map(({ event }) => event)
        : events;
      const metrics = shopOf(order, hasHours ? WITH_HOURS : {});
      judgeAll(metrics, DAY, END);
      judgeAll(metrics, at(Math.min(from, to)), at(Math.max(from, to)));
    }),
    { numRuns: 8, seed: 7 },
  );
});

test("a value says what the shop chose, not what shops choose that choose nothing", () => {
  const measures = {
    minCell: 7,
    minPathCell: 11,
    reentryGapMs: 60_000,
    bounceMaxMs: 90_000,
    engagedMs: 20_000,
  };
  const day = new FullDay("chosen", OPENS, seededRandom(9)).events(150);
  const metrics = shopOf(day, { measures });
  const chosen: Readonly<Record<string, number>> = measures;
  for (const scope of scopesOf(metrics.sources.site)) {
    for (const metric of METRICS) {
      const { definition } = metrics.value(metric, scope, DAY, END);
      for (const [name, said] of Object.entries(definition.parameters))
        if (chosen[name] !== undefined) assert.equal(said, chosen[name], `${metric} ${name}`);
    }
  }
});

test("stays that were all lost from sight too early say nothing of engagement", () => {
  const maker = new EventMaker();
  const lost = Array.from({ length: 40 }, (_, i) =>
    maker.zoneExited(at(320 + i), "table", i, 6000, true),
  );
  const metrics = shopOf([...seeing(maker), ...lost]);
  const found = metrics.value("zone-engagement", { kind: "zone", id: "table" }, DAY, END);
  assert.deepEqual([found.value, found.reason?.code], [null, "too-many-censored"]);
});

test("few entrants and no sale give no yield, as they give no conversion", () => {
  const maker = new EventMaker();
  const came = [0, 1, 2].map((i) => maker.crossing(at(310 + i), "door", "in"));
  const metrics = shopOf([...seeing(maker), maker.receipt(at(10), "r", 0, "refund"), ...came]);
  for (const metric of ["sales-conversion", "shopper-yield"] as const) {
    const found = metrics.value(metric, { kind: "store" }, OPENS, END);
    assert.deepEqual([found.value, found.reason?.code], [null, "small-sample"], metric);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { followedShop, type Stop, VisitMaker } from "../../../test/fakes/completed-visits.ts";
import { EventMaker, shopSite, utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs, receiverId, tagId, zoneId } from "../../core/brand.ts";
import type { JourneyEvent } from "../../core/events.ts";
import type { MetricId, MetricScope, MetricValue } from "../../core/metric-value.ts";
import type { SitePlan } from "../../core/site.ts";
import { TAG_RULES } from "../estimate/tag-weights.ts";
import { createMetrics, type Metrics } from "../metrics.ts";

const DAY = utc("2026-11-20T04:00:00Z");
const at = (seconds: number): EpochMs => epochMs(DAY + seconds * 1000);
const zone = (id: string): MetricScope => ({ kind: "zone", id });
const pair = (from: string, to: string): MetricScope => ({ kind: "zone-pair", from, to });

interface Shop {
  readonly metrics: Metrics;
  readonly visits: VisitMaker;
  add(...events: readonly JourneyEvent[]): void;
  /** So many visits of the same kind, a minute apart, from a minute on. */
  walk(times: number, stops: readonly Stop[], bought?: boolean): void;
  ask(metric: MetricId, scope: MetricScope): MetricValue;
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
    metrics,
    visits,
    add,
    walk(times, stops, bought = false) {
      for (let i = 0; i < times; i += 1) {
        minute += 1;
        const receipt = `r${minute}`;
        add(visits.visit(at(60 * minute), bought ? { stops, bought: receipt } : { stops }));
        if (bought) add(maker.receipt(at(60 * minute + 50), receipt));
      }
    },
    ask: (metric, scope) => metrics.value(metric, scope, at(0), at(86_400)),
  };
}

/** Every single visit is told: what figures mean shows there. */
const openBook = (): Shop => openShop({ ...followedShop(), measures: { minCell: 1 } });

const TABLE: Stop = ["table", 5, 30];
const SHOES: Stop = ["shoes", 60, 40];
const MIRROR: Stop = ["mirror", 120, 20];

test("unique visits count a visit once, and draw is their share of all visits", () => {
  const shop = openShop();
  shop.walk(15, [TABLE, SHOES, ["table", 200, 20]]);
  shop.walk(5, [SHOES]);
  shop.walk(10, []);
  assert.equal(shop.ask("zone-unique-visits", zone("table")).value, 15);
  const draw = shop.ask("zone-draw", zone("table"));
  assert.equal(draw.value, 0.5);
  assert.equal(draw.method, "track");
  assert.equal(draw.n, 30);
  assert.ok((draw.ci95?.[0] ?? 1) < 0.34 && (draw.ci95?.[1] ?? 0) > 0.66);
});

test("walking through is no stop, and a short break is bridged", () => {
  const shop = openShop();
  shop.walk(20, [["table", 5, 4]]);
  shop.walk(10, [
    ["table", 5, 3],
    ["table", 14, 3],
  ]);
  assert.equal(shop.ask("zone-unique-visits", zone("table")).value, 10);
});

test("staff and visits that were taken back are no visits", () => {
  const shop = openShop();
  shop.walk(20, [TABLE]);
  shop.add(shop.visits.visit(at(9000), { stops: [TABLE], isStaff: true }));
  const again = shop.visits.visit(at(9100), { stops: [TABLE] });
  const change = { visitId: again.visitId, revision: 1, isWithdrawn: true };
  shop.add(again, shop.visits.visit(at(9100), { change }));
  assert.equal(shop.ask("zone-unique-visits", zone("table")).value, 20);
  assert.equal(shop.ask("zone-draw", zone("table")).value, 1);
});

test("people who come in together make the interval of a share wider", () => {
  const alone = openShop();
  const paired = openShop();
  for (let i = 0; i < 60; i += 1) {
    const stops = i % 4 < 2 ? [TABLE] : [];
    alone.add(alone.visits.visit(at(4000 + 60 * i), { stops }));
    paired.add(paired.visits.visit(at(4000 + 120 * Math.floor(i / 2) + (i % 2)), { stops }));
  }
  const widthOf = (shop: Shop): number => {
    const [low, high] = shop.ask("zone-draw", zone("table")).ci95 ?? [0, 0];
    return high - low;
  };
  assert.equal(paired.ask("zone-draw", zone("table")).value, 0.5);
  assert.ok(widthOf(paired) > 1.3 * widthOf(alone));
  assert.ok(Math.abs((paired.ask("zone-draw", zone("table")).effectiveN ?? 0) - 29) <= 1);
});

test("where visits go on to: from the entry, from zone to zone, and out with or without a purchase", () => {
  const shop = openBook();
  shop.walk(12, [TABLE, SHOES], true);
  shop.walk(8, [TABLE]);
  shop.walk(20, [MIRROR]);
  const share = (from: string, to: string): number | null =>
    shop.ask("zone-transition", pair(from, to)).value;
  assert.equal(share("entry", "table"), 0.5);
  assert.equal(share("entry", "mirror"), 0.5);
  assert.equal(share("table", "shoes"), 0.6);
  assert.equal(share("table", "exit-without"), 0.4);
  assert.equal(share("mirror", "exit-without"), 1);
  assert.equal(share("mirror", "table"), null);
  assert.equal(shop.ask("zone-transition", pair("shoes", "exit-with-tx")).value, null);
  assert.equal(shop.ask("zone-transition", pair("shoes", "exit-with-tx")).ci95?.[1], 1);
});

test("a way is told in steps of the least cell, and a rare one like one that nobody took", () => {
  const shop = openShop();
  shop.walk(32, [TABLE]);
  shop.walk(13, [TABLE, SHOES]);
  shop.walk(4, [TABLE, MIRROR]);
  const ask = (to: string): MetricValue => shop.ask("zone-transition", pair("table", to));
  assert.deepEqual([ask("exit-without").value, ask("shoes").value], [0.75, 0.25]);
  assert.deepEqual([ask("shoes").n, ask("mirror").n], [40, 40]);
  for (const to of ["mirror", "queue"]) {
    const { value, ci95, effectiveN, reason, definition } = ask(to);
    assert.deepEqual([value, ci95, effectiveN], [null, null, null]);
    assert.equal(reason?.code, "small-cell");
    assert.equal(definition.parameters["minCell"], 5);
  }
});

test("without linked payments everybody leaves without one, and the value says so", () => {
  const shop = openShop();
  shop.walk(25, [TABLE]);
  const out = shop.ask("zone-transition", pair("table", "exit-without"));
  assert.equal(out.value, 1);
  assert.equal(out.reason?.code, "payments-not-linked");
});

test("a visit whose end was not seen leaves nowhere", () => {
  const shop = openShop();
  shop.walk(20, [TABLE]);
  const change = { isExitSeen: false, endedBy: "lost" } as const;
  for (let i = 0; i < 5; i += 1)
    shop.add(shop.visits.visit(at(9000 + 60 * i), { stops: [TABLE], change }));
  assert.equal(shop.ask("zone-transition", pair("table", "exit-without")).n, 20);
  assert.equal(shop.ask("zone-transition", pair("entry", "table")).n, 25);
});

test("a visit whose track was lost, and what it comes again as, stop somewhere but are no whole visits", () => {
  const shop = openShop();
  shop.walk(20, [TABLE]);
  shop.walk(20, [SHOES]);
  const lost = { isExitSeen: false, endedBy: "lost" } as const;
  for (let i = 0; i < 10; i += 1) {
    shop.add(shop.visits.visit(at(9000 + 60 * i), { stops: [MIRROR], change: lost }));
    const again = { isEntrySeen: false } as const;
    shop.add(shop.visits.visit(at(9030 + 60 * i), { stops: [TABLE], change: again }));
  }
  assert.equal(shop.ask("zone-unique-visits", zone("table")).value, 30);
  const draw = shop.ask("zone-draw", zone("table"));
  assert.deepEqual([draw.value, draw.n], [0.5, 40]);
  assert.equal(shop.ask("zone-lift", pair("table", "shoes")).n, 40);
});

test("of buyers no payment may be missing from the interval, where not all are linked", () => {
  const shop = openBook();
  shop.walk(20, [TABLE], true);
  shop.walk(20, [TABLE]);
  const out = (): MetricValue => shop.ask("zone-transition", pair("table", "exit-with-tx"));
  const linked = out();
  const more = new EventMaker("more");
  for (let i = 0; i < 10; i += 1) shop.add(more.receipt(at(9000 + i), `more${i}`));
  const partly = out();
  assert.deepEqual([linked.value, partly.value], [0.5, 0.5]);
  assert.equal(partly.reason?.code, "payments-partly-linked");
  assert.equal(partly.ci95?.[0], linked.ci95?.[0]);
  // Half as many payments again are linked to nobody.
  assert.ok(Math.abs((partly.ci95?.[1] ?? 0) - (linked.ci95?.[1] ?? 0) - 0.25) < 1e-12);
  const without = shop.ask("zone-transition", pair("table", "exit-without")).ci95 ?? [0, 0];
  assert.ok(Math.abs(without[0] + (partly.ci95?.[1] ?? 0) - 1) < 1e-9, "the two ways are one");
});

test("lift tells how much oftener two zones are visited together than by chance", () => {
  const shop = openBook();
  shop.walk(20, [TABLE, SHOES]);
  shop.walk(10, [TABLE]);
  shop.walk(10, [SHOES]);
  shop.walk(40, [MIRROR]);
  const lift = shop.ask("zone-lift", pair("table", "shoes"));
  assert.ok(Math.abs((lift.value ?? 0) - (20 * 80) / (30 * 30)) < 1e-12);
  assert.ok((lift.ci95?.[0] ?? 0) > 1 && (lift.ci95?.[1] ?? 0) < 3);
  assert.equal(shop.ask("zone-lift", pair("table", "mirror")).reason?.code, "small-cell");
  assert.equal(shop.ask("zone-lift", pair("table", "table")).reason?.code, "unknown-scope");
});

test("the interval of a lift holds what counting the visits by groups gives", () => {
  const shop = openBook();
  shop.walk(20, [TABLE, SHOES]);
  shop.walk(10, [TABLE]);
  shop.walk(10, [SHOES]);
  shop.walk(40, []);
  // Delta method for single visits: 1/20 - 1/30 - 1/30 - 1/80 + 2 * 20/(30 * 30).
  const spread = Math.sqrt((1 / 20 - 1 / 30 - 1 / 30 - 1 / 80 + 40 / 900) * (80 / 79));
  const { value, ci95 } = shop.ask("zone-lift", pair("table", "shoes"));
  const factor = Math.exp(1.959963984540054 * spread);
  assert.ok(Math.abs((ci95?.[1] ?? 0) - (value ?? 0) * factor) < 1e-9);
});

test("a lift that would tell of few visits is withheld", () => {
  const shop = openShop();
  shop.walk(3, [TABLE, SHOES]);
  shop.walk(20, [TABLE]);
  shop.walk(20, [SHOES]);
  assert.equal(shop.ask("zone-lift", pair("table", "shoes")).reason?.code, "small-cell");
});

test("where no camera follows visits and no tags are located, nothing is known of paths", () => {
  const shop = openShop(shopSite());
  shop.walk(20, [TABLE]);
  for (const metric of ["zone-unique-visits", "zone-draw"] as const)
    assert.equal(shop.ask(metric, zone("table")).reason?.code, "not-identifiable");
  assert.equal(shop.ask("zone-lift", pair("table", "till")).reason?.code, "not-identifiable");
});

test("a visit that becomes known later is in the figure, and days add up", () => {
  const shop = openShop();
  shop.walk(20, [TABLE]);
  assert.equal(shop.ask("zone-draw", zone("table")).value, 1);
  shop.walk(20, []);
  assert.equal(shop.ask("zone-draw", zone("table")).value, 0.5);
  for (let i = 0; i < 40; i += 1)
    shop.add(shop.visits.visit(at(86_400 + 3600 + 60 * i), { stops: [SHOES] }));
  const both = shop.metrics.value("zone-draw", zone("table"), at(0), at(2 * 86_400));
  assert.equal(both.value, 0.25);
  assert.equal(both.n, 80);
});

test("where no camera follows visits, tags of customers speak for the visits they were heard on", () => {
  const plain = followedShop();
  const polygon = [
    { x: 0, y: 0 },
    { x: 4, y: 0 },
    { x: 4, y: 4 },
  ];
  const floorZones = ["table", "shoes"].map((id) => ({ id: zoneId(id), name: id, polygon }));
  const shop = openShop({
    ...plain,
    cameras: plain.cameras.map((camera) => ({ ...camera, followsVisits: false })),
    receivers: [{ id: receiverId("r1"), name: "Receiver", xM: 0, yM: 0, zM: 2 }],
    tags: [
      {
        id: tagId("basket"),
        kind: "basket",
        beacon: { format: "altbeacon", id: "00".repeat(20) },
      },
    ],
    floor: {
      outline: polygon,
      obstacles: [],
      doors: [],
      zones: floorZones.map((one) => ({ ...one, kind: "display" })),
    },
  });
  const radio = new EventMaker("r").sensor(at(0), "r1");
  shop.add({ ...radio, sensorKind: "radio" });
  const come = (i: number, kind: "basket" | "loyalty-card", lengthS: number, stops: Stop[]): void =>
    shop.add(shop.visits.visit(at(3600 + 60 * i), { tag: `t${i}`, tagKind: kind, lengthS, stops }));
  for (let i = 0; i < 40; i += 1) come(i, "basket", 900, i < 10 ? [TABLE] : [SHOES]);
  const value = shop.ask("zone-draw", zone("table"));
  assert.equal(value.method, "tag");
  assert.equal(value.value, 0.25);
  assert.equal(value.n, 40);
  const heardS = TAG_RULES.detectMs / 1000;
  // A card is heard on one in 1 - 1/e of the visits that last as long as it takes to be heard.
  for (let i = 40; i < 50; i += 1) come(i, "loyalty-card", heardS, [TABLE]);
  const heard = 1 - Math.exp(-1);
  const weighted = shop.ask("zone-draw", zone("table"));
  assert.ok(Math.abs((weighted.value ?? 0) - (10 + 10 / heard) / (40 + 10 / heard)) < 1e-9);
  assert.ok((weighted.effectiveN ?? 50) < 50);
  // One that was hardly heard stands for no more than the weights of lengths allow.
  come(50, "loyalty-card", 1, [TABLE]);
  const most = 10 / heard + 1 / TAG_RULES.minInclusion;
  const trimmed = shop.ask("zone-draw", zone("table")).value ?? 0;
  assert.ok(Math.abs(trimmed - (10 + most) / (40 + most)) < 1e-9, `${trimmed}`);
});

test("a zone that is not in the plan, and a wrong scope, are not measured", () => {
  const shop = openShop();
  shop.walk(20, [TABLE]);
  assert.equal(shop.ask("zone-draw", zone("cellar")).reason?.code, "unknown-scope");
  assert.equal(shop.ask("zone-draw", { kind: "store" }).reason?.code, "unknown-scope");
  assert.equal(
    shop.ask("zone-transition", pair("exit-without", "table")).reason?.code,
    "unknown-scope",
  );
});

const anyStops = fc.array(
  fc.tuple(
    fc.constantFrom("table", "shoes", "mirror"),
    fc.integer({ min: 0, max: 600 }),
    fc.integer({ min: 1, max: 90 }),
  ),
  { maxLength: 5 },
);

const PLACES = ["table", "shoes", "mirror", "queue", "till"];
const ENDS = [...PLACES, "exit-with-tx", "exit-without"];
const STARTS = ["entry", ...PLACES];

function visited(all: readonly (readonly Stop[])[], site: SitePlan): Shop {
  const shop = openShop(site);
  for (const [i, stops] of all.entries()) {
    const sorted = [...stops].sort((a, b) => a[1] - b[1]);
    shop.add(shop.visits.visit(at(60 * i), { stops: sorted }));
  }
  return shop;
}

const rowOf = (shop: Shop, from: string): MetricValue[] =>
  ENDS.filter((to) => to !== from).map((to) => shop.ask("zone-transition", pair(from, to)));

test("the shares of every row add up to 1 where none is withheld", () => {
  fc.assert(
    fc.property(fc.array(anyStops, { minLength: 20, maxLength: 40 }), (all) => {
      const shop = visited(all, { ...followedShop(), measures: { minCell: 1 } });
      for (const row of STARTS.map((from) => rowOf(shop, from)).filter(
        ([one]) => (one?.n ?? 0) >= 20,
      )) {
        const sum = row.reduce((total, { value }) => total + (value ?? 0), 0);
        assert.ok(Math.abs(sum - 1) < 1e-9, `${sum}`);
      }
    }),
    { numRuns: 15 },
  );
});

test("never is a single cell of a row withheld, which the others would give away", () => {
  fc.assert(
    fc.property(fc.array(anyStops, { minLength: 1, maxLength: 60 }), (all) => {
      const shop = visited(all, followedShop());
      for (const row of STARTS.map((from) => rowOf(shop, from))) {
        const hidden = row.filter(({ reason }) => reason?.code === "small-cell");
        assert.notEqual(hidden.length, 1);
        for (const { value, ci95, effectiveN } of hidden)
          assert.deepEqual([value, ci95, effectiveN], [null, null, null]);
      }
    }),
    { numRuns: 15 },
  );
});

test("draw is at most 1, unique visits are no more than visits, lift is the same both ways", () => {
  fc.assert(
    fc.property(fc.array(anyStops, { minLength: 1, maxLength: 40 }), (all) => {
      const shop = visited(all, { ...followedShop(), measures: { minCell: 1 } });
      for (const a of PLACES) {
        assert.ok((shop.ask("zone-draw", zone(a)).value ?? 0) <= 1);
        assert.ok((shop.ask("zone-unique-visits", zone(a)).value ?? 0) <= all.length);
        for (const b of PLACES) {
          const there = shop.ask("zone-lift", pair(a, b));
          const back = shop.ask("zone-lift", pair(b, a));
          assert.deepEqual([there.value, there.ci95], [back.value, back.ci95]);
        }
      }
    }),
    { numRuns: 15 },
  );
});

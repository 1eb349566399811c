import assert from "node:assert/strict";
import { test } from "node:test";
import {
  followedShop,
  type Stop,
  VisitMaker,
  type VisitSketch,
} from "../../../test/fakes/completed-visits.ts";
import { EventMaker, utc } from "../../../test/fakes/journey-events.ts";
import { QueueMaker } from "../../../test/fakes/queue-events.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { JourneyEvent, ReceiptLine } from "../../core/events.ts";
import type { MetricId, MetricValue } from "../../core/metric-value.ts";
import type { SitePlan } from "../../core/site.ts";
import { createMetrics } from "../metrics.ts";

const DAY = utc("2026-11-20T04:00:00Z");
const at = (seconds: number): EpochMs => epochMs(DAY + seconds * 1000);

const HAT: ReceiptLine = { sku: "cap", department: "hats", units: 1, netMinor: 900 };
const BOOT: ReceiptLine = { sku: "boot", department: null, units: 1, netMinor: 900 };
const ENGAGED: Stop = ["table", 5, 40];
const BRIEF: Stop = ["table", 5, 10];

interface Shop {
  add(...events: readonly JourneyEvent[]): void;
  visit(sketch: VisitSketch): void;
  /** So many visits, a minute apart; each buys these goods if any are given. */
  walk(times: number, stops: readonly Stop[], lines?: readonly ReceiptLine[]): void;
  /** A receipt that belongs to no visit. */
  pay(lines?: readonly ReceiptLine[]): void;
  ask(metric: MetricId, id?: string): MetricValue;
}

function openShop(site: SitePlan = followedShop()): Shop {
  const metrics = createMetrics({ site });
  const maker = new EventMaker();
  const visits = new VisitMaker();
  let minute = 0;
  const add = (...events: readonly JourneyEvent[]): void => {
    for (const event of events) metrics.ingest(event);
  };
  add(...maker.allSeeing(at(0)));
  const pay = (lines?: readonly ReceiptLine[], id = `x${minute}`): void => {
    const receipt = maker.receipt(at(60 * minute + 55), id);
    add(lines === undefined ? receipt : { ...receipt, lines });
  };
  return {
    add,
    visit(sketch) {
      minute += 1;
      add(visits.visit(at(60 * minute), sketch));
    },
    walk(times, stops, lines) {
      for (let i = 0; i < times; i += 1) {
        minute += 1;
        const id = `r${minute}`;
        add(visits.visit(at(60 * minute), lines === undefined ? { stops } : { stops, bought: id }));
        if (lines !== undefined) pay(lines, id);
      }
    },
    pay(lines) {
      minute += 1;
      pay(lines);
    },
    ask: (metric, id) =>
      metrics.value(
        metric,
        id === undefined ? { kind: "store" } : { kind: "zone", id },
        at(0),
        at(86_400),
      ),
  };
}

test("zone conversion is the share of engaged visits that bought goods of the zone, where payments are linked", () => {
  const shop = openShop();
  shop.walk(8, [ENGAGED], [HAT, BOOT]);
  shop.walk(2, [ENGAGED], [BOOT]);
  shop.walk(14, [ENGAGED]);
  shop.walk(6, [BRIEF], [HAT]);
  const value = shop.ask("zone-conversion", "table");
  assert.equal(value.value, 8 / 24);
  assert.equal(value.method, "track");
  assert.equal(value.definition.parameters["basis"], "linked receipts / engaged visits");
});

test("without links it is receipts with goods of the zone over engaged visits, and above 1 it is flagged", () => {
  const shop = openShop();
  shop.walk(20, [ENGAGED]);
  for (let i = 0; i < 5; i += 1) shop.pay([HAT]);
  shop.pay([BOOT]);
  const value = shop.ask("zone-conversion", "table");
  assert.equal(value.value, 0.25);
  assert.equal(value.method, "receipts");
  assert.equal(value.definition.parameters["basis"], "receipts / engaged visits");
  for (let i = 0; i < 20; i += 1) shop.pay([HAT]);
  const flagged = shop.ask("zone-conversion", "table");
  assert.equal(flagged.value, 1.25);
  assert.equal(flagged.reason?.code, "more-baskets-than-engaged");
});

test("where visits are not followed, engaged stays stand below the receipts", () => {
  const site = followedShop();
  const cameras = site.cameras.map((camera) => ({ ...camera, followsVisits: false }));
  const shop = openShop({ ...site, cameras });
  const maker = new EventMaker("stays");
  for (let i = 0; i < 25; i += 1) {
    const dwellMs = i < 20 ? 40_000 : 10_000;
    shop.add(maker.zoneExited(at(100 + 60 * i), "table", i, dwellMs));
  }
  for (let i = 0; i < 5; i += 1) shop.pay([HAT]);
  const value = shop.ask("zone-conversion", "table");
  assert.equal(value.value, 0.25);
  assert.equal(value.definition.parameters["basis"], "receipts / engaged stays");
});

test("zone conversion says what is missing", () => {
  const shop = openShop();
  shop.walk(20, [ENGAGED]);
  assert.equal(shop.ask("zone-conversion", "mirror").reason?.code, "no-goods");
  assert.equal(shop.ask("zone-conversion", "table").reason?.code, "no-receipts");
  shop.pay();
  assert.equal(shop.ask("zone-conversion", "table").reason?.code, "no-receipt-lines");
  shop.pay([BOOT]);
  assert.equal(shop.ask("zone-conversion", "shoes").reason?.code, "no-engagement");
});

test("the shop's own choice of engagement is a parameter of the value", () => {
  const shop = openShop({ ...followedShop(), measures: { engagedMs: 8000 } });
  shop.walk(20, [BRIEF], [HAT]);
  const value = shop.ask("zone-conversion", "table");
  assert.equal(value.value, 1);
  assert.equal(value.definition.parameters["engagedMs"], 8000);
});

test("put-back rate is goods taken out of baskets again over goods put in", () => {
  const shop = openShop();
  const baskets = new QueueMaker();
  shop.add(baskets.basket(at(10), "add", 30), baskets.basket(at(20), "add", 10));
  shop.add(baskets.basket(at(30), "remove", 4), baskets.basket(at(40), "return-to-shelf", 6));
  assert.equal(shop.ask("basket-put-back-rate").value, 0.25);
  shop.add(baskets.basket(at(50), "remove", 40));
  assert.equal(shop.ask("basket-put-back-rate").value, 1.25);
  assert.equal(shop.ask("basket-put-back-rate").reason?.code, "more-out-than-in");
});

test("no basket that ever told anything leaves the put-back rate unknown", () => {
  assert.equal(openShop().ask("basket-put-back-rate").reason?.code, "no-baskets");
});

test("an abandoned basket is a visit that put goods in and bought nothing", () => {
  const shop = openShop();
  shop.add(new QueueMaker().basket(at(10), "add", 3));
  const basket = { added: 2, removed: 0, returned: 0 };
  for (let i = 0; i < 15; i += 1) {
    shop.visit({ basket, bought: `b${i}` });
    shop.add(new EventMaker(`till${i}`).receipt(at(3000 + i), `b${i}`));
  }
  for (let i = 0; i < 5; i += 1) shop.visit({ basket });
  for (let i = 0; i < 9; i += 1) shop.visit({ basket: { added: 0, removed: 0, returned: 0 } });
  shop.visit({ basket, isStaff: true });
  const value = shop.ask("baskets-abandoned");
  assert.equal(value.value, 0.25);
  assert.equal(value.n, 20);
});

test("without linked payments nobody knows which baskets were abandoned", () => {
  const shop = openShop();
  shop.add(new QueueMaker().basket(at(10), "add", 3));
  for (let i = 0; i < 30; i += 1) shop.visit({ basket: { added: 1, removed: 0, returned: 0 } });
  shop.pay();
  assert.equal(shop.ask("baskets-abandoned").reason?.code, "payments-not-linked");
});

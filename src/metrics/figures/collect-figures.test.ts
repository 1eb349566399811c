import assert from "node:assert/strict";
import { test } from "node:test";
import { EventMaker, shopSite, utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs, monoMs, tagId, visitId, zoneId } from "../../core/brand.ts";
import type { JourneyCompleted, JourneyEvent, VisitReceipt } from "../../core/events.ts";
import type { MetricId, MetricValue } from "../../core/metric-value.ts";
import type { SitePlan } from "../../core/site.ts";
import { createMetrics } from "../metrics.ts";

const MINUTE_MS = 60_000;
const STORE = { kind: "store" } as const;
const DAY = utc("2026-11-20T04:00:00Z");
const at = (minute: number): EpochMs => epochMs(DAY + minute * MINUTE_MS);
const times = (count: number, first: number): number[] =>
  Array.from({ length: count }, (_, i) => first + i);

/** A shop with a desk where orders are collected, and a floor camera that follows visits or not. */
function deskShop(followsVisits = true): SitePlan {
  const site = shopSite();
  const cameras = site.cameras.map((camera) => ({
    ...camera,
    ...(camera.id === "floor" ? { followsVisits } : {}),
    zones: camera.zones.map((zone) =>
      zone.id === "table" ? { ...zone, id: zoneId("desk"), kind: "collect" as const } : zone,
    ),
  }));
  return { ...site, cameras };
}

let visits = 0;
function visit(
  minute: number,
  zones: readonly string[],
  options: Partial<JourneyCompleted> = {},
): JourneyCompleted {
  visits += 1;
  return {
    kind: "completed",
    source: "visits#a",
    seq: visits,
    at: at(minute + 10),
    atMono: monoMs(at(minute + 10)),
    clock: "synced",
    visitId: visitId(`v${visits}`),
    revision: 0,
    isWithdrawn: false,
    method: "track",
    tagKind: null,
    tagId: null,
    enteredAt: at(minute),
    exitedAt: at(minute + 10),
    isEntrySeen: true,
    isExitSeen: true,
    entryLineId: null,
    exitLineId: null,
    endedBy: "exit",
    reentries: 0,
    isStaff: false,
    stays: zones.map((id) => ({
      zoneId: zoneId(id),
      enteredAt: at(minute + 1),
      dwellMs: 60_000,
      isCensored: false,
    })),
    staysDropped: 0,
    queues: [],
    basket: null,
    receipts: [],
    began: { source: "camera:floor#a", seq: visits },
    ...options,
  };
}

function shop(site: SitePlan, make: (maker: EventMaker) => readonly JourneyEvent[]) {
  const maker = new EventMaker();
  const metrics = createMetrics({ site });
  for (const event of [...maker.allSeeing(DAY), ...make(maker)]) metrics.ingest(event);
  return (metric: MetricId): MetricValue => metrics.value(metric, STORE, at(0), at(1440));
}

const handover = (maker: EventMaker, minute: number): JourneyEvent =>
  maker.receipt(at(minute), `h${minute}`, 4000, "click-collect");
const receipt = (receiptId: string, transactionKind: VisitReceipt["transactionKind"]) => ({
  receiptId,
  transactionKind,
  paidAt: at(500),
  netMinor: 1000,
  units: 1,
});

test("arrivals are visits to where orders are collected; staff and other visits are none", () => {
  const ask = shop(deskShop(), () => [
    visit(400, ["till", "desk"]),
    visit(410, ["desk", "desk"]),
    visit(420, ["till"]),
    visit(430, ["desk"], { isStaff: true }),
    visit(440, ["desk"], { isWithdrawn: true }),
  ]);
  const value = ask("click-collect-arrivals");
  assert.deepEqual([value.value, value.method, value.reason], [2, "track", null]);
});

test("where only tags are followed, arrivals are a sample and say so", () => {
  const site = deskShop(false);
  const receiver = { id: "radio", name: "Radio", xM: 0, yM: 0, zM: 2 } as SitePlan["receivers"][0];
  const tagged = { method: "tag", tagKind: "basket", tagId: tagId("b1") } as const;
  const ask = shop({ ...site, receivers: [receiver] }, (maker) => [
    maker.sensor(DAY, "radio"),
    visit(400, ["desk"], tagged),
    visit(410, ["desk"]),
  ]);
  const value = ask("click-collect-arrivals");
  assert.deepEqual([value.value, value.method, value.reason?.code], [1, "tag", "tagged-only"]);
});

test("without such a zone, or before the first visit, arrivals are unknown", () => {
  const nowhere = shop(shopSite(), () => [visit(400, ["table"])])("click-collect-arrivals");
  assert.deepEqual([nowhere.value, nowhere.reason?.code], [null, "no-collect-zone"]);
  const nobody = shop(deskShop(), () => [])("click-collect-arrivals");
  assert.deepEqual([nobody.value, nobody.reason?.code], [null, "no-visits"]);
});

test("hand-overs are counted apart: they are no purchases and no sales", () => {
  const ask = shop(deskShop(), (maker) => [
    ...times(3, 400).map((minute) => handover(maker, minute)),
    maker.receipt(at(450), "sale", 900),
  ]);
  assert.equal(ask("click-collect-handovers").value, 3);
  assert.deepEqual([ask("transactions").value, ask("net-sales").value], [1, 900]);
});

test("a hand-over has a sale beside it when the till names it, or the same visit bought", () => {
  const ask = shop(deskShop(), (maker) => [
    ...times(40, 400).map((minute) => handover(maker, minute)),
    { ...maker.receipt(at(500), "s1", 900), relatedReceiptId: "h400" },
    { ...maker.receipt(at(501), "s2", -900, "refund"), relatedReceiptId: "h401" },
    visit(402, ["desk"], { receipts: [receipt("h402", "click-collect"), receipt("s3", "sale")] }),
    visit(403, ["desk"], { receipts: [receipt("h403", "click-collect")] }),
    visit(404, ["desk"], {
      receipts: [receipt("h400", "click-collect"), receipt("s1", "sale")],
    }),
  ]);
  const value = ask("click-collect-attach");
  assert.deepEqual([value.value, value.n], [2 / 40, 40]);
  assert.ok((value.ci95?.[0] ?? 1) < 0.05 && (value.ci95?.[1] ?? 0) > 0.05);
});

test("an exchange that was paid for is something bought beside a hand-over, an even one is not", () => {
  const ask = shop(deskShop(), (maker) => [
    ...times(40, 400).map((minute) => handover(maker, minute)),
    { ...maker.receipt(at(500), "x1", 300, "exchange"), relatedReceiptId: "h400" },
    { ...maker.receipt(at(501), "x2", 0, "exchange"), relatedReceiptId: "h401" },
    visit(402, ["desk"], {
      receipts: [receipt("h402", "click-collect"), receipt("x3", "exchange")],
    }),
    visit(403, ["desk"], {
      receipts: [
        receipt("h403", "click-collect"),
        { ...receipt("x4", "exchange"), netMinor: -500 },
      ],
    }),
  ]);
  assert.equal(ask("click-collect-attach").value, 2 / 40);
});

test("a paid exchange is link enough to speak of hand-overs", () => {
  const ask = shop(deskShop(), (maker) => [
    ...times(40, 400).map((minute) => handover(maker, minute)),
    { ...maker.receipt(at(500), "x1", 300, "exchange"), relatedReceiptId: "h400" },
  ]);
  assert.equal(ask("click-collect-attach").value, 1 / 40);
});

test("attach is unknown without hand-overs and without links, and an interval only with few", () => {
  const none = shop(deskShop(), (maker) => [maker.receipt(at(400), "s")]);
  assert.equal(none("click-collect-attach").reason?.code, "no-handovers");
  const unlinked = shop(deskShop(), (maker) => [handover(maker, 400)]);
  assert.equal(unlinked("click-collect-attach").reason?.code, "no-links");
  const few = shop(deskShop(), (maker) => [
    handover(maker, 400),
    { ...maker.receipt(at(401), "s"), relatedReceiptId: "h400" },
  ]);
  const value = few("click-collect-attach");
  assert.deepEqual([value.value, value.reason?.code], [null, "small-sample"]);
  assert.ok(value.ci95 !== null);
});

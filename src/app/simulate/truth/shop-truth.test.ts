import assert from "node:assert/strict";
import { test } from "node:test";
import { epochMs } from "../../../core/brand.ts";
import type { MetricId, MetricScope } from "../../../core/metric-value.ts";
import { simulatedLayout } from "../simulated-site.ts";
import type { TrueDay, TrueReceipt, TrueVisit } from "../true-day.ts";
import type { Identity } from "./question.ts";
import { ShopTruth } from "./shop-truth.ts";

const layout = simulatedLayout();
const SECOND = 1_000;
const OPENS = 36_000 * SECOND;
const denim = layout.zones.findIndex(({ id }) => id === "denim");
const shirts = layout.zones.findIndex(({ id }) => id === "shirts");

function visit(id: number, seconds: readonly number[], more: Partial<TrueVisit> = {}): TrueVisit {
  const crossings = seconds.map((at, i) => ({
    at: OPENS + at * SECOND,
    door: 0,
    direction: i % 2 === 0 ? ("in" as const) : ("out" as const),
  }));
  return {
    id,
    day: 0,
    isChild: false,
    staff: null,
    party: id,
    partySize: 1,
    isFirst: true,
    crossings,
    enteredAt: crossings[0]?.at ?? 0,
    exitedAt: crossings.at(-1)?.at ?? 0,
    outsideMs: 0,
    isOutOfSight: false,
    stays: [],
    queue: null,
    receipts: [],
    basket: null,
    card: null,
    path: [],
    ...more,
  };
}

function receipt(kind: TrueReceipt["kind"], netMinor: number, department = "DENIM"): TrueReceipt {
  const line = { sku: `${department}-1`, department, units: 1, netMinor };
  const lines = [line];
  const base = { receiptId: `${kind}${netMinor}`, at: OPENS, visit: 1, relatedReceiptId: null };
  return { ...base, kind, netMinor, units: 1, lines };
}

const stay = (zone: number, from: number, to: number) => ({
  zone,
  from: OPENS + from * SECOND,
  to: OPENS + to * SECOND,
});

const sale = receipt("sale", 5_000);
const DAY: TrueDay = {
  number: 0,
  opensAt: epochMs(OPENS),
  closesAt: epochMs(OPENS + 36_000 * SECOND),
  visits: [
    visit(1, [0, 600], {
      stays: [stay(denim, 10, 70), stay(shirts, 80, 84), stay(denim, 74, 100)],
      receipts: [sale],
    }),
    visit(2, [100, 160], { stays: [stay(shirts, 110, 150)] }),
    visit(3, [200, 500, 560, 1_000], { outsideMs: 60 * SECOND, stays: [stay(denim, 210, 230)] }),
    visit(4, [0, 30_000], { staff: 1 }),
  ],
  passers: [],
  passes: [1, 2, 3, 4, 5, 6].map((person) => ({
    at: OPENS + SECOND,
    person,
    side: 0,
    direction: "in",
  })),
  receipts: [sale, receipt("refund", -1_000), receipt("staff-sale", 700)],
};

function value(metric: MetricId, scope: MetricScope, identity: Identity = "merged"): number | null {
  const truth = new ShopTruth(layout);
  truth.add(DAY, new Set());
  return truth.value({ metric, scope, span: { from: 0, to: 1 }, identity, parameters: {} });
}

const STORE = { kind: "store" } as const;
const zone = (id: string): MetricScope => ({ kind: "zone", id });

const CASES: readonly (readonly [MetricId, MetricScope, number, Identity?])[] = [
  ["entrants", STORE, 3],
  ["entrants", STORE, 4, "raw"],
  ["entrants-raw", STORE, 5],
  ["exits", STORE, 4],
  ["shopfront-conversion", STORE, 0.5],
  ["visit-duration-mean", STORE, (600 + 60 + 800) * (SECOND / 3)],
  ["visit-duration-mean", STORE, (600 + 60 + 300 + 440) * (SECOND / 4), "raw"],
  ["visit-duration-median", STORE, 600 * SECOND],
  ["bounce-rate", STORE, 1 / 3],
  ["transactions", STORE, 1],
  ["net-sales", STORE, 4_000],
  ["sales-conversion", STORE, 1 / 3],
  ["zone-visits", zone("denim"), 2],
  ["zone-visits", zone("shirts"), 1],
  ["zone-unique-visits", zone("denim"), 2],
  ["zone-dwell-mean", zone("denim"), 55 * SECOND],
  ["zone-dwell-total", zone("shirts"), 44 * SECOND],
  ["zone-engagement", zone("denim"), 0.5],
  ["zone-conversion", zone("denim"), 1],
  ["zone-draw", zone("denim"), 2 / 3],
  ["zone-transition", { kind: "zone-pair", from: "denim", to: "exit-with-tx" }, 0.5],
  ["zone-lift", { kind: "zone-pair", from: "denim", to: "shirts" }, 0],
];

for (const [metric, scope, expected, identity] of CASES)
  test(`the truth about ${metric} of a small day (${identity ?? "merged"})`, () => {
    const found = value(metric, scope, identity);
    assert.ok(found !== null && Math.abs(found - expected) < 1e-6, `${found} for ${expected}`);
  });

test("staff are in no figure of customers, and what has no meaning has no true value", () => {
  assert.equal(value("occupancy-peak", STORE), 2);
  assert.equal(value("queue-wait-mean", zone("denim")), null);
  assert.equal(value("entrants", zone("denim")), null);
  assert.equal(value("door-drift", STORE), null);
});

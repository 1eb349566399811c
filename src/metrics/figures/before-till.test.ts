import assert from "node:assert/strict";
import { test } from "node:test";
import { EventMaker, shopSite, utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { MetricId, MetricValue } from "../../core/metric-value.ts";
import type { DayRecord } from "../days/day-record.ts";
import { createMetrics, type Metrics } from "../metrics.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const FIRST = utc("2026-11-16T04:00:00Z");
const dayAt = (day: number, minute = 0): EpochMs =>
  epochMs(FIRST + day * DAY_MS + minute * MINUTE_MS);
const SALES: readonly MetricId[] = [
  "transactions",
  "net-sales",
  "average-transaction-value",
  "units-per-transaction",
  "sales-conversion",
  "shopper-yield",
];

/** Four days with forty people each; from the third on the till sends, and on the fourth it sells nothing. */
function shop(): Metrics {
  const maker = new EventMaker();
  const metrics = createMetrics({ site: shopSite() });
  for (let day = 0; day < 4; day += 1) {
    for (const event of maker.allSeeing(dayAt(day))) metrics.ingest(event);
    for (let i = 0; i < 40; i += 1)
      metrics.ingest(maker.crossing(dayAt(day, 300 + i), "door", "in"));
    for (let i = 0; day === 2 && i < 30; i += 1)
      metrics.ingest(maker.receipt(dayAt(day, 400 + i), `r${i}`, 2000));
  }
  metrics.today(dayAt(4, 1));
  return metrics;
}

const of = (metrics: Metrics, metric: MetricId, from: number, to: number): MetricValue =>
  metrics.value(metric, { kind: "store" }, dayAt(from), dayAt(to));

test("of days before the first receipt nothing is known of sales, and they do not read 0", () => {
  const metrics = shop();
  for (const metric of SALES) {
    const { value, reason, coverage } = of(metrics, metric, 0, 1);
    assert.deepEqual([value, reason?.code, coverage], [null, "no-receipts", 0], metric);
  }
});

test("a day without a sale after the first receipt reads 0", () => {
  const { value, coverage } = of(shop(), "transactions", 3, 4);
  assert.deepEqual([value, coverage], [0, 1]);
});

test("an interval that begins before it counts what is known, and says of which days nothing is", () => {
  const metrics = shop();
  const { value, coverage, reason } = of(metrics, "transactions", 0, 4);
  assert.deepEqual([value, coverage, reason?.code], [30, 0.5, "partly-blind"]);
  assert.match(reason?.text ?? "", /first 2 days/);
  const rate = of(metrics, "sales-conversion", 0, 4);
  assert.deepEqual(
    [rate.value, rate.n],
    [30 / 80, 80],
    "entrants of days without a till are left out",
  );
  assert.deepEqual([rate.from, rate.to], [dayAt(0), dayAt(4)]);
  assert.ok(rate.coverage <= 0.5);
});

test("receipts brought in for a day that no sensor saw are counted there", () => {
  const maker = new EventMaker("import");
  const metrics = shop();
  for (let i = 0; i < 20; i += 1)
    metrics.ingest(maker.receipt(dayAt(-3, 400 + i), `old${i}`, 1000));
  assert.equal(of(metrics, "transactions", -3, -2).value, 20);
  assert.equal(of(metrics, "net-sales", -3, -2).value, 20_000);
  const rate = of(metrics, "sales-conversion", -3, -2);
  assert.deepEqual([rate.value, rate.reason?.code], [null, "sensor-blind"]);
  assert.equal(of(metrics, "transactions", -4, -3).value, null, "the day before stays unknown");
  assert.equal(of(metrics, "transactions", 0, 1).value, 0, "a day between is one without a sale");
});

test("since when receipts are known is known after a restart, and of records that do not say it", () => {
  const records = shop().takeChangedDays();
  const asked = (list: readonly DayRecord[]): readonly (number | null)[] => {
    const metrics = createMetrics({ site: shopSite() });
    for (const record of list) assert.ok(metrics.restore(JSON.parse(JSON.stringify(record))));
    return [0, 2, 3].map((day) => of(metrics, "transactions", day, day + 1).value);
  };
  assert.deepEqual(asked(records), [null, 30, 0]);
  const old = records.map(({ receiptsSince: _, ...rest }) => rest);
  assert.deepEqual(
    asked(old),
    [0, 30, 0],
    "of old records any day may have been one without a sale",
  );
});

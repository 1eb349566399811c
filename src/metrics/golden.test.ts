import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { shopSite } from "../../test/fakes/journey-events.ts";
import { epochMs } from "../core/brand.ts";
import type { JourneyEvent } from "../core/events.ts";
import type { MetricValue } from "../core/metric-value.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import type { TodayView } from "./reports/today.ts";

/** A recorded short day (simulated, doors missing 2 % and 3 %), its truth and the figures agreed on. */
interface Golden {
  readonly truth: { readonly visits: number; readonly meanVisitMs: number; readonly sales: number };
  readonly now: number;
  readonly today: TodayView;
  readonly closed: readonly MetricValue[];
}

const folder = join(import.meta.dirname, "../../test/fixtures/metrics");
const golden: Golden = JSON.parse(readFileSync(join(folder, "short-day.expected.json"), "utf8"));

function replay(): Metrics {
  const metrics = createMetrics({ site: shopSite({ timeZone: "Europe/Copenhagen" }) });
  const lines = readFileSync(join(folder, "short-day.events.jsonl"), "utf8").trim().split("\n");
  for (const line of lines) {
    const event: JourneyEvent = JSON.parse(line);
    metrics.ingest(event);
  }
  return metrics;
}

test("the recorded day gives the recorded view", () => {
  const view = replay().today(epochMs(golden.now));
  assert.deepEqual(JSON.parse(JSON.stringify(view)), golden.today);
});

test("the recorded day, closed, gives the recorded values", () => {
  const metrics = replay();
  const values = golden.closed.map(({ metric, scope, from, to }) =>
    metrics.value(metric, scope, from, to),
  );
  assert.deepEqual(JSON.parse(JSON.stringify(values)), golden.closed);
});

test("the recorded values are near the truth of the simulation", () => {
  const closed = (metric: string): number =>
    golden.closed.find((value) => value.metric === metric)?.value ?? Number.NaN;
  assert.ok(Math.abs(closed("entrants") / golden.truth.visits - 1) < 0.05);
  assert.ok(Math.abs(closed("visit-duration-mean") / golden.truth.meanVisitMs - 1) < 0.05);
  const conversion = golden.truth.sales / golden.truth.visits;
  assert.ok(Math.abs(closed("sales-conversion") / conversion - 1) < 0.05);
});

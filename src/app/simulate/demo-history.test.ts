import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { epochMs } from "../../core/brand.ts";
import { createMetrics } from "../../metrics/metrics.ts";
import { loadSiteFile } from "../config-files.ts";
import { beginningNow } from "../demo/demo-day.ts";
import { demoHistory } from "./demo-history.ts";

const now = epochMs(Date.UTC(2026, 10, 22, 14, 7, 48));
const plan = await loadSiteFile(join(import.meta.dirname, "../../../config/demo/site.json"));
const site = beginningNow(plan, "Europe/Copenhagen", now);
const DAYS = 4;

test("the past of the demonstration ends where its running day begins", () => {
  const days = [...demoHistory(site, now, { seed: 1, days: DAYS })];
  const { dayStart } = createMetrics({ site }).today(now);
  assert.equal(days.at(-1)?.to, dayStart);
  assert.equal(days.length, DAYS + 1);
  for (const { events } of days) for (const { at } of events) assert.ok(at < dayStart);
});

test("the same plan, time and seed give the same past", () => {
  const read = (seed: number): string =>
    JSON.stringify([...demoHistory(site, now, { seed, days: 1 })]);
  assert.equal(read(1), read(1));
  assert.notEqual(read(1), read(2));
});

test("the figures of a past day are those of an open shop, in lines, zones and till of its own plan", () => {
  const metrics = createMetrics({ site });
  const days = [...demoHistory(site, now, { seed: 1, days: DAYS })];
  for (const { events } of days) for (const event of events) metrics.ingest(event);
  const to = metrics.today(now).dayStart;
  const from = epochMs(to - 86_400_000);
  const figureOf = (metric: "entrants" | "passing-traffic" | "transactions"): number =>
    metrics.value(metric, { kind: "store" }, from, to).value ?? Number.NaN;
  assert.ok(figureOf("entrants") > 60 && figureOf("entrants") < 400);
  assert.ok(figureOf("passing-traffic") > 2 * figureOf("entrants"));
  assert.ok(figureOf("transactions") > 10);
  const inside = metrics.value("zone-visits", { kind: "zone", id: "upper-walk" }, from, to);
  assert.ok((inside.value ?? 0) > 20);
  assert.equal(metrics.counters.unknownIds, 0);
});

test("nobody is inside where a trading day is cut: the doors of every past day add up", () => {
  const metrics = createMetrics({ site });
  for (const { events } of demoHistory(site, now, { seed: 1, days: 7 }))
    for (const event of events) metrics.ingest(event);
  const to = metrics.today(now).dayStart;
  for (let ago = 1; ago < 7; ago += 1) {
    const from = epochMs(to - ago * 86_400_000);
    const value = metrics.value("visit-duration-mean", { kind: "store" }, from, to);
    assert.ok(value.value !== null, `${ago} days: ${value.reason?.text}`);
  }
});

test("a plan without a floor has no past", () => {
  const { floor: _, ...bare } = site;
  assert.deepEqual([...demoHistory(bare, now, { seed: 1, days: 2 })], []);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { VisitMaker } from "../../test/fakes/completed-visits.ts";
import { EventMaker, shopSite, utc } from "../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs, gatewayId, visitId } from "../core/brand.ts";
import type { JourneyEvent } from "../core/events.ts";
import { createMetrics } from "../metrics/metrics.ts";
import { periodReport } from "../metrics/reports/period-report.ts";
import { shopDays } from "../metrics/reports/report-period.ts";
import { toCloudEvent } from "../wire/cloud-event.ts";
import { parseReportQuery } from "../wire/report-query.ts";
import { computeReport } from "./period-view.ts";
import { SqliteStore } from "./sqlite/sqlite-store.ts";

const site = shopSite();
const NOW = utc("2026-05-13T12:00:00Z");
const HOUR_MS = 3_600_000;

/** Events of ten days, in order of time. */
function tenDays(): readonly JourneyEvent[] {
  const maker = new EventMaker();
  const events: JourneyEvent[] = [];
  for (let day = 4; day <= 13; day += 1) {
    const start = utc(`2026-05-${String(day).padStart(2, "0")}T04:00:00Z`);
    events.push(...maker.allSeeing(start));
    for (let i = 0; i < day; i += 1)
      events.push(maker.crossing(epochMs(start + 4 * HOUR_MS + i * 1000), "door", "in"));
  }
  return events.filter(({ at }) => at <= NOW);
}

async function storeOf(events: readonly JourneyEvent[]) {
  const store = new SqliteStore(":memory:");
  const context = { gatewayId: gatewayId("g"), storeId: site.store.id, boot: "b", recordedAt: NOW };
  const records = events.map((event, index) => ({
    kind: "event" as const,
    storeId: site.store.id,
    at: event.at,
    id: String(index),
    type: `vitrine.${event.kind}`,
    body: JSON.stringify(toCloudEvent(event, { ...context, hash: (text) => text.slice(0, 32) })),
  }));
  await store.commit([
    { gatewayId: "g", epoch: "e", stream: "journey", first: 1, receivedAt: NOW, records },
  ]);
  return store;
}

const asked = (query: object) => {
  const outcome = parseReportQuery(query);
  return outcome.ok ? outcome.value : assert.fail("a query");
};
const metricsOf = (): ReturnType<typeof createMetrics> => createMetrics({ site });
const ask = async (query: object, now: EpochMs = NOW) =>
  computeReport(await storeOf(tenDays()), site, metricsOf, asked(query), now);

test("the centre's report counts what a gateway's does", async () => {
  const query = { period: "week", compare: "previous" };
  const report = await ask(query);
  assert.ok(report.ok);
  const metrics = createMetrics({ site });
  for (const event of tenDays()) metrics.ingest(event);
  const own = periodReport(site, shopDays(site), metrics, asked(query), NOW);
  const counts = (found: typeof own): unknown =>
    [...(found?.current.tiles ?? []), ...(found?.comparison?.tiles ?? [])]
      .filter(({ metric }) => metric === "entrants")
      .map(({ value }) => value);
  assert.deepEqual(counts(report.value), [11 + 12 + 13, 4 + 5 + 6]);
  assert.deepEqual(counts(report.value), counts(own));
});

test("the centre tells nothing of returning customers, of whom it knows a few days only", async () => {
  const visits = new VisitMaker();
  const came = Array.from({ length: 40 }, (_, i) =>
    visits.visit(epochMs(utc("2026-05-12T09:00:00Z") + i * 60_000), { tag: `c${i}` }),
  );
  const store = await storeOf([...tenDays(), ...came].sort((a, b) => a.at - b.at));
  const report = await computeReport(store, site, metricsOf, asked({ period: "week" }), NOW);
  assert.ok(report.ok);
  const found = report.value.current.tiles.find(({ metric }) => metric === "repeat-rate");
  assert.deepEqual(
    [found?.value, found?.ci95, found?.n, found?.method, found?.reason?.code],
    [null, null, 0, "none", "not-kept"],
  );
});

test("a member whom two gateways of a shop tell of is one visit of it, and a visit of each shop of the group", async () => {
  const [own, other] = [new VisitMaker(), new VisitMaker()];
  const noon = utc("2026-05-12T09:00:00Z");
  const came = Array.from({ length: 6 }, (_, i) => {
    const when = epochMs(noon + i * HOUR_MS);
    const sketch = { tag: `c${i}`, change: { visitId: visitId(`other-${i}`) } };
    return [own.visit(when, { tag: `c${i}` }), other.visit(epochMs(when + 60_000), sketch)];
  });
  const coverageOf = async (visits: readonly JourneyEvent[]): Promise<unknown> => {
    const store = await storeOf([...tenDays(), ...visits].sort((a, b) => a.at - b.at));
    const report = await computeReport(store, site, metricsOf, asked({ period: "week" }), NOW);
    assert.ok(report.ok);
    const { tiles } = report.value.current;
    const found = tiles.find(({ metric }) => metric === "identification-coverage");
    return [found?.value, found?.n];
  };
  assert.deepEqual(await coverageOf(came.flat()), [6 / 36, 36]);
  // Each shop of a group is computed from its own events: here the other gateway's are another shop's.
  assert.deepEqual(await coverageOf(came.flatMap(([one]) => one ?? [])), [6 / 36, 36]);
  assert.deepEqual(await coverageOf(came.flatMap(([, two]) => two ?? [])), [6 / 36, 36]);
});

test("more days than the metrics keep, or days to come, are refused", async () => {
  const long = await ask({ from: "2026-03-01", to: "2026-03-31", compare: "previous" });
  assert.deepEqual(long.ok ? [] : long.error.map(({ path }) => path), ["period"]);
  const ahead = await ask({ date: "2026-05-20" });
  assert.deepEqual(ahead.ok ? [] : ahead.error.map(({ path }) => path), ["date"]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { EventMaker, shopSite, utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import { parseDate } from "../../core/civil-date.ts";
import { createMetrics } from "../../metrics/metrics.ts";
import { shopDays } from "../../metrics/reports/report-period.ts";
import type { Answered } from "../../web/reports-view.ts";
import type { AskedExport, AskedFigure } from "../../wire/report-query.ts";
import { ReportsDesk } from "./reports-desk.ts";

const HOUR_MS = 3_600_000;
const site = shopSite({ timeZone: "Europe/Berlin" });
const days = shopDays(site);
const metrics = createMetrics({ site });
const maker = new EventMaker();
/** 04:00 in Berlin. */
const START = utc("2026-05-04T02:00:00Z");
const NOW = utc("2026-05-04T12:00:00Z");
for (const event of maker.allSeeing(START)) metrics.ingest(event);
for (let i = 0; i < 30; i += 1)
  metrics.ingest(maker.crossing(epochMs(START + 4 * HOUR_MS + i * 60_000), "door", "in"));

let now: EpochMs = NOW;
const desk = new ReportsDesk({
  site,
  days,
  reader: metrics,
  journeys: (period, at) => metrics.journeys(period, at),
  now: () => now,
});

const STORE = { kind: "store" } as const;
const FIGURE: AskedFigure = { metric: "entrants", scope: STORE, from: START, to: NOW };
const EXPORT: AskedExport = {
  period: { kind: "day", date: null },
  grain: "hour",
  metrics: ["entrants"],
  scope: null,
  hasMark: false,
};

/** The fields that a refusal names. */
const refusedAt = (answer: Answered<unknown>): readonly string[] =>
  answer.ok ? [] : answer.error.map(({ path }) => path);

test("a figure comes with what each hour of it saw, and the hours add up", () => {
  const answer = desk.figure(FIGURE);
  assert.ok(answer.ok);
  const { value, byHour, grain } = answer.value;
  assert.deepEqual([value.value, grain, byHour.length], [30, "hour", 10]);
  assert.equal(
    byHour.reduce((sum, hour) => sum + (hour.value ?? 0), 0),
    30,
  );
  assert.ok(byHour.every(({ coverage }) => coverage === 1));
});

test("what is asked beyond now ends now, and what lies ahead is refused", () => {
  const answer = desk.figure({ ...FIGURE, to: epochMs(NOW + HOUR_MS) });
  assert.equal(answer.ok && answer.value.value.to, NOW);
  assert.deepEqual(refusedAt(desk.figure({ ...FIGURE, from: NOW, to: epochMs(NOW + 1) })), [
    "from",
  ]);
});

test("metrics and parts that the shop does not have are refused by name", () => {
  assert.deepEqual(refusedAt(desk.figure({ ...FIGURE, metric: "beauty" })), ["metric"]);
  const scope = { kind: "zone", id: "attic" } as const;
  assert.deepEqual(refusedAt(desk.figure({ ...FIGURE, scope })), ["scope"]);
  assert.deepEqual(refusedAt(desk.exportRows({ ...EXPORT, metrics: ["beauty"] })), ["metrics"]);
});

test("paths and returning customers are told for whole trading days only", () => {
  const pair = { kind: "zone-pair", from: "table", to: "till" } as const;
  const asked = { ...FIGURE, metric: "zone-transition", scope: pair };
  assert.deepEqual(refusedAt(desk.figure({ ...asked, to: epochMs(NOW - HOUR_MS) })), ["from"]);
  assert.ok(desk.figure(asked).ok, "up to now");
  assert.deepEqual(refusedAt(desk.exportRows({ ...EXPORT, metrics: ["repeat-rate"] })), [
    "metrics",
  ]);
});

test("a table of too many values is refused with what would fit", () => {
  const asked = {
    grain: "minute",
    metrics: ["entrants"],
    scope: STORE,
    from: epochMs(START - 30 * 24 * HOUR_MS),
    to: NOW,
  } as const;
  assert.deepEqual(refusedAt(desk.rollup(asked)), ["to"]);
  const answer = desk.rollup({ ...asked, grain: "hour", from: START });
  assert.ok(answer.ok);
  const slots = [...answer.value.slots];
  assert.equal(slots.length, 10);
  assert.equal(slots.at(-1)?.isFinal, false, "its last minute may still be told");
});

test("an export has a row for each slot and part, in the shop's own time", () => {
  const answer = desk.exportRows(EXPORT);
  assert.ok(answer.ok);
  const rows = [...answer.value].flat();
  assert.equal(rows.length, 20, "ten hours of the shop and of its door");
  assert.deepEqual(
    [rows[0]?.fromLocal, rows[0]?.toLocal],
    ["2026-05-04T04:00:00", "2026-05-04T05:00:00"],
  );
  assert.deepEqual(
    rows.slice(0, 2).map(({ name }) => name),
    ["Entrants", "Entrants: Line door"],
  );
  const store = rows.filter(({ value }) => value.scope.kind === "store");
  assert.equal(
    store.reduce((sum, { value }) => sum + (value.value ?? 0), 0),
    30,
  );
});

test("the hour that a clock shows twice is told apart by UTC, and the day has 25", () => {
  now = utc("2026-10-26T12:00:00Z");
  const date = parseDate("2026-10-24") ?? Number.NaN;
  const answer = desk.exportRows({ ...EXPORT, period: { kind: "custom", from: date, to: date } });
  assert.ok(answer.ok);
  const rows = [...answer.value].flat().filter(({ value }) => value.scope.kind === "store");
  assert.equal(rows.length, 25);
  const local = rows.map(({ fromLocal }) => fromLocal);
  assert.deepEqual(
    [new Set(local).size, new Set(rows.map((row) => row.value.from)).size],
    [24, 25],
  );
  now = NOW;
});

test("a report asked for again within a minute is the same one, and a minute later a new one", () => {
  const asked = { period: { kind: "day", date: null }, compare: null } as const;
  const ask = () => {
    const answer = desk.report(asked);
    return answer.ok ? answer.value : assert.fail("refused");
  };
  const first = ask();
  now = epochMs(NOW + 30_000);
  assert.equal(ask(), first);
  now = epochMs(NOW + 60_000);
  assert.notEqual(ask(), first);
  now = NOW;
});

test("journeys are told for the period asked for", () => {
  const answer = desk.journeys({ period: { kind: "week", date: null }, compare: null });
  assert.ok(answer.ok);
  assert.deepEqual([answer.value.period.kind, answer.value.period.from], ["week", START]);
});

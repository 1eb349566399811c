import assert from "node:assert/strict";
import { after, test } from "node:test";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { FakeDashboard } from "../../test/fakes/fake-dashboard.ts";
import { epochMs } from "../core/brand.ts";
import { SILENT_LOG } from "../core/lifecycle.ts";
import type { MetricValue } from "../core/metric-value.ts";
import { DEFINITIONS } from "../metrics/definitions.ts";
import type { JourneysReport, PeriodReport } from "../metrics/reports/reports.ts";
import { UI_FILES, type UiFiles } from "./assets.ts";
import { CSV_HEAD, csvLine, ndjsonLine } from "./csv-export.ts";
import type { DashboardSource } from "./dashboard-source.ts";
import type { ExportRow, ReportsPort } from "./reports-view.ts";
import { createDashboard, type Dashboard } from "./server.ts";

const bytes = new TextEncoder().encode("/* page */");
const assets = Object.fromEntries(UI_FILES.map((name) => [name, bytes])) as UiFiles;
const open: Dashboard[] = [];
after(async () => {
  for (const dashboard of open) await dashboard[Symbol.asyncDispose]();
});

const VALUE: MetricValue = {
  metric: "entrants",
  scope: { kind: "store" },
  value: 7,
  unit: "people",
  reason: null,
  definition: { id: "entrants", version: 1, parameters: {} },
  method: "count",
  coverage: 1,
  imputedShare: 0,
  n: 7,
  effectiveN: null,
  ci95: null,
  from: epochMs(0),
  to: epochMs(3_600_000),
  revision: 0,
};
const ROW: ExportRow = {
  fromLocal: "1970-01-01T00:00:00",
  toLocal: "1970-01-01T01:00:00",
  name: "Entrants",
  value: VALUE,
};
const ROWS = [[ROW, ROW], [], [ROW]];

/** A port that says what it was asked. */
class AskedPort implements ReportsPort {
  readonly asked: unknown[] = [];
  report(asked: unknown): ReturnType<ReportsPort["report"]> {
    this.asked.push(asked);
    return { ok: true, value: { now: epochMs(1) } as PeriodReport };
  }
  journeys(asked: unknown): ReturnType<ReportsPort["journeys"]> {
    this.asked.push(asked);
    return { ok: true, value: { now: epochMs(2) } as JourneysReport };
  }
  figure(): ReturnType<ReportsPort["figure"]> {
    const faults = [{ path: "metric", found: "beauty", expected: "a metric" }];
    return { ok: false, error: faults };
  }
  rollup(asked: unknown): ReturnType<ReportsPort["rollup"]> {
    this.asked.push(asked);
    return { ok: true, value: { grain: "hour", slots: [] } };
  }
  exportRows(asked: unknown): ReturnType<ReportsPort["exportRows"]> {
    this.asked.push(asked);
    return { ok: true, value: ROWS };
  }
}

async function start(reports?: ReportsPort, password: string | null = null): Promise<string> {
  const source: DashboardSource = Object.assign(new FakeDashboard(), { reports });
  const dashboard = createDashboard({
    source,
    definitions: () => DEFINITIONS,
    host: "127.0.0.1",
    port: 0,
    password,
    assets,
    clock: new FakeClock(),
    log: SILENT_LOG,
  });
  open.push(dashboard);
  await dashboard.start(new AbortController().signal);
  return dashboard.url ?? "";
}

const ADDRESSES = [
  "/api/report",
  "/api/journeys",
  "/api/figure?metric=entrants&from=0&to=1",
  "/api/rollup?grain=hour&metric=entrants&from=0&to=1",
  "/api/export.csv",
  "/api/export.ndjson",
];

test("reports are answered from the port with what the query says, and are never kept", async () => {
  const port = new AskedPort();
  const url = await start(port);
  const report = await fetch(`${url}/api/report?period=week&date=1970-01-08&compare=previous`);
  assert.deepEqual(await report.json(), { now: 1 });
  assert.equal(report.headers.get("cache-control"), "no-store");
  assert.deepEqual(port.asked, [
    { period: { kind: "week", date: 7 }, compare: { kind: "previous" } },
  ]);
  assert.deepEqual(await (await fetch(`${url}/api/journeys`)).json(), { now: 2 });
});

test("a query that cannot be read is 400 with field, value and expectation", async () => {
  const url = await start(new AskedPort());
  const answer = await fetch(`${url}/api/report?date=2026-02-30`);
  assert.equal(answer.status, 400);
  const { error, message, hint, faults } = await answer.json();
  assert.equal(error, "QUERY_INVALID");
  assert.equal(message, 'date: expected a date YYYY-MM-DD, found "2026-02-30"');
  assert.match(hint, /docs\/api\.md/);
  assert.deepEqual(faults, [
    { path: "date", found: '"2026-02-30"', expected: "a date YYYY-MM-DD" },
  ]);
});

test("a question that the port refuses is answered in the same form", async () => {
  const url = await start(new AskedPort());
  const answer = await fetch(`${url}/api/figure?metric=beauty&from=0&to=1`);
  assert.equal(answer.status, 400);
  assert.equal((await answer.json()).message, "metric: expected a metric, found beauty");
});

test("a long table lets others have their turn while it is worked out", async () => {
  const turns: number[] = [];
  let turn = 0;
  const slot = { from: epochMs(0), to: epochMs(1), isFinal: true, values: [VALUE] };
  class LongPort extends AskedPort {
    override rollup(): ReturnType<ReportsPort["rollup"]> {
      const slots = function* (): Generator<typeof slot> {
        for (let i = 0; i < 5; i += 1) {
          turns.push(turn);
          setImmediate(() => {
            turn += 1;
          });
          yield slot;
        }
      };
      return { ok: true, value: { grain: "minute", slots: slots() } };
    }
  }
  const url = await start(new LongPort());
  const answer = await fetch(`${url}/api/rollup?grain=minute&metric=entrants&from=0&to=300000`);
  const { grain, slots } = await answer.json();
  assert.deepEqual([grain, slots.length, slots[4].values[0].value], ["minute", 5, 7]);
  assert.deepEqual(turns, [0, 1, 2, 3, 4]);
});

test("a CSV export holds a head and every row, as a file to save", async () => {
  const url = await start(new AskedPort());
  const answer = await fetch(`${url}/api/export.csv?period=day&grain=hour`);
  assert.equal(await answer.text(), CSV_HEAD + csvLine(ROW).repeat(3));
  assert.equal(answer.headers.get("content-type"), "text/csv; charset=utf-8; header=present");
  assert.equal(
    answer.headers.get("content-disposition"),
    'attachment; filename="vitrine-hour.csv"',
  );
});

test("the byte order mark is the first thing in the file, and only when asked for", async () => {
  const url = await start(new AskedPort());
  const first = async (query: string): Promise<number[]> => {
    const answer = await fetch(`${url}/api/export.csv${query}`);
    return [...new Uint8Array(await answer.arrayBuffer()).subarray(0, 3)];
  };
  assert.deepEqual(await first("?bom=1"), [0xef, 0xbb, 0xbf]);
  assert.deepEqual(await first(""), [...new TextEncoder().encode("fro")]);
});

test("an NDJSON export is one value a line", async () => {
  const url = await start(new AskedPort());
  const answer = await fetch(`${url}/api/export.ndjson`);
  assert.equal(await answer.text(), ndjsonLine(ROW).repeat(3));
});

test("a gateway without reports says so", async () => {
  const url = await start();
  for (const address of ADDRESSES) {
    const answer = await fetch(`${url}${address}`);
    assert.deepEqual([answer.status, (await answer.json()).error], [404, "NOT_FOUND"], address);
  }
});

test("with a password nothing is told to whoever has not signed in", async () => {
  const port = new AskedPort();
  const url = await start(port, "correct horse battery");
  for (const address of ADDRESSES) {
    const answer = await fetch(`${url}${address}`, { redirect: "manual" });
    assert.equal(answer.status, 401, address);
  }
  assert.deepEqual(port.asked, []);
});

test("the pages of the dashboard are there", async () => {
  const url = await start();
  for (const path of ["/", "/journeys", "/compare", "/definitions", "/set-up"]) {
    const answer = await fetch(`${url}${path}`);
    assert.equal(answer.status, 200, path);
    assert.match(await answer.text(), /<div id="app">/);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { epochMs } from "../core/brand.ts";
import type { MetricValue } from "../core/metric-value.ts";
import { CSV_COLUMNS, CSV_HEAD, csvLine, ndjsonLine } from "./csv-export.ts";
import type { ExportRow } from "./reports-view.ts";

const VALUE: MetricValue = {
  metric: "net-sales",
  scope: { kind: "store" },
  value: -1250,
  unit: "minor",
  reason: null,
  definition: { id: "net-sales", version: 3, parameters: { currency: "EUR" } },
  method: "receipts",
  coverage: 1,
  imputedShare: 0.5,
  n: 4,
  effectiveN: null,
  ci95: [-1.5, 2],
  from: epochMs(Date.UTC(2026, 0, 5, 3)),
  to: epochMs(Date.UTC(2026, 0, 6, 3)),
  revision: 2,
};

function row(patch: Partial<MetricValue> = {}, name = "Net sales"): ExportRow {
  const times = { fromLocal: "2026-01-05T04:00:00", toLocal: "2026-01-06T04:00:00" };
  return { ...times, name, value: { ...VALUE, ...patch } };
}

/** A reader of RFC 4180, written apart from the writer: a cell, then a comma or the end of the line. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex;
    const [, quoted, plain, end] = cell.exec(text) ?? assert.fail(`no CSV: ${text.slice(at)}`);
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
    if (end === "\r\n") rows.push([]);
  }
  assert.deepEqual(rows.pop(), [], "the last line ends with CR LF");
  return rows;
}

test("a value is one line with a cell for each column, local and UTC times side by side", () => {
  const [head = [], cells = []] = readCsv(CSV_HEAD + csvLine(row()));
  assert.deepEqual(head, [...CSV_COLUMNS]);
  const byName = Object.fromEntries(head.map((name, index) => [name, cells[index]]));
  assert.deepEqual(byName, {
    from_local: "2026-01-05T04:00:00",
    to_local: "2026-01-06T04:00:00",
    from_utc: "2026-01-05T03:00:00.000Z",
    to_utc: "2026-01-06T03:00:00.000Z",
    scope: "store",
    metric: "net-sales",
    name: "Net sales",
    value: "-1250",
    unit: "minor",
    ci95_low: "-1.5",
    ci95_high: "2",
    n: "4",
    effective_n: "",
    coverage: "1",
    imputed_share: "0.5",
    method: "receipts",
    definition: "net-sales",
    version: "3",
    revision: "2",
    reason: "",
  });
});

test("an unknown value is an empty cell with its reason, never 0", () => {
  const reason = { code: "sensor-blind", text: "Door, blind since 14:02." };
  const [cells = []] = readCsv(csvLine(row({ value: null, ci95: null, reason })));
  assert.equal(cells[CSV_COLUMNS.indexOf("value")], "");
  assert.equal(cells[CSV_COLUMNS.indexOf("reason")], "sensor-blind: Door, blind since 14:02.");
});

for (const name of ['=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", "\tx", "\rx"]) {
  test(`text that a spreadsheet would run is disarmed: ${JSON.stringify(name)}`, () => {
    const [cells = []] = readCsv(csvLine(row({}, name)));
    assert.equal(cells[CSV_COLUMNS.indexOf("name")], `'${name}`);
  });
}

test("any name comes back as it was, but for the apostrophe that disarms it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (name) => {
      const [cells = [], ...rest] = readCsv(csvLine(row({}, name)));
      const found = cells[CSV_COLUMNS.indexOf("name")];
      assert.ok(found === name || found === `'${name}`, JSON.stringify(found));
      assert.deepEqual([cells.length, rest.length], [CSV_COLUMNS.length, 0]);
      assert.doesNotMatch(found ?? "", /^[=+\-@\t\r\n]/);
    }),
  );
});

test("a line of NDJSON is the value itself with its names", () => {
  const line = ndjsonLine(row());
  assert.ok(line.endsWith("\n"));
  const { fromLocal, name, ...rest } = JSON.parse(line);
  assert.deepEqual([fromLocal, name], ["2026-01-05T04:00:00", "Net sales"]);
  assert.deepEqual(rest, { ...VALUE, toLocal: "2026-01-06T04:00:00" });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dateText, parseDate } from "../core/civil-date.ts";
import type { InputFault } from "../core/errors.ts";
import {
  parseExportQuery,
  parseFigureQuery,
  parseReportQuery,
  parseRollupQuery,
} from "./report-query.ts";

const date = (text: string): number => parseDate(text) ?? Number.NaN;

const accepted = [
  { query: {}, period: { kind: "day", date: null }, compare: null },
  {
    query: { period: "week", date: "2026-11-22", compare: "previous" },
    period: { kind: "week", date: date("2026-11-22") },
    compare: { kind: "previous" },
  },
  {
    query: { from: "2024-02-28", to: "2024-02-29", compare: "2023-02-01..2023-02-28" },
    period: { kind: "custom", from: date("2024-02-28"), to: date("2024-02-29") },
    compare: { kind: "custom", from: date("2023-02-01"), to: date("2023-02-28") },
  },
];
for (const { query, period, compare } of accepted) {
  test(`a report query is read: ${JSON.stringify(query)}`, () => {
    assert.deepEqual(parseReportQuery(query), { ok: true, value: { period, compare } });
  });
}

const refused: readonly (readonly [query: object, field: string, expected: RegExp])[] = [
  [{ period: "year" }, "period", /day, week, month/],
  [{ date: "2026-02-30" }, "date", /YYYY-MM-DD/],
  [{ date: "22.11.2026" }, "date", /YYYY-MM-DD/],
  [{ from: "2026-01-01" }, "to", /beside `from`/],
  [{ to: "2026-01-01" }, "to", /together with `from`/],
  [{ from: "2026-01-02", to: "2026-01-01" }, "to", /not before 2026-01-02/],
  [{ from: "2025-01-01", to: "2026-01-02" }, "to", /at most 2026-01-01 \(366 day/],
  [{ from: "2026-01-01", to: "2026-01-02", period: "day" }, "period", /not given together/],
  [{ from: "2026-01-01", to: "2026-01-02", date: "2026-01-01" }, "date", /not given together/],
  [{ compare: "yesterday" }, "compare", /previous, same-weekday/],
  [{ compare: "2026-01-02..2026-01-01" }, "compare", /previous, same-weekday/],
  [{ when: "now" }, "when", /no such key/],
  [{ period: ["day", "week"] }, "period", /day, week, month/],
];
for (const [query, field, expected] of refused) {
  test(`a report query is refused by field and expectation: ${JSON.stringify(query)}`, () => {
    const outcome = parseReportQuery(query);
    assert.ok(!outcome.ok);
    const faults: readonly InputFault[] = outcome.error;
    assert.deepEqual(
      faults.map((fault) => fault.path),
      [field],
    );
    assert.match(faults[0]?.expected ?? "", expected);
    assert.notEqual(faults[0]?.found, "");
  });
}

test("a figure's query takes a scope in words and two instants, in either form", () => {
  const query = {
    metric: "zone-transition",
    scope: "pair:table:exit-with-tx",
    from: "1763769600000",
    to: "2025-11-23T00:00:00+01:00",
  };
  assert.deepEqual(parseFigureQuery(query), {
    ok: true,
    value: {
      metric: "zone-transition",
      scope: { kind: "zone-pair", from: "table", to: "exit-with-tx" },
      from: 1_763_769_600_000,
      to: 1_763_852_400_000,
    },
  });
  for (const scope of ["", "zone", "zone:", "zone:a:b", "pair:a", "shop", "pair:a:b:c"]) {
    const outcome = parseFigureQuery({ ...query, scope });
    assert.ok(!outcome.ok, scope);
    assert.match(outcome.error[0]?.expected ?? "", /zone:ID/);
  }
});

test("an interval that ends before it begins is refused", () => {
  const outcome = parseFigureQuery({ metric: "entrants", from: "20", to: "20" });
  assert.ok(!outcome.ok);
  assert.deepEqual([outcome.error[0]?.path, outcome.error[0]?.found], ["to", "20"]);
});

test("an interval of more than a year is refused with what would fit", () => {
  const dayMs = 86_400_000;
  const ask = (to: number) => ({ metric: "entrants", from: "0", to: String(to) });
  const parsers = [
    parseFigureQuery,
    (query: object) => parseRollupQuery({ grain: "day", ...query }),
  ];
  for (const parse of parsers) {
    assert.ok(parse(ask(366 * dayMs + 3_600_000)).ok, "with an hour more where clocks go back");
    const outcome = parse(ask(367 * dayMs));
    assert.ok(!outcome.ok);
    const [fault] = outcome.error;
    assert.deepEqual([fault?.path, fault?.found], ["to", String(367 * dayMs)]);
    assert.match(fault?.expected ?? "", /at most 31622400000 \(366 days after from\)/);
  }
});

test("a rollup names a grain and at least one metric, each once", () => {
  const query = { grain: "hour", metric: "entrants,exits,entrants", from: "0", to: "1" };
  const outcome = parseRollupQuery(query);
  assert.ok(outcome.ok);
  assert.deepEqual(outcome.value.metrics, ["entrants", "exits"]);
  assert.ok(!parseRollupQuery({ ...query, metric: "," }).ok);
  assert.ok(!parseRollupQuery({ ...query, grain: "week" }).ok);
});

test("an export is bounded by its grain: a month of quarters, a year of days", () => {
  const span = (from: string, to: string, grain: string) =>
    parseExportQuery({ from, to, grain }).ok;
  assert.ok(span("2026-01-01", "2026-01-31", "quarter"));
  assert.ok(!span("2026-01-01", "2026-02-01", "quarter"));
  assert.ok(span("2026-01-01", "2027-01-01", "day"));
  assert.ok(!span("2026-01-01", "2027-01-02", "day"));
  assert.ok(!parseExportQuery({ period: "week", grain: "minute" }).ok);
  assert.ok(parseExportQuery({ period: "month", grain: "quarter" }).ok);
});

test("a byte order mark comes only when it is asked for", () => {
  const mark = (query: object) => {
    const outcome = parseExportQuery(query);
    assert.ok(outcome.ok);
    return outcome.value.hasMark;
  };
  assert.deepEqual(
    [mark({}), mark({ bom: "0" }), mark({ bom: "1" }), mark({ bom: "" })],
    [false, false, true, true],
  );
});

test("every date of six centuries survives being written and read", () => {
  fc.assert(
    fc.property(fc.integer({ min: -140_000, max: 80_000 }), (days) => {
      assert.equal(parseDate(dateText(days)), days);
      assert.equal(dateText(days), new Date(days * 86_400_000).toISOString().slice(0, 10));
    }),
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fakeMetric } from "../../../../test/fakes/fake-dashboard-scenes.ts";
import {
  parseExportQuery,
  parseFigureQuery,
  parseReportQuery,
} from "../../../wire/report-query.ts";
import {
  comparedWith,
  exportPath,
  figurePath,
  metricExportPath,
  reportPath,
} from "./api-address.ts";
import { addDays } from "./dates.ts";
import { DEFAULT_VIEW, type View } from "./view-address.ts";

const query = (path: string): Record<string, string> =>
  Object.fromEntries(new URL(path, "http://gateway").searchParams);

const day = fc.nat(20_000).map((days) => addDays("1990-01-01", days));
const span = fc
  .tuple(day, fc.nat(60))
  .map(([first, days]) => ({ kind: "custom" as const, first, last: addDays(first, days) }));
const view: fc.Arbitrary<View> = fc
  .record({
    period: fc.oneof(
      fc.record({
        kind: fc.constantFrom("day" as const, "week" as const, "month" as const),
        date: fc.option(day, { nil: null }),
      }),
      span,
    ),
    compare: fc.oneof(
      fc.constantFrom("auto", "none", "previous", "same-weekday").map((kind) => ({ kind })),
      span,
    ) as fc.Arbitrary<View["compare"]>,
  })
  .map((some) => ({ ...DEFAULT_VIEW, ...some }));

test("the gateway understands every question the page can ask", () => {
  fc.assert(
    fc.property(view, (one) => {
      assert.ok(parseReportQuery(query(reportPath(one))).ok, reportPath(one));
      assert.ok(parseExportQuery(query(exportPath(one, "day", ["entrants"]))).ok);
    }),
  );
});

test("a day is compared with its weekday and anything longer with what was before it", () => {
  assert.deepEqual(comparedWith(DEFAULT_VIEW), { kind: "same-weekday" });
  const week: View = { ...DEFAULT_VIEW, period: { kind: "week", date: null } };
  assert.deepEqual(comparedWith(week), { kind: "previous" });
  assert.equal(query(reportPath({ ...week, compare: { kind: "none" } }))["compare"], undefined);
});

test("a figure is asked for by its scope, a pair of zones too", () => {
  const pair = { kind: "zone-pair", from: "new", to: "exit-with-tx" } as const;
  for (const scope of [{ kind: "store" }, { kind: "zone", id: "a b&c" }, pair] as const) {
    const asked = parseFigureQuery(query(figurePath("zone-transition", scope, 1_000, 2_000)));
    assert.ok(asked.ok);
    assert.deepEqual(asked.value.scope, scope);
    assert.deepEqual([asked.value.from, asked.value.to], [1_000, 2_000]);
  }
});

test("figures about few people are exported by day only, others of a day by hour", () => {
  const grain = (metric: Parameters<typeof fakeMetric>[0]): string | undefined =>
    query(metricExportPath(DEFAULT_VIEW, fakeMetric(metric, 1, "count")))["grain"];
  assert.equal(grain("repeat-rate"), "day");
  assert.equal(grain("entrants"), "hour");
});

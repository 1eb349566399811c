import assert from "node:assert/strict";
import { test } from "node:test";
import type { MetricId } from "../../core/metric-value.ts";
import { DEFINITION_GROUPS, groupsOf, HEADLINE, STORE_GROUPS } from "./figure-groups.ts";
import { METRIC_NAMES } from "./words.ts";

const ALL = Object.keys(METRIC_NAMES) as MetricId[];

test("every metric has a place among the definitions, and only one", () => {
  const placed = DEFINITION_GROUPS.flatMap(({ metrics }) => metrics);
  assert.deepEqual(placed.toSorted(), ALL.toSorted());
});

test("the large row is made of figures that stand in a group", () => {
  const grouped = STORE_GROUPS.flatMap(({ metrics }) => metrics);
  for (const metric of HEADLINE) assert.ok(grouped.includes(metric), metric);
});

test("groups hold what is there, and what is in none of them comes last under More", () => {
  const has = ["net-sales", "entrants", "zone-draw"] as const;
  assert.deepEqual(
    groupsOf(STORE_GROUPS, has, ["entrants"]).map(({ name, metrics }) => [name, metrics]),
    [
      ["The till", ["net-sales"]],
      ["More", ["zone-draw"]],
    ],
  );
  assert.deepEqual(groupsOf(STORE_GROUPS, []), []);
});

test("no two figures that stand side by side have the same name", () => {
  for (const group of [STORE_GROUPS, DEFINITION_GROUPS]) {
    for (const { metrics } of group) {
      const names = metrics.map((metric) => METRIC_NAMES[metric]);
      assert.equal(new Set(names).size, names.length, names.join());
    }
  }
});

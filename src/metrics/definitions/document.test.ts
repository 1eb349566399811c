import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DEFINITIONS, definitionOf, definitionReference } from "../definitions.ts";
import { TAG_RULES } from "../estimate/tag-weights.ts";
import { REASONS } from "../reasons.ts";
import { TILES } from "../reports/today-view.ts";
import { renderMetricsDocument } from "./document.ts";

test("docs/metrics.md is what the definitions say", () => {
  const path = join(import.meta.dirname, "../../../docs/metrics.md");
  assert.equal(readFileSync(path, "utf8"), renderMetricsDocument());
});

test("every tile has a definition, and no metric has two", () => {
  for (const metric of TILES) assert.equal(definitionOf(metric).metric, metric);
  assert.equal(new Set(DEFINITIONS.map(({ metric }) => metric)).size, DEFINITIONS.length);
});

test("a value's reference holds every parameter of the definition", () => {
  for (const definition of DEFINITIONS) {
    const reference = definitionReference(definition.metric);
    assert.equal(reference.id, definition.metric);
    assert.deepEqual(
      Object.entries(reference.parameters),
      definition.parameters.map(({ name, value }) => [name, value]),
    );
  }
});

test("lengths by tags name what is assumed of who carries one", () => {
  for (const metric of ["visit-duration-median", "visit-duration-p90"] as const) {
    const found = definitionOf(metric).parameters.find(({ name }) => name === "tagSelectionRatio");
    assert.equal(found?.value, TAG_RULES.selectionRatio);
    assert.match(found.meaning, /^assumed/);
  }
});

test("reasons named in the definitions are in the table of reasons", () => {
  for (const { edges } of DEFINITIONS) {
    for (const [, code = ""] of edges.matchAll(/\(`([a-z-]+)`\)/g))
      assert.ok(code in REASONS, code);
  }
});

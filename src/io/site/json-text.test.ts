import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { jsonText } from "./json-text.ts";

test("whatever is printed reads back as the same", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      assert.deepEqual(JSON.parse(jsonText(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("what fits on a line of 120 characters stands on one, and no line is longer where it can be helped", () => {
  const text = jsonText({ v: 1, points: [[0.25, 0.5]], list: Array.from({ length: 60 }, () => 7) });
  assert.equal(text.split("\n")[2], '  "points": [[0.25, 0.5]],');
  assert.equal(text.split("\n")[4], "    7,");
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat(999), { maxLength: 40 }), { maxLength: 5 }), (value) => {
      for (const line of jsonText({ value }).split("\n")) assert.ok(line.length <= 120, line);
    }),
  );
});

test("the example plan keeps the form its author gave it, but for single lines", () => {
  const written = readFileSync(
    new URL("../../../config/site.example.json", import.meta.url),
    "utf8",
  );
  const printed = new Set(jsonText(JSON.parse(written)).split("\n"));
  const lost = written.split("\n").filter((line) => !printed.has(line));
  assert.ok(lost.length <= written.split("\n").length / 4, lost.join("\n"));
});

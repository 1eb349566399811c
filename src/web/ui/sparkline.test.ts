import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sparkPath } from "./sparkline.tsx";

test("a gap is left open, and a course of nothing has no line", () => {
  assert.equal(sparkPath([1, null, 1, 1]).match(/M/g)?.length, 2);
  assert.equal(sparkPath([null, null]), "");
  assert.equal(sparkPath([0, 0]), "");
  assert.equal(sparkPath([]), "");
});

test("the line stays in its box whatever the values", () => {
  const value = fc.option(fc.double({ min: 0, max: 1e9, noNaN: true }), { nil: null });
  fc.assert(
    fc.property(fc.array(value, { maxLength: 100 }), (values) => {
      for (const [, x, y] of sparkPath(values).matchAll(/[ML]([\d.-]+) ([\d.-]+)/g)) {
        assert.ok(Number(x) >= 0 && Number(x) <= 72);
        assert.ok(Number(y) >= 0 && Number(y) <= 26);
      }
    }),
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalText } from "./canonical-text.ts";

test("the order of keys means nothing, that of a list does", () => {
  assert.equal(
    canonicalText({ b: [1, 2], a: { d: null, c: "ø" } }),
    '{"a":{"c":"ø","d":null},"b":[1,2]}',
  );
  assert.notEqual(canonicalText([1, 2]), canonicalText([2, 1]));
});

test("what was sent as JSON has the text that its sender gave it", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const sent: unknown = JSON.parse(JSON.stringify(value));
      assert.equal(canonicalText(sent), canonicalText(value));
      assert.deepEqual(JSON.parse(canonicalText(value)), sent);
    }),
  );
});

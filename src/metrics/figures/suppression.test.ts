import assert from "node:assert/strict";
import { test } from "node:test";
import { isSmallCell } from "./suppression.ts";

test("a count below the least is small, nobody and enough are not", () => {
  assert.deepEqual(
    [0, 1, 4, 5, 50].map((count) => isSmallCell(count, 5)),
    [false, true, true, false, false],
  );
});

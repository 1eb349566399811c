import assert from "node:assert/strict";
import { test } from "node:test";
import { solveSymmetric } from "./cholesky.ts";

test("a system is solved", () => {
  const matrix = new Float64Array([4, 2, 0, 2, 5, 1, 0, 1, 3]);
  const solution = solveSymmetric(matrix, new Float64Array([8, 15, 11]));
  assert.deepEqual(
    [...(solution ?? [])].map((x) => Math.round(x * 1e9) / 1e9),
    [1, 2, 3],
  );
});

test("a system that nothing determines has no solution", () => {
  assert.equal(solveSymmetric(new Float64Array([1, 1, 1, 1]), new Float64Array([1, 1])), null);
  assert.equal(solveSymmetric(new Float64Array([0]), new Float64Array([1])), null);
});

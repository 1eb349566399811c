import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Assignment, FORBIDDEN } from "./assignment.ts";

interface Best {
  pairs: number;
  cost: number;
}

/** Tries every way to give rows to columns: most pairs first, then least cost. */
function bruteForce(cost: readonly number[], rows: number, columns: number): Best {
  let best: Best = { pairs: 0, cost: 0 };
  const visit = (row: number, used: number, pairs: number, sum: number): void => {
    if (row === rows) {
      if (pairs > best.pairs || (pairs === best.pairs && sum < best.cost))
        best = { pairs, cost: sum };
      return;
    }
    visit(row + 1, used, pairs, sum);
    for (let c = 0; c < columns; c += 1) {
      const value = cost[row * columns + c] ?? FORBIDDEN;
      if ((used & (1 << c)) === 0 && value < FORBIDDEN)
        visit(row + 1, used | (1 << c), pairs + 1, sum + value);
    }
  };
  visit(0, 0, 0, 0);
  return best;
}

const matrix = fc
  .record({ rows: fc.integer({ min: 0, max: 6 }), columns: fc.integer({ min: 0, max: 6 }) })
  .chain(({ rows, columns }) =>
    fc.record({
      rows: fc.constant(rows),
      columns: fc.constant(columns),
      cost: fc.array(
        fc.oneof(fc.double({ min: -1, max: 1, noNaN: true }), fc.constant(FORBIDDEN)),
        { minLength: rows * columns, maxLength: rows * columns },
      ),
    }),
  );

test("the matching is the best of all matchings, on any matrix up to six by six", () => {
  const assignment = new Assignment();
  fc.assert(
    fc.property(matrix, ({ rows, columns, cost }) => {
      const columnOfRow: number[] = [];
      const pairs = assignment.solve(cost, rows, columns, columnOfRow);
      const best = bruteForce(cost, rows, columns);
      const made = columnOfRow.filter((c) => c >= 0);
      const sum = columnOfRow.reduce(
        (total, c, r) => total + (c < 0 ? 0 : (cost[r * columns + c] ?? 0)),
        0,
      );
      assert.equal(columnOfRow.length, rows);
      assert.equal(new Set(made).size, made.length);
      assert.equal(pairs, made.length);
      assert.equal(pairs, best.pairs);
      assert.ok(Math.abs(sum - best.cost) < 1e-9, `cost ${sum}, best ${best.cost}`);
    }),
    { numRuns: 500, seed: 7 },
  );
});

test("a forbidden pair is not made even when nothing else is left", () => {
  const columnOfRow: number[] = [];
  assert.equal(new Assignment().solve([FORBIDDEN], 1, 1, columnOfRow), 0);
  assert.deepEqual(columnOfRow, [-1]);
});

test("rows and columns may change their roles", () => {
  const cost = [1, 5, 9, 2, 8, 7];
  const byRow: number[] = [];
  const byColumn: number[] = [];
  new Assignment().solve(cost, 2, 3, byRow);
  new Assignment().solve([1, 2, 5, 8, 9, 7], 3, 2, byColumn);
  assert.deepEqual(byRow, [1, 0]);
  assert.deepEqual(byColumn, [1, 0, -1]);
});

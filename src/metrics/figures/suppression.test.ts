import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type CountTable, withheldCells } from "./suppression.ts";

const LEAST = 5;

test("a table of large and empty cells is shown as it is", () => {
  assert.deepEqual(withheldCells([[7, 0, 12]], LEAST), [[false, false, false]]);
});

test("the next smallest cell of the row hides a small one, which the total would give away", () => {
  const held = withheldCells([[30, 2, 9]], LEAST);
  assert.equal(held[0]?.[1], true);
  assert.equal(held[0]?.[2], true);
});

test("two small cells whose sum is one each are not enough to hide one another", () => {
  const [row = []] = withheldCells([[1, 1, 8, 40]], LEAST);
  assert.deepEqual(row.slice(0, 3), [true, true, true]);
});

test("a row that holds nothing but a small cell is withheld with its empty cells", () => {
  assert.deepEqual(withheldCells([[0, 3, 0]], LEAST), [[true, true, true]]);
});

test("a column gives nothing away either", () => {
  const held = withheldCells(
    [
      [2, 9, 30],
      [20, 40, 50],
    ],
    LEAST,
  );
  assert.deepEqual([held[0]?.[0], held[1]?.[0]], [true, true]);
});

test("impossible cells hide nothing and are never withheld", () => {
  const held = withheldCells([[null, 3, 0]], LEAST);
  assert.deepEqual(held, [[false, true, true]]);
});

const table = (rows: number, columns: number, most: number): fc.Arbitrary<number[][]> =>
  fc.array(
    fc.array(fc.integer({ min: 0, max: most }), { minLength: columns, maxLength: columns }),
    {
      minLength: rows,
      maxLength: rows,
    },
  );

/** All tables that a reader cannot tell from this one: same shown cells, same totals of rows and columns. */
function* alike(counts: CountTable, held: readonly (readonly boolean[])[]): Generator<number[][]> {
  const cells = held.flatMap((row, r) => row.flatMap((is, c) => (is ? [[r, c] as const] : [])));
  const guess = counts.map((row, r) => row.map((count, c) => (held[r]?.[c] ? 0 : (count ?? 0))));
  const rowLeft = counts.map((row, r) =>
    row.reduce<number>((s, n, c) => s + (held[r]?.[c] ? (n ?? 0) : 0), 0),
  );
  const columnLeft = (counts[0] ?? []).map((_, c) =>
    counts.reduce<number>((s, row, r) => s + (held[r]?.[c] ? (row[c] ?? 0) : 0), 0),
  );
  yield* fill(0);

  function* fill(i: number): Generator<number[][]> {
    const [r = 0, c = 0] = cells[i] ?? [];
    if (i === cells.length) {
      if ([...rowLeft, ...columnLeft].every((left) => left === 0))
        yield guess.map((row) => [...row]);
      return;
    }
    const row = guess[r] ?? [];
    for (let n = Math.min(rowLeft[r] ?? 0, columnLeft[c] ?? 0); n >= 0; n -= 1) {
      row[c] = n;
      rowLeft[r] = (rowLeft[r] ?? 0) - n;
      columnLeft[c] = (columnLeft[c] ?? 0) - n;
      yield* fill(i + 1);
      rowLeft[r] = (rowLeft[r] ?? 0) + n;
      columnLeft[c] = (columnLeft[c] ?? 0) + n;
    }
    row[c] = 0;
  }
}

test("no small cell can be worked out from the total of its row", () => {
  const rows = fc.array(fc.integer({ min: 0, max: 14 }), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(rows, (row) => {
      const [held = []] = withheldCells([row], LEAST);
      const rest = row.reduce((sum, count, c) => sum + (held[c] ? count : 0), 0);
      const cells = held.filter(Boolean).length;
      for (const [c, count] of row.entries()) {
        if (count === 0 || count >= LEAST) continue;
        assert.ok(held[c]);
        assert.ok(cells > 1, "more than one cell shares the rest");
        assert.ok(rest >= LEAST || held.every(Boolean), "the rest is no small cell itself");
      }
    }),
  );
});

test("no small cell is fixed by the totals of rows and columns together", () => {
  const least = 3;
  fc.assert(
    fc.property(table(3, 3, 6), (counts) => {
      const held = withheldCells(counts, least);
      const small = counts.flatMap((row, r) =>
        row.flatMap((count, c) => (count > 0 && count < least ? [[r, c] as const] : [])),
      );
      let fixed = small;
      for (const other of alike(counts, held)) {
        fixed = fixed.filter(([r, c]) => other[r]?.[c] === counts[r]?.[c]);
        if (fixed.length === 0) return;
      }
      // Where everything is withheld there is nothing left to hide behind.
      assert.ok(
        held.every((row) => row.every(Boolean)),
        JSON.stringify(counts),
      );
    }),
    { numRuns: 150 },
  );
});

/** A table of counts; null where there can be nothing, which is no secret. Rows as the outer index. */
export type CountTable = readonly (readonly (number | null)[])[];

/** Whether a count must not be shown: so few that it may be about one person. Nobody is no person. Pure. */
export function isSmallCell(count: number, least: number): boolean {
  return count > 0 && count < least;
}

/** One row or one column: the cells of it that can hold something. */
type Line = readonly (readonly [row: number, column: number])[];

/** For every cell whether it is withheld. */
type Mask = boolean[][];

/**
 * Which cells of a table to withhold so that no small one can be worked out. Small cells first; then, since the reader
 * knows the total of every row and of every column, the next smallest of each line, until what is withheld of a line
 * could be split in several ways, and until no small cell is fixed by rows and columns together. A line in which
 * nothing is left to hide behind is withheld as a whole, its empty cells too. Pure.
 * @source L. Willenborg, T. de Waal, Elements of statistical disclosure control, 2001, secondary suppression. A cell
 * is fixed when its edge in the graph of rows and columns is a bridge, or when the bounds that the totals leave it
 * (shuttle algorithm: Buzzigoli & Giusti, 1999) meet.
 */
export function withheldCells(counts: CountTable, least: number): boolean[][] {
  const withheld: Mask = counts.map((row) =>
    row.map((count) => count !== null && isSmallCell(count, least)),
  );
  const small = cellsOf(withheld);
  const lines = linesOf(counts);
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const line of lines) {
      if (!isProtected(counts, withheld, line, least))
        isChanged = withholdMore(counts, withheld, line) || isChanged;
    }
    if (!isChanged) isChanged = hideFixed(counts, withheld, lines, small);
  }
  return withheld;
}

/** Withholds one more cell where a small one is fixed by the totals; false when none is, or nothing is left. */
function hideFixed(
  counts: CountTable,
  withheld: Mask,
  lines: readonly Line[],
  small: Line,
): boolean {
  const slack = slackOf(counts, withheld, lines);
  for (const [row, column] of small) {
    if ((slack[row]?.[column] ?? 0) > 0 && !isFixed(withheld, row, column)) continue;
    const own = lines.filter((line) => line.some(([r, c]) => r === row && c === column));
    if (own.some((line) => withholdMore(counts, withheld, line))) return true;
    if (withholdMore(counts, withheld, lines.flat())) return true;
  }
  return false;
}

/** By how much each withheld cell may vary as far as the totals of its lines, and of the lines beside them, tell. */
function slackOf(counts: CountTable, withheld: Mask, lines: readonly Line[]): number[][] {
  const low = counts.map((row) => row.map(() => 0));
  const high = counts.map((row) => row.map(() => Number.POSITIVE_INFINITY));
  const hidden = lines.map((line) => line.filter(([r, c]) => withheld[r]?.[c] === true));
  for (let isTighter = true; isTighter; ) {
    isTighter = false;
    for (const line of hidden) isTighter = tighten(counts, line, low, high) || isTighter;
  }
  return high.map((row, r) => row.map((most, c) => most - (low[r]?.[c] ?? 0)));
}

/** Draws the bounds of the cells of a line together as far as its total does; whether that changed any. */
function tighten(counts: CountTable, line: Line, low: number[][], high: number[][]): boolean {
  const at = (table: readonly (readonly number[])[], [r, c]: Line[number]): number =>
    table[r]?.[c] ?? 0;
  const total = line.reduce((sum, [r, c]) => sum + (counts[r]?.[c] ?? 0), 0);
  let isTighter = false;
  for (const cell of line) {
    const [r, c] = cell;
    const others = line.filter((other) => other !== cell);
    const least = total - others.reduce((sum, other) => sum + at(high, other), 0);
    const most = total - others.reduce((sum, other) => sum + at(low, other), 0);
    isTighter ||= least > at(low, cell) || most < at(high, cell);
    const [lowRow, highRow] = [low[r], high[r]];
    if (lowRow !== undefined) lowRow[c] = Math.max(at(low, cell), least);
    if (highRow !== undefined) highRow[c] = Math.min(at(high, cell), most);
  }
  return isTighter;
}

/** The cells that are withheld. */
const cellsOf = (withheld: Mask): Line =>
  withheld.flatMap((row, r) => row.flatMap((is, c) => (is ? [[r, c] as const] : [])));

function linesOf(counts: CountTable): Line[] {
  const rows: [number, number][][] = counts.map(() => []);
  const columns: [number, number][][] = [];
  for (const [r, row] of counts.entries()) {
    for (const [c, count] of row.entries()) {
      columns[c] ??= [];
      if (count === null) continue;
      rows[r]?.push([r, c]);
      columns[c]?.push([r, c]);
    }
  }
  return [...rows, ...columns];
}

/** Whether what is withheld of a line, whose sum the reader knows, could be split in several ways. */
function isProtected(counts: CountTable, withheld: Mask, line: Line, least: number): boolean {
  let cells = 0;
  let sum = 0;
  for (const [r, c] of line) {
    if (withheld[r]?.[c] !== true) continue;
    cells += 1;
    sum += counts[r]?.[c] ?? 0;
  }
  // As many people as cells would put one into each.
  return cells === 0 || (cells > 1 && sum >= Math.max(least, 2 * cells));
}

/** Withholds the smallest shown cell of a line that holds somebody, else all of it; false when all of it is already. */
function withholdMore(counts: CountTable, withheld: Mask, line: Line): boolean {
  const shown = line.filter(([r, c]) => withheld[r]?.[c] === false);
  const held = shown
    .filter(([r, c]) => (counts[r]?.[c] ?? 0) > 0)
    .sort((a, b) => (counts[a[0]]?.[a[1]] ?? 0) - (counts[b[0]]?.[b[1]] ?? 0));
  const next = held.length > 0 ? held.slice(0, 1) : shown;
  for (const [r, c] of next) {
    const row = withheld[r];
    if (row !== undefined) row[c] = true;
  }
  return next.length > 0;
}

/** Whether no other way leads from a withheld cell's row to its column over withheld cells: the totals fix it then. */
function isFixed(withheld: Mask, row: number, column: number): boolean {
  const others = cellsOf(withheld).filter(([r, c]) => r !== row || c !== column);
  const rows = new Set([row]);
  const columns = new Set<number>();
  for (let before = 0; before < rows.size + columns.size; ) {
    before = rows.size + columns.size;
    for (const [r, c] of others) {
      if (!rows.has(r) && !columns.has(c)) continue;
      rows.add(r);
      columns.add(c);
    }
  }
  return !columns.has(column);
}

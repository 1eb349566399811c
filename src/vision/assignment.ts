/** Cost of a pair that must not be made; any cost at or above it counts as forbidden. */
export const FORBIDDEN = 1e6;

/**
 * Minimum-cost matching of rows to columns of a rectangular matrix with forbidden pairs. Among all matchings it
 * takes one with the most allowed pairs, and among those one of least total cost. Allowed costs must lie well
 * inside +-1000, so that no sum of them outweighs a forbidden pair. Buffers grow with the largest matrix seen and
 * are reused: a warm instance allocates nothing.
 * @source Kuhn 1955, Munkres 1957; shortest augmenting paths with potentials, O(rows^2 x columns), Jonker & Volgenant 1987.
 */
export class Assignment {
  #rowPotential = new Float64Array(0);
  #columnPotential = new Float64Array(0);
  #slack = new Float64Array(0);
  #rowOfColumn = new Int32Array(0);
  #via = new Int32Array(0);
  #done = new Uint8Array(0);

  /**
   * Solves `cost` [rows, columns], row by row in a flat array (more may follow), and writes for each row its column
   * or -1 into `columnOfRow`. Returns the number of pairs made.
   */
  solve(
    cost: ArrayLike<number>,
    rows: number,
    columns: number,
    columnOfRow: Int32Array | number[],
  ): number {
    for (let i = 0; i < rows; i += 1) columnOfRow[i] = -1;
    if (rows === 0 || columns === 0) return 0;
    // The method needs a column for every row: the shorter side plays the rows.
    const turned = rows > columns;
    const n = turned ? columns : rows;
    const m = turned ? rows : columns;
    const rowStep = turned ? 1 : columns;
    const columnStep = turned ? columns : 1;
    this.#prepare(n, m);
    for (let row = 1; row <= n; row += 1) this.#augment(cost, row, m, rowStep, columnStep);

    return this.#read(cost, m, rowStep, columnStep, columnOfRow, turned);
  }

  /** Turns the matching into columns per row, leaving forbidden pairs out; returns the number of pairs. */
  #read(
    cost: ArrayLike<number>,
    m: number,
    rowStep: number,
    columnStep: number,
    columnOfRow: Int32Array | number[],
    turned: boolean,
  ): number {
    let pairs = 0;
    for (let j = 1; j <= m; j += 1) {
      const i = this.#rowOfColumn[j] ?? 0;
      if (i === 0) continue;
      if ((cost[(i - 1) * rowStep + (j - 1) * columnStep] ?? FORBIDDEN) >= FORBIDDEN) continue;
      if (turned) columnOfRow[j - 1] = i - 1;
      else columnOfRow[i - 1] = j - 1;
      pairs += 1;
    }
    return pairs;
  }

  #prepare(n: number, m: number): void {
    if (this.#rowPotential.length <= n) this.#rowPotential = new Float64Array(2 * (n + 1));
    if (this.#columnPotential.length <= m) {
      this.#columnPotential = new Float64Array(2 * (m + 1));
      this.#slack = new Float64Array(2 * (m + 1));
      this.#rowOfColumn = new Int32Array(2 * (m + 1));
      this.#via = new Int32Array(2 * (m + 1));
      this.#done = new Uint8Array(2 * (m + 1));
    }
    this.#rowPotential.fill(0, 0, n + 1);
    this.#columnPotential.fill(0, 0, m + 1);
    this.#rowOfColumn.fill(0, 0, m + 1);
  }

  /** Finds a column for one more row along the cheapest alternating path. Rows and columns count from 1; 0 = none. */
  #augment(
    cost: ArrayLike<number>,
    row: number,
    m: number,
    rowStep: number,
    columnStep: number,
  ): void {
    this.#rowOfColumn[0] = row;
    this.#slack.fill(Number.POSITIVE_INFINITY, 0, m + 1);
    this.#done.fill(0, 0, m + 1);
    let column = 0;
    do {
      this.#done[column] = 1;
      column = this.#step(cost, column, m, rowStep, columnStep);
    } while ((this.#rowOfColumn[column] ?? 0) !== 0);
    while (column !== 0) {
      const before = this.#via[column] ?? 0;
      this.#rowOfColumn[column] = this.#rowOfColumn[before] ?? 0;
      column = before;
    }
  }

  /** Extends the tree from `column` and returns the next column on the cheapest way. */
  #step(
    cost: ArrayLike<number>,
    column: number,
    m: number,
    rowStep: number,
    columnStep: number,
  ): number {
    const rowPotential = this.#rowPotential;
    const columnPotential = this.#columnPotential;
    const slack = this.#slack;
    const row = this.#rowOfColumn[column] ?? 0;
    const base = (row - 1) * rowStep;
    const potential = rowPotential[row] ?? 0;
    let least = Number.POSITIVE_INFINITY;
    let next = 0;
    for (let j = 1; j <= m; j += 1) {
      if (this.#done[j] === 1) continue;
      const pair = Math.min(cost[base + (j - 1) * columnStep] ?? FORBIDDEN, FORBIDDEN);
      const reduced = pair - potential - (columnPotential[j] ?? 0);
      if (reduced < (slack[j] ?? 0)) {
        slack[j] = reduced;
        this.#via[j] = column;
      }
      if ((slack[j] ?? 0) < least) {
        least = slack[j] ?? 0;
        next = j;
      }
    }
    this.#shift(m, least);
    return next;
  }

  /** Raises the potentials of the tree so that the next column becomes free of charge. */
  #shift(m: number, least: number): void {
    const rowPotential = this.#rowPotential;
    const columnPotential = this.#columnPotential;
    for (let j = 0; j <= m; j += 1) {
      if (this.#done[j] === 1) {
        const row = this.#rowOfColumn[j] ?? 0;
        rowPotential[row] = (rowPotential[row] ?? 0) + least;
        columnPotential[j] = (columnPotential[j] ?? 0) - least;
      } else this.#slack[j] = (this.#slack[j] ?? 0) - least;
    }
  }
}

/** A brightness grid of any size, row by row from the top. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly cells: Float32Array;
}

/** Averages two by two cells into one. Both sides of `grid` must be even and `out` half its size. */
export function halve(grid: Grid, out: Grid): void {
  for (let row = 0; row < out.rows; row += 1) {
    for (let column = 0; column < out.columns; column += 1) {
      const at = row * 2 * grid.columns + column * 2;
      const upper = (grid.cells[at] ?? 0) + (grid.cells[at + 1] ?? 0);
      const lower = (grid.cells[at + grid.columns] ?? 0) + (grid.cells[at + grid.columns + 1] ?? 0);
      out.cells[row * out.columns + column] = (upper + lower) / 4;
    }
  }
}

/**
 * Edges of a brightness grid: per cell a vector of at most length 1 that points uphill. Only strong steps come near 1,
 * but not in proportion, so that neither the strength of the light nor one glaring edge decides a comparison.
 */
export class GradientField {
  readonly columns: number;
  readonly rows: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** Sum of the squared lengths: how many cells have a clear edge. */
  strength = 0;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.x = new Float32Array(columns * rows);
    this.y = new Float32Array(columns * rows);
  }

  /** Takes the edges of a grid of the same size; the outermost cells have none. Allocates nothing. */
  measure(cells: Float32Array): void {
    const { columns, rows } = this;
    this.strength = 0;
    for (let row = 1; row < rows - 1; row += 1) {
      for (let column = 1; column < columns - 1; column += 1) {
        const at = row * columns + column;
        const dx = ((cells[at + 1] ?? 0) - (cells[at - 1] ?? 0)) / 2;
        const dy = ((cells[at + columns] ?? 0) - (cells[at - columns] ?? 0)) / 2;
        const length = Math.hypot(dx, dy) + SOFTNESS;
        this.x[at] = dx / length;
        this.y[at] = dy / length;
        this.strength += (dx * dx + dy * dy) / (length * length);
      }
    }
  }
}

/** Levels of brightness per cell at which an edge counts half. */
const SOFTNESS = 4;

/**
 * How well two fields agree when `moved` is taken to be `still` shifted right by `columns` and down by `rows`:
 * 1 the same edges, 0 nothing in common. Only the overlap is compared. Allocates nothing.
 */
export function agreement(
  still: GradientField,
  moved: GradientField,
  columns: number,
  rows: number,
): number {
  const width = still.columns;
  const fromRow = Math.max(1, 1 + rows);
  const toRow = Math.min(still.rows - 1, still.rows - 1 + rows);
  const fromColumn = Math.max(1, 1 + columns);
  const toColumn = Math.min(width - 1, width - 1 + columns);
  const back = rows * width + columns;
  let common = 0;
  let stillSum = 0;
  let movedSum = 0;
  for (let row = fromRow; row < toRow; row += 1) {
    for (let at = row * width + fromColumn; at < row * width + toColumn; at += 1) {
      const mx = moved.x[at] ?? 0;
      const my = moved.y[at] ?? 0;
      const sx = still.x[at - back] ?? 0;
      const sy = still.y[at - back] ?? 0;
      common += mx * sx + my * sy;
      stillSum += sx * sx + sy * sy;
      movedSum += mx * mx + my * my;
    }
  }
  return stillSum > 0 && movedSum > 0 ? common / Math.sqrt(stillSum * movedSum) : 0;
}

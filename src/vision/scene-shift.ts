import { agreement, GradientField, halve } from "./gradient-field.ts";
import { GRID_COLUMNS, GRID_ROWS } from "./luma-grid.ts";

/** Where the scene is now against the reference. */
export interface SceneShift {
  /** Right and down positive, Norm of the picture. */
  readonly shiftXNorm: number;
  readonly shiftYNorm: number;
  /** Agreement of the edges at that place, -1..1. */
  readonly agreement: number;
}

/** How a shift is looked for. */
const SHIFT_SEARCH = {
  /** Largest shift found, in coarse cells: more than a third of the picture leaves too little in common. */
  coarseColumns: 11,
  coarseRows: 6,
  /** How far around the coarse find the fine search goes, in cells. */
  around: 2,
  /** With this much agreement in place, and less on all sides, nothing moved and no search is needed. */
  settled: 0.75,
  /** Less agreement than this is no match: the scene is another, or cannot be told. */
  match: 0.45,
  /** How much better the found place must be than the old one. */
  lead: 0.1,
  /** A scene with fewer clear edges than this cannot be compared. */
  leastStrength: 40,
} as const;

/**
 * Measures by how much the camera turned since the reference was taken, from the edges of the brightness grid: light
 * changes their strength, not their place. Give it the background, in which people who walk leave no trace; those
 * who stand hide a small part. Finds fractions of a cell. The reference lives as long as this object.
 */
export class SceneShiftMeter {
  readonly #reference = edges();
  readonly #present = edges();
  #hasReference = false;

  get hasReference(): boolean {
    return this.#hasReference;
  }

  /** Takes this background as the place where the camera belongs; false when there is too little to see in it. */
  learn(background: Float32Array): boolean {
    measureEdges(this.#reference, background);
    this.#hasReference = this.#reference.fine.strength >= SHIFT_SEARCH.leastStrength;
    return this.#hasReference;
  }

  /** The shift of this background; null when it cannot be told. About a millisecond when it moved, else a tenth. */
  measure(background: Float32Array): SceneShift | null {
    if (!this.#hasReference) return null;
    measureEdges(this.#present, background);
    if (this.#present.fine.strength < SHIFT_SEARCH.leastStrength / 2) return null;
    const here = this.#at(0, 0);
    if (here >= SHIFT_SEARCH.settled && this.#isPeak(here)) return this.#refined(0, 0, here);
    const best = this.#search();
    if (best.agreement < SHIFT_SEARCH.match) return null;
    const isElsewhere = best.columns !== 0 || best.rows !== 0;
    const isClear = best.agreement >= here + SHIFT_SEARCH.lead;
    // Two places explain the scene about equally well: where it was before is the better guess.
    if (isElsewhere && !isClear)
      return here < SHIFT_SEARCH.match ? null : this.#refined(0, 0, here);
    return this.#refined(best.columns, best.rows, best.agreement);
  }

  #at(columns: number, rows: number): number {
    return agreement(this.#reference.fine, this.#present.fine, columns, rows);
  }

  #isPeak(here: number): boolean {
    return (
      this.#at(-1, 0) < here &&
      this.#at(1, 0) < here &&
      this.#at(0, -1) < here &&
      this.#at(0, 1) < here
    );
  }

  /** The best place: first on half the grid over the whole reach, then around what was found there. */
  #search(): Place {
    const { coarseColumns, coarseRows, around } = SHIFT_SEARCH;
    const { coarse: from } = this.#reference;
    const { coarse: to } = this.#present;
    const nowhere = { columns: 0, rows: 0 };
    const coarse = bestPlace(nowhere, coarseColumns, coarseRows, (columns, rows) =>
      agreement(from, to, columns, rows),
    );
    const guess = { columns: coarse.columns * 2, rows: coarse.rows * 2 };
    return bestPlace(guess, around, around, (columns, rows) => this.#at(columns, rows));
  }

  #refined(columns: number, rows: number, peak: number): SceneShift {
    const dx = vertex(this.#at(columns - 1, rows), peak, this.#at(columns + 1, rows));
    const dy = vertex(this.#at(columns, rows - 1), peak, this.#at(columns, rows + 1));
    return {
      shiftXNorm: (columns + dx) / GRID_COLUMNS,
      shiftYNorm: (rows + dy) / GRID_ROWS,
      agreement: peak,
    };
  }
}

interface Place {
  readonly columns: number;
  readonly rows: number;
  readonly agreement: number;
}

function bestPlace(
  around: { readonly columns: number; readonly rows: number },
  reachColumns: number,
  reachRows: number,
  agree: (columns: number, rows: number) => number,
): Place {
  let best: Place = { ...around, agreement: -1 };
  for (let y = -reachRows; y <= reachRows; y += 1) {
    for (let x = -reachColumns; x <= reachColumns; x += 1) {
      const columns = around.columns + x;
      const rows = around.rows + y;
      const found = agree(columns, rows);
      if (found > best.agreement) best = { columns, rows, agreement: found };
    }
  }
  return best;
}

/** The edges of a background, on the grid and on half of it. */
interface Edges {
  readonly fine: GradientField;
  readonly coarse: GradientField;
  readonly half: { readonly columns: number; readonly rows: number; readonly cells: Float32Array };
}

function edges(): Edges {
  const columns = GRID_COLUMNS / 2;
  const rows = GRID_ROWS / 2;
  return {
    fine: new GradientField(GRID_COLUMNS, GRID_ROWS),
    coarse: new GradientField(columns, rows),
    half: { columns, rows, cells: new Float32Array(columns * rows) },
  };
}

function measureEdges({ fine, coarse, half }: Edges, cells: Float32Array): void {
  fine.measure(cells);
  halve({ columns: GRID_COLUMNS, rows: GRID_ROWS, cells }, half);
  coarse.measure(half.cells);
}

/** Where a parabola through three points at -1, 0, 1 has its top, at most half a step away. Pure. */
function vertex(left: number, middle: number, right: number): number {
  const bend = left - 2 * middle + right;
  if (bend >= 0) return 0;
  return Math.max(-0.5, Math.min((left - right) / (2 * bend), 0.5));
}

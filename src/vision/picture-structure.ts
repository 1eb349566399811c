import { halve } from "./gradient-field.ts";
import { GRID_COLUMNS, GRID_ROWS } from "./luma-grid.ts";

/** How much there is to see in a picture. */
export interface PictureStructure {
  /** Share 0..1 of neighbouring blocks that differ clearly, over the whole picture. */
  readonly overall: number;
  /** The same for the middle one of twelve parts of the picture: text burnt in at the edge does not touch it. */
  readonly median: number;
}

/** Blocks of two by two cells: averaging takes the noise of a dark picture down by half. */
const BLOCK_COLUMNS = GRID_COLUMNS / 2;
const BLOCK_ROWS = GRID_ROWS / 2;
const PARTS_ACROSS = 4;
const PARTS_DOWN = 3;
const PARTS = PARTS_ACROSS * PARTS_DOWN;
/** Neighbouring blocks differ clearly from this many levels of brightness on; the shading of a wall stays below. */
const LEAST_STEP = 5;
/** And from this many times the noise of a cell: four times that of the difference of two blocks. */
const NOISE_FACTOR = 2.8;
/** More than this is not noise but motion that was taken for it, and must not make the scene look empty. */
const MOST_NOISE = 4;

/** Measures the structure of brightness grids; its memory is made once. */
export class StructureMeter {
  readonly #blocks = {
    columns: BLOCK_COLUMNS,
    rows: BLOCK_ROWS,
    cells: new Float32Array(BLOCK_COLUMNS * BLOCK_ROWS),
  };
  readonly #steps = new Uint16Array(PARTS);
  readonly #pairs = new Uint16Array(PARTS);
  readonly #shares = new Float64Array(PARTS);
  readonly #structure = { overall: 0, median: 0 };

  /** `noise` is that of a cell, in levels of brightness. The result is reused by the next call. */
  measure(cells: Float32Array, noise: number): PictureStructure {
    halve({ columns: GRID_COLUMNS, rows: GRID_ROWS, cells }, this.#blocks);
    this.#count(Math.max(LEAST_STEP, NOISE_FACTOR * Math.min(noise, MOST_NOISE)));
    let steps = 0;
    let pairs = 0;
    for (let part = 0; part < PARTS; part += 1) {
      steps += this.#steps[part] ?? 0;
      pairs += this.#pairs[part] ?? 0;
      this.#shares[part] = (this.#steps[part] ?? 0) / (this.#pairs[part] ?? 1);
    }
    this.#shares.sort();
    this.#structure.overall = steps / pairs;
    this.#structure.median =
      ((this.#shares[PARTS / 2 - 1] ?? 0) + (this.#shares[PARTS / 2] ?? 0)) / 2;
    return this.#structure;
  }

  #count(limit: number): void {
    this.#steps.fill(0);
    this.#pairs.fill(0);
    for (let row = 0; row < BLOCK_ROWS; row += 1) {
      for (let column = 0; column < BLOCK_COLUMNS; column += 1) {
        const at = row * BLOCK_COLUMNS + column;
        const across = Math.floor((column * PARTS_ACROSS) / BLOCK_COLUMNS);
        const part = Math.floor((row * PARTS_DOWN) / BLOCK_ROWS) * PARTS_ACROSS + across;
        if (column + 1 < BLOCK_COLUMNS) this.#compare(part, at, at + 1, limit);
        if (row + 1 < BLOCK_ROWS) this.#compare(part, at, at + BLOCK_COLUMNS, limit);
      }
    }
  }

  #compare(part: number, a: number, b: number, limit: number): void {
    const { cells } = this.#blocks;
    const step = Math.abs((cells[a] ?? 0) - (cells[b] ?? 0));
    this.#pairs[part] = (this.#pairs[part] ?? 0) + 1;
    if (step > limit) this.#steps[part] = (this.#steps[part] ?? 0) + 1;
  }
}

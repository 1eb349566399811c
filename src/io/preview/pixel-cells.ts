import type { PictureSize } from "../../vision/ports.ts";

/** Cells are this many Px wide and high, times a power of two. */
const FINEST_CELL_PX = 8;
const LEVELS = 6;
/** A body is at most this many cells high, so a face (an eighth of a body) is at most two. */
const CELLS_PER_BODY = 12;

/** Side of the cells that hide a body of this height, in Px: 8, 16, 32, 64, 128 or 256. Pure. */
export function cellSidePx(bodyHeightPx: number): number {
  return FINEST_CELL_PX * 2 ** levelOf(bodyHeightPx / CELLS_PER_BODY);
}

function levelOf(sidePx: number): number {
  const level = Math.ceil(Math.log2(Math.max(1, sidePx / FINEST_CELL_PX)));
  return Math.min(LEVELS - 1, level);
}

/**
 * Collects the parts of one picture that must not be seen and replaces them by cells of one colour each. The grid
 * stands still in the picture, so that a person who stands gives the same cells in every frame; a grid that moved
 * with the person would tell finer detail over time. Allocates nothing after construction.
 */
export class PixelCells {
  readonly #size: PictureSize;
  readonly #grids: readonly {
    readonly sidePx: number;
    readonly columns: number;
    readonly marks: Uint8Array;
  }[];

  constructor(size: PictureSize) {
    this.#size = size;
    this.#grids = Array.from({ length: LEVELS }, (_, level) => {
      const sidePx = FINEST_CELL_PX * 2 ** level;
      const columns = Math.ceil(size.widthPx / sidePx);
      return {
        sidePx,
        columns,
        marks: new Uint8Array(columns * Math.ceil(size.heightPx / sidePx)),
      };
    });
  }

  /**
   * Marks every cell that a box touches, with cells wide enough for a body of `bodyHeightPx`. Corners in Px of the
   * picture; what lies outside of it is cut, a box without area or with NaN marks nothing.
   */
  mark(left: number, top: number, right: number, bottom: number, bodyHeightPx: number): void {
    const grid = this.#grids[levelOf(bodyHeightPx / CELLS_PER_BODY)];
    if (grid === undefined || !(right > left && bottom > top)) return;
    const { sidePx, columns, marks } = grid;
    const rows = marks.length / columns;
    const firstColumn = Math.max(0, Math.floor(left / sidePx));
    const firstRow = Math.max(0, Math.floor(top / sidePx));
    const endColumn = Math.min(columns, Math.ceil(right / sidePx));
    const endRow = Math.min(rows, Math.ceil(bottom / sidePx));
    for (let row = firstRow; row < endRow; row += 1) {
      if (endColumn > firstColumn)
        marks.fill(1, row * columns + firstColumn, row * columns + endColumn);
    }
  }

  /** Gives every marked cell of `rgb24` its mean colour, finest cells first, and forgets the marks. */
  apply(rgb24: Uint8Array): void {
    for (const { sidePx, columns, marks } of this.#grids) {
      for (let cell = marks.indexOf(1); cell >= 0; cell = marks.indexOf(1, cell + 1)) {
        const row = Math.floor(cell / columns);
        this.#flatten(rgb24, (cell - row * columns) * sidePx, row * sidePx, sidePx);
      }
      marks.fill(0);
    }
  }

  #flatten(rgb24: Uint8Array, left: number, top: number, sidePx: number): void {
    const { widthPx, heightPx } = this.#size;
    const right = Math.min(widthPx, left + sidePx);
    const bottom = Math.min(heightPx, top + sidePx);
    let red = 0;
    let green = 0;
    let blue = 0;
    for (let y = top; y < bottom; y += 1) {
      for (let at = (y * widthPx + left) * 3, end = (y * widthPx + right) * 3; at < end; at += 3) {
        red += rgb24[at] ?? 0;
        green += rgb24[at + 1] ?? 0;
        blue += rgb24[at + 2] ?? 0;
      }
    }
    const pixels = (right - left) * (bottom - top);
    red = Math.round(red / pixels);
    green = Math.round(green / pixels);
    blue = Math.round(blue / pixels);
    for (let y = top; y < bottom; y += 1) {
      for (let at = (y * widthPx + left) * 3, end = (y * widthPx + right) * 3; at < end; at += 3) {
        rgb24[at] = red;
        rgb24[at + 1] = green;
        rgb24[at + 2] = blue;
      }
    }
  }
}

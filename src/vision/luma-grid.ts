import type { Letterbox } from "./ports.ts";

/** Cells across and down. At 16:9 a cell is square; on an input of 512x288 it covers 8x8 Px. */
export const GRID_COLUMNS = 64;
export const GRID_ROWS = 36;
export const GRID_CELLS = GRID_COLUMNS * GRID_ROWS;

/**
 * Sampled pixels per cell and direction: nine pixels a cell take two thirds off the noise of one pixel and read only
 * a seventh of the picture.
 */
const SAMPLES = 3;

/** Bytes of the rgb24 frame of each sample, cell by cell; depends only on the letterbox. */
function sampleOffsets(letterbox: Letterbox): Int32Array {
  const { source, input, scaleX, scaleY, padLeftPx, padTopPx } = letterbox;
  const widthPx = Math.round(source.widthPx * scaleX);
  const heightPx = Math.round(source.heightPx * scaleY);
  const across = centres(GRID_COLUMNS * SAMPLES, widthPx, padLeftPx, input.widthPx);
  const down = centres(GRID_ROWS * SAMPLES, heightPx, padTopPx, input.heightPx);
  const offsets = new Int32Array(GRID_CELLS * SAMPLES * SAMPLES);
  let at = 0;
  for (let row = 0; row < GRID_ROWS; row += 1) {
    for (let column = 0; column < GRID_COLUMNS; column += 1) {
      for (let i = 0; i < SAMPLES * SAMPLES; i += 1) {
        const y = down[row * SAMPLES + Math.floor(i / SAMPLES)] ?? 0;
        const x = across[column * SAMPLES + (i % SAMPLES)] ?? 0;
        offsets[at] = (y * input.widthPx + x) * 3;
        at += 1;
      }
    }
  }
  return offsets;
}

/** `count` pixels spread evenly over `lengthPx` from `startPx`, inside the input. */
function centres(count: number, lengthPx: number, startPx: number, limitPx: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const at = startPx + Math.floor(((i + 0.5) * lengthPx) / count);
    return Math.max(0, Math.min(at, limitPx - 1));
  });
}

/**
 * Brightness of a picture in 64x36 cells, row by row from the top: the mean of nine sampled pixels of each cell,
 * 0..255. Only the picture itself is sampled, never the padding around it.
 */
export class LumaGrid {
  /** Brightness of each cell, 0..255; overwritten by the next `measure`. */
  readonly cells = new Float32Array(GRID_CELLS);
  readonly #offsets: Int32Array;

  constructor(letterbox: Letterbox) {
    this.#offsets = sampleOffsets(letterbox);
  }

  /** Reads a letterboxed rgb24 frame of the size it was made for. Allocates nothing. */
  measure(rgb24: Uint8Array): void {
    const offsets = this.#offsets;
    const { cells } = this;
    const perCell = SAMPLES * SAMPLES;
    let at = 0;
    for (let cell = 0; cell < GRID_CELLS; cell += 1) {
      let sum = 0;
      for (const end = at + perCell; at < end; at += 1) {
        const byte = offsets[at] ?? 0;
        // Weights 1:2:1 stand near enough for those of brightness and need no multiplication.
        sum += (rgb24[byte] ?? 0) + 2 * (rgb24[byte + 1] ?? 0) + (rgb24[byte + 2] ?? 0);
      }
      cells[cell] = sum / (4 * perCell);
    }
  }
}

/** Mean brightness of a grid, 0..255. Pure. */
export function meanLuma(cells: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < cells.length; i += 1) sum += cells[i] ?? 0;
  return sum / cells.length;
}

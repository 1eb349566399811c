import type { PictureSize } from "../../vision/ports.ts";
import type { PixelCells } from "./pixel-cells.ts";

/** Side of the spots whose mean is compared, in Px. */
const SPOT_PX = 4;
/** Side of the blocks that are hidden as a whole, in spots. */
const BLOCK_SPOTS = 4;
/** Difference of a spot's mean, of 255, that the noise of a camera does not reach. */
const LEAST_CHANGE = 18;
/** The scene learns what stands still with this time constant. */
const LEARN_MS = 8000;
/** A block stays hidden for this long after its last change. */
const HOLD_MS = 1000;
/** After a longer pause the scene begins anew: light has changed, and that is no movement. */
const PAUSE_MS = 3000;

/**
 * Second fence behind the detector: whatever moves is hidden, also a person it missed. Compares each spot of the
 * picture with a slowly learned scene; around a spot that differs its block and the neighbours are hidden for a second.
 * Somebody who stands still from the first frame on and is never detected is beyond it.
 */
export class ChangedBlocks {
  readonly #size: PictureSize;
  readonly #columns: number;
  readonly #rows: number;
  readonly #blockColumns: number;
  readonly #scene: Float32Array;
  readonly #changedAt: Float64Array;
  #lastMono: number | null = null;

  constructor(size: PictureSize) {
    this.#size = size;
    this.#columns = Math.floor(size.widthPx / SPOT_PX);
    this.#rows = Math.floor(size.heightPx / SPOT_PX);
    this.#blockColumns = Math.ceil(this.#columns / BLOCK_SPOTS);
    this.#scene = new Float32Array(this.#columns * this.#rows);
    const blocks = this.#blockColumns * Math.ceil(this.#rows / BLOCK_SPOTS);
    this.#changedAt = new Float64Array(blocks).fill(Number.NEGATIVE_INFINITY);
  }

  /** Takes in a picture (rgb24, not kept); false for the first one after a pause, which can be compared with nothing. */
  take(rgb24: Uint8Array, atMono: number): boolean {
    const passedMs = atMono - (this.#lastMono ?? Number.NEGATIVE_INFINITY);
    const isFirst = passedMs > PAUSE_MS;
    const learn = isFirst ? 1 : 1 - Math.exp(-passedMs / LEARN_MS);
    this.#lastMono = atMono;
    for (let row = 0; row < this.#rows; row += 1) {
      for (let column = 0; column < this.#columns; column += 1) {
        const spot = row * this.#columns + column;
        const seen = this.#meanGreen(rgb24, column, row);
        const change = seen - (this.#scene[spot] ?? 0);
        this.#scene[spot] = (this.#scene[spot] ?? 0) + learn * change;
        if (isFirst || Math.abs(change) < LEAST_CHANGE) continue;
        const block = Math.floor(row / BLOCK_SPOTS) * this.#blockColumns;
        this.#changedAt[block + Math.floor(column / BLOCK_SPOTS)] = atMono;
      }
    }
    return !isFirst;
  }

  /** Marks what changed within the last second. */
  mark(cells: PixelCells, atMono: number): void {
    const sidePx = SPOT_PX * BLOCK_SPOTS;
    for (let block = 0; block < this.#changedAt.length; block += 1) {
      if (atMono - (this.#changedAt[block] ?? 0) > HOLD_MS) continue;
      const row = Math.floor(block / this.#blockColumns);
      const left = (block - row * this.#blockColumns) * sidePx;
      const top = row * sidePx;
      // How tall the person is nobody knows: as cells for somebody half as tall as the picture.
      const bodyPx = this.#size.heightPx / 2;
      cells.mark(left - sidePx, top - sidePx, left + 2 * sidePx, top + 2 * sidePx, bodyPx);
    }
  }

  #meanGreen(rgb24: Uint8Array, column: number, row: number): number {
    const { widthPx } = this.#size;
    let sum = 0;
    for (let y = row * SPOT_PX; y < (row + 1) * SPOT_PX; y += 1) {
      const from = (y * widthPx + column * SPOT_PX) * 3 + 1;
      for (let at = from; at < from + SPOT_PX * 3; at += 3) sum += rgb24[at] ?? 0;
    }
    return sum / (SPOT_PX * SPOT_PX);
  }
}

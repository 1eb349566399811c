import { BoxCandidates } from "./nms.ts";
import type { Detections, Letterbox, PictureSize } from "./ports.ts";

/** Settings of a decoder; scores and overlaps 0..1. */
export interface DecoderOptions {
  /** Size of the network input in Px; multiples of 32. */
  readonly input: PictureSize;
  /** Boxes under this score are dropped; keep it at the tracker's low band. Default 0.1. */
  readonly minScore?: number;
  /** Of two boxes overlapping by more than this (IoU) the weaker is dropped. */
  readonly nmsIou?: number;
}

/** Decoder of CenterNet with a wh head. Owns its scratch buffers; nothing is allocated per frame. */
export interface CenterNetDecoder {
  /**
   * `heat` [1,1,H/4,W/4]: probabilities. `wh` [1,4,H/4,W/4]: distances from the cell's corner to left, top, right
   * and bottom, in Px of the network input. Fills `out` in Px of the source picture, best score first, clipped.
   * A cell speaks when it is a maximum of its 3x3 neighbourhood; of equal neighbours the first one speaks.
   */
  decode(heat: Float32Array, wh: Float32Array, letterbox: Letterbox, out: Detections): void;
}

/** Px of the network input per cell. */
const STRIDE = 4;

/**
 * Makes the decoder for one input size; it keeps the lowest-scored person down to `minScore` (0.1) and suppresses
 * over `nmsIou` (0.5).
 * @throws TypeError when an output does not have the size that `input` implies (a bug in the wiring).
 * @source Zhou et al., Objects as Points, 2019; no half-cell offset and no exponent in this graph's wh head.
 */
export function createCenterNetDecoder(options: DecoderOptions): CenterNetDecoder {
  const columns = options.input.widthPx / STRIDE;
  const rows = options.input.heightPx / STRIDE;
  const cells = columns * rows;
  const minScore = options.minScore ?? 0.1;
  const nmsIou = options.nmsIou ?? 0.5;
  const candidates = new BoxCandidates(cells);

  return {
    decode(heat, wh, letterbox, out) {
      if (heat.length !== cells || wh.length !== cells * 4)
        throw new TypeError(`expected ${cells} cells, found ${heat.length} and ${wh.length} / 4`);
      candidates.clear();
      for (let i = 0; i < cells; i += 1) {
        const score = heat[i] ?? 0;
        if (score < minScore || !isPeak(heat, i, rows, columns)) continue;
        const x = (i % columns) * STRIDE;
        const y = Math.floor(i / columns) * STRIDE;
        candidates.add(
          x - (wh[i] ?? 0),
          y - (wh[cells + i] ?? 0),
          x + (wh[2 * cells + i] ?? 0),
          y + (wh[3 * cells + i] ?? 0),
          score,
        );
      }
      candidates.suppress(nmsIou, letterbox, out);
    },
  };
}

function isPeak(heat: Float32Array, at: number, rows: number, columns: number): boolean {
  const row = Math.floor(at / columns);
  const column = at % columns;
  const score = heat[at] ?? 0;
  const lastRow = Math.min(row + 1, rows - 1);
  const lastColumn = Math.min(column + 1, columns - 1);
  for (let r = Math.max(row - 1, 0); r <= lastRow; r += 1) {
    for (let c = Math.max(column - 1, 0); c <= lastColumn; c += 1) {
      const j = r * columns + c;
      const other = heat[j] ?? 0;
      if (other > score || (other === score && j < at)) return false;
    }
  }
  return true;
}

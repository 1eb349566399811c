import {
  assertLength,
  type BoxDecoder,
  type DecoderOptions,
  levelsOf,
  MIN_SCORE,
} from "./box-decoder.ts";
import { BoxCandidates } from "./nms.ts";

/** Outputs of CenterNet with a wh head; C classes, one level of H x W cells. */
export interface CenterNetOutputs {
  /** [1,C,H,W]: probabilities. */
  readonly heat: Float32Array;
  /** [1,4,H,W]: distances from the cell's corner to left, top, right and bottom, in Px of the network input. */
  readonly wh: Float32Array;
}

/**
 * Makes the decoder. A cell speaks when it is a maximum of its 3x3 neighbourhood; of equal neighbours the first one
 * speaks.
 * @throws TypeError when an output does not have the size that `options` imply (a bug in the wiring).
 * @source Zhou et al., Objects as Points, 2019; no half-cell offset and no exponent in this graph's wh head.
 */
export function createCenterNetDecoder(
  options: DecoderOptions,
  { heat, wh }: CenterNetOutputs,
): BoxDecoder {
  const [level] = levelsOf(options.input, options.strides);
  if (level === undefined) throw new TypeError("expected one stride");
  const { stride, columns, rows, cells } = level;
  assertLength("wh", wh, cells * 4);
  const minScore = options.minScore ?? MIN_SCORE;
  const scores = heat.subarray(options.classIndex * cells, (options.classIndex + 1) * cells);
  assertLength("heat of the class", scores, cells);
  const candidates = new BoxCandidates(cells, options.input);

  return {
    get refused() {
      return candidates.refused;
    },
    decode(letterbox, out) {
      candidates.clear();
      for (let i = 0; i < cells; i += 1) {
        const score = scores[i] ?? 0;
        if (score < minScore || !isPeak(scores, i, rows, columns)) continue;
        const x = (i % columns) * stride;
        const y = Math.floor(i / columns) * stride;
        candidates.add(
          x - (wh[i] ?? 0),
          y - (wh[cells + i] ?? 0),
          x + (wh[2 * cells + i] ?? 0),
          y + (wh[3 * cells + i] ?? 0),
          score,
        );
      }
      candidates.suppress(options.nmsIou, letterbox, out);
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

import {
  assertLength,
  type BoxDecoder,
  cellsOf,
  type DecoderOptions,
  levelsOf,
  MIN_SCORE,
} from "./box-decoder.ts";
import { BoxCandidates } from "./nms.ts";

/** Numbers of a cell before its classes: x, y, width, height, objectness. */
export const YOLOX_BOX_NUMBERS = 5;

/**
 * Makes the decoder of YOLOX as exported without box decoding: `rows` [1,N,5+classes], the cells of all strides one
 * after the other; centre = (t + cell) * stride, size = exp(t) * stride, score = objectness * class.
 * @throws TypeError when `rows` has another length (a bug in the wiring).
 * @source Ge et al., YOLOX, 2021; its ONNX demonstration, Apache-2.0, written anew.
 */
export function createYoloxDecoder(
  options: DecoderOptions,
  { rows, classes }: { readonly rows: Float32Array; readonly classes: number },
): BoxDecoder {
  const levels = levelsOf(options.input, options.strides);
  const step = YOLOX_BOX_NUMBERS + classes;
  assertLength("rows", rows, cellsOf(levels) * step);
  const classAt = YOLOX_BOX_NUMBERS + options.classIndex;
  const minScore = options.minScore ?? MIN_SCORE;
  const candidates = new BoxCandidates(cellsOf(levels), options.input);

  const addCell = (at: number, column: number, row: number, stride: number): void => {
    const score = (rows[at + 4] ?? 0) * (rows[at + classAt] ?? 0);
    if (score < minScore) return;
    const x = ((rows[at] ?? 0) + column) * stride;
    const y = ((rows[at + 1] ?? 0) + row) * stride;
    const halfWidth = (Math.exp(rows[at + 2] ?? 0) * stride) / 2;
    const halfHeight = (Math.exp(rows[at + 3] ?? 0) * stride) / 2;
    candidates.add(x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight, score);
  };

  return {
    get refused() {
      return candidates.refused;
    },
    decode(letterbox, out) {
      candidates.clear();
      for (let k = 0; k < levels.length; k += 1) {
        const level = levels[k];
        if (level === undefined) continue;
        const { stride, columns, first, cells } = level;
        for (let i = 0; i < cells; i += 1) {
          addCell((first + i) * step, i % columns, Math.floor(i / columns), stride);
        }
      }
      candidates.suppress(options.nmsIou, letterbox, out);
    },
  };
}

import {
  assertLength,
  type BoxDecoder,
  cellsOf,
  type DecoderOptions,
  type Level,
  levelsOf,
  logitOf,
  MIN_SCORE,
  sigmoid,
} from "./box-decoder.ts";
import { BoxCandidates } from "./nms.ts";

/** Outputs of one level of RTMDet, h x w cells, C classes. */
export interface RtmDetLevel {
  /** [1,C,h,w]: logits. */
  readonly logits: Float32Array;
  /** [1,4,h,w]: distances from the cell's corner to left, top, right, bottom, in Px of the network input. */
  readonly distances: Float32Array;
}

/**
 * Makes the decoder of RTMDet exported without its last step, one level per stride.
 * @throws TypeError when an output has another length (a bug in the wiring).
 * @source Lyu et al., RTMDet, 2022; its head in MMDetection, Apache-2.0, written anew (points without offset).
 */
export function createRtmDetDecoder(
  options: DecoderOptions,
  outputs: readonly RtmDetLevel[],
): BoxDecoder {
  const grid = levelsOf(options.input, options.strides);
  const levels = grid.map((level, i) => ({
    ...level,
    ...levelAt(outputs, i, level.cells, options),
  }));
  const minLogit = logitOf(options.minScore ?? MIN_SCORE);
  const candidates = new BoxCandidates(cellsOf(grid), options.input);

  return {
    get refused() {
      return candidates.refused;
    },
    decode(letterbox, out) {
      candidates.clear();
      for (let k = 0; k < levels.length; k += 1) {
        const level = levels[k];
        if (level === undefined) continue;
        for (let i = 0; i < level.cells; i += 1) {
          const logit = level.scores[i] ?? 0;
          if (!(logit < minLogit)) addCell(level, i, sigmoid(logit), candidates);
        }
      }
      candidates.suppress(options.nmsIou, letterbox, out);
    },
  };
}

/** `distances`: planes of left, top, right, bottom. */
function addCell(
  level: Level & { readonly distances: Float32Array },
  i: number,
  score: number,
  candidates: BoxCandidates,
): void {
  const { stride, columns, cells, distances } = level;
  const x = (i % columns) * stride;
  const y = Math.floor(i / columns) * stride;
  candidates.add(
    x - (distances[i] ?? 0),
    y - (distances[cells + i] ?? 0),
    x + (distances[2 * cells + i] ?? 0),
    y + (distances[3 * cells + i] ?? 0),
    score,
  );
}

function levelAt(
  outputs: readonly RtmDetLevel[],
  index: number,
  cells: number,
  { classIndex }: DecoderOptions,
): { readonly scores: Float32Array; readonly distances: Float32Array } {
  const level = outputs[index];
  if (level === undefined) throw new TypeError(`expected level ${index}, found ${outputs.length}`);
  const scores = level.logits.subarray(classIndex * cells, (classIndex + 1) * cells);
  assertLength(`logits of level ${index}`, scores, cells);
  assertLength(`distances of level ${index}`, level.distances, cells * 4);
  return { scores, distances: level.distances };
}

import {
  type BoxDecoder,
  cellsOf,
  type DecoderOptions,
  levelsOf,
  MIN_SCORE,
} from "./box-decoder.ts";
import { BoxCandidates } from "./nms.ts";

/** Where a number of each cell lies in an output: cell i has it at `at + i * cellStep`. */
export interface CellField {
  readonly values: Float32Array;
  readonly at: number;
  readonly cellStep: number;
}

/** The distance distributions of one level: bin j of side k (left, top, right, bottom) is `k * bins + j` steps on. */
export interface BinField extends CellField {
  readonly binStep: number;
}

/** What one level of a generalised-focal-loss head says. */
export interface GflLevel {
  /** Probability of a person. */
  readonly score: CellField;
  /** Logits of the distances from the cell's centre, in strides. */
  readonly distance: BinField;
}

/** What NanoDet, NanoDet-Plus and PicoDet do differently; the rest of their heads is the same. */
export interface GflHead {
  /** Bins of one side: reg_max + 1. */
  readonly bins: number;
  /** Where a cell's centre lies in the cell, as a share of it: 0.5, or 0 in NanoDet-Plus. */
  readonly centre: number;
  /** One per stride. */
  readonly levels: readonly GflLevel[];
}

/**
 * Makes the decoder of a generalised-focal-loss head.
 * @throws TypeError when there is not one level per stride or an output is too short (a bug in the wiring).
 * @source Li et al., Generalized Focal Loss, 2020; heads of NanoDet and PicoDet, Apache-2.0, written anew.
 */
export function createGflDecoder(options: DecoderOptions, head: GflHead): BoxDecoder {
  const grid = levelsOf(options.input, options.strides);
  const levels = grid.map((cells, i) => ({ ...cells, ...levelAt(head, i, cells.cells) }));
  const minScore = options.minScore ?? MIN_SCORE;
  const candidates = new BoxCandidates(cellsOf(grid), options.input);
  const { bins, centre } = head;

  return {
    get refused() {
      return candidates.refused;
    },
    decode(letterbox, out) {
      candidates.clear();
      for (let k = 0; k < levels.length; k += 1) {
        const level = levels[k];
        if (level === undefined) continue;
        const { stride, columns, score, distance } = level;
        for (let i = 0; i < level.cells; i += 1) {
          const probability = score.values[score.at + i * score.cellStep] ?? 0;
          if (probability < minScore) continue;
          const x = ((i % columns) + centre) * stride;
          const y = (Math.floor(i / columns) + centre) * stride;
          candidates.add(
            x - stride * meanBin(distance, i, 0, bins),
            y - stride * meanBin(distance, i, 1, bins),
            x + stride * meanBin(distance, i, 2, bins),
            y + stride * meanBin(distance, i, 3, bins),
            probability,
          );
        }
      }
      candidates.suppress(options.nmsIou, letterbox, out);
    },
  };
}

function levelAt({ levels, bins }: GflHead, index: number, cells: number): GflLevel {
  const level = levels[index];
  if (level === undefined) throw new TypeError(`expected level ${index}, found ${levels.length}`);
  const { score, distance } = level;
  const lastScore = score.at + (cells - 1) * score.cellStep;
  const lastBin = distance.at + (cells - 1) * distance.cellStep + (4 * bins - 1) * distance.binStep;
  if (lastScore >= score.values.length || lastBin >= distance.values.length)
    throw new TypeError(`level ${index}: expected ${cells} cells`);
  return level;
}

/** Mean of the softmax distribution of one side of one cell; NaN when a logit is NaN or overflowed. */
function meanBin(field: BinField, cell: number, side: number, bins: number): number {
  const { values, binStep } = field;
  const from = field.at + cell * field.cellStep + side * bins * binStep;
  let top = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < bins; j += 1) top = Math.max(top, values[from + j * binStep] ?? 0);
  let total = 0;
  let mean = 0;
  for (let j = 0; j < bins; j += 1) {
    const weight = Math.exp((values[from + j * binStep] ?? 0) - top);
    total += weight;
    mean += weight * j;
  }
  return mean / total;
}

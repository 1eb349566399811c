import type { DecoderOptions } from "./decode-centernet.ts";
import { BoxCandidates } from "./nms.ts";
import type { Detections, Letterbox } from "./ports.ts";

/** Decoder of NanoDet (GFL head, strides 8, 16, 32). Owns its scratch buffers; nothing is allocated per frame. */
export interface NanoDetDecoder {
  /**
   * `cls[i]` [1,1,HW]: probabilities, `reg[i]` [1,44,HW]: logits of 11 bins for left, top, right, bottom; i = 0, 1, 2
   * for the strides 8, 16, 32; index = row * ceil(W / stride) + column. Fills `out` in Px of the source picture,
   * best score first, clipped.
   */
  decode(
    cls: readonly Float32Array[],
    reg: readonly Float32Array[],
    letterbox: Letterbox,
    out: Detections,
  ): void;
}

const STRIDES = [8, 16, 32] as const;
/** Bins of the distance distribution of one side: reg_max + 1. */
const BINS = 11;

/**
 * Makes the decoder for one input size; it keeps people down to `minScore` (0.1) and suppresses over `nmsIou` (0.6).
 * @throws TypeError when an output does not have the size that `input` implies (a bug in the wiring).
 * @source Li et al., Generalized Focal Loss, 2020; NanoDet's head, Apache-2.0, written anew.
 */
export function createNanoDetDecoder(options: DecoderOptions): NanoDetDecoder {
  const minScore = options.minScore ?? 0.1;
  const nmsIou = options.nmsIou ?? 0.6;
  const levels = STRIDES.map((stride) => ({
    stride,
    columns: Math.ceil(options.input.widthPx / stride),
    cells: Math.ceil(options.input.widthPx / stride) * Math.ceil(options.input.heightPx / stride),
  }));
  const candidates = new BoxCandidates(levels.reduce((sum, level) => sum + level.cells, 0));

  return {
    decode(cls, reg, letterbox, out) {
      candidates.clear();
      for (let i = 0; i < levels.length; i += 1) {
        const level = levels[i];
        const scores = cls[i];
        const logits = reg[i];
        if (level === undefined || scores === undefined || logits === undefined)
          throw new TypeError(`expected three levels, found ${cls.length} and ${reg.length}`);
        if (scores.length !== level.cells || logits.length !== level.cells * 4 * BINS)
          throw new TypeError(`stride ${level.stride}: expected ${level.cells} cells`);
        collect(level.stride, level.columns, scores, logits, minScore, candidates);
      }
      candidates.suppress(nmsIou, letterbox, out);
    },
  };
}

function collect(
  stride: number,
  columns: number,
  scores: Float32Array,
  logits: Float32Array,
  minScore: number,
  candidates: BoxCandidates,
): void {
  const cells = scores.length;
  for (let i = 0; i < cells; i += 1) {
    const score = scores[i] ?? 0;
    if (score < minScore) continue;
    const x = ((i % columns) + 0.5) * stride;
    const y = (Math.floor(i / columns) + 0.5) * stride;
    candidates.add(
      x - stride * expectedBin(logits, i, cells),
      y - stride * expectedBin(logits, BINS * cells + i, cells),
      x + stride * expectedBin(logits, 2 * BINS * cells + i, cells),
      y + stride * expectedBin(logits, 3 * BINS * cells + i, cells),
      score,
    );
  }
}

/** Mean of the softmax distribution over the bins that start at `at` and lie `step` apart. */
function expectedBin(logits: Float32Array, at: number, step: number): number {
  let top = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < BINS; j += 1) top = Math.max(top, logits[at + j * step] ?? 0);
  let total = 0;
  let mean = 0;
  for (let j = 0; j < BINS; j += 1) {
    const weight = Math.exp((logits[at + j * step] ?? 0) - top);
    total += weight;
    mean += weight * j;
  }
  return mean / total;
}

import {
  assertLength,
  type BoxDecoder,
  type DecoderOptions,
  logitOf,
  MIN_SCORE,
  sigmoid,
} from "./box-decoder.ts";
import { BoxCandidates } from "./nms.ts";

/** Outputs of a D-FINE or RT-DETR graph without its last step; Q queries, C classes. */
export interface DetrQueries {
  /** [1,Q,C]: logits, each class for itself (sigmoid, no "nothing" class). */
  readonly logits: Float32Array;
  /** [1,Q,4]: centre x, centre y, width, height, as shares of the input. */
  readonly boxes: Float32Array;
  readonly queries: number;
  readonly classes: number;
}

/** Outputs of a D-FINE or RT-DETR graph with its last step, which was told the size of the input. */
export interface DetrBoxes {
  /** [1,Q]: class of each box. */
  readonly labels: BigInt64Array;
  /** [1,Q,4]: left, top, right, bottom in Px of the input. */
  readonly boxes: Float32Array;
  /** [1,Q]: probabilities. */
  readonly scores: Float32Array;
  readonly queries: number;
}

/**
 * Makes the decoder of raw queries. Such networks find each person once; a manifest says so with an overlap of 1.
 * @throws TypeError when an output has another length (a bug in the wiring).
 * @source Zhao et al., RT-DETR, 2023, and Peng et al., D-FINE, 2024; heads, Apache-2.0, written anew.
 */
export function createDetrQueryDecoder(options: DecoderOptions, queries: DetrQueries): BoxDecoder {
  const { logits, boxes, classes } = queries;
  assertLength("logits", logits, queries.queries * classes);
  assertLength("boxes", boxes, queries.queries * 4);
  const { widthPx, heightPx } = options.input;
  const minLogit = logitOf(options.minScore ?? MIN_SCORE);
  const candidates = new BoxCandidates(queries.queries, options.input);

  return {
    get refused() {
      return candidates.refused;
    },
    decode(letterbox, out) {
      candidates.clear();
      for (let q = 0; q < queries.queries; q += 1) {
        const logit = logits[q * classes + options.classIndex] ?? 0;
        if (logit < minLogit) continue;
        const x = (boxes[4 * q] ?? 0) * widthPx;
        const y = (boxes[4 * q + 1] ?? 0) * heightPx;
        const halfWidth = ((boxes[4 * q + 2] ?? 0) * widthPx) / 2;
        const halfHeight = ((boxes[4 * q + 3] ?? 0) * heightPx) / 2;
        candidates.add(
          x - halfWidth,
          y - halfHeight,
          x + halfWidth,
          y + halfHeight,
          sigmoid(logit),
        );
      }
      candidates.suppress(options.nmsIou, letterbox, out);
    },
  };
}

/**
 * Makes the decoder of finished boxes.
 * @throws TypeError when an output has another length (a bug in the wiring).
 * @source as above; post-processor of the published exports.
 */
export function createDetrBoxDecoder(options: DecoderOptions, found: DetrBoxes): BoxDecoder {
  const { labels, boxes, scores } = found;
  assertLength("labels", labels, found.queries);
  assertLength("boxes", boxes, found.queries * 4);
  assertLength("scores", scores, found.queries);
  const wanted = BigInt(options.classIndex);
  const minScore = options.minScore ?? MIN_SCORE;
  const candidates = new BoxCandidates(found.queries, options.input);

  return {
    get refused() {
      return candidates.refused;
    },
    decode(letterbox, out) {
      candidates.clear();
      for (let q = 0; q < found.queries; q += 1) {
        const score = scores[q] ?? 0;
        if (score < minScore || labels[q] !== wanted) continue;
        candidates.add(
          boxes[4 * q] ?? 0,
          boxes[4 * q + 1] ?? 0,
          boxes[4 * q + 2] ?? 0,
          boxes[4 * q + 3] ?? 0,
          score,
        );
      }
      candidates.suppress(options.nmsIou, letterbox, out);
    },
  };
}

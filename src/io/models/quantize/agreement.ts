import { boxIou } from "../../../vision/nms.ts";
import { createDetections, type Detections, letterboxOf } from "../../../vision/ports.ts";
import { detectorOf } from "../../onnx/person-detector.ts";
import { createPictureTensor } from "../../onnx/picture-tensor.ts";
import { openSession } from "../../onnx/session.ts";
import type { ModelEntry } from "../manifest.ts";

/** How well the int8 network agrees with the one it was made of, on frames it was not calibrated with. */
export interface Agreement {
  readonly frames: number;
  /** People the float network sees with at least its operating score. */
  readonly floatBoxes: number;
  readonly int8Boxes: number;
  /** Share of the float boxes that have an int8 box of IoU 0.5 or more, each int8 box used once; 0..1. */
  readonly matchedRatio: number;
  /** 1 - sum of the differences of the counts per frame over the sum of the float counts; 1 is equal everywhere. */
  readonly countRatio: number;
  /** Difference of the raw outputs by name. */
  readonly outputs: Readonly<
    Record<string, { readonly maxError: number; readonly meanError: number }>
  >;
  /** Median time of one look of either, alternately measured. */
  readonly floatMs: number;
  readonly int8Ms: number;
}

const MATCH_IOU = 0.5;
const MAX_PEOPLE = 128;

/** Compares two forms of one network on frames of the input's size. */
export async function compareForms(
  entry: ModelEntry,
  float: Uint8Array,
  int8: Uint8Array,
  frames: readonly Uint8Array[],
  threads: number,
): Promise<Agreement> {
  const outputs = await outputErrors(entry, float, int8, frames);
  await using before = await detectorOf(entry, float, threads);
  await using after = await detectorOf(entry, int8, threads);
  const letterbox = letterboxOf(before.input, before.input, before.fit);
  const [a, b] = [createDetections(MAX_PEOPLE), createDetections(MAX_PEOPLE)];
  const times: [number[], number[]] = [[], []];
  const sum = { floatBoxes: 0, int8Boxes: 0, matched: 0, apart: 0 };
  for (const frame of frames) {
    const startMs = performance.now();
    await before.detect(frame, letterbox, a);
    const halfMs = performance.now();
    await after.detect(frame, letterbox, b);
    times[0].push(halfMs - startMs);
    times[1].push(performance.now() - halfMs);
    const [expected, found] = [above(a, entry.score), above(b, entry.score)];
    sum.floatBoxes += expected;
    sum.int8Boxes += found;
    sum.matched += countMatches(a, expected, b, found);
    sum.apart += Math.abs(expected - found);
  }
  const { floatBoxes, int8Boxes, matched, apart } = sum;
  return {
    frames: frames.length,
    floatBoxes,
    int8Boxes,
    matchedRatio: floatBoxes === 0 ? 0 : matched / floatBoxes,
    countRatio: floatBoxes === 0 ? 0 : Math.max(0, 1 - apart / floatBoxes),
    outputs,
    floatMs: median(times[0]),
    int8Ms: median(times[1]),
  };
}

/** Boxes come best first, so those above a score are the first ones. */
function above({ count, score }: Detections, least: number): number {
  let n = 0;
  while (n < count && (score[n] ?? 0) >= least) n += 1;
  return n;
}

function countMatches(a: Detections, countA: number, b: Detections, countB: number): number {
  const isTaken = new Array<boolean>(countB).fill(false);
  let matches = 0;
  for (let i = 0; i < countA; i += 1) {
    let best = -1;
    let bestIou = MATCH_IOU;
    for (let j = 0; j < countB; j += 1) {
      const iou = isTaken[j] ? 0 : boxIou(a.xyxy, 4 * i, b.xyxy, 4 * j);
      if (iou >= bestIou) [best, bestIou] = [j, iou];
    }
    if (best < 0) continue;
    isTaken[best] = true;
    matches += 1;
  }
  return matches;
}

async function outputErrors(
  entry: ModelEntry,
  float: Uint8Array,
  int8: Uint8Array,
  frames: readonly Uint8Array[],
): Promise<Agreement["outputs"]> {
  const sessions = [await openSession(float, 1), await openSession(int8, 1)] as const;
  const picture = createPictureTensor(entry.input);
  const sums = new Map<string, { most: number; total: number; values: number }>();
  try {
    for (const frame of frames) {
      picture.fill(frame);
      const feeds = { [entry.input.name]: picture.tensor };
      const [wanted, found] = [await sessions[0].run(feeds), await sessions[1].run(feeds)];
      for (const name of sessions[0].outputNames) {
        const [x, y] = [wanted[name]?.data, found[name]?.data];
        if (!(x instanceof Float32Array && y instanceof Float32Array)) continue;
        const sum = sums.get(name) ?? { most: 0, total: 0, values: 0 };
        for (let i = 0; i < x.length; i += 1) {
          const error = Math.abs((x[i] ?? 0) - (y[i] ?? Number.NaN));
          sum.most = Math.max(sum.most, error);
          sum.total += error;
        }
        sum.values += x.length;
        sums.set(name, sum);
      }
    }
  } finally {
    for (const session of sessions) await session.release();
  }
  return Object.fromEntries(
    [...sums].map(([name, { most, total, values }]) => [
      name,
      { maxError: most, meanError: total / values },
    ]),
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

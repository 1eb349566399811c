import type { Tensor } from "onnxruntime-node";
import { createPictureTensor } from "../../onnx/picture-tensor.ts";
import { openSession } from "../../onnx/session.ts";
import type { ModelEntry } from "../manifest.ts";
import { withOutputs } from "./graph.ts";
import type { ValueRange } from "./quantize-graph.ts";

/** Values looked at in one run; more would take too much memory on a small board. */
const VALUES_AT_ONCE = 24;

/**
 * Runs the network on frames (rgb24 of the input's size) and notes between which limits each of these inner values
 * lies. `onFrame` is called after each run with the share done, 0..1.
 */
export async function measureRanges(
  entry: ModelEntry,
  bytes: Uint8Array,
  names: readonly string[],
  frames: readonly Uint8Array[],
  onFrame: (share: number) => void,
): Promise<ReadonlyMap<string, ValueRange>> {
  const ranges = new Map<string, ValueRange>();
  const picture = createPictureTensor(entry.input);
  for (let from = 0; from < names.length; from += VALUES_AT_ONCE) {
    const some = names.slice(from, from + VALUES_AT_ONCE);
    const session = await openSession(withOutputs(bytes, some), 1);
    try {
      for (const [index, frame] of frames.entries()) {
        picture.fill(frame);
        const outputs = await session.run({ [entry.input.name]: picture.tensor }, some);
        for (const name of some) ranges.set(name, widened(ranges.get(name), outputs[name]));
        const share = (from + (some.length * (index + 1)) / frames.length) / names.length;
        onFrame(share);
      }
    } finally {
      await session.release();
    }
  }
  return ranges;
}

function widened(range: ValueRange | undefined, tensor: Tensor | undefined): ValueRange {
  let lo = range?.lo ?? 0;
  let hi = range?.hi ?? 0;
  if (tensor?.data instanceof Float32Array) {
    for (const value of tensor.data) {
      if (value < lo) lo = value;
      if (value > hi) hi = value;
    }
  }
  return { lo, hi };
}

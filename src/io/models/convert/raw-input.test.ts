import assert from "node:assert/strict";
import { test } from "node:test";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { seededRandom } from "../../../core/random.ts";
import type { Preparation } from "./build.ts";
import { createOnnxWriter } from "./onnx-writer.ts";
import { withRawInput } from "./raw-input.ts";

const SIDE = 6;
const random = seededRandom(8);
const WEIGHTS = Float32Array.from({ length: 4 * 3 * 3 * 3 }, () => random() - 0.5);

/** A network of one picture of floats; `op` is what reads it. */
function network(op: "Conv" | "Relu", shape: readonly number[] = [1, 3, SIDE, SIDE]): Uint8Array {
  const writer = createOnnxWriter();
  writer.input("pixels", "float32", shape);
  const window = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
  const inputs = op === "Conv" ? ["pixels", writer.floats(WEIGHTS, [4, 3, 3, 3])] : ["pixels"];
  const channels = op === "Conv" ? 4 : 3;
  writer.node(op, inputs, op === "Conv" ? window : {}, "out");
  writer.output("out", [1, channels, SIDE, SIDE]);
  return writer.finish("net");
}

async function run(model: Uint8Array, input: Tensor): Promise<Float32Array> {
  const session = await InferenceSession.create(model);
  const [name = ""] = session.inputNames;
  const { out } = await session.run({ [name]: input });
  return out?.data as Float32Array;
}

for (const preparation of [
  { mean: [127.5, 127.5, 127.5], scale: [1 / 128, 1 / 128, 1 / 128], channels: "bgr" },
  { mean: [10, 20, 30], scale: [0.5, 0.25, 2], channels: "bgr" },
  { mean: [10, 20, 30], scale: [0.5, 0.25, 2], channels: "rgb" },
  { mean: [0, 0, 0], scale: [1, 1, 1], channels: "bgr" },
] satisfies readonly Preparation[]) {
  const { mean, scale, channels } = preparation;

  test(`raw pixels give what prepared ones give: ${channels}, mean ${mean.join()}`, async () => {
    const pixels = Uint8Array.from({ length: SIDE * SIDE * 3 }, () => random() * 256);
    const planes = new Float32Array(pixels.length);
    for (let at = 0; at < SIDE * SIDE; at += 1) {
      for (let channel = 0; channel < 3; channel += 1) {
        const colour = channels === "bgr" ? 2 - channel : channel;
        const value = (pixels[at * 3 + colour] ?? 0) - (mean[channel] ?? 0);
        planes[channel * SIDE * SIDE + at] = value * (scale[channel] ?? 1);
      }
    }
    const original = network("Conv");
    const wanted = await run(original, new Tensor("float32", planes, [1, 3, SIDE, SIDE]));
    const wrapped = withRawInput(original, preparation);
    const found = await run(wrapped, new Tensor("uint8", pixels, [1, SIDE, SIDE, 3]));
    const worst = wanted.reduce((most, x, i) => Math.max(most, Math.abs(x - (found[i] ?? 0))), 0);
    const size = wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    assert.ok(worst < 1e-5 * size, `${worst} of ${size}`);
    assert.deepEqual(withRawInput(original, preparation), wrapped, "and always the same file");
  });
}

test("a file that is no network of one picture is refused", () => {
  const plain: Preparation = { mean: [0, 0, 0], scale: [1, 1, 1], channels: "rgb" };
  const unsupported = { code: "MODEL_UNSUPPORTED" };
  assert.throws(() => withRawInput(Uint8Array.of(1, 2, 3), plain), unsupported);
  assert.throws(() => withRawInput(new Uint8Array(), plain), unsupported);
  assert.throws(() => withRawInput(network("Relu"), plain), /Relu reads the picture/);
  assert.throws(() => withRawInput(network("Conv", [2, 3, SIDE, SIDE]), plain), unsupported);
});

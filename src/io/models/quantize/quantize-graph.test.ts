import assert from "node:assert/strict";
import { test } from "node:test";
import { Tensor } from "onnxruntime-node";
import { GatewayError } from "../../../core/errors.ts";
import { normalDraw, seededRandom } from "../../../core/random.ts";
import { openSession } from "../../onnx/session.ts";
import { createOnnxWriter } from "../convert/onnx-writer.ts";
import type { ModelEntry } from "../manifest.ts";
import { readGraph } from "./graph.ts";
import { assertQuantizable, byteValues, quantizeGraph } from "./quantize-graph.ts";
import { measureRanges } from "./ranges.ts";

const [WIDTH, HEIGHT, CHANNELS] = [64, 32, 8];

const INPUT: ModelEntry["input"] = {
  name: "input",
  width: WIDTH,
  height: HEIGHT,
  layout: "nhwc",
  dtype: "uint8",
  channels: "rgb",
  mean: [0, 0, 0],
  scale: [1, 1, 1],
  resize: "letterbox",
  pad: 114,
};
const ENTRY = { input: INPUT } as ModelEntry;

/**
 * Convolution, leaky activation, pooling, residual and head, with random weights; the channels of the inner
 * convolutions differ in size by a factor of a thousand.
 */
function network(): Uint8Array {
  const random = seededRandom(7);
  const writer = createOnnxWriter();
  const draw = (length: number, deviation: number): Float32Array =>
    Float32Array.from({ length }, () => normalDraw(random) * deviation);
  const conv = (
    from: string,
    inputs: number,
    outputs: number,
    side: number,
    name?: string,
  ): string => {
    const size = inputs * side * side;
    const weights = draw(outputs * size, 1 / Math.sqrt(size));
    if (outputs === CHANNELS && inputs === CHANNELS) {
      weights.forEach((value, i) => {
        weights[i] = Math.floor(i / size) % 2 === 0 ? value : value / 1000;
      });
    }
    const pads = new Array<number>(4).fill((side - 1) / 2);
    return writer.node(
      "Conv",
      [
        from,
        writer.floats(weights, [outputs, inputs, side, side]),
        writer.floats(draw(outputs, 0.1), [outputs]),
      ],
      { kernel_shape: [side, side], pads },
      name,
    );
  };
  writer.input("input", "uint8", [1, HEIGHT, WIDTH, 3]);
  const planes = writer.node("Transpose", ["input"], { perm: [0, 3, 1, 2] });
  const cast = writer.node("Cast", [planes], { to: 1 });
  const picture = writer.node("Div", [cast, writer.floats(Float32Array.of(64), [])]);
  const first = writer.node("LeakyRelu", [conv(picture, 3, CHANNELS, 3)], {
    alpha: { float: 0.1 },
  });
  const pooled = writer.node("MaxPool", [first], { kernel_shape: [2, 2], strides: [2, 2] });
  const inner = writer.node("Relu", [conv(pooled, CHANNELS, CHANNELS, 3)]);
  const sum = writer.node("Add", [pooled, inner]);
  const small = conv(sum, CHANNELS, CHANNELS, 1);
  conv(writer.node("Concat", [sum, small], { axis: 1 }), 2 * CHANNELS, 4, 1, "out");
  writer.output("out", [1, 4, HEIGHT / 2, WIDTH / 2]);
  return writer.finish("small");
}

/** Smooth pictures: a bright spot that wanders. */
function frames(count: number, seed: number): readonly Uint8Array[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const [x, y] = [random() * WIDTH, random() * HEIGHT];
    return Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => {
      const pixel = Math.floor(i / 3);
      const distance = Math.hypot((pixel % WIDTH) - x, Math.floor(pixel / WIDTH) - y);
      return 255 * Math.exp(-distance / (6 + 4 * (i % 3)));
    });
  });
}

async function outputsOf(
  bytes: Uint8Array,
  pictures: readonly Uint8Array[],
): Promise<Float32Array[]> {
  const session = await openSession(bytes, 1);
  const outputs: Float32Array[] = [];
  for (const pixels of pictures) {
    const input = new Tensor("uint8", pixels, [1, HEIGHT, WIDTH, 3]);
    const { out } = await session.run({ input });
    outputs.push(out?.data as Float32Array);
  }
  await session.release();
  return outputs;
}

async function quantized(float: Uint8Array): Promise<Uint8Array> {
  const ranges = await measureRanges(ENTRY, float, byteValues(float), frames(8, 1), () => {});
  return quantizeGraph(float, ranges);
}

test("an int8 network gives what the float one gives, on pictures it was not calibrated with", async () => {
  const float = network();
  const int8 = await quantized(float);
  const fresh = frames(6, 2);
  const [expected, found] = [await outputsOf(float, fresh), await outputsOf(int8, fresh)];
  let [most, sum, squares, count] = [0, 0, 0, 0];
  expected.forEach((values, frame) => {
    values.forEach((value, i) => {
      const error = Math.abs(value - (found[frame]?.[i] ?? Number.NaN));
      most = Math.max(most, error);
      sum += error;
      squares += value * value;
      count += 1;
    });
  });
  const rms = Math.sqrt(squares / count);
  assert.ok(most > 0, "nothing was rounded at all");
  assert.ok(most < 0.1 * rms, `greatest error ${most} of rms ${rms}`);
  assert.ok(sum / count < 0.02 * rms, `mean error ${sum / count} of rms ${rms}`);
});

test("weights are signed bytes with a scale per channel, biases int32, and the last convolution stays float", async () => {
  const { nodes, constants } = readGraph(await quantized(network()));
  const typeOf = new Map(constants.map(({ name, type }) => [name, type]));
  const convolutions = nodes.filter(({ op }) => op === "Conv");
  assert.equal(convolutions.length, 4);
  const kinds = convolutions.map(({ inputs: [, weights = "", bias = ""] }) => {
    const step = (name: string): number | undefined =>
      typeOf.get(`${name}_steps`) ?? typeOf.get(name);
    return [step(weights), step(bias)];
  });
  // ONNX numbers: 1 float32, 3 int8, 6 int32.
  assert.deepEqual(kinds, [
    [3, 6],
    [3, 6],
    [3, 6],
    [1, 1],
  ]);
  const scales = constants.find(
    ({ name }) => name.startsWith(convolutions[1]?.name ?? "?") && name.endsWith("weights_scale"),
  );
  const perChannel = new Float32Array(new Uint8Array(scales?.bytes ?? []).buffer);
  assert.equal(perChannel.length, CHANNELS);
  assert.ok((perChannel[0] ?? 0) > 300 * (perChannel[1] ?? Infinity), `${[...perChannel]}`);
});

test("pooling hands bytes on as they are, and an activation merged into its convolution is rounded once", async () => {
  const { nodes, constants } = readGraph(await quantized(network()));
  const rounded = nodes
    .filter(({ op }) => op === "QuantizeLinear")
    .map(({ inputs }) => inputs[0] ?? "");
  const pool = nodes.find(({ op }) => op === "MaxPool");
  const scaleOf = (name: string): string =>
    Buffer.from(constants.find((each) => each.name === `${name}_scale`)?.bytes ?? []).toString(
      "hex",
    );
  const before = (pool?.inputs[0] ?? "").replace("_rounded", "");
  assert.ok(scaleOf(before).length > 0);
  assert.equal(scaleOf(pool?.outputs[0] ?? ""), scaleOf(before));
  const relu = nodes.find(({ op }) => op === "Relu");
  assert.ok(!rounded.includes(relu?.inputs[0] ?? ""));
  assert.ok(rounded.includes(relu?.outputs[0] ?? ""));
});

test("the same network and frames give the same bytes", async () => {
  const [first, second] = [await quantized(network()), await quantized(network())];
  assert.ok(Buffer.from(first).equals(second));
  assert.ok(first.length > 0);
});

test("a network with gates is refused by the gate's name, one without is not", () => {
  assertQuantizable(network());
  const writer = createOnnxWriter();
  writer.input("input", "uint8", [1, HEIGHT, WIDTH, 3]);
  const cast = writer.node("Cast", ["input"], { to: 1 });
  writer.node("HardSigmoid", [cast], {}, "gate");
  writer.output("gate", [1, HEIGHT, WIDTH, 3]);
  assert.throws(
    () => assertQuantizable(writer.finish("gated")),
    (error) =>
      error instanceof GatewayError &&
      error.code === "MODEL_UNSUPPORTED" &&
      error.message.includes("HardSigmoid gate"),
  );
});

test("a file that is no network is refused", () => {
  for (const bytes of [new TextEncoder().encode("hello"), new Uint8Array([0x0a, 0xff])]) {
    assert.throws(
      () => byteValues(bytes),
      (error) => error instanceof GatewayError && error.code === "MODEL_UNSUPPORTED",
    );
  }
});

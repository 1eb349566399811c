import assert from "node:assert/strict";
import { test } from "node:test";
import { InferenceSession, Tensor } from "onnxruntime-node";
import {
  fill,
  type Plain,
  type PlainNode,
  plainRun,
} from "../../../../test/fakes/tfjs-plain-run.ts";
import { seededRandom } from "../../../core/random.ts";
import type { Preparation, Recipe } from "./build.ts";
import { convertTfjs } from "./convert-graph.ts";
import { parseTfjsModel, type TfjsModel } from "./tfjs-graph.ts";

const RAW: Preparation = { mean: [0, 0, 0], scale: [1, 1, 1], channels: "rgb" };

/** Writes a small graph once, for the converter and for the plain reference. */
class SmallGraph {
  readonly nodes: PlainNode[] = [];
  readonly constants = new Map<string, Plain>();
  readonly #whole = new Set<string>();
  readonly #random = seededRandom(5);

  op(name: string, op: string, input: readonly string[], attributes: Record<string, unknown> = {}) {
    this.nodes.push({ name, op, input, attributes });
    return name;
  }

  wholes(name: string, values: readonly number[], shape: readonly number[] = [values.length]) {
    this.#whole.add(name);
    this.constants.set(name, { shape, values });
    return this.op(name, "Const", []);
  }

  floats(name: string, values: readonly number[], shape: readonly number[] = []) {
    // float32, as the file will hold them.
    this.constants.set(name, { shape, values: values.map(Math.fround) });
    return this.op(name, "Const", []);
  }

  random(name: string, shape: readonly number[], size = 0.5) {
    const { values } = fill(shape, () => (this.#random() - 0.5) * 2 * size);
    return this.floats(name, values, shape);
  }

  /** The model.json and the weight file of this graph. */
  files(): { readonly model: TfjsModel; readonly bytes: Uint8Array } {
    const weights = [...this.constants].map(([name, { shape }]) => {
      return { name, shape, dtype: this.#whole.has(name) ? "int32" : "float32" };
    });
    const parts = [...this.constants].map(([name, { values }]) => {
      const array = this.#whole.has(name) ? Int32Array.from(values) : Float32Array.from(values);
      return new Uint8Array(array.buffer);
    });
    const node = this.nodes.map(({ name, op, input, attributes }) => {
      const attr = Object.entries(attributes).map(([key, value]) => [key, attributeOf(value)]);
      return { name, op, input, attr: Object.fromEntries(attr) };
    });
    const document = {
      format: "graph-model",
      modelTopology: { node },
      weightsManifest: [{ paths: ["w.bin"], weights }],
    };
    return { model: parseTfjsModel(JSON.stringify(document)), bytes: Buffer.concat(parts) };
  }
}

function attributeOf(value: unknown): object {
  const encode = (word: string): string => Buffer.from(word).toString("base64");
  if (typeof value === "string") return { s: encode(value) };
  if (typeof value === "boolean") return { b: value };
  if (typeof value === "number") return { f: value };
  const list = value as readonly (number | string)[];
  if (typeof list[0] === "string") return { list: { s: list.map((word) => encode(String(word))) } };
  // The placeholder's shape is the only list of five marks: its first entry says so.
  return list.length === 5
    ? { shape: { dim: list.slice(1).map((size) => ({ size: String(size) })) } }
    : { list: { i: list.map(String) } };
}

const SAME = (stride: number) => ({ strides: [1, stride, stride, 1], padding: "SAME" });
const VALID = (stride: number) => ({ strides: [1, stride, stride, 1], padding: "VALID" });
const shapeAttribute = (...sizes: readonly number[]) => ({ shape: [0, ...sizes] });

function recipe(
  size: readonly [number, number],
  outputs: Recipe["outputs"],
  preparation: Preparation = RAW,
): Recipe {
  const [widthPx, heightPx] = size;
  return { graphName: "small", input: { name: "input", widthPx, heightPx, preparation }, outputs };
}

function noise(widthPx: number, heightPx: number): Uint8Array {
  const random = seededRandom(9);
  return Uint8Array.from({ length: widthPx * heightPx * 3 }, () => random() * 256);
}

async function runOnnx(model: Uint8Array, pixels: Uint8Array, width: number, height: number) {
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1 });
  try {
    return await session.run({ input: new Tensor("uint8", pixels, [1, height, width, 3]) });
  } finally {
    await session.release();
  }
}

/** Greatest difference of an ONNX output, channels first, from the plain NHWC value. */
function difference(output: Tensor | undefined, plain: Plain | undefined): number {
  assert.ok(output !== undefined && plain !== undefined);
  const [, height = 0, width = 0, channels = 0] = plain.shape;
  assert.deepEqual(output.dims, [1, channels, height, width]);
  const data = output.data as Float32Array;
  return plain.values.reduce((most, value, at) => {
    const cell = Math.floor(at / channels);
    const found = data[(at % channels) * height * width + cell] ?? Number.NaN;
    return Math.max(most, Math.abs(found - value));
  }, 0);
}

/** A hard swish as exporters write it. */
function hardSwish(graph: SmallGraph, name: string, x: string): string {
  const sixth = graph.floats(`${name}/sixth`, [1 / 6]);
  const three = graph.floats(`${name}/three`, [3]);
  const scaled = graph.op(`${name}/scaled`, "Mul", [sixth, x]);
  const sum = graph.op(`${name}/sum`, "Add", [x, three]);
  return graph.op(name, "Mul", [scaled, graph.op(`${name}/gate`, "Relu6", [sum])]);
}

/** A little of everything the centre-point network uses, written for 8x8 pixels. */
function channelsLast(resizeTo: readonly [number, number] = [4, 4]): SmallGraph {
  const graph = new SmallGraph();
  graph.op("image", "Placeholder", [], shapeAttribute(1, 8, 8, 3));
  graph.random("w1", [3, 3, 3, 4], 0.02);
  graph.random("b1", [4]);
  graph.op("conv1", "_FusedConv2D", ["image", "w1", "b1"], { ...SAME(2), fused_ops: ["BiasAdd"] });
  hardSwish(graph, "swish", "conv1");
  graph.random("w2", [3, 3, 4, 2]);
  graph.random("b2", [8]);
  const fused = { ...SAME(2), fused_ops: ["BiasAdd", "Relu"] };
  graph.op("depth", "FusedDepthwiseConv2dNative", ["swish", "w2", "b2"], fused);
  // Squeeze and excite: the gate is a hard sigmoid of a convolution of its own.
  graph.wholes("axes", [1, 2]);
  graph.op("mean", "Mean", ["depth", "axes"], { keep_dims: true });
  graph.random("w3", [1, 1, 8, 8], 2);
  graph.op("squeezed", "Conv2D", ["mean", "w3"], SAME(1));
  graph.floats("three", [3]);
  graph.floats("sixth", [1 / 6]);
  graph.op("plus", "Add", ["squeezed", "three"]);
  graph.op("six", "Relu6", ["plus"]);
  graph.op("gate", "Mul", ["sixth", "six"]);
  graph.op("excited", "Mul", ["gate", "depth"]);
  // A convolution whose bias and scale come after it.
  graph.random("w4", [1, 1, 8, 5], 1);
  graph.random("b4", [1, 1, 1, 5], 1);
  graph.random("s4", [5], 1);
  graph.op("conv4", "Conv2D", ["excited", "w4"], SAME(1));
  graph.op("biased", "Add", ["conv4", "b4"]);
  graph.op("scaled", "Mul", ["biased", "s4"]);
  graph.wholes("size", resizeTo);
  graph.op("large", "ResizeBilinear", ["scaled", "size"], { half_pixel_centers: false });
  graph.wholes("last", [3], []);
  graph.op("both", "ConcatV2", ["swish", "large", "last"]);
  graph.op("result", "Sigmoid", ["both"]);
  graph.op("end", "Identity", ["result"]);
  return graph;
}

function pictureOf(pixels: Uint8Array, width: number, height: number): Plain {
  return { shape: [1, height, width, 3], values: Array.from(pixels) };
}

const END = [{ from: "end", name: "end" }];

test("a channels-last graph computes what plain loops compute", async () => {
  const graph = channelsLast();
  const { model, bytes } = graph.files();
  const pixels = noise(8, 8);
  const onnx = await runOnnx(convertTfjs(model, bytes, recipe([8, 8], END)), pixels, 8, 8);
  const plain = plainRun(graph.nodes, graph.constants, pictureOf(pixels, 8, 8));
  assert.ok(difference(onnx["end"], plain.get("end")) < 1e-5);
});

test("a graph converted for another input size computes what it would at that size", async () => {
  const { model, bytes } = channelsLast().files();
  const pixels = noise(24, 16);
  const onnx = await runOnnx(convertTfjs(model, bytes, recipe([24, 16], END)), pixels, 24, 16);
  // The same weights with the resize written for 16x24 pixels.
  const large = channelsLast([8, 12]);
  const plain = plainRun(large.nodes, large.constants, pictureOf(pixels, 24, 16));
  assert.ok(difference(onnx["end"], plain.get("end")) < 1e-5);
});

test("equal conversions give equal bytes and leave no transpose but that of the input", () => {
  const { model, bytes } = channelsLast().files();
  const once = convertTfjs(model, bytes, recipe([8, 8], END));
  const again = convertTfjs(model, bytes, recipe([8, 8], END));
  assert.deepEqual(once, again);
  assert.equal(Buffer.from(once).toString("latin1").split("\tTranspose").length - 1, 1);
});

test("a convolution seen twice is not merged with what follows one of its users", async () => {
  const graph = new SmallGraph();
  graph.op("image", "Placeholder", [], shapeAttribute(1, 4, 4, 3));
  graph.random("w", [1, 1, 3, 2], 0.01);
  graph.random("b", [2]);
  graph.op("conv", "Conv2D", ["image", "w"], SAME(1));
  graph.op("same", "Identity", ["conv"]);
  graph.op("biased", "Add", ["same", "b"]);
  graph.op("sum", "Mul", ["biased", "same"]);
  const { model, bytes } = graph.files();
  const pixels = noise(4, 4);
  const wanted = recipe([4, 4], [{ from: "sum", name: "sum" }]);
  const onnx = await runOnnx(convertTfjs(model, bytes, wanted), pixels, 4, 4);
  const plain = plainRun(graph.nodes, graph.constants, pictureOf(pixels, 4, 4));
  assert.ok(difference(onnx["sum"], plain.get("sum")) < 1e-4);
});

test("a constant that varies over the columns is not taken for one of the channels", async () => {
  const graph = new SmallGraph();
  graph.op("image", "Placeholder", [], shapeAttribute(1, 4, 4, 3));
  graph.random("w", [1, 1, 3, 4], 0.01);
  graph.random("columns", [4, 1]);
  graph.op("conv", "Conv2D", ["image", "w"], SAME(1));
  graph.op("sum", "Add", ["columns", "conv"]);
  const { model, bytes } = graph.files();
  const pixels = noise(4, 4);
  const wanted = recipe([4, 4], [{ from: "sum", name: "sum" }]);
  const onnx = await runOnnx(convertTfjs(model, bytes, wanted), pixels, 4, 4);
  const plain = plainRun(graph.nodes, graph.constants, pictureOf(pixels, 4, 4));
  assert.ok(difference(onnx["sum"], plain.get("sum")) < 1e-4);
});

/** The way the second network is written: channels first around channels-last operations, borders apart. */
function channelsFirst(): SmallGraph {
  const graph = new SmallGraph();
  const last = graph.wholes("to-last", [0, 2, 3, 1]);
  const first = graph.wholes("to-first", [0, 3, 1, 2]);
  graph.op("image", "Placeholder", [], shapeAttribute(1, 3, 8, 12));
  graph.wholes("border", [0, 0, 0, 0, 1, 1, 1, 1], [4, 2]);
  graph.op("padded", "Pad", ["image", "border"]);
  graph.op("t1", "Transpose", ["padded", last]);
  graph.random("w1", [3, 3, 3, 6]);
  graph.random("b1", [6]);
  graph.op("conv1", "Conv2D", ["t1", "w1"], VALID(1));
  graph.op("biased", "Add", ["conv1", "b1"]);
  graph.op("t2", "Transpose", ["biased", first]);
  graph.op("leaky", "LeakyRelu", ["t2"], { alpha: 0.1 });
  graph.floats("lowest", [-3.4e38]);
  graph.op("framed", "PadV2", ["leaky", "border", "lowest"]);
  graph.op("t3", "Transpose", ["framed", last]);
  graph.op("pool", "MaxPool", ["t3"], { ...VALID(2), ksize: [1, 3, 3, 1] });
  graph.wholes("size", [8, 12]);
  graph.op("large", "ResizeBilinear", ["pool", "size"], { half_pixel_centers: true });
  graph.op("t4", "Transpose", ["large", first]);
  graph.op("sum", "Add", ["t4", "leaky"]);
  graph.wholes("sizes", [2, 4]);
  graph.wholes("axis", [1], []);
  graph.op("parts", "SplitV", ["sum", "sizes", "axis"]);
  graph.wholes("cells", [1, 4, -1]);
  graph.op("list", "Reshape", ["parts:1", "cells"]);
  graph.wholes("turn", [0, 2, 1]);
  graph.op("turned", "Transpose", ["list", "turn"]);
  graph.op("scores", "Sigmoid", ["turned"]);
  return graph;
}

test("a channels-first graph with split, reshape and borders computes what plain loops compute", async () => {
  const graph = channelsFirst();
  const { model, bytes } = graph.files();
  const pixels = noise(12, 8);
  const preparation: Preparation = {
    mean: [100, 110, 120],
    scale: [1 / 60, 1 / 50, 1 / 40],
    channels: "bgr",
  };
  const outputs = [
    { from: "scores", name: "all" },
    { from: "scores", name: "third", channel: 2 },
  ];
  const converted = convertTfjs(model, bytes, recipe([12, 8], outputs, preparation));
  const onnx = await runOnnx(converted, pixels, 12, 8);
  const prepared = fill([1, 3, 8, 12], ([, channel = 0, row = 0, column = 0]) => {
    const pixel = pixels[(row * 12 + column) * 3 + (2 - channel)] ?? 0;
    return (pixel - (preparation.mean[channel] ?? 0)) * (preparation.scale[channel] ?? 0);
  });
  // The plain value is [1, cells, channels]; the ONNX output keeps the channels on axis 1.
  const plain = plainRun(graph.nodes, graph.constants, prepared).get("scores");
  assert.deepEqual(onnx["all"]?.dims, [1, 4, 96]);
  assert.deepEqual(onnx["third"]?.dims, [1, 1, 96]);
  const all = onnx["all"]?.data as Float32Array;
  const third = onnx["third"]?.data as Float32Array;
  plain?.values.forEach((value, at) => {
    const [cell, channel] = [Math.floor(at / 4), at % 4];
    assert.ok(Math.abs((all[channel * 96 + cell] ?? Number.NaN) - value) < 1e-5, `cell ${cell}`);
    if (channel === 2) assert.equal(third[cell], all[2 * 96 + cell]);
  });
  assert.equal(plain?.values.length, 384);
});

test("an operation nobody uses here is refused with its name and node", () => {
  const graph = new SmallGraph();
  graph.op("image", "Placeholder", [], shapeAttribute(1, 4, 4, 3));
  graph.op("odd-one", "Erf", ["image"]);
  const { model, bytes } = graph.files();
  const wanted = recipe([4, 4], [{ from: "odd-one", name: "out" }]);
  assert.throws(() => convertTfjs(model, bytes, wanted), {
    code: "MODEL_UNSUPPORTED",
    message: /Erf of node odd-one/,
  });
});

const refusals: readonly {
  readonly name: string;
  build(graph: SmallGraph): string;
  readonly says: RegExp;
}[] = [
  {
    name: "a picture that something else than a convolution reads first",
    build: (graph) => graph.op("relu", "Relu", ["image"]),
    says: /convolution first/,
  },
  {
    name: "an output the graph does not have",
    build: () => "absent",
    says: /no node absent/,
  },
  {
    name: "an activation that is not known",
    build: (graph) => {
      graph.random("w", [1, 1, 3, 2]);
      graph.random("b", [2]);
      const fused = { ...SAME(1), fused_ops: ["BiasAdd", "Elu"] };
      return graph.op("conv", "_FusedConv2D", ["image", "w", "b"], fused);
    },
    says: /conv: activation Elu/,
  },
  {
    name: "a constant as output",
    build: (graph) => graph.random("lonely", [2]),
    says: /lonely: is not computed from the picture/,
  },
];
for (const { name, build, says } of refusals) {
  test(`refused: ${name}`, () => {
    const graph = new SmallGraph();
    graph.op("image", "Placeholder", [], shapeAttribute(1, 4, 4, 3));
    const from = build(graph);
    const { model, bytes } = graph.files();
    const wanted = recipe([4, 4], [{ from, name: "out" }]);
    assert.throws(() => convertTfjs(model, bytes, wanted), {
      code: "MODEL_UNSUPPORTED",
      message: says,
    });
  });
}

test("a description that is no TFJS graph model is refused", () => {
  assert.throws(() => parseTfjsModel("{"), { code: "MODEL_UNSUPPORTED" });
  assert.throws(() => parseTfjsModel('{"format":"layers-model"}'), /format/);
});

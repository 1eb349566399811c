import { GatewayError } from "../../../core/errors.ts";
import {
  ELEMENT,
  floatsOf,
  type GraphConstant,
  type GraphNode,
  readGraph,
  withGraph,
} from "./graph.ts";

/** Smallest and largest value seen. */
export interface ValueRange {
  readonly lo: number;
  readonly hi: number;
}

/** Operations whose results may be bytes. What is not listed computes in float between two conversions. */
const BYTE_OPERATIONS: ReadonlySet<string> = new Set([
  "Conv",
  "LeakyRelu",
  "Relu",
  "Clip",
  "Concat",
  "Add",
  "MaxPool",
  "Resize",
]);
/** Operations that invent no value: input and output share one scale, so that the engine needs no conversion. */
const SAME_SCALE: ReadonlySet<string> = new Set(["MaxPool", "Resize"]);
/** Activations the engine merges into the convolution before them; only their result is rounded. */
const MERGED: ReadonlySet<string> = new Set(["Relu", "Clip"]);

const BYTE_STEPS = 255;
const WEIGHT_STEPS = 127;
/** A bias in int32 keeps this much room for the sums of the products. */
const BIAS_LIMIT = 2 ** 30;
/** Digits of a scale, so that the last bits of another processor's float sums do not change the file. */
const SCALE_DIGITS = 4;

/**
 * Gates multiply each channel by a factor of its own, so that one scale for all channels of a value is too coarse for
 * most of them.
 */
const GATES: ReadonlySet<string> = new Set(["HardSigmoid", "HardSwish"]);

interface Links {
  readonly users: ReadonlyMap<string, readonly GraphNode[]>;
  readonly makers: ReadonlyMap<string, GraphNode>;
  readonly constants: ReadonlyMap<string, GraphConstant>;
}

/**
 * Refuses networks that are known not to survive: with gates in them (MobileNetV3) the people found by the int8 form
 * depend on the scene it was calibrated with, and no time is saved.
 * @throws MODEL_UNSUPPORTED for those, and when the file is none of our converter's
 */
export function assertQuantizable(bytes: Uint8Array): void {
  const gate = readGraph(bytes).nodes.find(({ op }) => GATES.has(op));
  if (gate === undefined) return;
  const message = `expected a network without gates, found ${gate.op} ${gate.name}: it loses people in int8 and gains nothing`;
  throw new GatewayError("MODEL_UNSUPPORTED", message);
}

/**
 * The inner values of a network that are to be bytes: inputs of convolutions and results of byte operations, but not
 * what comes after the last convolution, because scores and distances need the finer steps of floats.
 * @throws MODEL_UNSUPPORTED when the file is none of our converter's
 */
export function byteValues(bytes: Uint8Array): readonly string[] {
  const graph = readGraph(bytes);
  const links = linksOf(graph);
  const chosen = new Set<string>();
  for (const node of graph.nodes) {
    const [input, output] = [node.inputs[0], node.outputs[0]];
    if (node.op === "Conv" && input !== undefined && !links.constants.has(input)) chosen.add(input);
    if (output !== undefined && isByteResult(node, output, links)) chosen.add(output);
  }
  const outputs = new Set(graph.outputs);
  return [...chosen].filter((name) => !outputs.has(name));
}

function isByteResult({ op }: GraphNode, output: string, links: Links): boolean {
  if (!BYTE_OPERATIONS.has(op)) return false;
  const users = links.users.get(output) ?? [];
  const [only] = users;
  if (op === "Conv" && users.length === 1 && only !== undefined && MERGED.has(only.op))
    return false;
  return leadsToConvolution(output, links, new Set());
}

function leadsToConvolution(name: string, links: Links, seen: Set<string>): boolean {
  if (seen.has(name)) return false;
  seen.add(name);
  return (links.users.get(name) ?? []).some(
    ({ op, outputs }) =>
      op === "Conv" || outputs.some((output) => leadsToConvolution(output, links, seen)),
  );
}

function linksOf(graph: ReturnType<typeof readGraph>): Links {
  const users = new Map<string, GraphNode[]>();
  const makers = new Map<string, GraphNode>();
  for (const node of graph.nodes) {
    for (const input of node.inputs) users.set(input, [...(users.get(input) ?? []), node]);
    for (const output of node.outputs) makers.set(output, node);
  }
  return { users, makers, constants: new Map(graph.constants.map((each) => [each.name, each])) };
}

/** Step and zero of a value's bytes: value = (byte - zero) * scale. */
interface ByteScale {
  readonly scale: number;
  readonly zero: number;
}

/**
 * Quantises a network to int8: values to bytes by their ranges, weights of convolutions to signed bytes with a scale
 * per output channel, biases to int32. Written as pairs of QuantizeLinear and DequantizeLinear, which engines merge
 * into integer operations. `ranges` must hold every `byteValues` of the file. Equal arguments give equal bytes.
 * @throws MODEL_UNSUPPORTED when the file is none of our converter's
 * @source Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference,
 * 2018; ONNX operators QuantizeLinear and DequantizeLinear, opset 13.
 */
export function quantizeGraph(
  bytes: Uint8Array,
  ranges: ReadonlyMap<string, ValueRange>,
): Uint8Array {
  const graph = readGraph(bytes);
  const links = linksOf(graph);
  const scales = scalesOf(byteValues(bytes), ranges, links);
  const build: Rewrite = { scales, links, nodes: [], constants: [], replaced: new Set() };
  for (const input of graph.inputs) round(build, input);
  for (const node of graph.nodes) {
    build.nodes.push(rewritten(build, node));
    for (const output of node.outputs) round(build, output);
  }
  const used = new Set(build.nodes.flatMap(({ inputs }) => inputs));
  const kept = graph.constants.filter(({ name }) => used.has(name));
  return withGraph(bytes, build.nodes, [...kept, ...build.constants]);
}

interface Rewrite {
  readonly scales: ReadonlyMap<string, ByteScale>;
  readonly links: Links;
  readonly nodes: GraphNode[];
  readonly constants: GraphConstant[];
  /** Values that were rounded already. */
  readonly replaced: Set<string>;
}

function scalesOf(
  names: readonly string[],
  ranges: ReadonlyMap<string, ValueRange>,
  { makers }: Links,
): ReadonlyMap<string, ByteScale> {
  const chosen = new Set(names);
  const rootOf = (name: string): string => {
    const maker = makers.get(name);
    const source = maker !== undefined && SAME_SCALE.has(maker.op) ? maker.inputs[0] : undefined;
    return source !== undefined && chosen.has(source) ? rootOf(source) : name;
  };
  return new Map(names.map((name) => [name, scaleOf(rootOf(name), ranges)]));
}

function scaleOf(name: string, ranges: ReadonlyMap<string, ValueRange>): ByteScale {
  const range = ranges.get(name);
  if (range === undefined) throw new TypeError(`no range of ${name}`);
  // Zero must be exact: paddings are zeros.
  const [lo, hi] = [Math.min(0, range.lo), Math.max(0, range.hi)];
  const exact = Math.max((hi - lo) / BYTE_STEPS, Number.MIN_VALUE);
  const scale = Math.max(Math.fround(Number(exact.toPrecision(SCALE_DIGITS))), 1e-8);
  const zero = Math.max(0, Math.min(Math.round(-lo / scale), BYTE_STEPS));
  return { scale, zero };
}

/** Adds the rounding of a value after the operation that makes it. */
function round({ scales, nodes, constants, replaced }: Rewrite, name: string): void {
  const scale = scales.get(name);
  if (scale === undefined || replaced.has(name)) return;
  replaced.add(name);
  const [step, zero] = [`${name}_scale`, `${name}_zero`];
  constants.push(floats(step, [], [scale.scale]));
  constants.push({ name: zero, type: ELEMENT.uint8, dims: [], bytes: Uint8Array.of(scale.zero) });
  nodes.push(operation("QuantizeLinear", [name, step, zero], `${name}_byte`));
  nodes.push(operation("DequantizeLinear", [`${name}_byte`, step, zero], roundedName(name)));
}

const roundedName = (name: string): string => `${name}_rounded`;

function rewritten(build: Rewrite, node: GraphNode): GraphNode {
  const inputs = node.inputs.map((name) => (build.replaced.has(name) ? roundedName(name) : name));
  return node.op === "Conv" && isByteConvolution(build, node)
    ? { ...node, inputs: [inputs[0] ?? "", ...byteWeights(build, node)] }
    : { ...node, inputs };
}

/** A convolution is one of bytes when its input and its result are; the last ones of a network stay floats. */
function isByteConvolution({ scales, links }: Rewrite, { inputs, outputs }: GraphNode): boolean {
  const [input = "", weights = ""] = inputs;
  const output = outputs[0] ?? "";
  const [user] = links.users.get(output) ?? [];
  const isMerged = user !== undefined && MERGED.has(user.op) && scales.has(user.outputs[0] ?? "");
  return scales.has(input) && links.constants.has(weights) && (scales.has(output) || isMerged);
}

/** Adds weights and bias of a convolution as integers and returns the names of what they stand for. */
function byteWeights({ scales, links, nodes, constants }: Rewrite, node: GraphNode): string[] {
  const [input = "", weightName = "", biasName = ""] = node.inputs;
  const inputScale = scales.get(input)?.scale ?? 1;
  const weights = links.constants.get(weightName);
  const bias = links.constants.get(biasName);
  if (weights === undefined) throw new TypeError(`${weightName} is no constant`);
  const values = floatsOf(weights);
  const biases = bias === undefined ? null : floatsOf(bias);
  const channels = weights.dims[0] ?? 1;
  const size = values.length / channels;
  const steps = Float32Array.from({ length: channels }, (_, channel) => {
    const most = peak(values.subarray(channel * size, (channel + 1) * size));
    const forBias = Math.abs(biases?.[channel] ?? 0) / (inputScale * BIAS_LIMIT);
    return Math.max(most / WEIGHT_STEPS, forBias, 1e-9);
  });
  const rounded = Int8Array.from(values, (value, i) => {
    const whole = Math.round(value / (steps[Math.floor(i / size)] ?? 1));
    return Math.max(-WEIGHT_STEPS, Math.min(whole, WEIGHT_STEPS));
  });
  // Named by the convolution: two of them may share weights but not the scale of their input.
  const names = [`${node.name}_weights`, `${node.name}_bias`] as const;
  const perChannel = [{ name: "axis", type: 2, i: 0 }];
  const add = (
    name: string,
    type: number,
    dims: readonly number[],
    bytes: ArrayBuffer,
    scale: Float32Array,
  ): void => {
    constants.push({ name: `${name}_steps`, type, dims, bytes: new Uint8Array(bytes) });
    constants.push(floats(`${name}_scale`, [channels], scale));
    nodes.push(operation("DequantizeLinear", [`${name}_steps`, `${name}_scale`], name, perChannel));
  };
  add(names[0], ELEMENT.int8, weights.dims, rounded.buffer, steps);
  if (biases === null) return [names[0]];
  const biasSteps = steps.map((step) => step * inputScale);
  const wholes = Int32Array.from(biases, (value, i) => Math.round(value / (biasSteps[i] ?? 1)));
  add(names[1], ELEMENT.int32, [channels], wholes.buffer, biasSteps);
  return [...names];
}

function peak(values: Float32Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}

function floats(name: string, dims: readonly number[], values: ArrayLike<number>): GraphConstant {
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  return { name, type: ELEMENT.float32, dims, bytes };
}

function operation(
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: readonly object[] = [],
): GraphNode {
  return { op, name: output, inputs, outputs: [output], attributes };
}

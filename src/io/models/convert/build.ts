import { GatewayError } from "../../../core/errors.ts";
import type { OnnxWriter } from "./onnx-writer.ts";
import { type ConstantTensor, identityOrder, isSameList, transposeTensor } from "./tensor.ts";
import { type TfjsNode, unsupported, valueName } from "./tfjs-graph.ts";

/**
 * What is known of a value while the graph is translated. `shape` is always the one TensorFlow sees. A live value
 * lies in the ONNX graph with its axes in `order`: axis k there is axis `order[k]` of `shape`. So a transpose costs
 * nothing, and a graph written for NHWC runs as NCHW without one transpose left.
 */
export type Value = ConstantValue | LiveValue | PaddedValue;

/** A value known now. */
export interface ConstantValue {
  readonly kind: "constant";
  readonly shape: readonly number[];
  readonly tensor: ConstantTensor;
}

/** A value computed when the network runs. */
export interface LiveValue {
  readonly kind: "live";
  readonly shape: readonly number[];
  readonly order: readonly number[];
  readonly name: string;
}

/** A live value with a border still to be added: convolutions and pools take it over as their own padding. */
export interface PaddedValue {
  readonly kind: "padded";
  readonly shape: readonly number[];
  readonly source: LiveValue;
  /** Elements added before and after, per axis of `shape`. */
  readonly pads: readonly Border[];
  readonly fill: number;
}

export interface Border {
  readonly before: number;
  readonly after: number;
}

/** How pixels are prepared inside the graph. Channel lists are in the order the network was trained with. */
export interface Preparation {
  readonly mean: readonly number[];
  readonly scale: readonly number[];
  readonly channels: "rgb" | "bgr";
}

/** What to take from a graph. */
export interface Recipe {
  /** Name of the ONNX file's graph. */
  readonly graphName: string;
  readonly input: {
    readonly name: string;
    readonly widthPx: number;
    readonly heightPx: number;
    readonly preparation: Preparation;
  };
  readonly outputs: readonly RecipeOutput[];
}

export interface RecipeOutput {
  /** Name of the value in the TFJS graph. */
  readonly from: string;
  /** Name of the output in the ONNX graph. */
  readonly name: string;
  /** Keep only this index of the channel axis. */
  readonly channel?: number;
}

/** A convolution whose only user may still be merged into it. */
export interface OpenConvolution {
  /** OIHW, changed in place until the graph is finished. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** Everything one translation run knows. */
export interface Build {
  readonly writer: OnnxWriter;
  readonly recipe: Recipe;
  readonly weights: ReadonlyMap<string, ConstantTensor>;
  readonly values: Map<string, Value>;
  /** How often each value is used, the outputs of the recipe included. */
  readonly uses: ReadonlyMap<string, number>;
  /** By the name of their output. */
  readonly openConvolutions: Map<string, OpenConvolution>;
  /** Shapes of the same graph at its own input size; null while these are being found out. */
  readonly reference: ReadonlyMap<string, readonly number[]> | null;
  /** The prepared picture, of which the first convolution still owes scale and channel order. */
  picture: string | null;
}

/** The NHWC axes as they lie in an NCHW graph. */
export const CHANNELS_FIRST: readonly number[] = [0, 3, 1, 2];

/** The value behind an input of a node. @throws MODEL_UNSUPPORTED when there is no such input */
export function inputOf(build: Build, node: TfjsNode, index: number): Value {
  const reference = node.input[index];
  const value = reference === undefined ? undefined : build.values.get(valueName(reference));
  if (value === undefined) throw unsupported(node, `input ${index} is missing`);
  return value;
}

/** A live input, a border being added first. @throws MODEL_UNSUPPORTED when the input is a constant */
export function liveInputOf(build: Build, node: TfjsNode, index: number): LiveValue {
  const value = inputOf(build, node, index);
  if (value.kind === "constant") throw unsupported(node, `input ${index} is a constant`);
  return value.kind === "live" ? value : addBorder(build, value);
}

/** A constant input. @throws MODEL_UNSUPPORTED when the input is not known yet */
export function constantInputOf(build: Build, node: TfjsNode, index: number): ConstantTensor {
  const value = inputOf(build, node, index);
  if (value.kind !== "constant") throw unsupported(node, `input ${index} must be a constant`);
  return value.tensor;
}

/** The numbers of a constant input. @throws MODEL_UNSUPPORTED when the input is not known yet */
export function numbersOf(build: Build, node: TfjsNode, index: number): readonly number[] {
  return Array.from(constantInputOf(build, node, index).values);
}

/** A constant as a value. Pure. */
export function constantValue(tensor: ConstantTensor): ConstantValue {
  return { kind: "constant", shape: tensor.shape, tensor };
}

/** A live value. Pure. */
export function liveValue(
  name: string,
  shape: readonly number[],
  order: readonly number[],
): LiveValue {
  return { kind: "live", name, shape, order };
}

/**
 * Name in the ONNX graph of a value with its axes in `order`; adds the border, the transpose or the constant needed.
 * @throws MODEL_UNSUPPORTED on a picture that still waits for its first convolution
 */
export function nameOf(build: Build, value: Value, order: readonly number[]): string {
  if (value.kind === "constant") return constantName(build, transposeTensor(value.tensor, order));
  const live = value.kind === "live" ? value : addBorder(build, value);
  if (live.name === build.picture) {
    const message = "The picture must go into a convolution first";
    throw new GatewayError("MODEL_UNSUPPORTED", message);
  }
  return reordered(build, live, order);
}

/** The value with its axes in `order`; a picture may still owe its scale. */
export function reordered(build: Build, live: LiveValue, order: readonly number[]): string {
  if (isSameList(live.order, order)) return live.name;
  const perm = order.map((axis) => live.order.indexOf(axis));
  return build.writer.node("Transpose", [live.name], { perm });
}

function constantName(build: Build, tensor: ConstantTensor): string {
  return tensor.values instanceof Float32Array
    ? build.writer.floats(tensor.values, tensor.shape)
    : build.writer.wholes(Array.from(tensor.values), tensor.shape);
}

function addBorder(build: Build, padded: PaddedValue): LiveValue {
  const { source, shape, fill } = padded;
  const pads = source.order.map((axis) => padded.pads[axis] ?? { before: 0, after: 0 });
  const sizes = [...pads.map(({ before }) => before), ...pads.map(({ after }) => after)];
  const from = nameOf(build, source, source.order);
  const filling = build.writer.floats(Float32Array.of(fill), []);
  const name = build.writer.node("Pad", [from, build.writer.wholes(sizes), filling], {
    mode: "constant",
  });
  return liveValue(name, shape, source.order);
}

/** A one-element constant of the graph; null for anything else. Pure. */
export function scalarOf(build: Pick<Build, "weights">, reference: string): number | null {
  const tensor = build.weights.get(valueName(reference));
  return tensor?.values.length === 1 ? (tensor.values[0] ?? null) : null;
}

/** TensorFlow's own order for a value of this rank. Pure. */
export function plainOrder(value: Value): readonly number[] {
  return identityOrder(value.shape.length);
}

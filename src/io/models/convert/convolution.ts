import { activate } from "./activations.ts";
import {
  type Border,
  type Build,
  CHANNELS_FIRST,
  constantInputOf,
  inputOf,
  type LiveValue,
  liveInputOf,
  liveValue,
  nameOf,
  reordered,
  type Value,
} from "./build.ts";
import { transposeTensor } from "./tensor.ts";
import { type TfjsNode, unsupported, wholesOf, wordOf, wordsOf } from "./tfjs-graph.ts";

/** Sizes of one window sliding over a picture, along one axis. */
interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
}

/** Where a sliding window reads from and how much border it adds itself: top, left, bottom, right. */
export interface WindowInput {
  readonly from: LiveValue;
  readonly pads: readonly [number, number, number, number];
  readonly outHeight: number;
  readonly outWidth: number;
}

/**
 * Source, padding and output size of a convolution or pool. A border waiting before a VALID window becomes padding
 * of the window itself when `absorbs` accepts its filling.
 * @source tensorflow.org, tf.nn.convolution, padding SAME and VALID
 */
export function windowInput(
  build: Build,
  node: TfjsNode,
  [vertical, horizontal]: readonly [Window, Window],
  absorbs: (fill: number) => boolean,
): WindowInput {
  const value = inputOf(build, node, 0);
  const padding = wordOf(node, "padding");
  if (value.shape.length !== 4) throw unsupported(node, "the input must have four axes");
  if (padding === "SAME") {
    const from = liveInputOf(build, node, 0);
    const [, height = 0, width = 0] = from.shape;
    const rows = samePadding(height, vertical);
    const columns = samePadding(width, horizontal);
    return {
      from,
      pads: [rows.before, columns.before, rows.after, columns.after],
      outHeight: rows.out,
      outWidth: columns.out,
    };
  }
  if (padding !== "VALID") throw unsupported(node, `padding ${padding ?? "(none)"}`);
  const [, height = 0, width = 0] = value.shape;
  const outHeight = validSize(height, vertical);
  const outWidth = validSize(width, horizontal);
  const border = value.kind === "padded" && absorbs(value.fill) ? pictureBorder(value.pads) : null;
  if (value.kind !== "padded" || border === null) {
    return { from: liveInputOf(build, node, 0), pads: [0, 0, 0, 0], outHeight, outWidth };
  }
  const [rows, columns] = border;
  const pads = [rows.before, columns.before, rows.after, columns.after] as const;
  return { from: value.source, pads, outHeight, outWidth };
}

/** The border of the two picture axes when only these have one. */
function pictureBorder(pads: readonly Border[]): readonly [Border, Border] | null {
  const [batch, rows, columns, channels] = pads;
  if (batch === undefined || rows === undefined) return null;
  if (columns === undefined || channels === undefined) return null;
  const others = batch.before + batch.after + channels.before + channels.after;
  return others === 0 ? [rows, columns] : null;
}

function samePadding(size: number, window: Window): Border & { readonly out: number } {
  const out = Math.ceil(size / window.stride);
  const span = (window.kernel - 1) * window.dilation + 1;
  const total = Math.max((out - 1) * window.stride + span - size, 0);
  const before = Math.floor(total / 2);
  return { out, before, after: total - before };
}

function validSize(size: number, window: Window): number {
  const span = (window.kernel - 1) * window.dilation + 1;
  return Math.floor((size - span) / window.stride) + 1;
}

/** Translates Conv2D and the fused form, with bias and activation. */
export function convolve(build: Build, node: TfjsNode): Value {
  return convolution(build, node, false);
}

/** Translates a depthwise convolution, plain or fused. */
export function convolveDepthwise(build: Build, node: TfjsNode): Value {
  return convolution(build, node, true);
}

function convolution(build: Build, node: TfjsNode, isDepthwise: boolean): Value {
  if ((wordOf(node, "data_format") ?? "NHWC") !== "NHWC") throw unsupported(node, "data format");
  const filter = constantInputOf(build, node, 1);
  const [kernelHeight = 0, kernelWidth = 0, inChannels = 0, multiple = 0] = filter.shape;
  const outChannels = isDepthwise ? inChannels * multiple : multiple;
  const [, strideY = 1, strideX = 1] = wholesOf(node, "strides") ?? [];
  const [, dilationY = 1, dilationX = 1] = wholesOf(node, "dilations") ?? [];
  const { from, pads, outHeight, outWidth } = windowInput(
    build,
    node,
    [
      { kernel: kernelHeight, stride: strideY, dilation: dilationY },
      { kernel: kernelWidth, stride: strideX, dilation: dilationX },
    ],
    (fill) => fill === 0,
  );
  const [batch = 1, , , pictureChannels = 0] = from.shape;
  if (pictureChannels !== inChannels) throw unsupported(node, "channel groups");
  const weights = isDepthwise
    ? Float32Array.from(
        transposeTensor(
          { shape: [kernelHeight, kernelWidth, outChannels], values: filter.values },
          [2, 0, 1],
        ).values,
      )
    : Float32Array.from(transposeTensor(filter, [3, 2, 0, 1]).values);
  const shape = [outChannels, isDepthwise ? 1 : inChannels, kernelHeight, kernelWidth];
  const { bias, activation } = fusedParts(build, node, outChannels);
  const input = pictureInput(build, node, from, isDepthwise ? null : { weights, shape });
  const name = build.writer.node(
    "Conv",
    [input, build.writer.floats(weights, shape), build.writer.floats(bias, [outChannels])],
    {
      kernel_shape: [kernelHeight, kernelWidth],
      strides: [strideY, strideX],
      dilations: [dilationY, dilationX],
      pads,
      group: isDepthwise ? inChannels : 1,
    },
  );
  const outShape = [batch, outHeight, outWidth, outChannels];
  if (activation !== null) {
    return liveValue(activate(build, node, activation, name), outShape, CHANNELS_FIRST);
  }
  build.openConvolutions.set(name, { weights, bias });
  return liveValue(name, outShape, CHANNELS_FIRST);
}

/** Bias and activation merged into a fused convolution. */
function fusedParts(
  build: Build,
  node: TfjsNode,
  outChannels: number,
): { readonly bias: Float32Array; readonly activation: string | null } {
  const fused = [...wordsOf(node, "fused_ops")];
  const bias = new Float32Array(outChannels);
  if (fused[0] === "BiasAdd") {
    const { values } = constantInputOf(build, node, 2);
    if (values.length !== outChannels) throw unsupported(node, "the bias has another length");
    bias.set(values);
    fused.shift();
  }
  if (fused.length > 1) throw unsupported(node, `fused ${fused.join("+")}`);
  return { bias, activation: fused[0] ?? null };
}

/**
 * The input in channels-first order. The picture's scale and channel order are merged into the weights of the
 * convolution that reads it: the padding is zero before and after, so this changes no result.
 */
function pictureInput(
  build: Build,
  node: TfjsNode,
  from: LiveValue,
  filter: { readonly weights: Float32Array; readonly shape: readonly number[] } | null,
): string {
  if (from.name !== build.picture) return nameOf(build, from, CHANNELS_FIRST);
  if (filter === null) throw unsupported(node, "a depthwise convolution cannot read the picture");
  const { scale, channels } = build.recipe.input.preparation;
  const [outChannels = 0, inChannels = 0, height = 0, width = 0] = filter.shape;
  const plane = height * width;
  const trained = filter.weights.slice();
  for (let out = 0; out < outChannels; out += 1) {
    for (let channel = 0; channel < inChannels; channel += 1) {
      const source = channels === "bgr" ? inChannels - 1 - channel : channel;
      const to = (out * inChannels + channel) * plane;
      const start = (out * inChannels + source) * plane;
      for (let at = 0; at < plane; at += 1) {
        filter.weights[to + at] = (trained[start + at] ?? 0) * (scale[source] ?? 1);
      }
    }
  }
  return reordered(build, from, CHANNELS_FIRST);
}

import {
  type Build,
  CHANNELS_FIRST,
  liveInputOf,
  liveValue,
  nameOf,
  numbersOf,
  type Value,
} from "./build.ts";
import { windowInput } from "./convolution.ts";
import { isSet, type TfjsNode, unsupported, valueName, wholesOf } from "./tfjs-graph.ts";

/** A border filled with less than this can win no maximum. */
const LOWEST_FILL = -1e30;

/** Translates a maximum pool. */
export function maxPool(build: Build, node: TfjsNode): Value {
  const [, kernelHeight = 1, kernelWidth = 1] = wholesOf(node, "ksize") ?? [];
  const [, strideY = 1, strideX = 1] = wholesOf(node, "strides") ?? [];
  const { from, pads, outHeight, outWidth } = windowInput(
    build,
    node,
    [
      { kernel: kernelHeight, stride: strideY, dilation: 1 },
      { kernel: kernelWidth, stride: strideX, dilation: 1 },
    ],
    (fill) => fill < LOWEST_FILL,
  );
  const name = build.writer.node("MaxPool", [nameOf(build, from, CHANNELS_FIRST)], {
    kernel_shape: [kernelHeight, kernelWidth],
    strides: [strideY, strideX],
    pads,
  });
  const [batch = 1, , , channels = 0] = from.shape;
  return liveValue(name, [batch, outHeight, outWidth, channels], CHANNELS_FIRST);
}

/** Translates the mean over the whole picture, the only mean these networks take. */
export function pictureMean(build: Build, node: TfjsNode): Value {
  const value = liveInputOf(build, node, 0);
  const axes = [...numbersOf(build, node, 1)].sort();
  if (value.shape.length !== 4 || axes.join() !== "1,2" || !isSet(node, "keep_dims")) {
    throw unsupported(node, `a mean over axes ${axes.join()}`);
  }
  const name = build.writer.node("GlobalAveragePool", [nameOf(build, value, CHANNELS_FIRST)]);
  const [batch = 1, , , channels = 0] = value.shape;
  return liveValue(name, [batch, 1, 1, channels], CHANNELS_FIRST);
}

/**
 * Translates a bilinear resize. The target size is written into the graph for its own input size, so at another
 * one the factor is kept instead.
 */
export function resizeBilinear(build: Build, node: TfjsNode): Value {
  const value = liveInputOf(build, node, 0);
  const [height = 0, width = 0] = numbersOf(build, node, 1);
  if (isSet(node, "align_corners")) throw unsupported(node, "aligned corners");
  const [batch = 1, fromHeight = 1, fromWidth = 1, channels = 0] = value.shape;
  const [, ownHeight = fromHeight, ownWidth = fromWidth] =
    build.reference?.get(valueName(node.input[0] ?? "")) ?? [];
  const outHeight = Math.round((height / ownHeight) * fromHeight);
  const outWidth = Math.round((width / ownWidth) * fromWidth);
  const scales = Float32Array.of(1, 1, outHeight / fromHeight, outWidth / fromWidth);
  const name = build.writer.node(
    "Resize",
    [nameOf(build, value, CHANNELS_FIRST), "", build.writer.floats(scales, [4])],
    {
      mode: "linear",
      coordinate_transformation_mode: isSet(node, "half_pixel_centers")
        ? "half_pixel"
        : "asymmetric",
    },
  );
  return liveValue(name, [batch, outHeight, outWidth, channels], CHANNELS_FIRST);
}

import { type Build, CHANNELS_FIRST, liveValue, type Value } from "./build.ts";
import { identityOrder } from "./tensor.ts";
import { shapeOf, type TfjsNode, unsupported } from "./tfjs-graph.ts";

const CHANNELS = 3;

/**
 * Translates the placeholder into an input of raw pixels: uint8 [1,H,W,3], RGB. The mean is subtracted here; scale
 * and channel order are merged into the first convolution. Only one picture per graph.
 */
export function pictureInput(build: Build, node: TfjsNode): Value {
  if (build.picture !== null) throw unsupported(node, "a second input");
  const { writer, recipe } = build;
  const own = shapeOf(node) ?? [];
  const isChannelsFirst = own[1] === CHANNELS && own[3] !== CHANNELS;
  if (own.length !== 4 || (!isChannelsFirst && own[3] !== CHANNELS)) {
    throw unsupported(node, "the input must be a picture of three channels");
  }
  const [height, width] = pictureSize(build, own, isChannelsFirst);
  writer.input(recipe.input.name, "uint8", [1, height, width, CHANNELS]);
  const planes = writer.node("Transpose", [recipe.input.name], { perm: CHANNELS_FIRST });
  let name = writer.node("Cast", [planes], { to: 1 });
  const { mean, channels } = recipe.input.preparation;
  if (mean.some((value) => value !== 0)) {
    const rgb = channels === "bgr" ? mean.toReversed() : mean;
    const constant = writer.floats(Float32Array.from(rgb), [1, CHANNELS, 1, 1]);
    name = writer.node("Sub", [name, constant]);
  }
  build.picture = name;
  return isChannelsFirst
    ? liveValue(name, [1, CHANNELS, height, width], identityOrder(4))
    : liveValue(name, [1, height, width, CHANNELS], CHANNELS_FIRST);
}

/** The graph's own size while its shapes are found out, the wanted one afterwards. */
function pictureSize(
  build: Build,
  own: readonly number[],
  isChannelsFirst: boolean,
): readonly [number, number] {
  const { widthPx, heightPx } = build.recipe.input;
  const [height = -1, width = -1] = isChannelsFirst ? own.slice(2) : own.slice(1);
  if (build.reference !== null || height <= 0 || width <= 0) return [heightPx, widthPx];
  return [height, width];
}

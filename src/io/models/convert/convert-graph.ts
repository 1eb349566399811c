import { activation } from "./activations.ts";
import { add, multiply } from "./arithmetic.ts";
import {
  type Build,
  constantValue,
  inputOf,
  nameOf,
  type Recipe,
  type RecipeOutput,
  type Value,
} from "./build.ts";
import { convolve, convolveDepthwise } from "./convolution.ts";
import { findHardPatterns, type HardPatterns, hardPattern } from "./hard-swish.ts";
import { createOnnxWriter } from "./onnx-writer.ts";
import { pictureInput } from "./picture-input.ts";
import { maxPool, pictureMean, resizeBilinear } from "./picture-operations.ts";
import { concatenate, pad, reshape, sparseToDense, split, transpose } from "./shaping.ts";
import { type ConstantTensor, inOrder } from "./tensor.ts";
import {
  reachableNodes,
  type TfjsModel,
  type TfjsNode,
  unsupported,
  valueName,
} from "./tfjs-graph.ts";
import { decodeWeights } from "./weights.ts";

type Translate = (build: Build, node: TfjsNode) => Value | readonly Value[];

const OPERATIONS: ReadonlyMap<string, Translate> = new Map<string, Translate>([
  ["Placeholder", pictureInput],
  ["Const", constant],
  ["Identity", (build, node) => inputOf(build, node, 0)],
  ["Conv2D", convolve],
  ["_FusedConv2D", convolve],
  ["DepthwiseConv2dNative", convolveDepthwise],
  ["FusedDepthwiseConv2dNative", convolveDepthwise],
  ["Add", add],
  ["AddV2", add],
  ["BiasAdd", add],
  ["Mul", multiply],
  ["Relu", activation],
  ["Relu6", activation],
  ["LeakyRelu", activation],
  ["Sigmoid", activation],
  ["MaxPool", maxPool],
  ["Mean", pictureMean],
  ["ResizeBilinear", resizeBilinear],
  ["Transpose", transpose],
  ["Pad", pad],
  ["PadV2", pad],
  ["Reshape", reshape],
  ["ConcatV2", concatenate],
  ["SplitV", split],
  ["SparseToDense", sparseToDense],
]);

function constant(build: Build, node: TfjsNode): Value {
  const tensor = build.weights.get(node.name);
  if (tensor === undefined) throw unsupported(node, "its weight is missing");
  return constantValue(tensor);
}

/**
 * Converts a TFJS graph model to an ONNX file that takes raw pixels (uint8 [1,H,W,3], RGB) at the size of the
 * recipe. Outputs are float32 with the channels on axis 1. `weightBytes` is the concatenation of the weight files.
 * Equal arguments give equal bytes.
 * @throws MODEL_UNSUPPORTED naming operation and node when the graph holds something else than the person
 * detectors use
 */
export function convertTfjs(model: TfjsModel, weightBytes: Uint8Array, recipe: Recipe): Uint8Array {
  const layouts = model.weightsManifest.flatMap(({ weights }) => weights);
  const wanted = recipe.outputs.map(({ from }) => from);
  const nodes = reachableNodes(model.modelTopology.node, wanted);
  const weights = decodeWeights(layouts, weightBytes);
  // The first run finds the shapes at the graph's own input size; resizes are scaled by them in the second.
  const own = translate(nodes, weights, recipe, null);
  const shapes = new Map([...own.values].map(([name, { shape }]) => [name, shape]));
  const build = translate(nodes, weights, recipe, shapes);
  for (const output of recipe.outputs) addOutput(build, output);
  return build.writer.finish(recipe.graphName);
}

function translate(
  order: readonly TfjsNode[],
  weights: ReadonlyMap<string, ConstantTensor>,
  recipe: Recipe,
  reference: Build["reference"],
): Build {
  const nodes = new Map(order.map((node) => [node.name, node]));
  const uses = countUses(order, recipe);
  const patterns = findHardPatterns({ nodes, weights, uses });
  const build: Build = {
    writer: createOnnxWriter(),
    recipe,
    weights,
    uses,
    values: new Map(),
    openConvolutions: new Map(),
    reference,
    picture: null,
  };
  for (const node of order) {
    if (!patterns.swallowed.has(node.name)) translateNode(build, node, patterns);
  }
  return build;
}

function translateNode(build: Build, node: TfjsNode, patterns: HardPatterns): void {
  const pattern = patterns.found.get(node.name);
  const translated =
    pattern === undefined ? operationOf(node)(build, node) : hardPattern(build, pattern);
  const results = "kind" in translated ? [translated] : translated;
  results.forEach((value, index) => {
    const name = index === 0 ? node.name : `${node.name}:${index}`;
    build.values.set(name, value);
    // Merging into a convolution whose result somebody else sees too would change what they see.
    const isSeenOnce = (build.uses.get(name) ?? 0) === 1;
    if (value.kind === "live" && !isSeenOnce) build.openConvolutions.delete(value.name);
  });
}

function operationOf(node: TfjsNode): Translate {
  const operation = OPERATIONS.get(node.op);
  if (operation === undefined) throw unsupported(node, "is not supported");
  return operation;
}

function countUses(order: readonly TfjsNode[], recipe: Recipe): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  const count = (reference: string): void => {
    const name = valueName(reference);
    uses.set(name, (uses.get(name) ?? 0) + 1);
  };
  for (const node of order) node.input.forEach(count);
  for (const { from } of recipe.outputs) count(from);
  return uses;
}

function addOutput(build: Build, output: RecipeOutput): void {
  const asked = { name: output.from, op: "output" };
  const value = build.values.get(valueName(output.from));
  if (value?.kind !== "live") throw unsupported(asked, "is not computed from the picture");
  const shape = [...inOrder(value.shape, value.order)];
  let name = nameOf(build, value, value.order);
  if (output.channel !== undefined) {
    const [from, to, axis] = [output.channel, output.channel + 1, 1];
    const { writer } = build;
    name = writer.node("Slice", [
      name,
      writer.wholes([from]),
      writer.wholes([to]),
      writer.wholes([axis]),
    ]);
    shape[axis] = 1;
  }
  build.writer.node("Identity", [name], {}, output.name);
  build.writer.output(output.name, shape);
}

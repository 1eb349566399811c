import {
  type Build,
  type ConstantValue,
  constantValue,
  inputOf,
  type LiveValue,
  liveInputOf,
  liveValue,
  nameOf,
  type OpenConvolution,
  type Value,
} from "./build.ts";
import { broadcastShape, combineTensors, inOrder } from "./tensor.ts";
import { type TfjsNode, unsupported } from "./tfjs-graph.ts";

type Arithmetic = "Add" | "Mul";

const COMPUTE: Readonly<Record<Arithmetic, (x: number, y: number) => number>> = {
  Add: (x, y) => x + y,
  Mul: (x, y) => x * y,
};

/** Translates an addition; one to a convolution of its own becomes its bias. */
export function add(build: Build, node: TfjsNode): Value {
  return combine(build, node, "Add");
}

/** Translates a multiplication; one of a convolution of its own goes into its weights. */
export function multiply(build: Build, node: TfjsNode): Value {
  return combine(build, node, "Mul");
}

function combine(build: Build, node: TfjsNode, operation: Arithmetic): Value {
  const left = inputOf(build, node, 0);
  const right = inputOf(build, node, 1);
  if (left.kind === "constant" && right.kind === "constant") {
    return constantValue(combineTensors(left.tensor, right.tensor, COMPUTE[operation]));
  }
  // Both operations commute, so a constant may always stand on the right.
  if (left.kind === "constant") {
    return combineWithConstant(build, node, operation, liveInputOf(build, node, 1), left);
  }
  if (right.kind === "constant") {
    return combineWithConstant(build, node, operation, liveInputOf(build, node, 0), right);
  }
  const shape = broadcastShape(left.shape, right.shape);
  const live = liveInputOf(build, node, 0);
  const other = liveInputOf(build, node, 1);
  if (live.shape.length !== other.shape.length) throw unsupported(node, "inputs of unequal rank");
  const names = [nameOf(build, live, live.order), nameOf(build, other, live.order)];
  return liveValue(build.writer.node(operation, names), shape, live.order);
}

function combineWithConstant(
  build: Build,
  node: TfjsNode,
  operation: Arithmetic,
  live: LiveValue,
  constant: ConstantValue,
): Value {
  const shape = broadcastShape(live.shape, constant.shape);
  if (shape.length !== live.shape.length) throw unsupported(node, "a constant of higher rank");
  const lead = new Array<number>(shape.length - constant.shape.length).fill(1);
  const tensor = { shape: [...lead, ...constant.shape], values: constant.tensor.values };
  const open = build.openConvolutions.get(live.name);
  if (open !== undefined && isPerChannel(tensor.shape, live)) {
    merge(open, operation, tensor.values);
    return live;
  }
  const floats = Float32Array.from(tensor.values);
  const right = nameOf(build, constantValue({ shape: tensor.shape, values: floats }), live.order);
  const left = nameOf(build, live, live.order);
  return liveValue(build.writer.node(operation, [left, right]), shape, live.order);
}

/** Whether a constant of equal rank varies over nothing but the channels, which lie on axis 1 of the ONNX value. */
function isPerChannel(shape: readonly number[], live: LiveValue): boolean {
  if (shape.length !== 4) return false;
  const channels = inOrder(live.shape, live.order)[1];
  return inOrder(shape, live.order).every(
    (size, axis) => size === 1 || (axis === 1 && size === channels),
  );
}

function merge(open: OpenConvolution, operation: Arithmetic, values: ArrayLike<number>): void {
  const { weights, bias } = open;
  const perChannel = weights.length / bias.length;
  for (let channel = 0; channel < bias.length; channel += 1) {
    const value = values[values.length === 1 ? 0 : channel] ?? 0;
    bias[channel] = COMPUTE[operation](bias[channel] ?? 0, value);
    if (operation === "Add") continue;
    for (let at = channel * perChannel; at < (channel + 1) * perChannel; at += 1) {
      weights[at] = (weights[at] ?? 0) * value;
    }
  }
}

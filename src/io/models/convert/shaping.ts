import {
  type Build,
  constantInputOf,
  constantValue,
  inputOf,
  liveInputOf,
  liveValue,
  nameOf,
  numbersOf,
  plainOrder,
  type Value,
} from "./build.ts";
import { elementsOf, identityOrder, inOrder, isSameList, transposeTensor } from "./tensor.ts";
import { type TfjsNode, unsupported, valueName } from "./tfjs-graph.ts";

/** Translates a transpose: only the note about the order of the axes changes. */
export function transpose(build: Build, node: TfjsNode): Value {
  const value = inputOf(build, node, 0);
  const axes = numbersOf(build, node, 1);
  if (axes.length !== value.shape.length) throw unsupported(node, "another number of axes");
  if (value.kind === "constant") return constantValue(transposeTensor(value.tensor, axes));
  const shape = inOrder(value.shape, axes);
  if (value.kind === "live") {
    return { ...value, shape, order: value.order.map((axis) => axes.indexOf(axis)) };
  }
  const { source } = value;
  const turned = {
    ...source,
    shape: inOrder(source.shape, axes),
    order: source.order.map((axis) => axes.indexOf(axis)),
  };
  return { ...value, shape, source: turned, pads: inOrder(value.pads, axes) };
}

/** Translates Pad and PadV2 into a border that waits for its user. */
export function pad(build: Build, node: TfjsNode): Value {
  const source = liveInputOf(build, node, 0);
  const sizes = numbersOf(build, node, 1);
  const fill = node.op === "PadV2" ? (numbersOf(build, node, 2)[0] ?? 0) : 0;
  if (sizes.every((size) => size === 0)) return source;
  const pads = source.shape.map((_, axis) => ({
    before: sizes[2 * axis] ?? 0,
    after: sizes[2 * axis + 1] ?? 0,
  }));
  const shape = source.shape.map((size, axis) => {
    const border = pads[axis];
    return size + (border?.before ?? 0) + (border?.after ?? 0);
  });
  return { kind: "padded", shape, source, pads, fill };
}

/**
 * Translates a reshape of a live value to sizes of which one may be left open. Where the picture has another size than
 * the graph was written for, the one size that counts cells of the picture grows with it.
 */
export function reshape(build: Build, node: TfjsNode): Value {
  const value = liveInputOf(build, node, 0);
  const wanted = retargeted(build, node, numbersOf(build, node, 1));
  const total = elementsOf(value.shape);
  const known = elementsOf(wanted.filter((size) => size !== -1));
  const shape = wanted.map((size) => (size === -1 ? total / known : size));
  if (elementsOf(shape) !== total) throw unsupported(node, `[${wanted.join(",")}] does not fit`);
  const from = nameOf(build, value, plainOrder(value));
  const name = build.writer.node("Reshape", [from, build.writer.wholes(shape)]);
  return liveValue(name, shape, identityOrder(shape.length));
}

/** The sizes a reshape has at the wanted size of the picture, given those it was written with. */
function retargeted(build: Build, node: TfjsNode, wanted: readonly number[]): readonly number[] {
  const reference = build.reference?.get(valueName(node.input[0] ?? "")) ?? [];
  const own = inputOf(build, node, 0).shape;
  if (wanted.includes(-1) || reference.length !== 4 || isSameList(reference, own)) return wanted;
  const cellsOf = ([, rows = 0, columns = 0]: readonly number[]): number => rows * columns;
  const growing = wanted.filter((size) => size % cellsOf(reference) === 0);
  if (growing.length !== 1) return wanted;
  return wanted.map((size) =>
    size === growing[0] ? (size / cellsOf(reference)) * cellsOf(own) : size,
  );
}

/** Translates a concatenation. */
export function concatenate(build: Build, node: TfjsNode): Value {
  const last = node.input.length - 1;
  const parts = node.input.slice(0, last).map((_, index) => liveInputOf(build, node, index));
  const [first] = parts;
  if (first === undefined) throw unsupported(node, "nothing to concatenate");
  const axis = axisOf(build, node, last, first.shape.length);
  const shape = first.shape.map((size, at) =>
    at === axis ? parts.reduce((sum, part) => sum + (part.shape[axis] ?? 0), 0) : size,
  );
  const names = parts.map((part) => nameOf(build, part, first.order));
  const name = build.writer.node("Concat", names, { axis: first.order.indexOf(axis) });
  return liveValue(name, shape, first.order);
}

/** Translates a split into parts of given sizes. */
export function split(build: Build, node: TfjsNode): readonly Value[] {
  const value = liveInputOf(build, node, 0);
  const sizes = numbersOf(build, node, 1);
  const axis = axisOf(build, node, 2, value.shape.length);
  const names = build.writer.fork(
    "Split",
    [nameOf(build, value, value.order), build.writer.wholes(sizes)],
    { axis: value.order.indexOf(axis) },
    sizes.length,
  );
  return names.map((name, index) => {
    const shape = value.shape.map((size, at) => (at === axis ? (sizes[index] ?? 0) : size));
    return liveValue(name, shape, value.order);
  });
}

function axisOf(build: Build, node: TfjsNode, index: number, rank: number): number {
  const [axis] = numbersOf(build, node, index);
  if (axis === undefined || axis >= rank || axis < -rank) throw unsupported(node, "axis");
  return axis < 0 ? axis + rank : axis;
}

/** Works out a sparse list of one dimension, which exporters leave in shape arithmetic. */
export function sparseToDense(build: Build, node: TfjsNode): Value {
  const positions = numbersOf(build, node, 0);
  const shape = numbersOf(build, node, 1);
  const entries = constantInputOf(build, node, 2).values;
  const [rest = 0] = numbersOf(build, node, 3);
  if (shape.length !== 1) throw unsupported(node, "more than one dimension");
  const values = new Int32Array(shape[0] ?? 0).fill(rest);
  positions.forEach((position, index) => {
    values[position] = entries[entries.length === 1 ? 0 : index] ?? rest;
  });
  return constantValue({ shape, values });
}

import { GatewayError } from "../../../core/errors.ts";

/** A constant of a graph; `values` in row-major order of `shape`, which is empty for a scalar. */
export interface ConstantTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

/** Number of elements of a shape; 1 for a scalar. Pure. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The order that changes nothing, for `rank` axes. Pure. */
export function identityOrder(rank: number): readonly number[] {
  return Array.from({ length: rank }, (_, axis) => axis);
}

/** Whether two lists of sizes or axes are the same. Pure. */
export function isSameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

/** The items of `list` in the given order of indices. Pure. */
export function inOrder<T>(list: readonly T[], order: readonly number[]): readonly T[] {
  return order.map((index) => {
    const item = list[index];
    if (item === undefined) throw new TypeError(`no axis ${index} among ${list.length}`);
    return item;
  });
}

/** A copy whose axis k is axis `order[k]` of the tensor. Pure. */
export function transposeTensor(tensor: ConstantTensor, order: readonly number[]): ConstantTensor {
  const { shape, values } = tensor;
  const strides = stridesOf(shape);
  const outShape = inOrder(shape, order);
  const outStrides = inOrder(strides, order);
  const out =
    values instanceof Float32Array
      ? new Float32Array(values.length)
      : new Int32Array(values.length);
  const index = new Array<number>(order.length).fill(0);
  let from = 0;
  for (let to = 0; to < out.length; to += 1) {
    out[to] = values[from] ?? 0;
    for (let axis = order.length - 1; axis >= 0; axis -= 1) {
      const size = outShape[axis] ?? 1;
      const stride = outStrides[axis] ?? 0;
      const next = (index[axis] ?? 0) + 1;
      from += stride;
      if (next < size) {
        index[axis] = next;
        break;
      }
      from -= stride * size;
      index[axis] = 0;
    }
  }
  return { shape: outShape, values: out };
}

/** Steps in elements along each axis of a row-major shape. Pure. */
function stridesOf(shape: readonly number[]): readonly number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis -= 1) {
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  }
  return strides;
}

/**
 * The shape of an element-wise operation, sizes of 1 being repeated. Pure.
 * @throws MODEL_UNSUPPORTED when the shapes do not fit each other
 */
export function broadcastShape(a: readonly number[], b: readonly number[]): readonly number[] {
  const rank = Math.max(a.length, b.length);
  return identityOrder(rank).map((axis) => {
    const x = a[axis - (rank - a.length)] ?? 1;
    const y = b[axis - (rank - b.length)] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      const shapes = `[${a.join(",")}] and [${b.join(",")}]`;
      throw new GatewayError("MODEL_UNSUPPORTED", `Shapes ${shapes} do not fit each other`);
    }
    return x === 1 ? y : x;
  });
}

/** Applies an element-wise operation to two constants; integers stay integers. Pure. */
export function combineTensors(
  a: ConstantTensor,
  b: ConstantTensor,
  operation: (x: number, y: number) => number,
): ConstantTensor {
  const shape = broadcastShape(a.shape, b.shape);
  const length = elementsOf(shape);
  const isWhole = a.values instanceof Int32Array && b.values instanceof Int32Array;
  const values = isWhole ? new Int32Array(length) : new Float32Array(length);
  for (let at = 0; at < length; at += 1) {
    const x = a.values[broadcastOffset(at, shape, a.shape)] ?? 0;
    values[at] = operation(x, b.values[broadcastOffset(at, shape, b.shape)] ?? 0);
  }
  return { shape, values };
}

/** Offset in a tensor of shape `own` for the element `at` of the broadcast `shape`. */
function broadcastOffset(at: number, shape: readonly number[], own: readonly number[]): number {
  const lead = shape.length - own.length;
  let rest = at;
  let offset = 0;
  let stride = 1;
  for (let axis = shape.length - 1; axis >= lead; axis -= 1) {
    const size = shape[axis] ?? 1;
    const ownSize = own[axis - lead] ?? 1;
    if (ownSize !== 1) offset += (rest % size) * stride;
    rest = Math.floor(rest / size);
    stride *= ownSize;
  }
  return offset;
}

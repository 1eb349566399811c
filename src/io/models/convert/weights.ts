import { GatewayError } from "../../../core/errors.ts";
import { type ConstantTensor, elementsOf } from "./tensor.ts";
import type { WeightLayout } from "./tfjs-graph.ts";

/**
 * Decodes the weights of a TFJS graph model: float32, int32, and float16, uint8 or uint16 storage of either. `bytes`
 * is the concatenation of the weight files in the order of the manifest. Pure.
 * @throws MODEL_UNSUPPORTED on another storage type, or when the file is shorter or longer than described
 * @source TensorFlow.js converter, weight manifest: value = stored * scale + min
 */
export function decodeWeights(
  layouts: readonly WeightLayout[],
  bytes: Uint8Array,
): ReadonlyMap<string, ConstantTensor> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const weights = new Map<string, ConstantTensor>();
  let offset = 0;
  for (const layout of layouts) {
    const count = elementsOf(layout.shape);
    const stored = storageOf(layout);
    const end = offset + count * stored.sizeBytes;
    if (end > bytes.byteLength) throw wrongLength(layout.name, end, bytes.byteLength);
    const values = layout.dtype === "int32" ? new Int32Array(count) : new Float32Array(count);
    for (let at = 0; at < count; at += 1) {
      const value = stored.read(view, offset + at * stored.sizeBytes);
      values[at] = layout.dtype === "int32" ? Math.round(value) : value;
    }
    weights.set(layout.name, { shape: layout.shape, values });
    offset = end;
  }
  if (offset !== bytes.byteLength) throw wrongLength("(end)", offset, bytes.byteLength);
  return weights;
}

interface Storage {
  readonly sizeBytes: number;
  read(view: DataView, offset: number): number;
}

function storageOf({ name, dtype, quantization }: WeightLayout): Storage {
  if (dtype !== "float32" && dtype !== "int32") throw unknownStorage(name, dtype);
  if (quantization === undefined) {
    return dtype === "float32"
      ? { sizeBytes: 4, read: (view, offset) => view.getFloat32(offset, true) }
      : { sizeBytes: 4, read: (view, offset) => view.getInt32(offset, true) };
  }
  const { scale = 1, min = 0 } = quantization;
  switch (quantization.dtype) {
    case "float16":
      return { sizeBytes: 2, read: (view, offset) => halfToNumber(view.getUint16(offset, true)) };
    case "uint8":
      return { sizeBytes: 1, read: (view, offset) => view.getUint8(offset) * scale + min };
    case "uint16":
      return { sizeBytes: 2, read: (view, offset) => view.getUint16(offset, true) * scale + min };
    default:
      throw unknownStorage(name, quantization.dtype);
  }
}

/**
 * The number a half-precision bit pattern stands for, subnormals, infinities and NaN included. Pure.
 * @source IEEE 754-2019, binary16
 */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * 2 ** -14 * (fraction / 1024);
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}

function unknownStorage(name: string, type: string): GatewayError {
  return new GatewayError("MODEL_UNSUPPORTED", `Weight ${name} is stored as ${type}`);
}

function wrongLength(name: string, expectedBytes: number, foundBytes: number): GatewayError {
  return new GatewayError("MODEL_UNSUPPORTED", `The weight file does not fit its description`, {
    context: { name, expectedBytes, foundBytes },
  });
}

import { GatewayError } from "../../../core/errors.ts";
import { CHANNELS_FIRST } from "./build.ts";
import { createOnnxWriter, type OnnxWriter } from "./onnx-writer.ts";
import { type ConstantTensor, transposeTensor } from "./tensor.ts";
import type { WeightLayout } from "./tfjs-graph.ts";
import { decodeWeights } from "./weights.ts";

/** Side of the face chip and length of the descriptor. */
export const DLIB_SIDE_PX = 150;
export const DLIB_NUMBERS = 128;

/** Mean red, green and blue of the training pictures; pixels are divided by 256 after it. @source dlib, input_rgb_image_sized */
const MEAN_RGB = [122.782, 117.001, 104.298] as const;
const PIXEL_SCALE = 1 / 256;

/** Blocks in their order: how many keep the size after the one that halves it (none before the first). */
const STAGES = [
  { channels: 32, down: null, plain: ["1", "2", "3"] },
  { channels: 64, down: "conv64_down", plain: ["1", "2", "3"] },
  { channels: 128, down: "conv128_down", plain: ["1", "2"] },
  { channels: 256, down: "conv256_down", plain: ["1", "2"] },
  { channels: 256, down: "conv256_down_out", plain: [] },
] as const;

/** A value in the graph: its name, its channels and its side in cells. */
interface Plane {
  readonly name: string;
  readonly channels: number;
  readonly side: number;
}

interface Net {
  readonly writer: OnnxWriter;
  readonly weights: ReadonlyMap<string, ConstantTensor>;
}

interface Window {
  readonly stride: number;
  readonly pad: number;
  /** Factor on the weights, not on the bias: the scale of the pixels. */
  readonly factor?: number;
}

/**
 * Writes dlib's 29-layer face network (input uint8 [1,150,150,3] RGB, output `embedding` float32 [1,128]) with the
 * weights of the face-api package, whose per-channel scale after each convolution is merged into it.
 * @throws MODEL_UNSUPPORTED when a weight is missing or has another shape
 * @source King, dlib, dnn_face_recognition_resnet_model_v1 (its architecture as published; written anew)
 */
export function dlibResnet(layouts: readonly WeightLayout[], weightBytes: Uint8Array): Uint8Array {
  const writer = createOnnxWriter();
  const net: Net = { writer, weights: decodeWeights(layouts, weightBytes) };
  writer.input("input", "uint8", [1, DLIB_SIDE_PX, DLIB_SIDE_PX, MEAN_RGB.length]);
  const planes = writer.node("Transpose", ["input"], { perm: CHANNELS_FIRST });
  const floats = writer.node("Cast", [planes], { to: 1 });
  const mean = writer.floats(Float32Array.from(MEAN_RGB), [1, MEAN_RGB.length, 1, 1]);
  const centred = writer.node("Sub", [floats, mean]);
  let plane: Plane = { name: centred, channels: MEAN_RGB.length, side: DLIB_SIDE_PX };
  plane = relu(
    net,
    convolve(net, plane, "conv32_down", { stride: 2, pad: 0, factor: PIXEL_SCALE }),
  );
  plane = pool(net, "MaxPool", plane, 3);
  for (const { channels, down, plain } of STAGES) {
    if (down !== null) plane = halve(net, plane, down, channels);
    for (const index of plain) plane = keep(net, plane, `conv${channels}_${index}`);
  }
  const pooled = writer.node("GlobalAveragePool", [plane.name]);
  const flat = writer.node("Flatten", [pooled], { axis: 1 });
  const last = weightOf(net, "fc", [plane.channels, DLIB_NUMBERS]);
  const matrix = writer.floats(Float32Array.from(last.values), last.shape);
  writer.node("MatMul", [flat, matrix], {}, "embedding");
  writer.output("embedding", [1, DLIB_NUMBERS]);
  return writer.finish("face-embed");
}

/** A residual block of one size: relu(x + f(x)). */
function keep(net: Net, from: Plane, name: string): Plane {
  const inner = twoConvolutions(net, from, name, 1);
  return relu(net, { ...from, name: net.writer.node("Add", [inner.name, from.name]) });
}

/**
 * A residual block that halves the picture and may add channels. The shortcut is averaged in twos; the other branch
 * may come out one cell smaller and gets zeros at the bottom and right, the shortcut gets zero channels.
 */
function halve(net: Net, from: Plane, name: string, channels: number): Plane {
  const { writer } = net;
  const inner = twoConvolutions(net, from, name, 2);
  const shortcut = pool(net, "AveragePool", from, 2);
  const missing = shortcut.side - inner.side;
  const grown = padded(writer, inner.name, [0, 0, missing, missing]);
  const widened = padded(writer, shortcut.name, [0, channels - from.channels, 0, 0]);
  return relu(net, { name: writer.node("Add", [widened, grown]), channels, side: shortcut.side });
}

/** Zeros after the last entry of each axis; the value itself where there are none to add. */
function padded(writer: OnnxWriter, name: string, after: readonly number[]): string {
  if (after.every((size) => size === 0)) return name;
  return writer.node("Pad", [name, writer.wholes([0, 0, 0, 0, ...after])], { mode: "constant" });
}

function twoConvolutions(net: Net, from: Plane, name: string, stride: number): Plane {
  const first = { stride, pad: stride === 1 ? 1 : 0 };
  const middle = relu(net, convolve(net, from, `${name}/conv1`, first));
  return convolve(net, middle, `${name}/conv2`, { stride: 1, pad: 1 });
}

function convolve(net: Net, from: Plane, name: string, window: Window): Plane {
  const { writer } = net;
  const { stride, pad, factor = 1 } = window;
  const filters = weightOf(net, `${name}/conv/filters`, null);
  const [kernel = 0, , inner = 0, channels = 0] = filters.shape;
  if (inner !== from.channels) throw misfit(`${name}/conv/filters`, filters.shape);
  const scale = weightOf(net, `${name}/scale/weights`, [channels]).values;
  const bias = Float32Array.from(weightOf(net, `${name}/conv/bias`, [channels]).values);
  const shift = weightOf(net, `${name}/scale/biases`, [channels]).values;
  const values = Float32Array.from(transposeTensor(filters, [3, 2, 0, 1]).values);
  const perChannel = kernel * kernel * inner;
  for (let channel = 0; channel < channels; channel += 1) {
    const by = scale[channel] ?? 0;
    bias[channel] = (bias[channel] ?? 0) * by + (shift[channel] ?? 0);
    for (let at = channel * perChannel; at < (channel + 1) * perChannel; at += 1) {
      values[at] = (values[at] ?? 0) * by * factor;
    }
  }
  const shape = [channels, inner, kernel, kernel];
  const output = writer.node(
    "Conv",
    [from.name, writer.floats(values, shape), writer.floats(bias, [channels])],
    { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad] },
  );
  const side = Math.floor((from.side + 2 * pad - kernel) / stride) + 1;
  return { name: output, channels, side };
}

function pool(net: Net, op: "MaxPool" | "AveragePool", from: Plane, size: number): Plane {
  const window = { kernel_shape: [size, size], strides: [2, 2] };
  const name = net.writer.node(op, [from.name], window);
  return { ...from, name, side: Math.floor((from.side - size) / 2) + 1 };
}

function relu(net: Net, from: Plane): Plane {
  return { ...from, name: net.writer.node("Relu", [from.name]) };
}

function weightOf(net: Net, name: string, shape: readonly number[] | null): ConstantTensor {
  const found = net.weights.get(name);
  if (found === undefined) {
    throw new GatewayError("MODEL_UNSUPPORTED", `The face network has no weight ${name}`);
  }
  if (shape !== null && found.shape.join() !== shape.join()) throw misfit(name, found.shape);
  return found;
}

function misfit(name: string, shape: readonly number[]): GatewayError {
  return new GatewayError("MODEL_UNSUPPORTED", `Weight ${name} has shape [${shape.join(",")}]`);
}

import onnxProto from "onnx-proto";
import { GatewayError } from "../../../core/errors.ts";
import { CHANNELS_FIRST, type Preparation } from "./build.ts";

const { onnx } = onnxProto;

type Model = ReturnType<typeof onnx.ModelProto.decode>;
type Graph = NonNullable<Model["graph"]>;

/** @source onnx.proto3, TensorProto.DataType and AttributeProto.AttributeType */
const FLOAT = 1;
const UINT8 = 2;
const INT_ATTRIBUTE = 2;
const INTS_ATTRIBUTE = 7;
const CHANNELS = 3;
const INPUT = "input";
const PREPARED = "input.prepared";

/**
 * An ONNX network of one picture (float32 [1,3,H,W]) that is given raw pixels instead: uint8 [1,H,W,3], RGB, named
 * `input`. The mean is subtracted in front; scale and channel order go into the convolutions that read the picture.
 * Equal arguments give equal bytes.
 * @throws MODEL_UNSUPPORTED when the network has another input, or something else than a convolution reads it
 */
export function withRawInput(bytes: Uint8Array, preparation: Preparation): Uint8Array {
  const model = decode(bytes);
  const { graph } = model;
  if (graph?.input == null || graph.node == null) throw unfit("it holds no graph");
  const constants = new Set(graph.initializer?.map(({ name }) => name));
  const [input, ...others] = graph.input.filter(({ name }) => !constants.has(name));
  const dims = input?.type?.tensorType?.shape?.dim?.map(({ dimValue }) => Number(dimValue)) ?? [];
  const [batch, channels, height = 0, width = 0] = dims;
  if (others.length > 0 || dims.length !== 4 || batch !== 1 || channels !== CHANNELS) {
    throw unfit("it does not take one picture [1,3,H,W]");
  }
  for (const node of graph.node) {
    const places = (node.input ?? []).map((name, at) => (name === input?.name ? at : -1));
    const place = places.find((at) => at >= 0);
    if (place === undefined) continue;
    if (node.opType !== "Conv" || place !== 0) throw unfit(`${node.opType} reads the picture`);
    mergeInto(graph, node.input?.[1] ?? "", preparation);
    node.input = node.input?.with(0, PREPARED) ?? [];
  }
  graph.node = [...preparing(graph, preparation), ...graph.node].map((node) =>
    onnx.NodeProto.create(node),
  );
  graph.input = [onnx.ValueInfoProto.create(rawPort([1, height, width, CHANNELS]))];
  graph.valueInfo = [];
  return onnx.ModelProto.encode(model).finish();
}

function decode(bytes: Uint8Array): Model {
  try {
    return onnx.ModelProto.decode(bytes);
  } catch (error) {
    throw new GatewayError("MODEL_UNSUPPORTED", "The file is no ONNX model", { cause: error });
  }
}

/** Pixels to planes of floats about zero. */
function preparing(graph: Graph, { mean, channels }: Preparation): object[] {
  const isCentred = mean.every((value) => value === 0);
  const planes = `${INPUT}.planes`;
  const floats = isCentred ? PREPARED : `${INPUT}.floats`;
  const perm = { name: "perm", type: INTS_ATTRIBUTE, ints: [...CHANNELS_FIRST] };
  const nodes = [
    { opType: "Transpose", name: planes, input: [INPUT], output: [planes], attribute: [perm] },
    {
      opType: "Cast",
      name: floats,
      input: [planes],
      output: [floats],
      attribute: [{ name: "to", type: INT_ATTRIBUTE, i: FLOAT }],
    },
  ];
  if (isCentred) return nodes;
  const rgb = Float32Array.from(channels === "bgr" ? mean.toReversed() : mean);
  const name = `${INPUT}.mean`;
  const rawData = new Uint8Array(rgb.buffer);
  graph.initializer?.push(
    onnx.TensorProto.create({ name, dims: [1, CHANNELS, 1, 1], dataType: FLOAT, rawData }),
  );
  const centred = { opType: "Sub", name: PREPARED, input: [floats, name], output: [PREPARED] };
  return [...nodes, { ...centred, attribute: [] }];
}

/** Puts scale and channel order of the picture into the weights [O,3,h,w] of a convolution. */
function mergeInto(graph: Graph, name: string, { scale, channels }: Preparation): void {
  const tensor = graph.initializer?.find((each) => each.name === name);
  const dims = tensor?.dims?.map(Number) ?? [];
  const raw = tensor?.rawData;
  if (tensor === undefined || raw == null || tensor.dataType !== FLOAT || dims[1] !== CHANNELS) {
    throw unfit("the first convolution's weights are not plain floats");
  }
  const trained = new Float32Array(Uint8Array.from(raw).buffer);
  const merged = new Float32Array(trained.length);
  const plane = (dims[2] ?? 0) * (dims[3] ?? 0);
  for (let to = 0; to < merged.length; to += 1) {
    const channel = Math.floor(to / plane) % CHANNELS;
    const source = channels === "bgr" ? CHANNELS - 1 - channel : channel;
    merged[to] = (trained[to + (source - channel) * plane] ?? 0) * (scale[source] ?? 1);
  }
  tensor.rawData = new Uint8Array(merged.buffer);
}

function rawPort(dims: readonly number[]): object {
  const shape = { dim: dims.map((dimValue) => ({ dimValue })) };
  return { name: INPUT, type: { tensorType: { elemType: UINT8, shape } } };
}

function unfit(reason: string): GatewayError {
  return new GatewayError(
    "MODEL_UNSUPPORTED",
    `The ONNX file cannot be given raw pixels: ${reason}`,
  );
}

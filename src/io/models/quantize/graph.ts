import onnxProto from "onnx-proto";
import { GatewayError } from "../../../core/errors.ts";

const { onnx } = onnxProto;

/** Element types by their ONNX numbers. @source onnx.proto3, TensorProto.DataType */
export const ELEMENT = { float32: 1, uint8: 2, int8: 3, int32: 6 } as const;

/** One operation; the attributes are kept as the file has them. */
export interface GraphNode {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly object[];
}

/** A constant of the file; `bytes` are little-endian. */
export interface GraphConstant {
  readonly name: string;
  readonly type: number;
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
}

/** What of an ONNX file the quantiser works on; ports and opset are carried through untouched. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly constants: readonly GraphConstant[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

type Model = InstanceType<typeof onnx.ModelProto>;

/**
 * Reads an ONNX file whose constants lie in it as raw bytes, as our converter writes them.
 * @throws MODEL_UNSUPPORTED for anything else
 */
export function readGraph(bytes: Uint8Array): Graph {
  const { graph } = decode(bytes);
  const constants = (graph?.initializer ?? []).map((tensor): GraphConstant => {
    const { name, rawData, dataType } = tensor;
    const dims = (tensor.dims ?? []).map(Number);
    const values = dims.reduce((product, size) => product * size, 1);
    if (!(rawData instanceof Uint8Array) || (rawData.length === 0 && values > 0)) {
      throw new GatewayError("MODEL_UNSUPPORTED", `Constant ${name} is not stored as raw bytes`);
    }
    return { name: name ?? "", type: dataType ?? 0, dims, bytes: rawData };
  });
  return {
    nodes: (graph?.node ?? []).map((node) => ({
      op: node.opType ?? "",
      name: node.name ?? "",
      inputs: node.input ?? [],
      outputs: node.output ?? [],
      attributes: node.attribute ?? [],
    })),
    constants,
    inputs: (graph?.input ?? []).map(({ name }) => name ?? ""),
    outputs: (graph?.output ?? []).map(({ name }) => name ?? ""),
  };
}

/** The file with other operations and constants. Equal arguments give equal bytes. */
export function withGraph(
  bytes: Uint8Array,
  nodes: readonly GraphNode[],
  constants: readonly GraphConstant[],
): Uint8Array {
  const model = decode(bytes);
  return onnx.ModelProto.encode({
    ...model,
    graph: {
      ...model.graph,
      node: nodes.map(({ op, name, inputs, outputs, attributes }) => ({
        opType: op,
        name,
        input: [...inputs],
        output: [...outputs],
        attribute: [...attributes],
      })),
      initializer: constants.map(({ name, type, dims, bytes: rawData }) => ({
        name,
        dataType: type,
        dims: [...dims],
        rawData,
      })),
      valueInfo: [],
    },
  }).finish();
}

/** The file with these inner values as further float outputs, to look into it while it runs. */
export function withOutputs(bytes: Uint8Array, names: readonly string[]): Uint8Array {
  const model = decode(bytes);
  const extra = names.map((name) => ({
    name,
    type: { tensorType: { elemType: ELEMENT.float32 } },
  }));
  const output = [...(model.graph?.output ?? []), ...extra];
  return onnx.ModelProto.encode({ ...model, graph: { ...model.graph, output } }).finish();
}

/** The numbers of a float constant. @throws MODEL_UNSUPPORTED for another type */
export function floatsOf({ name, type, bytes }: GraphConstant): Float32Array {
  if (type !== ELEMENT.float32) {
    throw new GatewayError("MODEL_UNSUPPORTED", `Constant ${name} is not float32`);
  }
  // A copy, because the bytes may begin at an address no Float32Array may begin at.
  return new Float32Array(new Uint8Array(bytes).buffer);
}

function decode(bytes: Uint8Array): Model {
  try {
    return onnx.ModelProto.decode(bytes);
  } catch (error) {
    throw new GatewayError("MODEL_UNSUPPORTED", "The file is no ONNX model", { cause: error });
  }
}

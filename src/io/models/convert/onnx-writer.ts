import onnxProto from "onnx-proto";
import { GatewayError } from "../../../core/errors.ts";

const { onnx } = onnxProto;

/** Opset whose operations are written; the oldest that has them all. */
const OPSET = 13;
/** Format version that goes with the opset. */
const IR_VERSION = 8;
/** Initialisers up to this size are shared when equal: shapes, axes, limits. */
const SHARED_LIMIT_BYTES = 64;

/** @source onnx.proto3, TensorProto.DataType */
const ELEMENT_TYPES = { float32: 1, uint8: 2, int64: 7 } as const;
/** @source onnx.proto3, AttributeProto.AttributeType */
const ATTRIBUTE_TYPES = { float: 1, int: 2, string: 3, ints: 7 } as const;

export type ElementType = keyof typeof ELEMENT_TYPES;

/** An attribute: a word, a list of whole numbers, a whole number, or a real one wrapped as `{ float }`. */
export type Attribute = string | number | readonly number[] | { readonly float: number };

/** Collects the parts of one ONNX graph. Names are numbered in the order of the calls, so bytes repeat. */
export interface OnnxWriter {
  /** Declares an input of fixed shape. */
  input(name: string, type: ElementType, shape: readonly number[]): void;
  /** Declares a float32 output of fixed shape. */
  output(name: string, shape: readonly number[]): void;
  /** Adds an operation with one output and returns its name; `output` fixes that name. */
  node(
    op: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, Attribute>>,
    output?: string,
  ): string;
  /** Adds an operation with `count` outputs. */
  fork(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
    count: number,
  ): readonly string[];
  /** Adds a float32 constant. The array is read when the graph is finished, so it may still change. */
  floats(values: Float32Array, shape: readonly number[]): string;
  /** Adds an int64 constant; a list unless another shape is given. */
  wholes(values: readonly number[], shape?: readonly number[]): string;
  /** The model file without the parts no output depends on. Equal calls give equal bytes. */
  finish(graphName: string): Uint8Array;
}

interface Operation {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

interface Initializer {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

interface Port {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
}

/** Starts an empty graph. */
export function createOnnxWriter(): OnnxWriter {
  const operations: Operation[] = [];
  const initializers: Initializer[] = [];
  const inputs: Port[] = [];
  const outputs: Port[] = [];
  const shared = new Map<string, string>();
  let numbered = 0;
  const fresh = (stem: string): string => `${stem}_${numbered++}`;

  const constant = (type: ElementType, shape: readonly number[], bytes: Uint8Array): string => {
    const key = `${type}:${shape.join()}:${Buffer.from(bytes).toString("hex")}`;
    const isShared = type === "int64" && bytes.byteLength <= SHARED_LIMIT_BYTES;
    const known = isShared ? shared.get(key) : undefined;
    if (known !== undefined) return known;
    const name = fresh(type);
    if (isShared) shared.set(key, name);
    initializers.push({ name, type, shape, bytes });
    return name;
  };

  const writer: OnnxWriter = {
    input: (name, type, shape) => void inputs.push({ name, type, shape }),
    output: (name, shape) => void outputs.push({ name, type: "float32", shape }),
    node(op, from, attributes = {}, output = fresh(op)) {
      operations.push({ op, inputs: from, outputs: [output], attributes });
      return output;
    },
    fork(op, from, attributes, count) {
      const names = Array.from({ length: count }, () => fresh(op));
      operations.push({ op, inputs: from, outputs: names, attributes });
      return names;
    },
    floats: (values, shape) =>
      constant(
        "float32",
        shape,
        new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      ),
    wholes(values, shape = [values.length]) {
      const words = BigInt64Array.from(values, (value) => BigInt(value));
      return constant("int64", shape, new Uint8Array(words.buffer));
    },
    finish(graphName) {
      const live = liveOperations(operations, outputs);
      const used = new Set(live.flatMap(({ inputs: from }) => from));
      const kept = initializers.filter(({ name }) => used.has(name));
      return encode({ graphName, operations: live, initializers: kept, inputs, outputs });
    },
  };
  return writer;
}

/** The operations the outputs depend on, in their order. */
function liveOperations(
  operations: readonly Operation[],
  outputs: readonly Port[],
): readonly Operation[] {
  const wanted = new Set(outputs.map(({ name }) => name));
  const live: Operation[] = [];
  for (const operation of operations.toReversed()) {
    if (!operation.outputs.some((name) => wanted.has(name))) continue;
    live.push(operation);
    for (const name of operation.inputs) wanted.add(name);
  }
  return live.reverse();
}

interface Parts {
  readonly graphName: string;
  readonly operations: readonly Operation[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

function encode(parts: Parts): Uint8Array {
  const model = {
    irVersion: IR_VERSION,
    producerName: "vitrine",
    opsetImport: [{ domain: "", version: OPSET }],
    graph: {
      name: parts.graphName,
      node: parts.operations.map(({ op, inputs, outputs, attributes }) => ({
        opType: op,
        name: outputs[0] ?? op,
        input: [...inputs],
        output: [...outputs],
        attribute: Object.entries(attributes).map(([name, value]) => attributeOf(name, value)),
      })),
      initializer: parts.initializers.map(({ name, type, shape, bytes }) => ({
        name,
        dims: [...shape],
        dataType: ELEMENT_TYPES[type],
        rawData: bytes,
      })),
      input: parts.inputs.map(portOf),
      output: parts.outputs.map(portOf),
    },
  };
  const fault = onnx.ModelProto.verify(model);
  if (fault !== null) throw new GatewayError("MODEL_UNSUPPORTED", `The graph is invalid: ${fault}`);
  return onnx.ModelProto.encode(onnx.ModelProto.create(model)).finish();
}

function attributeOf(name: string, value: Attribute): object {
  if (typeof value === "string") {
    return { name, type: ATTRIBUTE_TYPES.string, s: Buffer.from(value) };
  }
  if (typeof value === "number") return { name, type: ATTRIBUTE_TYPES.int, i: value };
  if ("float" in value) return { name, type: ATTRIBUTE_TYPES.float, f: value.float };
  return { name, type: ATTRIBUTE_TYPES.ints, ints: [...value] };
}

function portOf({ name, type, shape }: Port): object {
  const dim = shape.map((size) => ({ dimValue: size }));
  return { name, type: { tensorType: { elemType: ELEMENT_TYPES[type], shape: { dim } } } };
}

import onnxProto from "onnx-proto";
import type { ModelEntry } from "../../src/io/models/manifest.ts";

const { onnx } = onnxProto;

/** ONNX element types by their name. @source onnx.proto3, TensorProto.DataType */
const ELEMENT = { float32: 1, uint8: 2, int64: 7, float16: 10 } as const;

/** An output that says the same whatever the picture shows. */
export interface FakeOutput {
  readonly name: string;
  readonly dims: readonly number[];
  /** Axis whose size the file leaves open, and which the engine learns only when it runs. */
  readonly openAxis?: number;
  readonly values: ArrayLike<number>;
  readonly type?: keyof typeof ELEMENT;
  /** Values are shares of the picture, multiplied by the width and height given as `orig_target_sizes`. */
  readonly isScaled?: boolean;
}

function op(opType: string, input: string[], output: string, attributes: object[] = []): object {
  return { opType, name: output, input, output: [output], attribute: attributes };
}

const whole = (name: string, i: number): object => ({ name, type: 2, i });

function constant(name: string, type: number, dims: number[], values: number[]): object {
  const field = type === ELEMENT.int64 ? "int64Data" : "floatData";
  return { name, dataType: type, dims, [field]: values };
}

/** Beyond any axis: a slice up to here takes everything. */
const ALL = 1_000_000;

function port(name: string, elemType: number, dims: readonly (number | string)[]): object {
  const dim = dims.map((size) =>
    typeof size === "number" ? { dimValue: size } : { dimParam: size },
  );
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

/**
 * Bytes of an ONNX graph with the input of a manifest entry and the given outputs. Each output is a constant plus zero
 * times the picture, so the engine really has to take the picture in; a picture value that is no number shows.
 */
export function fakeDetectorGraph(
  input: ModelEntry["input"],
  outputs: readonly FakeOutput[],
  options: { readonly batch?: string; readonly extraInput?: readonly [string, number[]] } = {},
): Uint8Array {
  const { name, width, height, layout, dtype } = input;
  const [, ...axes] = layout === "nhwc" ? [1, height, width, 3] : [1, 3, height, width];
  const inputs = [port(name, ELEMENT[dtype], [options.batch ?? 1, ...axes])];
  const node = [
    op("Cast", [name], "picture", [whole("to", ELEMENT.float32)]),
    op("ReduceMax", ["picture"], "brightest", [whole("keepdims", 0)]),
    op("Mul", ["brightest", "zero"], "nothing"),
  ];
  const initializer = [
    constant("zero", ELEMENT.float32, [1], [0]),
    constant("from", ELEMENT.int64, [1], [0]),
    constant("all", ELEMENT.int64, [1], [ALL]),
  ];
  if (outputs.some(({ isScaled }) => isScaled)) {
    inputs.push(port("orig_target_sizes", ELEMENT.int64, [options.batch ?? 1, 2]));
    node.push(
      op("Concat", ["orig_target_sizes", "orig_target_sizes"], "sizes", [whole("axis", 1)]),
      op("Cast", ["sizes"], "sides", [whole("to", ELEMENT.float32)]),
    );
  }
  const { extraInput } = options;
  if (extraInput !== undefined) inputs.push(port(extraInput[0], ELEMENT.float32, extraInput[1]));
  node.push(
    op("Cast", ["nothing"], "none", [whole("to", ELEMENT.int64)]),
    op("Add", ["none", "all"], "to"),
  );
  for (const output of outputs) {
    const { name: out, dims, values, openAxis, type = "float32" } = output;
    initializer.push(constant(`${out}.values`, ELEMENT.float32, [...dims], Array.from(values)));
    initializer.push(constant(`${out}.axis`, ELEMENT.int64, [1], [openAxis ?? 0]));
    node.push(op("Add", [`${out}.values`, "nothing"], `${out}.shares`));
    if (output.isScaled) node.push(op("Mul", [`${out}.shares`, "sides"], `${out}.sides`));
    const unopened = output.isScaled ? `${out}.sides` : `${out}.shares`;
    if (openAxis !== undefined) {
      node.push(op("Slice", [unopened, "from", "to", `${out}.axis`], `${out}.float`));
    }
    const last = openAxis === undefined ? unopened : `${out}.float`;
    node.push(op("Cast", [last], out, [whole("to", ELEMENT[type])]));
  }
  const graph = {
    name: "fake-detector",
    input: inputs,
    output: outputs.map(({ name: out, dims, openAxis, type = "float32" }) =>
      port(
        out,
        ELEMENT[type],
        dims.map((size, axis) => (axis === openAxis ? "open" : size)),
      ),
    ),
    initializer,
    node,
  };
  const document = { irVersion: 8, opsetImport: [{ domain: "", version: 13 }], graph };
  return onnx.ModelProto.encode(onnx.ModelProto.fromObject(document)).finish();
}

import { Tensor } from "onnxruntime-node";
import type {
  BoundOutputs,
  DecoderVariant,
  ExpectedOutput,
  FreeSize,
} from "../../vision/decoder-registry.ts";
import type { GraphPort } from "./model-ports.ts";

/** The outputs of a graph as a decoder wants them, with the tensors the engine writes them into. */
export interface Binding<Variant extends Outputs = DecoderVariant> {
  readonly variant: Variant;
  readonly bound: BoundOutputs;
  /** By name in the graph; allocated once. */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** A set of outputs, one way in which a network may be exported. */
type Outputs = Pick<DecoderVariant, "outputs">;

type Sizes = Map<FreeSize, number>;

interface Match {
  readonly ports: ReadonlyMap<string, GraphPort>;
  readonly sizes: Sizes;
}

/**
 * Finds the first variant whose outputs a graph has; null when it has none of them. An output is found by the name the
 * manifest gives for its role, else by the role itself, else by its type and shape where only one output has these.
 */
export function bindOutputs<Variant extends Outputs>(
  variants: readonly Variant[],
  ports: readonly GraphPort[],
  names: Readonly<Record<string, string>>,
): Binding<Variant> | null {
  for (const variant of variants) {
    const match = matchAll(variant.outputs, ports, names);
    if (match !== null) return allocate(variant, match);
  }
  return null;
}

function matchAll(
  expected: readonly ExpectedOutput[],
  ports: readonly GraphPort[],
  names: Readonly<Record<string, string>>,
): Match | null {
  const sizes: Sizes = new Map();
  const found = new Map<string, GraphPort>();
  const left = new Set(ports);
  // Outputs with a name of their own first, then those of fixed shape, so that each guess has the fewest choices.
  const rank = (output: ExpectedOutput): number => {
    const isNamed = ports.some(({ name }) => name === (names[output.role] ?? output.role));
    return isNamed ? 0 : 1 + output.shape.filter((axis) => typeof axis === "object").length;
  };
  for (const output of expected.toSorted((a, b) => rank(a) - rank(b))) {
    const port = portFor(output, left, names[output.role], sizes);
    if (port === null) return null;
    takeSizes(output, port, sizes);
    found.set(output.role, port);
    left.delete(port);
  }
  return { ports: found, sizes };
}

function portFor(
  output: ExpectedOutput,
  left: ReadonlySet<GraphPort>,
  given: string | undefined,
  sizes: Sizes,
): GraphPort | null {
  const named = [...left].find(({ name }) => name === (given ?? output.role));
  if (named !== undefined) return fits(output, named, sizes) ? named : null;
  if (given !== undefined) return null;
  const alike = [...left].filter((port) => fits(output, port, sizes));
  return alike.length === 1 ? (alike[0] ?? null) : null;
}

function fits(output: ExpectedOutput, port: GraphPort, sizes: Sizes): boolean {
  if (port.type !== output.type || port.shape.length !== output.shape.length) return false;
  const agreed: Sizes = new Map(sizes);
  return output.shape.every((axis, i) => {
    const found = port.shape[i];
    if (typeof found !== "number") return false;
    if (typeof axis === "number") return found === axis;
    const size = agreed.get(axis.free) ?? found - axis.plus;
    agreed.set(axis.free, size);
    return size >= 1 && size + axis.plus === found;
  });
}

function takeSizes(output: ExpectedOutput, port: GraphPort, sizes: Sizes): void {
  output.shape.forEach((axis, i) => {
    if (typeof axis === "object") sizes.set(axis.free, Number(port.shape[i]) - axis.plus);
  });
}

function allocate<Variant extends Outputs>(
  variant: Variant,
  { ports, sizes }: Match,
): Binding<Variant> {
  const tensors: Record<string, Tensor> = {};
  const floats = new Map<string, Float32Array>();
  const labels = new Map<string, BigInt64Array>();
  for (const [role, { name, type, shape }] of ports) {
    const dims = shape.map(Number);
    const length = dims.reduce((product, size) => product * size, 1);
    if (type === "int64") {
      const values = new BigInt64Array(length);
      labels.set(role, values);
      tensors[name] = new Tensor("int64", values, dims);
    } else {
      const values = new Float32Array(length);
      floats.set(role, values);
      tensors[name] = new Tensor("float32", values, dims);
    }
  }
  const bound: BoundOutputs = {
    floats: (role) => wanted(floats.get(role), role),
    labels: (role) => wanted(labels.get(role), role),
    size: (free) => sizes.get(free) ?? 0,
  };
  return { variant, bound, tensors };
}

function wanted<T>(values: T | undefined, role: string): T {
  if (values === undefined) throw new TypeError(`no output ${role} is bound`);
  return values;
}

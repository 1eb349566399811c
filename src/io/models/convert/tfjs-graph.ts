import { z } from "zod";
import { describeFaults, GatewayError } from "../../../core/errors.ts";
import { faultsOf } from "../../../core/input-faults.ts";

const whole = z.union([z.string(), z.number()]).transform(Number);

// Foreign documents carry more than is read here, so these objects are not strict.
const attributeSchema = z.object({
  s: z.string().optional(),
  i: whole.optional(),
  f: z.number().optional(),
  b: z.boolean().optional(),
  type: z.string().optional(),
  list: z.object({ i: z.array(whole).optional(), s: z.array(z.string()).optional() }).optional(),
  shape: z.object({ dim: z.array(z.object({ size: whole })).default([]) }).optional(),
});

const nodeSchema = z.object({
  name: z.string(),
  op: z.string(),
  input: z.array(z.string()).default([]),
  attr: z.record(z.string(), attributeSchema).default({}),
});

const weightSchema = z.object({
  name: z.string(),
  shape: z.array(z.int().min(0)),
  dtype: z.string(),
  quantization: z
    .object({ dtype: z.string(), scale: z.number().optional(), min: z.number().optional() })
    .optional(),
});

const weightsSchema = z.array(
  z.object({ paths: z.array(z.string()), weights: z.array(weightSchema) }),
);

const modelSchema = z.object({
  format: z.literal("graph-model"),
  modelTopology: z.object({ node: z.array(nodeSchema) }),
  weightsManifest: weightsSchema,
});

/** One operation of a TFJS graph; `input` names are as written, see `baseName`. */
export type TfjsNode = z.infer<typeof nodeSchema>;

/** How one weight lies in the weight file. */
export type WeightLayout = z.infer<typeof weightSchema>;

/** The model.json of a TFJS graph model: its operations and how its weight files are laid out. */
export type TfjsModel = z.infer<typeof modelSchema>;

/**
 * Reads the text of a model.json. Pure.
 * @throws MODEL_UNSUPPORTED when it is no TFJS graph model
 * @source TensorFlow.js converter, "graph-model" artifact format
 */
export function parseTfjsModel(text: string): TfjsModel {
  return parseWith(modelSchema, text, "TFJS graph model");
}

/**
 * Reads the text of a weights manifest that stands alone, as packages of weights without a graph have it. Pure.
 * @throws MODEL_UNSUPPORTED when it is none
 */
export function parseWeightLayouts(text: string): readonly WeightLayout[] {
  return parseWith(weightsSchema, text, "weights manifest").flatMap(({ weights }) => weights);
}

function parseWith<T>(schema: z.ZodType<T>, text: string, what: string): T {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new GatewayError("MODEL_UNSUPPORTED", "The model description is not JSON", {
      cause: error,
    });
  }
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  const faults = describeFaults(faultsOf(parsed.error.issues, document).slice(0, 10));
  throw new GatewayError("MODEL_UNSUPPORTED", `This is no ${what}:\n${faults}`);
}

/** The fault of a graph this converter cannot translate; names operation and node. */
export function unsupported(node: Pick<TfjsNode, "name" | "op">, reason: string): GatewayError {
  return new GatewayError(
    "MODEL_UNSUPPORTED",
    `Operation ${node.op} of node ${node.name}: ${reason}`,
  );
}

/** The node behind an input reference such as `conv:0`. Pure. */
export function baseName(reference: string): string {
  return reference.split(":")[0] ?? reference;
}

/** The value behind an input reference: the first output goes by the node's own name. Pure. */
export function valueName(reference: string): string {
  return reference.replace(/:0$/, "");
}

/** A list of whole numbers, such as strides; null when the node has none. Pure. */
export function wholesOf(node: TfjsNode, name: string): readonly number[] | null {
  return node.attr[name]?.list?.i ?? null;
}

/** A list of words, such as fused operations; empty when the node has none. Pure. */
export function wordsOf(node: TfjsNode, name: string): readonly string[] {
  return (node.attr[name]?.list?.s ?? []).map(decodeWord);
}

/** A word, such as the padding; null when the node has none. Pure. */
export function wordOf(node: TfjsNode, name: string): string | null {
  const word = node.attr[name]?.s;
  return word === undefined ? null : decodeWord(word);
}

/** A switch; false when the node has none. Pure. */
export function isSet(node: TfjsNode, name: string): boolean {
  return node.attr[name]?.b ?? false;
}

/** The shape of a placeholder; null when the node has none. Pure. */
export function shapeOf(node: TfjsNode): readonly number[] | null {
  return node.attr["shape"]?.shape?.dim.map(({ size }) => size) ?? null;
}

function decodeWord(base64: string): string {
  return Buffer.from(base64, "base64").toString("utf8");
}

/**
 * The nodes that the wanted values depend on, inputs before users, in an order that follows from the graph alone.
 * @throws MODEL_UNSUPPORTED when a node is missing
 */
export function reachableNodes(
  nodes: readonly TfjsNode[],
  wanted: readonly string[],
): readonly TfjsNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const seen = new Set<string>();
  const order: TfjsNode[] = [];
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const node = byName.get(name);
    if (node === undefined) {
      throw new GatewayError("MODEL_UNSUPPORTED", `The graph has no node ${name}`);
    }
    for (const reference of node.input) {
      if (!reference.startsWith("^")) visit(baseName(reference));
    }
    order.push(node);
  };
  for (const name of wanted) visit(baseName(name));
  return order;
}

import { type Build, type LiveValue, liveInputOf, liveValue, nameOf, scalarOf } from "./build.ts";
import type { ConstantTensor } from "./tensor.ts";
import { baseName, type TfjsNode, valueName } from "./tfjs-graph.ts";

/** Half precision keeps 1/6 to three digits only; what the network was trained with is the exact value. */
const STORED_TOLERANCE = 1e-3;

/** A multiplication that ends a written-out hard sigmoid or hard swish. */
export interface HardPattern {
  /** swish: x * relu6(x + 3) / 6; sigmoid: relu6(x + 3) / 6. */
  readonly kind: "swish" | "sigmoid";
  /** Which node and input of it the x is. */
  readonly owner: TfjsNode;
  readonly inputIndex: number;
}

export interface HardPatterns {
  /** By the name of the multiplication. */
  readonly found: ReadonlyMap<string, HardPattern>;
  /** Nodes inside a pattern that nothing else uses. */
  readonly swallowed: ReadonlySet<string>;
}

interface GraphFacts {
  readonly nodes: ReadonlyMap<string, TfjsNode>;
  readonly weights: ReadonlyMap<string, ConstantTensor>;
  readonly uses: ReadonlyMap<string, number>;
}

/**
 * Finds hard swishes and hard sigmoids. They are looked for before anything is translated, because merging their
 * "+ 3" into the bias of the convolution before would hide them. Pure.
 * @source Howard et al., Searching for MobileNetV3, 2019, section 5.2
 */
export function findHardPatterns(graph: GraphFacts): HardPatterns {
  const found = new Map<string, HardPattern>();
  const swallowed = new Set<string>();
  for (const node of graph.nodes.values()) {
    if (node.op !== "Mul") continue;
    for (const [gateIndex, otherIndex] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const gate = gateOf(graph, node.input[gateIndex]);
      const kind = gate === null ? null : kindOf(graph, gate.source, node.input[otherIndex]);
      if (gate === null || kind === null || found.has(node.name)) continue;
      found.set(node.name, { kind, owner: gate.sum, inputIndex: gate.inputIndex });
      for (const inner of [gate.relu, gate.sum]) swallowed.add(inner.name);
    }
  }
  return { found, swallowed };
}

interface Gate {
  readonly relu: TfjsNode;
  readonly sum: TfjsNode;
  readonly inputIndex: number;
  readonly source: string;
}

/** Recognises relu6(x + 3), used once, behind an input. */
function gateOf(graph: GraphFacts, reference: string | undefined): Gate | null {
  const relu = nodeAt(graph, reference);
  const sum = relu?.op === "Relu6" ? nodeAt(graph, relu.input[0]) : null;
  if (relu === null || sum === null || !/^Add(V2)?$/.test(sum.op)) return null;
  if (graph.uses.get(relu.name) !== 1 || graph.uses.get(sum.name) !== 1) return null;
  const three = sum.input.findIndex((input) => isClose(scalarOf(graph, input), 3));
  const source = sum.input[1 - three];
  if (three < 0 || source === undefined) return null;
  return { relu, sum, inputIndex: 1 - three, source };
}

/** What the other factor beside the gate makes of it: 1/6, or x / 6. */
function kindOf(
  graph: GraphFacts,
  source: string,
  other: string | undefined,
): HardPattern["kind"] | null {
  if (other === undefined) return null;
  if (isClose(scalarOf(graph, other), 1 / 6)) return "sigmoid";
  const sixth = nodeAt(graph, other);
  if (sixth?.op !== "Mul") return null;
  const constant = sixth.input.findIndex((input) => isClose(scalarOf(graph, input), 1 / 6));
  const factor = sixth.input[1 - constant];
  const isSwish = constant >= 0 && factor !== undefined && valueName(factor) === valueName(source);
  return isSwish ? "swish" : null;
}

function nodeAt(graph: GraphFacts, reference: string | undefined): TfjsNode | null {
  return reference === undefined ? null : (graph.nodes.get(baseName(reference)) ?? null);
}

function isClose(value: number | null, wanted: number): boolean {
  return value !== null && Math.abs(value - wanted) < STORED_TOLERANCE;
}

/** Translates a pattern found before. */
export function hardPattern(build: Build, pattern: HardPattern): LiveValue {
  const value = liveInputOf(build, pattern.owner, pattern.inputIndex);
  const x = nameOf(build, value, value.order);
  const attributes = { alpha: { float: 1 / 6 }, beta: { float: 0.5 } };
  const gate = build.writer.node("HardSigmoid", [x], attributes);
  const name = pattern.kind === "sigmoid" ? gate : build.writer.node("Mul", [x, gate]);
  return liveValue(name, value.shape, value.order);
}

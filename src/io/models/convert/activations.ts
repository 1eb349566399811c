import { type Build, liveInputOf, liveValue, nameOf, type Value } from "./build.ts";
import { type TfjsNode, unsupported } from "./tfjs-graph.ts";

/** Slope below zero where a LeakyRelu names none. @source tensorflow.org, tf.nn.leaky_relu */
const USUAL_LEAK = 0.2;

/**
 * Adds an activation after the ONNX value `name` and returns the name of the result.
 * @throws MODEL_UNSUPPORTED on one that is not known
 */
export function activate(build: Build, node: TfjsNode, activation: string, name: string): string {
  const { writer } = build;
  switch (activation) {
    case "Relu":
    case "Sigmoid":
      return writer.node(activation, [name]);
    case "Relu6": {
      const low = writer.floats(Float32Array.of(0), []);
      return writer.node("Clip", [name, low, writer.floats(Float32Array.of(6), [])]);
    }
    case "LeakyRelu": {
      const leak = node.attr["leakyrelu_alpha"]?.f ?? node.attr["alpha"]?.f ?? USUAL_LEAK;
      return writer.node("LeakyRelu", [name], { alpha: { float: leak } });
    }
    default:
      throw unsupported(node, `activation ${activation}`);
  }
}

/** Translates an activation that is an operation of its own. */
export function activation(build: Build, node: TfjsNode): Value {
  const value = liveInputOf(build, node, 0);
  const name = activate(build, node, node.op, nameOf(build, value, value.order));
  return liveValue(name, value.shape, value.order);
}

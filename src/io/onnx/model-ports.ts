import type { InferenceSession } from "onnxruntime-node";
import type { AxisSize } from "../../vision/decoder-registry.ts";

/** An input or output as the file declares it. */
export interface GraphPort {
  readonly name: string;
  readonly type: string;
  /** Sizes of the axes; a word where the file leaves one open. */
  readonly shape: readonly (number | string)[];
}

/** The ports of a session; one that is no tensor has its kind as type and no shape. */
export function portsOf(found: InferenceSession["inputMetadata"]): readonly GraphPort[] {
  return found.map((port) =>
    port.isTensor
      ? { name: port.name, type: port.type, shape: batchOfOne(port.shape) }
      : { name: port.name, type: "no tensor", shape: [] },
  );
}

/** An open first axis is the batch, and the batch is one picture. Any other open axis stays open. */
function batchOfOne(shape: readonly (number | string)[]): readonly (number | string)[] {
  const [first, ...rest] = shape;
  if (first === undefined) return [];
  return [typeof first === "string" || first < 0 ? 1 : first, ...rest];
}

/** A port in words for a person: `heat float32 [1,1,72,128]`. Pure. */
export function describePort(
  name: string,
  type: string,
  shape: readonly (number | string | AxisSize)[],
): string {
  return `${name} ${type} [${shape.map(describeAxis).join(",")}]`;
}

function describeAxis(axis: number | string | AxisSize): string {
  if (typeof axis !== "object") return String(axis);
  return axis.plus === 0 ? axis.free : `${axis.free}+${axis.plus}`;
}

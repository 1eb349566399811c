import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import onnxProto from "onnx-proto";
import type { CameraModel } from "../../src/io/camera/camera-protocol.ts";
import { rawInput } from "../../src/io/models/offered-model.ts";

const { onnx } = onnxProto;

/** Size of a network input and of the bright rectangle the fake detector answers to, all in Px of that input. */
export interface FakePersonModel {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Odd multiple of 4. */
  readonly boxWidthPx: number;
  /** Odd multiple of 4. */
  readonly boxHeightPx: number;
  /** Inference fails on a frame with a brighter pixel value than 3; for tests of what comes after a failure. */
  readonly isBrittle?: boolean;
  /** Rounds of useless work of a few milliseconds each, for tests in which inference is the bottleneck. */
  readonly burden?: number;
}

const FLOAT = 1;
const UINT8 = 2;
const INT64 = 7;

function op(opType: string, input: string[], output: string, ints: Record<string, unknown> = {}) {
  const attribute = Object.entries(ints).map(([name, value]) =>
    Array.isArray(value) ? { name, type: 7, ints: value } : { name, type: 2, i: value },
  );
  return { opType, input, output: [output], attribute };
}

function constant(name: string, dims: number[], values: number[]) {
  return { name, dataType: FLOAT, dims, floatData: values };
}

function port(name: string, elemType: number, dims: number[]) {
  const shape = { dim: dims.map((dimValue) => ({ dimValue })) };
  return { name, type: { tensorType: { elemType, shape } } };
}

/** Nodes that blur the picture again and again and add nothing to the result. */
function burdenOf(rounds: number) {
  const blur = { kernel_shape: [9, 9], pads: [4, 4, 4, 4], count_include_pad: 1 };
  const nodes = Array.from({ length: rounds }, (_, i) =>
    op("AveragePool", [i === 0 ? "light" : `blur${i}`], `blur${i + 1}`, blur),
  );
  const last = rounds === 0 ? "light" : `blur${rounds}`;
  return [
    ...nodes,
    op("AveragePool", [last], "small", { kernel_shape: [4, 4], strides: [4, 4] }),
    op("Mul", ["small", "zero"], "nothing", {}),
  ];
}

/**
 * Bytes of a small ONNX graph with the ports of the CenterNet person detector (uint8 NHWC `input`, `heat`, `wh`):
 * brightness is averaged over cells of 4 Px and then over the rectangle, so `heat` peaks at 1 in the middle of a
 * white rectangle on black, and `wh` is that rectangle everywhere.
 */
export function fakePersonModelBytes(model: FakePersonModel): Uint8Array {
  const [cellsX, cellsY] = [model.widthPx / 4, model.heightPx / 4];
  const [boxX, boxY] = [model.boxWidthPx / 4, model.boxHeightPx / 4];
  const [halfX, halfY] = [(boxX - 1) / 2, (boxY - 1) / 2];
  const [reachX, reachY] = [model.boxWidthPx / 2, model.boxHeightPx / 2];
  const half = [reachX, reachY, reachX, reachY];
  const graph = {
    name: "bright-rectangle",
    input: [port("input", UINT8, [1, model.heightPx, model.widthPx, 3])],
    output: [
      port("heat", FLOAT, [1, 1, cellsY, cellsX]),
      port("wh", FLOAT, [1, 4, cellsY, cellsX]),
      ...(model.isBrittle ? [port("brittle", FLOAT, [1, 1, 1])] : []),
    ],
    initializer: [
      constant("white", [1], [255]),
      constant("zero", [1], [0]),
      constant("half", [1, 4, 1, 1], half),
    ],
    node: [
      op("Transpose", ["input"], "planes", { perm: [0, 3, 1, 2] }),
      op("Cast", ["planes"], "float", { to: FLOAT }),
      op("ReduceMean", ["float"], "grey", { axes: [1], keepdims: 1 }),
      op("Div", ["grey", "white"], "light", {}),
      op("AveragePool", ["light"], "cells", { kernel_shape: [4, 4], strides: [4, 4] }),
      op("AveragePool", ["cells"], "peaks", {
        kernel_shape: [boxY, boxX],
        pads: [halfY, halfX, halfY, halfX],
        count_include_pad: 1,
      }),
      ...burdenOf(model.burden ?? 0),
      op("Add", ["peaks", "nothing"], "heat", {}),
      op("Mul", ["heat", "zero"], "none", {}),
      op("Add", ["none", "half"], "wh", {}),
      // Brightness as an index into four values: beyond 3 there is none, and the engine gives up.
      ...(model.isBrittle
        ? [
            op("ReduceMax", ["float"], "brightest", { keepdims: 0 }),
            op("Cast", ["brightest"], "index", { to: INT64 }),
            op("Gather", ["half", "index"], "brittle", { axis: 1 }),
          ]
        : []),
    ],
  };
  const document = { irVersion: 8, opsetImport: [{ domain: "", version: 13 }], graph };
  return onnx.ModelProto.encode(onnx.ModelProto.fromObject(document)).finish();
}

/** Writes the model into a folder and returns its file name and sha256. */
export function writeFakePersonModel(
  dir: string,
  model: FakePersonModel,
): { readonly file: string; readonly sha256: string } {
  const bytes = fakePersonModelBytes(model);
  const burden = model.burden === undefined ? "" : `-slow${model.burden}`;
  const file = `bright-rectangle-${model.widthPx}x${model.heightPx}${burden}.onnx`;
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, file), bytes);
  return { file, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** Writes a fake detector for 256x192 into a folder, tuned to a rectangle of 28 x 60 Px, ready for a camera. */
export function fakeCameraModel(dir: string, isBrittle = false, burden = 0): CameraModel {
  const shape = { widthPx: 256, heightPx: 192, boxWidthPx: 28, boxHeightPx: 60 };
  const size = { ...shape, isBrittle, ...(burden === 0 ? {} : { burden }) };
  const written = writeFakePersonModel(dir, size);
  const entry: CameraModel["entry"] = {
    id: "bright-rectangle",
    task: "person",
    ...written,
    license: "Apache-2.0",
    licenseUrl: "https://www.apache.org/licenses/LICENSE-2.0",
    source: "made for tests",
    profile: "permissive",
    input: rawInput({ width: size.widthPx, height: size.heightPx }),
    decoder: "centernet-wh",
    strides: [4],
    classIndex: 0,
    score: 0.5,
    nms: 0.5,
  };
  return { entry, dir, threads: 1 };
}

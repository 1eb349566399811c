import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createOnnxWriter } from "../../src/io/models/convert/onnx-writer.ts";
import { type ModelEntry, saveManifest } from "../../src/io/models/manifest.ts";
import { rawInput } from "../../src/io/models/offered-model.ts";

/** Size of the network's input in Px. */
export const NET_INPUT = { widthPx: 128, heightPx: 96 };
/** Size of the rectangle it answers to, in Px. */
const BOX = { widthPx: 20, heightPx: 44 };
const CELL = 4;

/**
 * A person detector made of three convolutions, for what needs real weights: a mean over cells, a mean over the
 * rectangle, and sides that never change. Heat is 1 in the middle of a white rectangle on black.
 */
export function rectangleNetBytes(): Uint8Array {
  const { widthPx, heightPx } = NET_INPUT;
  const [columns, rows] = [widthPx / CELL, heightPx / CELL];
  const [boxX, boxY] = [BOX.widthPx / CELL, BOX.heightPx / CELL];
  const writer = createOnnxWriter();
  writer.input("input", "uint8", [1, heightPx, widthPx, 3]);
  const planes = writer.node("Transpose", ["input"], { perm: [0, 3, 1, 2] });
  const picture = writer.node("Cast", [planes], { to: 1 });
  const cellArea = 3 * CELL * CELL;
  const mean = writer.floats(new Float32Array(cellArea).fill(1 / 255 / cellArea), [
    1,
    3,
    CELL,
    CELL,
  ]);
  const zero = writer.floats(Float32Array.of(0), [1]);
  const cells = writer.node("Conv", [picture, mean, zero], {
    kernel_shape: [CELL, CELL],
    strides: [CELL, CELL],
  });
  const light = writer.node("Relu", [cells]);
  const boxArea = boxX * boxY;
  const box = writer.floats(new Float32Array(boxArea).fill(1 / boxArea), [1, 1, boxY, boxX]);
  const half = [(boxY - 1) / 2, (boxX - 1) / 2];
  writer.node(
    "Conv",
    [light, box, zero],
    { kernel_shape: [boxY, boxX], pads: [...half, ...half] },
    "heat",
  );
  writer.output("heat", [1, 1, rows, columns]);
  const [reachX, reachY] = [BOX.widthPx / 2, BOX.heightPx / 2];
  const none = writer.floats(new Float32Array(4), [4, 1, 1, 1]);
  const sides = writer.floats(Float32Array.of(reachX, reachY, reachX, reachY), [4]);
  writer.node("Conv", [light, none, sides], { kernel_shape: [1, 1] }, "wh");
  writer.output("wh", [1, 4, rows, columns]);
  return writer.finish("rectangles");
}

/** Black frame with a white rectangle at each place, in Px of the input. */
export function frameOf(...corners: readonly (readonly [left: number, top: number])[]): Uint8Array {
  const { widthPx, heightPx } = NET_INPUT;
  const frame = new Uint8Array(widthPx * heightPx * 3);
  for (const [left, top] of corners) {
    for (let y = top; y < top + BOX.heightPx; y += 1) {
      const row = y * widthPx;
      frame.fill(255, (row + left) * 3, (row + left + BOX.widthPx) * 3);
    }
  }
  return frame;
}

/** Installs the network in a folder as `rectangles` and returns its entry. */
export async function installRectangleNet(dir: string): Promise<ModelEntry> {
  const bytes = rectangleNetBytes();
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "rectangles.onnx"), bytes);
  const entry: ModelEntry = {
    id: "rectangles",
    task: "person",
    profile: "permissive",
    file: "rectangles.onnx",
    sha256: createHash("sha256").update(bytes).digest("hex"),
    license: "CC0",
    licenseUrl: "https://example.org/licence",
    source: "made for tests",
    input: rawInput({ width: NET_INPUT.widthPx, height: NET_INPUT.heightPx }),
    decoder: "centernet-wh",
    strides: [4],
    classIndex: 0,
    score: 0.5,
    nms: 0.5,
  };
  await saveManifest(dir, [entry]);
  return entry;
}

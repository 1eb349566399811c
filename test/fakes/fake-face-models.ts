import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BLAZE_NUMBERS } from "../../src/face/decode-blazeface.ts";
import { CATALOGUE } from "../../src/io/models/catalogue.ts";
import { createOnnxWriter } from "../../src/io/models/convert/onnx-writer.ts";
import { type InstalledModel, saveManifest } from "../../src/io/models/manifest.ts";

/** What the fake embedder says of every face. */
export const FAKE_FACE_VALUES: readonly number[] = Array.from(
  { length: 128 },
  (_, i) => Math.sin(i + 1) / 8,
);

/** A face in the middle of the small network's input, half as large as it, seen by its best anchor. */
const SEEN = [
  ...[0, 0, 128, 128],
  ...[-26, -30, 26, -30, 0, -4, 0, 22, -56, -20, 56, -20],
] as const;

/** An output that says the same of every picture. */
interface FakeOutput {
  readonly name: string;
  readonly dims: readonly number[];
  readonly values: ArrayLike<number>;
}

/** Each output is a constant plus nothing of the picture, so the engine really has to take the picture in. */
function graphOf({ input }: InstalledModel, outputs: readonly FakeOutput[]): Uint8Array {
  const writer = createOnnxWriter();
  writer.input(input.name, "uint8", [1, input.height, input.width, 3]);
  const picture = writer.node("Cast", [input.name], { to: 1 });
  const brightest = writer.node("ReduceMax", [picture], { keepdims: 0 });
  const nothing = writer.node("Mul", [brightest, writer.floats(Float32Array.of(0), [])]);
  for (const { name, dims, values } of outputs) {
    const constant = writer.floats(Float32Array.from(values), dims);
    writer.node("Add", [constant, nothing], {}, name);
    writer.output(name, dims);
  }
  return writer.finish("fake-face");
}

function blazeOutputs(width: number, height: number, isSeen: boolean): readonly FakeOutput[] {
  return [16, 32].flatMap((stride) => {
    const cells = (width / stride) * (height / stride);
    const anchors = cells * (stride === 16 ? 2 : 6);
    const scores = new Float32Array(anchors).fill(-9);
    const boxes = new Float32Array(anchors * BLAZE_NUMBERS);
    if (isSeen && stride === 16) {
      // The cell right of and below the middle: its anchor is 8 Px off.
      const anchor = 2 * ((height / 32) * (width / 16) + width / 32);
      scores[anchor] = 4;
      boxes.set(
        SEEN.map((value, k) => (k === 2 || k === 3 ? value : value - 8)),
        anchor * BLAZE_NUMBERS,
      );
    }
    return [
      { name: `score_${stride}`, dims: [1, anchors, 1], values: scores },
      { name: `box_${stride}`, dims: [1, anchors, BLAZE_NUMBERS], values: boxes },
    ];
  });
}

function outputsOf(model: InstalledModel): readonly FakeOutput[] {
  const { width, height } = model.input;
  if (model.task === "face-embed") {
    const { output, dim } = model.embed;
    return [{ name: output, dims: [1, dim], values: FAKE_FACE_VALUES.slice(0, dim) }];
  }
  if (model.task === "liveness") {
    return [{ name: model.live.output, dims: [1, model.live.classes], values: [2, 0, 0] }];
  }
  return blazeOutputs(width, height, width === height);
}

/**
 * Fills a folder with networks of the shape of the real clean profile and the hint: the small detector sees a face in
 * the middle of whatever it looks at, the large one sees nobody, and every face has the same numbers.
 */
export async function writeFakeFaceModels(dir: string): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const entries = CATALOGUE.models
    .map(({ entry }) => entry)
    .filter(({ id }) => id.startsWith("face-") && id !== "face-accurate-112")
    .map((entry) => {
      const bytes = graphOf(entry, outputsOf(entry));
      writeFileSync(join(dir, entry.file), bytes);
      return { ...entry, sha256: createHash("sha256").update(bytes).digest("hex") };
    });
  await saveManifest(dir, entries);
}

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type FakeOutput, fakeDetectorGraph } from "../../../test/fakes/fake-detector-graph.ts";
import { type AxisSize, isPersonDecoder, PERSON_DECODERS } from "../../vision/decoder-registry.ts";
import { createDetections, letterboxOf } from "../../vision/ports.ts";
import { detectorOf } from "../onnx/person-detector.ts";
import { isPersonModel, type ModelEntry, parseManifest } from "./manifest.ts";

const README = join(import.meta.dirname, "../../../models/README.md");
const blocks = [...readFileSync(README, "utf8").matchAll(/^```json\n([\s\S]*?)^```$/gm)];
const text = `{"v":1,"models":[${blocks.map(([, json]) => json).join(",")}]}`;
const models = parseManifest(text, "models/README.md").models.filter(isPersonModel);

/** COCO's classes, and the queries of a D-FINE of the published size. */
const SIZES = { classes: 80, queries: 300 };
/** Cells of the published exports: sums over the strides of (side / stride) squared. */
const CELLS: Readonly<Record<string, number>> = { yolox: 3549, "nanodet-plus": 3598 };

const sizeOf = (axis: AxisSize): number =>
  typeof axis === "number" ? axis : SIZES[axis.free] + axis.plus;

test("every kind of foreign model has an entry to copy", () => {
  const decoders = models.map(({ decoder }) => decoder);
  assert.deepEqual(decoders, ["yolox", "nanodet-plus", "picodet", "detr", "rtmdet"]);
});

for (const entry of models) {
  test(`the entry of ${entry.id} loads a graph with the outputs its exporter writes`, async () => {
    for (const outputs of exportsOf(entry)) {
      const [first] = outputs;
      const cells = CELLS[entry.decoder];
      if (cells !== undefined) assert.equal(first?.dims[1], cells);
      await using detector = await detectorOf(entry, fakeDetectorGraph(entry.input, outputs), 1);
      const { widthPx, heightPx } = detector.input;
      const out = createDetections(8);
      const letterbox = letterboxOf({ widthPx: 1280, heightPx: 720 }, detector.input, detector.fit);
      await detector.detect(new Uint8Array(widthPx * heightPx * 3), letterbox, out);
      assert.equal(out.count, 0);
    }
  });
}

/** The outputs of each variant of the entry's decoder, empty scenes all, under the names the entry gives. */
function exportsOf(entry: ModelEntry): readonly (readonly FakeOutput[])[] {
  const { decoder, classIndex, nms, strides, input } = entry;
  assert.ok(isPersonDecoder(decoder));
  const size = { widthPx: input.width, heightPx: input.height };
  const variants = PERSON_DECODERS[decoder]({ input: size, strides, classIndex, nmsIou: nms });
  return variants.map((variant) =>
    variant.outputs.map(({ role, type, shape }) => {
      const dims = shape.map(sizeOf);
      const length = dims.reduce((product, side) => product * side, 1);
      // Logits of nobody are far below zero, probabilities zero.
      const isLogit = decoder === "rtmdet" || role === "logits";
      const values = new Float32Array(length).fill(isLogit ? -9 : 0);
      const isScaled = role === "boxes";
      return { name: entry.outputs?.[role] ?? role, dims, values, type, isScaled };
    }),
  );
}

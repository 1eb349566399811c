import assert from "node:assert/strict";
import { test } from "node:test";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { convertTfjs } from "./convert-graph.ts";
import { parseTfjsModel } from "./tfjs-graph.ts";

const dims = (sizes: readonly number[]) => sizes.map((size) => ({ size: String(size) }));

/** Two numbers per cell (red + 2 green, and blue), told as one row per number: [1, 4*4*2, 1], written for 4x4 cells. */
function rowsOfCells(shape: readonly number[]): Uint8Array {
  const attr = {
    strides: { list: { i: ["1", "1", "1", "1"] } },
    padding: { s: Buffer.from("VALID").toString("base64") },
  };
  const model = parseTfjsModel(
    JSON.stringify({
      format: "graph-model",
      modelTopology: {
        node: [
          { name: "x", op: "Placeholder", attr: { shape: { shape: { dim: dims([1, 4, 4, 3]) } } } },
          { name: "w", op: "Const" },
          { name: "shape", op: "Const" },
          { name: "conv", op: "Conv2D", input: ["x", "w"], attr },
          { name: "rows", op: "Reshape", input: ["conv", "shape"] },
        ],
      },
      weightsManifest: [
        {
          paths: ["w.bin"],
          weights: [
            { name: "w", shape: [1, 1, 3, 2], dtype: "float32" },
            { name: "shape", shape: [3], dtype: "int32" },
          ],
        },
      ],
    }),
  );
  const weights = new Uint8Array(Float32Array.of(1, 0, 2, 0, 0, 1).buffer);
  const bytes = Buffer.concat([weights, new Uint8Array(Int32Array.from(shape).buffer)]);
  const preparation = { mean: [0, 0, 0], scale: [1, 1, 1], channels: "rgb" } as const;
  return convertTfjs(model, bytes, {
    graphName: "rows",
    input: { name: "input", widthPx: 6, heightPx: 2, preparation },
    outputs: [{ from: "rows", name: "rows" }],
  });
}

test("a reshape that counts the cells of the picture follows it to another size, cell by cell", async () => {
  const session = await InferenceSession.create(rowsOfCells([1, 32, 1]));
  const pixels = Uint8Array.from({ length: 6 * 2 * 3 }, (_, i) => i);
  const { rows } = await session.run({ input: new Tensor("uint8", pixels, [1, 2, 6, 3]) });
  assert.deepEqual(rows?.dims, [1, 24, 1]);
  const wanted = Array.from({ length: 12 }, (_, cell) => {
    const [red, green, blue] = [cell * 3, cell * 3 + 1, cell * 3 + 2];
    return [red + 2 * green, blue];
  });
  assert.deepEqual(Array.from(rows.data as Float32Array), wanted.flat());
});

test("a reshape whose sizes do not say which of them counts cells is refused at another size", () => {
  assert.throws(() => rowsOfCells([4, 8, 1]), {
    code: "MODEL_UNSUPPORTED",
    message: /does not fit/,
  });
});

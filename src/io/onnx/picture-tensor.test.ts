import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelEntry } from "../models/manifest.ts";
import { createPictureTensor } from "./picture-tensor.ts";

const BASE: ModelEntry["input"] = {
  name: "input",
  width: 2,
  height: 1,
  layout: "nchw",
  dtype: "float32",
  channels: "rgb",
  mean: [1, 2, 3],
  scale: [1, 0.5, 0.25],
  resize: "stretch",
  pad: 0,
};

/** Two pixels: red 10 20, green 30 40, blue 50 60. */
const FRAME = Uint8Array.of(10, 30, 50, 20, 40, 60);

for (const [name, changes, dims, values] of [
  ["planes in rgb", {}, [1, 3, 1, 2], [9, 19, 14, 19, 11.75, 14.25]],
  // Mean and scale go with the network's own order: the first ones are blue's.
  ["planes in bgr", { channels: "bgr" }, [1, 3, 1, 2], [49, 59, 14, 19, 1.75, 4.25]],
  ["pixels in rgb", { layout: "nhwc" }, [1, 1, 2, 3], [9, 14, 11.75, 19, 19, 14.25]],
  [
    "pixels in bgr",
    { layout: "nhwc", channels: "bgr" },
    [1, 1, 2, 3],
    [49, 14, 1.75, 59, 19, 4.25],
  ],
] as const) {
  test(`float32 ${name}: minus the mean, times the scale`, () => {
    const picture = createPictureTensor({ ...BASE, ...changes });
    picture.fill(FRAME);
    assert.deepEqual(picture.tensor.dims, dims);
    assert.deepEqual(Array.from(picture.tensor.data as Float32Array), values);
  });
}

for (const [name, changes, values] of [
  ["pixels in rgb", { layout: "nhwc" }, [10, 30, 50, 20, 40, 60]],
  ["pixels in bgr", { layout: "nhwc", channels: "bgr" }, [50, 30, 10, 60, 40, 20]],
  ["planes in rgb", {}, [10, 20, 30, 40, 50, 60]],
  ["planes in bgr", { channels: "bgr" }, [50, 60, 30, 40, 10, 20]],
] as const) {
  test(`uint8 ${name}: the bytes as they are`, () => {
    const picture = createPictureTensor({ ...BASE, dtype: "uint8", ...changes });
    picture.fill(FRAME);
    assert.deepEqual(Array.from(picture.tensor.data as Uint8Array), values);
  });
}

test("the next frame replaces the one before in the same tensor", () => {
  const picture = createPictureTensor({ ...BASE, mean: [0, 0, 0], scale: [1, 1, 1] });
  const { tensor } = picture;
  picture.fill(FRAME);
  picture.fill(new Uint8Array(6));
  assert.equal(picture.tensor, tensor);
  assert.deepEqual(Array.from(tensor.data as Float32Array), [0, 0, 0, 0, 0, 0]);
});

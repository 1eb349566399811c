import assert from "node:assert/strict";
import { test } from "node:test";
import { dlibResnet } from "./dlib-resnet.ts";
import { parseWeightLayouts, type WeightLayout } from "./tfjs-graph.ts";

const float = (name: string, ...shape: readonly number[]): WeightLayout => {
  return { name, shape: [...shape], dtype: "float32" };
};

/** The first convolution of the network, as the package lays it out. */
const FIRST = [
  float("conv32_down/conv/filters", 7, 7, 3, 32),
  float("conv32_down/conv/bias", 32),
  float("conv32_down/scale/weights", 32),
  float("conv32_down/scale/biases", 32),
];

const bytesFor = (layouts: readonly WeightLayout[]): Uint8Array =>
  new Uint8Array(layouts.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 4), 0));

test("a weight that is missing is told by its name", () => {
  assert.throws(() => dlibResnet([], new Uint8Array()), {
    code: "MODEL_UNSUPPORTED",
    message: /no weight conv32_down\/conv\/filters/,
  });
  assert.throws(
    () => dlibResnet(FIRST, bytesFor(FIRST)),
    /no weight conv32_1\/conv1\/conv\/filters/,
  );
});

test("a weight of another shape is refused", () => {
  const grey = FIRST.with(0, float("conv32_down/conv/filters", 7, 7, 1, 32));
  assert.throws(() => dlibResnet(grey, bytesFor(grey)), /filters has shape \[7,7,1,32\]/);
  const short = FIRST.with(2, float("conv32_down/scale/weights", 31));
  assert.throws(() => dlibResnet(short, bytesFor(short)), /scale\/weights has shape \[31\]/);
});

test("a weights manifest that is none is refused with what is wrong", () => {
  const [filters] = FIRST;
  const text = JSON.stringify([{ paths: ["w.bin"], weights: [filters] }]);
  assert.deepEqual(parseWeightLayouts(text), [filters]);
  assert.throws(() => parseWeightLayouts("{"), { code: "MODEL_UNSUPPORTED" });
  assert.throws(() => parseWeightLayouts('[{"paths":[]}]'), /no weights manifest/);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { WeightLayout } from "./tfjs-graph.ts";
import { decodeWeights, halfToNumber } from "./weights.ts";

function bytesOf(size: number, write: (view: DataView) => void): Uint8Array {
  const view = new DataView(new ArrayBuffer(size));
  write(view);
  return new Uint8Array(view.buffer);
}

test("half-precision numbers are read in all their kinds", () => {
  const known: readonly (readonly [number, number])[] = [
    [0x0000, 0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x0400, 2 ** -14],
    [0x0001, 2 ** -24],
    [0x83ff, -(2 ** -14) * (1023 / 1024)],
    [0x7c00, Number.POSITIVE_INFINITY],
    [0xfc00, Number.NEGATIVE_INFINITY],
  ];
  for (const [bits, value] of known) assert.equal(halfToNumber(bits), value, bits.toString(16));
  assert.ok(Number.isNaN(halfToNumber(0x7e00)));
});

test("weights of every storage are read one after the other, at odd offsets too", () => {
  const layouts: readonly WeightLayout[] = [
    {
      name: "u8",
      shape: [3],
      dtype: "float32",
      quantization: { dtype: "uint8", scale: 0.5, min: -1 },
    },
    { name: "f32", shape: [2], dtype: "float32" },
    {
      name: "u16",
      shape: [1],
      dtype: "float32",
      quantization: { dtype: "uint16", scale: 0.25, min: 2 },
    },
    { name: "f16", shape: [1, 2], dtype: "float32", quantization: { dtype: "float16" } },
    { name: "i32", shape: [], dtype: "int32" },
    { name: "none", shape: [0, 1], dtype: "int32" },
  ];
  const bytes = bytesOf(21, (view) => {
    [0, 3, 255].forEach((value, at) => {
      view.setUint8(at, value);
    });
    view.setFloat32(3, 1.5, true);
    view.setFloat32(7, -7.25, true);
    view.setUint16(11, 40_000, true);
    view.setUint16(13, 0x3800, true);
    view.setUint16(15, 0xbc00, true);
    view.setInt32(17, -9, true);
  });
  const weights = decodeWeights(layouts, bytes);
  const valuesOf = (name: string): readonly number[] => Array.from(weights.get(name)?.values ?? []);
  assert.deepEqual(valuesOf("u8"), [-1, 0.5, 126.5]);
  assert.deepEqual(valuesOf("f32"), [1.5, -7.25]);
  assert.deepEqual(valuesOf("u16"), [10_002]);
  assert.deepEqual(valuesOf("f16"), [0.5, -1]);
  assert.deepEqual(valuesOf("i32"), [-9]);
  assert.deepEqual(weights.get("none")?.shape, [0, 1]);
  assert.ok(weights.get("i32")?.values instanceof Int32Array);
});

test("a weight file that is too short or too long is refused", () => {
  const layouts = [{ name: "w", shape: [2], dtype: "float32" }];
  for (const size of [7, 9]) {
    assert.throws(() => decodeWeights(layouts, new Uint8Array(size)), {
      code: "MODEL_UNSUPPORTED",
    });
  }
});

test("an unknown storage type is refused by the name of the weight", () => {
  const words = [{ name: "words", shape: [1], dtype: "string" }];
  assert.throws(() => decodeWeights(words, new Uint8Array(4)), /words is stored as string/);
  const odd = [{ name: "odd", shape: [1], dtype: "float32", quantization: { dtype: "int4" } }];
  assert.throws(() => decodeWeights(odd, new Uint8Array(4)), /odd is stored as int4/);
});

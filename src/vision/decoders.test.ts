import assert from "node:assert/strict";
import { test } from "node:test";
import { createCenterNetDecoder } from "./decode-centernet.ts";
import { createNanoDetDecoder } from "./decode-nanodet.ts";
import { createDetections, type Detections, letterboxOf } from "./ports.ts";

const input = { widthPx: 64, heightPx: 32 };
const same = letterboxOf(input, input);

function boxes(out: Detections): number[][] {
  return Array.from({ length: out.count }, (_, i) =>
    [...out.xyxy.subarray(4 * i, 4 * i + 4), out.score[i] ?? 0].map(
      (value) => Math.round(value * 100) / 100,
    ),
  );
}

/** CenterNet outputs of 16 x 8 cells with one person per entry. */
function centerNet(people: readonly { column: number; row: number; score: number }[]): {
  heat: Float32Array;
  wh: Float32Array;
} {
  const heat = new Float32Array(128);
  const wh = new Float32Array(512);
  for (const { column, row, score } of people) {
    const cell = row * 16 + column;
    heat[cell] = score;
    wh.set([3], cell);
    wh.set([8], 128 + cell);
    wh.set([5], 256 + cell);
    wh.set([10], 384 + cell);
  }
  return { heat, wh };
}

test("CenterNet: a peak becomes a box at its distances from the cell's corner", () => {
  const { heat, wh } = centerNet([{ column: 4, row: 3, score: 0.75 }]);
  const out = createDetections(8);
  createCenterNetDecoder({ input }).decode(heat, wh, same, out);
  assert.deepEqual(boxes(out), [[13, 4, 21, 22, 0.75]]);
});

test("CenterNet: beside a stronger neighbour a cell is silent, of equals the first speaks", () => {
  const out = createDetections(8);
  const decoder = createCenterNetDecoder({ input, nmsIou: 0.99 });
  const stronger = centerNet([
    { column: 4, row: 3, score: 0.5 },
    { column: 5, row: 4, score: 0.75 },
  ]);
  decoder.decode(stronger.heat, stronger.wh, same, out);
  assert.deepEqual(boxes(out), [[17, 8, 25, 26, 0.75]]);
  const equal = centerNet([
    { column: 4, row: 3, score: 0.5 },
    { column: 5, row: 3, score: 0.5 },
  ]);
  decoder.decode(equal.heat, equal.wh, same, out);
  assert.deepEqual(boxes(out), [[13, 4, 21, 22, 0.5]]);
});

test("CenterNet: people down to the low band are kept, weaker ones are not", () => {
  const { heat, wh } = centerNet([
    { column: 2, row: 3, score: 0.125 },
    { column: 10, row: 3, score: 0.0625 },
  ]);
  const out = createDetections(8);
  createCenterNetDecoder({ input }).decode(heat, wh, same, out);
  assert.deepEqual(
    boxes(out).map((box) => box[4]),
    [0.13],
  );
});

test("CenterNet: boxes return through the letterbox and are clipped to the picture", () => {
  const source = { widthPx: 64, heightPx: 64 };
  const letterbox = letterboxOf(source, input);
  assert.deepEqual([letterbox.scale, letterbox.padLeftPx, letterbox.padTopPx], [0.5, 16, 0]);
  const { heat, wh } = centerNet([{ column: 4, row: 6, score: 0.75 }]);
  const out = createDetections(8);
  createCenterNetDecoder({ input }).decode(heat, wh, letterbox, out);
  // Input box 13..21 x 16..34: left of the padding and below the picture are cut off.
  assert.deepEqual(boxes(out), [[0, 32, 10, 64, 0.75]]);
});

test("CenterNet: a frame without people empties what the frame before left", () => {
  const decoder = createCenterNetDecoder({ input });
  const out = createDetections(8);
  const full = centerNet([{ column: 4, row: 3, score: 0.75 }]);
  decoder.decode(full.heat, full.wh, same, out);
  const empty = centerNet([]);
  decoder.decode(empty.heat, empty.wh, same, out);
  assert.equal(out.count, 0);
});

test("CenterNet: outputs of another size are a bug and are refused", () => {
  const out = createDetections(8);
  assert.throws(
    () =>
      createCenterNetDecoder({ input }).decode(
        new Float32Array(64),
        new Float32Array(256),
        same,
        out,
      ),
    TypeError,
  );
});

const SIZES = [32, 8, 2];

/** NanoDet outputs for 64 x 32 with one sharp person at a cell of a level. */
function nanoDet(
  level: number,
  cell: number,
  bins: readonly number[],
  score: number,
): {
  cls: Float32Array[];
  reg: Float32Array[];
} {
  const cls = SIZES.map((cells) => new Float32Array(cells));
  const reg = SIZES.map((cells) => new Float32Array(cells * 44));
  const cells = SIZES[level] ?? 0;
  cls[level]?.set([score], cell);
  bins.forEach((bin, side) => {
    reg[level]?.set([60], (side * 11 + bin) * cells + cell);
  });
  return { cls, reg };
}

test("NanoDet: a sharp distribution gives the distance of its bin in strides", () => {
  const out = createDetections(8);
  // Stride 8, column 3, row 1: centre (28, 12).
  const { cls, reg } = nanoDet(0, 11, [1, 1, 2, 2], 0.5);
  createNanoDetDecoder({ input }).decode(cls, reg, same, out);
  assert.deepEqual(boxes(out), [[20, 4, 44, 28, 0.5]]);
});

test("NanoDet: a flat distribution gives its mean", () => {
  const out = createDetections(8);
  const { cls, reg } = nanoDet(2, 0, [], 0.5);
  createNanoDetDecoder({ input }).decode(cls, reg, same, out);
  // Mean bin 5 of stride 32 around (16, 16), clipped to the picture.
  assert.deepEqual(boxes(out), [[0, 0, 64, 32, 0.5]]);
});

test("NanoDet: the same person on two levels is one", () => {
  const out = createDetections(8);
  const near = nanoDet(0, 11, [1, 1, 2, 2], 0.5);
  const far = nanoDet(1, 1, [1, 0, 1, 1], 0.75);
  near.cls[1] = far.cls[1] ?? new Float32Array(0);
  near.reg[1] = far.reg[1] ?? new Float32Array(0);
  const decoder = createNanoDetDecoder({ input, nmsIou: 0.3 });
  decoder.decode(near.cls, near.reg, same, out);
  assert.deepEqual(boxes(out), [[8, 8, 40, 24, 0.75]]);
});

test("NanoDet: a missing level or a wrong size is a bug and is refused", () => {
  const out = createDetections(8);
  const { cls, reg } = nanoDet(0, 0, [1, 1, 1, 1], 0.5);
  const decoder = createNanoDetDecoder({ input });
  assert.throws(() => decoder.decode(cls.slice(0, 2), reg, same, out), TypeError);
  assert.throws(() => decoder.decode(cls, [...reg].reverse(), same, out), TypeError);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DecoderOptions } from "./box-decoder.ts";
import { createCenterNetDecoder } from "./decode-centernet.ts";
import { createDetrBoxDecoder, createDetrQueryDecoder } from "./decode-detr.ts";
import { createGflDecoder } from "./decode-gfl.ts";
import { createRtmDetDecoder } from "./decode-rtmdet.ts";
import { createYoloxDecoder } from "./decode-yolox.ts";
import { PERSON_DECODER_NAMES, PERSON_DECODERS } from "./decoder-registry.ts";
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

function options(
  strides: readonly number[],
  changes: Partial<DecoderOptions> = {},
): DecoderOptions {
  return { input, strides, classIndex: 0, nmsIou: 0.5, ...changes };
}

interface Person {
  readonly column: number;
  readonly row: number;
  readonly score: number;
}

/** CenterNet outputs of 16 x 8 cells and the decoder that reads them; one class before and one after the person. */
function centerNet(changes: Partial<DecoderOptions> = {}) {
  const heat = new Float32Array(3 * 128);
  const wh = new Float32Array(512);
  const decoder = createCenterNetDecoder(options([4], { classIndex: 1, ...changes }), { heat, wh });
  const show = (...people: readonly Person[]): void => {
    heat.fill(0);
    for (const { column, row, score } of people) {
      const cell = row * 16 + column;
      heat[128 + cell] = score;
      [3, 8, 5, 10].forEach((px, side) => {
        wh[128 * side + cell] = px;
      });
    }
  };
  return { decoder, heat, wh, show };
}

test("CenterNet: a peak becomes a box at its distances from the cell's corner", () => {
  const { decoder, show } = centerNet();
  const out = createDetections(8);
  show({ column: 4, row: 3, score: 0.75 });
  decoder.decode(same, out);
  assert.deepEqual(boxes(out), [[13, 4, 21, 22, 0.75]]);
});

test("CenterNet: beside a stronger neighbour a cell is silent, of equals the first speaks", () => {
  const out = createDetections(8);
  const { decoder, show } = centerNet({ nmsIou: 0.99 });
  show({ column: 4, row: 3, score: 0.5 }, { column: 5, row: 4, score: 0.75 });
  decoder.decode(same, out);
  assert.deepEqual(boxes(out), [[17, 8, 25, 26, 0.75]]);
  show({ column: 4, row: 3, score: 0.5 }, { column: 5, row: 3, score: 0.5 });
  decoder.decode(same, out);
  assert.deepEqual(boxes(out), [[13, 4, 21, 22, 0.5]]);
});

test("CenterNet: people down to the low band are kept, weaker ones and other classes are not", () => {
  const { decoder, heat, show } = centerNet();
  const out = createDetections(8);
  show({ column: 2, row: 3, score: 0.125 }, { column: 10, row: 3, score: 0.0625 });
  heat.fill(0.9, 0, 128);
  heat.fill(0.9, 256);
  decoder.decode(same, out);
  assert.deepEqual(
    boxes(out).map((box) => box[4]),
    [0.13],
  );
});

test("CenterNet: boxes return through the letterbox and are clipped to the picture", () => {
  const source = { widthPx: 64, heightPx: 64 };
  const letterbox = letterboxOf(source, input);
  const { decoder, show } = centerNet();
  const out = createDetections(8);
  show({ column: 4, row: 6, score: 0.75 });
  decoder.decode(letterbox, out);
  // Input box 13..21 x 16..34: left of the padding and below the picture are cut off.
  assert.deepEqual(boxes(out), [[0, 32, 10, 64, 0.75]]);
});

test("CenterNet: a frame without people empties what the frame before left", () => {
  const { decoder, show } = centerNet();
  const out = createDetections(8);
  show({ column: 4, row: 3, score: 0.75 });
  decoder.decode(same, out);
  show();
  decoder.decode(same, out);
  assert.equal(out.count, 0);
});

/** Cells of 64 x 32 at the strides 8, 16 and 32. */
const CELLS = [32, 8, 2];

/** NanoDet outputs and the decoder that reads them. */
function nanoDet(nmsIou = 0.6) {
  const cls = CELLS.map((cells) => new Float32Array(cells));
  const reg = CELLS.map((cells) => new Float32Array(cells * 44));
  const decoder = createGflDecoder(options([8, 16, 32], { nmsIou }), {
    bins: 11,
    centre: 0.5,
    levels: CELLS.map((cells, i) => ({
      score: { values: cls[i] ?? new Float32Array(), at: 0, cellStep: 1 },
      distance: { values: reg[i] ?? new Float32Array(), at: 0, cellStep: 1, binStep: cells },
    })),
  });
  const show = (level: number, cell: number, bins: readonly number[], score: number): void => {
    cls[level]?.set([score], cell);
    bins.forEach((bin, side) => {
      reg[level]?.set([60], (side * 11 + bin) * (CELLS[level] ?? 0) + cell);
    });
  };
  return { decoder, cls, reg, show };
}

test("NanoDet: a sharp distribution gives the distance of its bin in strides", () => {
  const out = createDetections(8);
  const { decoder, show } = nanoDet();
  // Stride 8, column 3, row 1: centre (28, 12).
  show(0, 11, [1, 1, 2, 2], 0.5);
  decoder.decode(same, out);
  assert.deepEqual(boxes(out), [[20, 4, 44, 28, 0.5]]);
});

test("NanoDet: a flat distribution gives its mean", () => {
  const out = createDetections(8);
  const { decoder, cls } = nanoDet();
  cls[1]?.set([0.5], 1);
  decoder.decode(same, out);
  // Mean bin 5 of stride 16 around (24, 8): -56..104 x -72..88, too far out for an input of 64 x 32.
  assert.deepEqual([out.count, decoder.refused], [0, 1]);
  cls[1]?.fill(0);
  cls[0]?.set([0.5], 11);
  decoder.decode(same, out);
  // Mean bin 5 of stride 8 around (28, 12), clipped to the picture.
  assert.deepEqual(boxes(out), [[0, 0, 64, 32, 0.5]]);
});

test("NanoDet: the same person on two levels is one", () => {
  const out = createDetections(8);
  const { decoder, show } = nanoDet(0.3);
  show(0, 11, [1, 1, 2, 2], 0.5);
  show(1, 1, [1, 0, 1, 1], 0.75);
  decoder.decode(same, out);
  assert.deepEqual(boxes(out), [[8, 8, 40, 24, 0.75]]);
});

test("YOLOX: cell plus offset is the centre, the exponent of a side times the stride its length", () => {
  const rows = new Float32Array(42 * 7);
  const decoder = createYoloxDecoder(options([8, 16, 32], { classIndex: 1 }), { rows, classes: 2 });
  const out = createDetections(8);
  // Stride 16: the cells begin after 32 of stride 8; column 2, row 1.
  rows.set([0.5, 0.25, Math.log(2), Math.log(1.5), 0.8, 0, 0.5], (32 + 6) * 7);
  decoder.decode(same, out);
  assert.deepEqual(boxes(out), [[24, 8, 56, 32, 0.4]]);
});

test("D-FINE: queries are shares of the input, finished boxes its Px; other classes are passed over", () => {
  const out = createDetections(8);
  const logits = Float32Array.of(-9, 0, 9, -9, -9, -9);
  const shares = Float32Array.of(0.5, 0.5, 0.25, 0.5, 0.1, 0.1, 0.1, 0.1, 0.9, 0.9, 0.1, 0.1);
  const queries = { logits, boxes: shares, queries: 3, classes: 2 };
  createDetrQueryDecoder(options([8], { classIndex: 1, nmsIou: 1 }), queries).decode(same, out);
  assert.deepEqual(boxes(out), [[24, 8, 40, 24, 0.5]]);
  const labels = BigInt64Array.of(1n, 0n, 1n);
  const scores = Float32Array.of(0.5, 0.9, 0.05);
  const px = Float32Array.of(24, 8, 40, 24, 0, 0, 9, 9, 0, 0, 9, 9);
  const found = { labels, boxes: px, scores, queries: 3 };
  createDetrBoxDecoder(options([8], { classIndex: 1, nmsIou: 1 }), found).decode(same, out);
  assert.deepEqual(boxes(out), [[24, 8, 40, 24, 0.5]]);
});

test("RTMDet: distances in Px from the cell's corner, scores as logits", () => {
  const levels = CELLS.map((cells) => ({
    logits: new Float32Array(cells * 2).fill(-9),
    distances: new Float32Array(cells * 4),
  }));
  const decoder = createRtmDetDecoder(options([8, 16, 32], { classIndex: 1 }), levels);
  const out = createDetections(8);
  levels[1]?.logits.set([0], 8 + 5);
  for (const [side, px] of [4, 6, 8, 10].entries()) levels[1]?.distances.set([px], side * 8 + 5);
  decoder.decode(same, out);
  assert.deepEqual(boxes(out), [[12, 10, 24, 26, 0.5]]);
});

test("outputs of another size are a bug in the wiring and are refused at once", () => {
  const short = new Float32Array(16);
  const refuses = (make: () => unknown): void => assert.throws(make, TypeError);
  refuses(() => createCenterNetDecoder(options([4]), { heat: short, wh: new Float32Array(512) }));
  refuses(() => createCenterNetDecoder(options([4]), { heat: new Float32Array(128), wh: short }));
  refuses(() => createYoloxDecoder(options([8]), { rows: short, classes: 80 }));
  refuses(() => createGflDecoder(options([8]), { bins: 8, centre: 0, levels: [] }));
  refuses(() => createRtmDetDecoder(options([8]), [{ logits: short, distances: short }]));
});

for (const name of PERSON_DECODER_NAMES) {
  test(`${name}: whatever the network says, boxes are numbers inside the picture and the rest is counted`, () => {
    const source = { widthPx: 100, heightPx: 40 };
    const letterbox = letterboxOf(source, input);
    const strides = name === "centernet-wh" ? [4] : [8, 16, 32];
    for (const variant of PERSON_DECODERS[name](options(strides, { minScore: 0.01 }))) {
      const sizes = { classes: 2, queries: 5 };
      const filled = new Map<string, Float32Array>();
      const lengthOf = (role: string): number => {
        const shape = variant.outputs.find((output) => output.role === role)?.shape ?? [];
        return shape.reduce<number>(
          (product, axis) =>
            product * (typeof axis === "number" ? axis : sizes[axis.free] + axis.plus),
          1,
        );
      };
      const decoder = variant.create({
        floats: (role) => {
          const values = filled.get(role) ?? new Float32Array(lengthOf(role));
          filled.set(role, values);
          return values;
        },
        labels: (role) => new BigInt64Array(lengthOf(role)),
        size: (free) => sizes[free],
      });
      const out = createDetections(64);
      const wild = fc.constantFrom(
        Number.NaN,
        Infinity,
        -Infinity,
        3e38,
        -3e38,
        0,
        0.5,
        1,
        20,
        -20,
      );
      fc.assert(
        fc.property(fc.array(wild, { minLength: 7, maxLength: 61 }), (numbers) => {
          let at = 0;
          for (const values of filled.values()) {
            for (let i = 0; i < values.length; i += 1)
              values[i] = numbers[at++ % numbers.length] ?? 0;
          }
          decoder.decode(letterbox, out);
          for (const [left = NaN, top = NaN, right = NaN, bottom = NaN, score = NaN] of boxes(
            out,
          )) {
            assert.ok(left >= 0 && left < right && right <= source.widthPx);
            assert.ok(top >= 0 && top < bottom && bottom <= source.heightPx);
            assert.ok(score > 0 && score <= 1);
          }
        }),
        { seed: 5, numRuns: 200 },
      );
      assert.ok(decoder.refused > 0, "none of the wild values was counted");
      const before = decoder.refused;
      for (const values of filled.values()) values.fill(Number.NaN);
      decoder.decode(letterbox, out);
      assert.equal(out.count, 0);
      assert.ok(decoder.refused > before, "a frame of nothing but NaN is not counted");
    }
  });
}

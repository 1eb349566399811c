import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "../../core/random.ts";
import { cellSidePx, PixelCells } from "./pixel-cells.ts";

const SIZE = { widthPx: 150, heightPx: 97 };

function noise(seed: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length: SIZE.widthPx * SIZE.heightPx * 3 }, () => random() * 256);
}

/** Exchanges pixels within every cell of this size at random: whatever is finer than a cell is another picture. */
function shuffledInCells(rgb24: Uint8Array, sidePx: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  const out = rgb24.slice();
  const swap = (a: number, b: number): void => {
    for (let part = 0; part < 3; part += 1) {
      const kept = out[a * 3 + part] ?? 0;
      out[a * 3 + part] = out[b * 3 + part] ?? 0;
      out[b * 3 + part] = kept;
    }
  };
  for (let y = 0; y < SIZE.heightPx; y += 1) {
    for (let x = 0; x < SIZE.widthPx; x += 1) {
      const left = Math.floor(x / sidePx) * sidePx;
      const top = Math.floor(y / sidePx) * sidePx;
      const width = Math.min(sidePx, SIZE.widthPx - left);
      const height = Math.min(sidePx, SIZE.heightPx - top);
      const other =
        (top + Math.floor(random() * height)) * SIZE.widthPx + left + Math.floor(random() * width);
      swap(y * SIZE.widthPx + x, other);
    }
  }
  return out;
}

test("a body is at most twelve cells high, whatever its size, and a cell is never smaller than 8 px", () => {
  for (const height of [4, 60, 96, 97, 150, 300, 700, 1500]) {
    assert.ok(cellSidePx(height) >= 8, String(height));
    assert.ok(height / cellSidePx(height) <= 12, String(height));
  }
});

test("nothing finer than a cell survives in a box: shuffling the pixels of each cell changes no byte", () => {
  const box = fc.record({
    left: fc.double({ min: -30, max: 140, noNaN: true }),
    top: fc.double({ min: -30, max: 90, noNaN: true }),
    width: fc.double({ min: 1, max: 120, noNaN: true }),
    height: fc.double({ min: 1, max: 150, noNaN: true }),
  });
  fc.assert(
    fc.property(box, fc.integer(), ({ left, top, width, height }, seed) => {
      const side = cellSidePx(height);
      const original = noise(seed);
      const pictures = [original.slice(), shuffledInCells(original, side, seed + 1)];
      for (const picture of pictures) {
        const cells = new PixelCells(SIZE);
        cells.mark(left, top, left + width, top + height, height);
        cells.apply(picture);
      }
      const [plain, shuffled] = pictures as [Uint8Array, Uint8Array];
      for (
        let y = Math.max(0, Math.floor(top));
        y < Math.min(SIZE.heightPx, top + height);
        y += 1
      ) {
        for (
          let x = Math.max(0, Math.floor(left));
          x < Math.min(SIZE.widthPx, left + width);
          x += 1
        ) {
          const at = (y * SIZE.widthPx + x) * 3;
          assert.deepEqual(plain.subarray(at, at + 3), shuffled.subarray(at, at + 3));
          const corner =
            (Math.floor(y / side) * side * SIZE.widthPx + Math.floor(x / side) * side) * 3;
          assert.deepEqual(plain.subarray(at, at + 3), plain.subarray(corner, corner + 3));
        }
      }
    }),
    { numRuns: 60 },
  );
});

test("what no box touches stays as it was, and marks last for one picture only", () => {
  const original = noise(7);
  const picture = original.slice();
  const cells = new PixelCells(SIZE);
  cells.mark(40, 40, 60, 60, 90);
  cells.apply(picture);
  const pixel = (x: number, y: number): number => (y * SIZE.widthPx + x) * 3;
  assert.notDeepEqual(
    picture.subarray(pixel(50, 50), pixel(54, 50)),
    original.subarray(pixel(50, 50), pixel(54, 50)),
  );
  assert.deepEqual(picture.subarray(0, pixel(0, 40)), original.subarray(0, pixel(0, 40)));
  const next = original.slice();
  cells.apply(next);
  assert.deepEqual(next, original);
});

test("a box of no area, turned inside out, outside the picture or made of NaN marks nothing", () => {
  const original = noise(9);
  const picture = original.slice();
  const cells = new PixelCells(SIZE);
  cells.mark(10, 10, 10, 40, 30);
  cells.mark(50, 50, 20, 20, 30);
  cells.mark(-90, -90, -10, -10, 80);
  cells.mark(900, 900, 950, 950, 80);
  cells.mark(Number.NaN, 0, 50, 50, 50);
  cells.apply(picture);
  assert.deepEqual(picture, original);
});

import assert from "node:assert/strict";
import test from "node:test";
import { GRID_CELLS, GRID_COLUMNS, GRID_ROWS, LumaGrid, meanLuma } from "./luma-grid.ts";
import { letterboxOf } from "./ports.ts";

const WIDE = { widthPx: 512, heightPx: 288 };

test("an even picture gives the same brightness in every cell", () => {
  const grid = new LumaGrid(letterboxOf({ widthPx: 1920, heightPx: 1080 }, WIDE));
  grid.measure(new Uint8Array(512 * 288 * 3).fill(77));
  assert.ok(grid.cells.every((luma) => luma === 77));
  assert.equal(meanLuma(grid.cells), 77);
});

test("the padding of a letterbox is never sampled", () => {
  const letterbox = letterboxOf({ widthPx: 640, heightPx: 480 }, WIDE);
  assert.equal(letterbox.padLeftPx, 64);
  const frame = new Uint8Array(512 * 288 * 3).fill(255);
  for (let y = 0; y < 288; y += 1) frame.fill(10, (y * 512 + 64) * 3, (y * 512 + 448) * 3);
  const grid = new LumaGrid(letterbox);
  grid.measure(frame);
  assert.ok(grid.cells.every((luma) => luma === 10));
});

test("a bright spot shows in its own cell and nowhere else", () => {
  const grid = new LumaGrid(letterboxOf(WIDE, WIDE));
  const frame = new Uint8Array(512 * 288 * 3);
  for (let y = 80; y < 88; y += 1) frame.fill(200, (y * 512 + 160) * 3, (y * 512 + 168) * 3);
  grid.measure(frame);
  const lit = [...grid.cells.keys()].filter((i) => grid.cells[i] !== 0);
  assert.deepEqual(lit, [10 * GRID_COLUMNS + 20]);
  assert.equal(grid.cells[lit[0] ?? 0], 200);
});

test("green counts most, as it does for the eye", () => {
  const grid = new LumaGrid(letterboxOf(WIDE, WIDE));
  const frame = new Uint8Array(512 * 288 * 3);
  for (let i = 1; i < frame.length; i += 3) frame[i] = 100;
  grid.measure(frame);
  assert.equal(meanLuma(grid.cells), 50);
});

for (const source of [
  { widthPx: 3, heightPx: 2000 },
  { widthPx: 4000, heightPx: 5 },
]) {
  test(`a picture of ${source.widthPx}x${source.heightPx} is sampled within the frame`, () => {
    const grid = new LumaGrid(letterboxOf(source, WIDE));
    grid.measure(new Uint8Array(512 * 288 * 3).fill(9));
    assert.equal(grid.cells.length, GRID_CELLS);
    assert.equal(GRID_CELLS, GRID_COLUMNS * GRID_ROWS);
    assert.ok(grid.cells.every((luma) => luma === 9));
  });
}

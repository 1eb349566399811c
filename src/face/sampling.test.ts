import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../core/random.ts";
import { sampleChip } from "./chip-sampling.ts";
import type { FacePicture } from "./ports.ts";
import { RegionSampler, type SampleTarget } from "./region-sampler.ts";
import { createSimilarity } from "./similarity.ts";

function noise(widthPx: number, heightPx: number, seed = 1): FacePicture {
  const random = seededRandom(seed);
  const rgb = Uint8Array.from({ length: widthPx * heightPx * 3 }, () => random() * 256);
  return { widthPx, heightPx, rgb };
}

function target(widthPx: number, heightPx: number): SampleTarget {
  const rgb = new Uint8Array(widthPx * heightPx * 3);
  return { rgb, stridePx: widthPx, leftPx: 0, topPx: 0, widthPx, heightPx };
}

/** A channel between pixels in proportion, the edge repeated; the plain form of what the sampler does. */
function between(picture: FacePicture, x: number, y: number, channel: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  let sum = 0;
  for (const [column, row] of [
    [left, top],
    [left + 1, top],
    [left, top + 1],
    [left + 1, top + 1],
  ] as const) {
    const share = (1 - Math.abs(x - column)) * (1 - Math.abs(y - row));
    const inX = Math.min(Math.max(column, 0), picture.widthPx - 1);
    const inY = Math.min(Math.max(row, 0), picture.heightPx - 1);
    sum += share * (picture.rgb[(inY * picture.widthPx + inX) * 3 + channel] ?? 0);
  }
  return sum;
}

test("a region is enlarged between pixels, and repeats the picture's edge beside it", () => {
  const picture = noise(20, 14);
  const out = target(24, 24);
  new RegionSampler(24).fill(picture, -3.5, 2.25, 18, 18, out);
  for (let at = 0; at < out.rgb.length; at += 1) {
    const column = Math.floor(at / 3) % 24;
    const row = Math.floor(at / 72);
    const x = -3.5 + (column + 0.5) * 0.75 - 0.5;
    const y = 2.25 + (row + 0.5) * 0.75 - 0.5;
    const wanted = between(picture, x, y, at % 3);
    assert.ok(Math.abs((out.rgb[at] ?? 0) - wanted) <= 2, `${at}: ${out.rgb[at]}, ${wanted}`);
  }
});

test("half the size is the mean of four, and the rest of the target stays as it is", () => {
  const picture = noise(16, 8);
  const out = { ...target(10, 6), leftPx: 1, topPx: 1, widthPx: 8, heightPx: 4 };
  out.rgb.fill(7);
  new RegionSampler(10).fill(picture, 0, 0, 16, 8, out);
  const own = (x: number, y: number): number => picture.rgb[(y * 16 + x) * 3] ?? 0;
  const mean = (own(4, 2) + own(5, 2) + own(4, 3) + own(5, 3)) / 4;
  assert.ok(Math.abs((out.rgb[(2 * 10 + 3) * 3] ?? 0) - mean) <= 0.5);
  assert.deepEqual(Array.from(out.rgb.subarray(0, 30)), new Array(30).fill(7));
});

test("a fine pattern becomes grey when it shrinks, at any size", () => {
  for (const [widthPx, into] of [
    [128, 32],
    [130, 20],
    [600, 50],
  ] as const) {
    const rgb = new Uint8Array(widthPx * widthPx * 3);
    for (let i = 0; i < rgb.length; i += 1) {
      const [x, y] = [Math.floor(i / 3) % widthPx, Math.floor(i / 3 / widthPx)];
      rgb[i] = (x + y) % 2 === 0 ? 255 : 0;
    }
    const out = target(into, into);
    new RegionSampler(into).fill({ widthPx, heightPx: widthPx, rgb }, 0, 0, widthPx, widthPx, out);
    const mean = out.rgb.reduce((sum, value) => sum + value, 0) / out.rgb.length;
    assert.ok(Math.abs(mean - 127.5) < 8, `${widthPx} to ${into}: ${mean}`);
    const worst = out.rgb.reduce((most, value) => Math.max(most, Math.abs(value - mean)), 0);
    assert.ok(worst < 90, `${widthPx} to ${into}: ${worst} off the mean`);
  }
});

test("beside a picture that is repeated far, every row is that of its edge", () => {
  const picture = noise(40, 10, 3);
  const out = target(10, 20);
  new RegionSampler(10).fill(picture, 0, -60, 40, 80, out);
  const first = out.rgb.subarray(0, 30);
  assert.deepEqual(out.rgb.subarray(10 * 30, 11 * 30), first);
  assert.notDeepEqual(out.rgb.subarray(17 * 30, 18 * 30), first);
});

test("a part of a wider picture is read by its stride", () => {
  const whole = noise(12, 6, 5);
  const rgb = new Uint8Array(8 * 6 * 3);
  for (let row = 0; row < 6; row += 1) {
    rgb.set(whole.rgb.subarray(row * 36, row * 36 + 24), row * 24);
  }
  const [cut, strided] = [target(6, 6), target(6, 6)];
  const sampler = new RegionSampler(6);
  sampler.fill({ widthPx: 8, heightPx: 6, rgb }, 1, 0, 9, 6, cut);
  sampler.fill({ widthPx: 8, heightPx: 6, rgb: whole.rgb, stridePx: 12 }, 1, 0, 9, 6, strided);
  assert.deepEqual(strided.rgb, cut.rgb);
});

test("a chip without a change is the picture itself, a quarter turn turns it", () => {
  const picture = noise(9, 9, 7);
  const chip = new Uint8Array(9 * 9 * 3);
  sampleChip(picture, createSimilarity(), chip, 9);
  // Sharp to the last pixel but one: the last row and column have black beside them.
  assert.deepEqual(chip.subarray(0, 8 * 3), picture.rgb.subarray(0, 8 * 3));
  sampleChip(picture, { a: 0, b: 1, tx: 8, ty: 0 }, chip, 9);
  for (const [x, y] of [
    [0, 0],
    [3, 5],
    [7, 1],
  ] as const) {
    const turned = ((x * 9 + (8 - y)) * 3) as number;
    assert.equal(chip[turned], picture.rgb[(y * 9 + x) * 3], `${x} ${y}`);
  }
});

test("a chip beside the picture is black there, and inside it both ways of sampling agree", () => {
  const picture = noise(40, 40, 9);
  const bordered = { widthPx: 60, heightPx: 60, rgb: new Uint8Array(60 * 60 * 3) };
  for (let row = 0; row < 40; row += 1) {
    bordered.rgb.set(picture.rgb.subarray(row * 120, row * 120 + 120), ((row + 10) * 60 + 10) * 3);
  }
  const [near, far] = [new Uint8Array(24 * 24 * 3), new Uint8Array(24 * 24 * 3)];
  const turned = { a: 0.5, b: 0.2, tx: 3, ty: 1 };
  sampleChip(picture, turned, near, 24);
  const { a, b } = turned;
  sampleChip(bordered, { a, b, tx: 3 - (10 * a - 10 * b), ty: 1 - (10 * b + 10 * a) }, far, 24);
  for (let i = 0; i < near.length; i += 1) {
    assert.ok(Math.abs((near[i] ?? 0) - (far[i] ?? 0)) <= 1, `${i}: ${near[i]}, ${far[i]}`);
  }
  assert.equal(near[0], 0);
});

test("a chip of another length is a mistake of the wiring", () => {
  assert.throws(() => sampleChip(noise(4, 4), createSimilarity(), new Uint8Array(5), 4), TypeError);
});

import type { FacePicture } from "./ports.ts";

const CHANNELS = 3;
/** Weights of a sample's four pixels are in this many parts. */
const PARTS = 256;
/** From this many pixels in one on, single pixels are averaged; below, samples lie between pixels. */
const COARSE_STEP = 1.9;
/** Most pixels of a row or column that go into one; beyond this a network input is too small for the picture. */
const MOST_SAMPLES = 12;

/** A picture, or a part of one whose rows lie `stridePx` apart; absent: row by row without a gap. */
export interface SampleSource extends FacePicture {
  readonly stridePx?: number;
}

/** A target to sample into: RGB, 8 bits, `stridePx` wide, of which a part is filled. */
export interface SampleTarget {
  readonly rgb: Uint8Array;
  readonly stridePx: number;
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/**
 * Fills rectangles of pictures into targets of one size, axis by axis. Keeps tables for the size it was made for, so
 * that a look allocates nothing.
 */
export class RegionSampler {
  /** Offsets in a row of the pixels that go into each column. */
  readonly #columns: Int32Array;
  /** How near a sample is to the second of its two pixels. */
  readonly #shares: Int32Array;
  readonly #sums: Int32Array;

  /** For targets up to `mostWidthPx` wide. */
  constructor(mostWidthPx: number) {
    this.#columns = new Int32Array(mostWidthPx * MOST_SAMPLES);
    this.#shares = new Int32Array(mostWidthPx);
    this.#sums = new Int32Array(mostWidthPx * CHANNELS);
  }

  /**
   * Fills the target with the rectangle of the picture whose left top corner and size are given in Px, fractions
   * allowed. What lies beside the picture repeats its edge. Shrinking averages over the pixels that meet in one, so
   * that fine patterns do not alias. Allocates nothing.
   */
  fill(
    picture: SampleSource,
    leftPx: number,
    topPx: number,
    widthPx: number,
    heightPx: number,
    target: SampleTarget,
  ): void {
    const stepX = widthPx / target.widthPx;
    const stepY = heightPx / target.heightPx;
    if (Math.max(stepX, stepY) < COARSE_STEP) {
      this.#fillBetween(picture, leftPx, topPx, stepX, stepY, target);
    } else {
      this.#fillMeans(picture, leftPx, topPx, stepX, stepY, target);
    }
  }

  /** Overwrites the tables; they tell where a face was. */
  wipe(): void {
    this.#columns.fill(0);
    this.#shares.fill(0);
    this.#sums.fill(0);
  }

  /** One sample a pixel, between its four neighbours in proportion. */
  #fillBetween(
    picture: SampleSource,
    leftPx: number,
    topPx: number,
    stepX: number,
    stepY: number,
    target: SampleTarget,
  ): void {
    const stride = (picture.stridePx ?? picture.widthPx) * CHANNELS;
    for (let column = 0; column < target.widthPx; column += 1) {
      const x = leftPx + (column + 0.5) * stepX - 0.5;
      const before = Math.floor(x);
      this.#columns[2 * column] = clamp(before, picture.widthPx) * CHANNELS;
      this.#columns[2 * column + 1] = clamp(before + 1, picture.widthPx) * CHANNELS;
      this.#shares[column] = Math.round((x - before) * PARTS);
    }
    for (let row = 0; row < target.heightPx; row += 1) {
      const y = topPx + (row + 0.5) * stepY - 0.5;
      const above = Math.floor(y);
      const upper = clamp(above, picture.heightPx) * stride;
      const lower = clamp(above + 1, picture.heightPx) * stride;
      this.#writeBetween(picture.rgb, upper, lower, Math.round((y - above) * PARTS), target, row);
    }
  }

  #writeBetween(
    rgb: Uint8Array,
    upper: number,
    lower: number,
    down: number,
    target: SampleTarget,
    row: number,
  ): void {
    const columns = this.#columns;
    const shares = this.#shares;
    const up = PARTS - down;
    let to = placeOf(target, row);
    for (let column = 0; column < target.widthPx; column += 1) {
      const one = columns[2 * column] ?? 0;
      const two = columns[2 * column + 1] ?? 0;
      const right = shares[column] ?? 0;
      const left = PARTS - right;
      for (let channel = 0; channel < CHANNELS; channel += 1) {
        const high =
          left * (rgb[upper + one + channel] ?? 0) + right * (rgb[upper + two + channel] ?? 0);
        const low =
          left * (rgb[lower + one + channel] ?? 0) + right * (rgb[lower + two + channel] ?? 0);
        target.rgb[to] = (up * high + down * low + HALF_WEIGHT) >> WEIGHT_BITS;
        to += 1;
      }
    }
  }

  /** The mean of whole pixels, as many as fall into one. */
  #fillMeans(
    picture: SampleSource,
    leftPx: number,
    topPx: number,
    stepX: number,
    stepY: number,
    target: SampleTarget,
  ): void {
    const stride = (picture.stridePx ?? picture.widthPx) * CHANNELS;
    const across = samplesFor(stepX);
    const down = samplesFor(stepY);
    for (let i = 0; i < target.widthPx * across; i += 1) {
      const x = Math.floor(leftPx + ((i + 0.5) / across) * stepX);
      this.#columns[i] = clamp(x, picture.widthPx) * CHANNELS;
    }
    const rowAt = (i: number): number =>
      clamp(Math.floor(topPx + ((i + 0.5) / down) * stepY), picture.heightPx);
    for (let row = 0; row < target.heightPx; row += 1) {
      const first = rowAt(row * down);
      const last = rowAt(row * down + down - 1);
      const isRepeated = row > 0 && first === last && first === rowAt((row - 1) * down);
      if (isRepeated) repeatRow(target, row);
      else if (across === 2 && down === 2) {
        this.#writeFours(picture.rgb, first * stride, last * stride, target, row);
      } else {
        this.#sums.fill(0);
        for (let k = 0; k < down; k += 1) {
          this.#addRow(picture.rgb, rowAt(row * down + k) * stride, target.widthPx, across);
        }
        this.#writeMeans(target, row, across * down);
      }
    }
  }

  /** The usual station camera has twice the pixels of the network each way. */
  #writeFours(
    rgb: Uint8Array,
    upper: number,
    lower: number,
    target: SampleTarget,
    row: number,
  ): void {
    const columns = this.#columns;
    const out = target.rgb;
    let to = placeOf(target, row);
    for (let column = 0; column < target.widthPx; column += 1) {
      const one = columns[2 * column] ?? 0;
      const two = columns[2 * column + 1] ?? 0;
      out[to] = meanOfFour(rgb, upper + one, upper + two, lower + one, lower + two);
      out[to + 1] = meanOfFour(
        rgb,
        upper + one + 1,
        upper + two + 1,
        lower + one + 1,
        lower + two + 1,
      );
      out[to + 2] = meanOfFour(
        rgb,
        upper + one + 2,
        upper + two + 2,
        lower + one + 2,
        lower + two + 2,
      );
      to += CHANNELS;
    }
  }

  #addRow(rgb: Uint8Array, row: number, widthPx: number, across: number): void {
    const columns = this.#columns;
    const sums = this.#sums;
    let i = 0;
    for (let to = 0; to < widthPx * CHANNELS; to += CHANNELS) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let k = 0; k < across; k += 1) {
        const from = row + (columns[i] ?? 0);
        red += rgb[from] ?? 0;
        green += rgb[from + 1] ?? 0;
        blue += rgb[from + 2] ?? 0;
        i += 1;
      }
      sums[to] = (sums[to] ?? 0) + red;
      sums[to + 1] = (sums[to + 1] ?? 0) + green;
      sums[to + 2] = (sums[to + 2] ?? 0) + blue;
    }
  }

  #writeMeans(target: SampleTarget, row: number, count: number): void {
    const sums = this.#sums;
    const share = 1 / count;
    const to = placeOf(target, row);
    for (let i = 0; i < target.widthPx * CHANNELS; i += 1) {
      target.rgb[to + i] = (sums[i] ?? 0) * share + 0.5;
    }
  }
}

/** Shares of two axes multiply. */
const WEIGHT_BITS = 16;
const HALF_WEIGHT = 1 << (WEIGHT_BITS - 1);

function meanOfFour(rgb: Uint8Array, a: number, b: number, c: number, d: number): number {
  return ((rgb[a] ?? 0) + (rgb[b] ?? 0) + (rgb[c] ?? 0) + (rgb[d] ?? 0) + 2) >> 2;
}

/** A row beside the picture is the one above it again. */
function repeatRow(target: SampleTarget, row: number): void {
  const from = placeOf(target, row - 1);
  target.rgb.copyWithin(placeOf(target, row), from, from + target.widthPx * CHANNELS);
}

function placeOf({ topPx, stridePx, leftPx }: SampleTarget, row: number): number {
  return ((topPx + row) * stridePx + leftPx) * CHANNELS;
}

/** Four of five pixels say enough for finding a face; an even number, so that stripes of one pixel become grey. */
function samplesFor(step: number): number {
  return Math.min(MOST_SAMPLES, Math.max(2, 2 * Math.round(step * 0.4)));
}

function clamp(value: number, size: number): number {
  return value < 0 ? 0 : Math.min(value, size - 1);
}

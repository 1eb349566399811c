import type { FacePicture } from "./ports.ts";
import type { Similarity } from "./similarity.ts";

const CHANNELS = 3;
/** Samples a side of a chip's pixel for each pixel of the picture that falls into it. */
const SAMPLES_PER_PX = 0.75;
const MOST_SAMPLES = 8;

/** Where in the picture the samples of a chip lie, a grid that may be turned. */
interface Grid {
  readonly x: number;
  readonly y: number;
  /** Step to the next sample of a row, in Px of the picture. */
  readonly stepX: number;
  readonly stepY: number;
  /** Samples a side of the chip's pixel. */
  readonly samples: number;
  readonly sidePx: number;
}

/**
 * Cuts a turned and scaled square out of a picture: `chip` [side, side, 3] is filled with what lies under the inverse
 * of `toChip`, between pixels in proportion, black beside the picture. A pixel of the chip is the mean of n x n
 * samples when a large face shrinks, or its fine lines would alias; `mostSamples` 1 is for what looks at large patches
 * only.
 * @throws TypeError when the chip has another length (a bug)
 */
export function sampleChip(
  picture: FacePicture,
  toChip: Similarity,
  chip: Uint8Array,
  sidePx: number,
  mostSamples: number = MOST_SAMPLES,
): void {
  if (chip.length !== sidePx * sidePx * CHANNELS) throw new TypeError("chip of another size");
  const { a, b, tx, ty } = toChip;
  const square = a * a + b * b;
  const wanted = Math.ceil(SAMPLES_PER_PX / Math.sqrt(square));
  const samples = Math.min(mostSamples, Math.max(1, wanted));
  // The inverse of the similarity at the first sample of the first pixel.
  const u = 0.5 / samples - 0.5 - tx;
  const v = 0.5 / samples - 0.5 - ty;
  const grid: Grid = {
    x: (a * u + b * v) / square,
    y: (a * v - b * u) / square,
    stepX: a / square / samples,
    stepY: -b / square / samples,
    samples,
    sidePx,
  };
  if (isInside(picture, grid)) sampleInside(picture, grid, chip);
  else sampleBeside(picture, grid, chip);
}

/** Whether every sample has all four neighbours in the picture: when those of the corners have, all have. */
function isInside({ widthPx, heightPx }: FacePicture, grid: Grid): boolean {
  const last = grid.sidePx * grid.samples - 1;
  return [0, 1, 2, 3].every((corner) => {
    const [column, row] = [(corner & 1) * last, (corner >> 1) * last];
    const x = grid.x + column * grid.stepX - row * grid.stepY;
    const y = grid.y + column * grid.stepY + row * grid.stepX;
    return x >= 0 && y >= 0 && x < widthPx - 1 && y < heightPx - 1;
  });
}

function sampleInside(
  { rgb, widthPx }: FacePicture,
  { x: firstX, y: firstY, stepX, stepY, samples, sidePx }: Grid,
  chip: Uint8Array,
): void {
  const stride = widthPx * CHANNELS;
  const weight = 1 / (samples * samples);
  for (let at = 0; at < sidePx * sidePx; at += 1) {
    const firstColumn = (at % sidePx) * samples;
    const firstRow = ((at / sidePx) | 0) * samples;
    let red = 0.5;
    let green = 0.5;
    let blue = 0.5;
    for (let row = firstRow; row < firstRow + samples; row += 1) {
      for (let column = firstColumn; column < firstColumn + samples; column += 1) {
        const x = firstX + column * stepX - row * stepY;
        const y = firstY + column * stepY + row * stepX;
        // Whole parts of numbers that are not negative.
        const left = x | 0;
        const top = y | 0;
        const across = (x - left) * (y - top) * weight;
        const right = (x - left) * weight - across;
        const below = (y - top) * weight - across;
        const own = weight - right - below - across;
        const from = (top * widthPx + left) * CHANNELS;
        red += mix(rgb, from, stride, own, right, below, across);
        green += mix(rgb, from + 1, stride, own, right, below, across);
        blue += mix(rgb, from + 2, stride, own, right, below, across);
      }
    }
    chip[at * CHANNELS] = red;
    chip[at * CHANNELS + 1] = green;
    chip[at * CHANNELS + 2] = blue;
  }
}

/** A channel of the pixel at `from` and its neighbours to the right, below, and both, by their shares. */
function mix(
  rgb: Uint8Array,
  from: number,
  stride: number,
  own: number,
  right: number,
  below: number,
  across: number,
): number {
  const next = from + stride;
  return (
    own * (rgb[from] ?? 0) +
    right * (rgb[from + CHANNELS] ?? 0) +
    below * (rgb[next] ?? 0) +
    across * (rgb[next + CHANNELS] ?? 0)
  );
}

/** The same, slowly, where some samples lie beside the picture. */
function sampleBeside(picture: FacePicture, grid: Grid, chip: Uint8Array): void {
  const { samples, sidePx } = grid;
  const weight = 1 / (samples * samples);
  for (let at = 0; at < sidePx * sidePx; at += 1) {
    const firstColumn = (at % sidePx) * samples;
    const firstRow = Math.floor(at / sidePx) * samples;
    for (let channel = 0; channel < CHANNELS; channel += 1) {
      let sum = 0.5;
      for (let k = 0; k < samples * samples; k += 1) {
        const column = firstColumn + (k % samples);
        const row = firstRow + Math.floor(k / samples);
        const x = grid.x + column * grid.stepX - row * grid.stepY;
        const y = grid.y + column * grid.stepY + row * grid.stepX;
        sum += weight * edgeValue(picture, x, y, channel);
      }
      chip[at * CHANNELS + channel] = sum;
    }
  }
}

/** The value between four pixels of which those beside the picture count as black. */
function edgeValue(picture: FacePicture, x: number, y: number, channel: number): number {
  const left = Math.floor(x);
  const top = Math.floor(y);
  let value = 0;
  for (let k = 0; k < 4; k += 1) {
    const column = left + (k & 1);
    const row = top + (k >> 1);
    if (column < 0 || row < 0 || column >= picture.widthPx || row >= picture.heightPx) continue;
    const share = (1 - Math.abs(x - column)) * (1 - Math.abs(y - row));
    value += share * (picture.rgb[(row * picture.widthPx + column) * CHANNELS + channel] ?? 0);
  }
  return value;
}

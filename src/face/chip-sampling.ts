import type { FacePicture } from "./ports.ts";
import type { Similarity } from "./similarity.ts";

const CHANNELS = 3;
/** Samples a side of a chip's pixel for each pixel of the picture that falls into it. */
const SAMPLES_PER_PX = 0.75;
const MOST_SAMPLES = 8;

/**
 * Cuts a turned and scaled square out of a picture: `chip` [side, side, 3] is filled with what lies under the inverse
 * of `toChip`, between pixels in proportion, black beside the picture. A pixel of the chip is the mean of n x n
 * samples when a large face shrinks, or its fine lines would alias; `mostSamples` 1
 * is for what looks at large patches only. Allocates nothing.
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
  const { tx, ty } = toChip;
  const square = toChip.a ** 2 + toChip.b ** 2;
  // The inverse: x = inA u + inB v, y = inA v - inB u, with u and v from the chip's own origin.
  const inA = toChip.a / square;
  const inB = toChip.b / square;
  const wanted = Math.ceil(SAMPLES_PER_PX / Math.sqrt(square));
  const samples = Math.min(mostSamples, Math.max(1, wanted));
  const step = 1 / samples;
  const { rgb, widthPx } = picture;
  const stride = widthPx * CHANNELS;
  const lastX = widthPx - 1;
  const lastY = picture.heightPx - 1;
  for (let row = 0; row < sidePx; row += 1) {
    for (let column = 0; column < sidePx; column += 1) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let k = 0; k < samples * samples; k += 1) {
        const down = Math.floor(k * step);
        const u = column + (k - down * samples + 0.5) * step - 0.5 - tx;
        const v = row + (down + 0.5) * step - 0.5 - ty;
        const x = inA * u + inB * v;
        const y = inA * v - inB * u;
        const left = Math.floor(x);
        const top = Math.floor(y);
        if (left < 0 || top < 0 || left >= lastX || top >= lastY) {
          red += edgeValue(picture, x, y, 0);
          green += edgeValue(picture, x, y, 1);
          blue += edgeValue(picture, x, y, 2);
          continue;
        }
        const right = x - left;
        const low = y - top;
        const d = right * low;
        const b = right - d;
        const c = low - d;
        const a = 1 - right - c;
        const from = (top * widthPx + left) * CHANNELS;
        red += mix(rgb, from, stride, a, b, c, d);
        green += mix(rgb, from + 1, stride, a, b, c, d);
        blue += mix(rgb, from + 2, stride, a, b, c, d);
      }
      const to = (row * sidePx + column) * CHANNELS;
      const weight = step * step;
      chip[to] = red * weight + 0.5;
      chip[to + 1] = green * weight + 0.5;
      chip[to + 2] = blue * weight + 0.5;
    }
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

/** The same where some of the four lie beside the picture and count as black. */
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

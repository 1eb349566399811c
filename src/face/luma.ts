const CHANNELS = 3;

/** Whole pixels of a square picture; right and bottom are the last ones that belong to it. */
export interface PixelBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Mean brightness 0..255 of a part of an RGB square of `sidePx`. Pure. @source ITU-R BT.601, luma */
export function meanLuma(rgb: Uint8Array, sidePx: number, box: PixelBox): number {
  let sum = 0;
  for (let y = box.top; y <= box.bottom; y += 1) {
    for (let x = box.left; x <= box.right; x += 1) sum += lumaAt(rgb, sidePx, x, y);
  }
  return sum / ((box.right - box.left + 1) * (box.bottom - box.top + 1));
}

/** Every which pixel is enough for a spread. */
const SPREAD_STEP_PX = 3;

/** Standard deviation of the brightness in a part of an RGB square, 0..128, from a ninth of its pixels. Pure. */
export function lumaSpread(rgb: Uint8Array, sidePx: number, box: PixelBox): number {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (let y = box.top; y <= box.bottom; y += SPREAD_STEP_PX) {
    for (let x = box.left; x <= box.right; x += SPREAD_STEP_PX) {
      const luma = lumaAt(rgb, sidePx, x, y);
      count += 1;
      sum += luma;
      squares += luma * luma;
    }
  }
  const mean = sum / count;
  return Math.sqrt(Math.max(0, squares / count - mean * mean));
}

function lumaAt(rgb: Uint8Array, sidePx: number, x: number, y: number): number {
  const at = (y * sidePx + x) * CHANNELS;
  return 0.299 * (rgb[at] ?? 0) + 0.587 * (rgb[at + 1] ?? 0) + 0.114 * (rgb[at + 2] ?? 0);
}

import type { Letterbox, PictureSize } from "../../vision/ports.ts";

/**
 * Where the source picture lies in the frames of a camera's worker, and as what it is cut out: in its own shape, also
 * where the detector wants it stretched, with even sides, as 4:2:0 wants them.
 */
export interface FittedPicture extends PictureSize {
  readonly source: PictureSize;
  /** Width of the frame the picture is cut from. */
  readonly frameWidthPx: number;
  /** For each column and row of the cut-out picture the one of the frame it is taken from. */
  readonly columns: Int32Array;
  readonly rows: Int32Array;
}

/** Where the picture lies in a fitted frame. An odd last column or row is left out. Pure. */
export function fittedPicture(letterbox: Letterbox): FittedPicture {
  const { source, input, scaleX, scaleY, padLeftPx, padTopPx } = letterbox;
  const framed = {
    widthPx: Math.min(input.widthPx, Math.round(source.widthPx * scaleX)),
    heightPx: Math.min(input.heightPx, Math.round(source.heightPx * scaleY)),
  };
  const heightPx = evenSide(framed.heightPx);
  const ownWidthPx = (framed.heightPx * source.widthPx) / source.heightPx;
  // Rounding to whole pixels is no stretch: then every pixel is taken once.
  const isOwnShape = Math.abs(ownWidthPx - framed.widthPx) <= 2;
  const widthPx = evenSide(isOwnShape ? framed.widthPx : Math.round(ownWidthPx));
  const nearest = (count: number, of: number, start: number): Int32Array =>
    Int32Array.from({ length: count }, (_, i) => {
      const at = isOwnShape ? i : Math.floor(((i + 0.5) * of) / count);
      return start + Math.min(of - 1, at);
    });
  return {
    widthPx,
    heightPx,
    source,
    frameWidthPx: input.widthPx,
    columns: nearest(widthPx, framed.widthPx, padLeftPx),
    rows: nearest(heightPx, framed.heightPx, padTopPx),
  };
}

function evenSide(px: number): number {
  return Math.max(2, px - (px % 2));
}

/** Copies the picture out of a fitted rgb24 frame; `out` holds width * height * 3 bytes. Allocates nothing. */
export function cutPicture(frame: Uint8Array, at: FittedPicture, out: Uint8Array): void {
  let to = 0;
  for (let y = 0; y < at.heightPx; y += 1) {
    const row = (at.rows[y] ?? 0) * at.frameWidthPx;
    for (let x = 0; x < at.widthPx; x += 1) {
      const from = (row + (at.columns[x] ?? 0)) * 3;
      out[to] = frame[from] ?? 0;
      out[to + 1] = frame[from + 1] ?? 0;
      out[to + 2] = frame[from + 2] ?? 0;
      to += 3;
    }
  }
}

/** Bytes of a planar 4:2:0 picture. Pure. */
export function planarBytes({ widthPx, heightPx }: PictureSize): number {
  return (widthPx * heightPx * 3) / 2;
}

/**
 * Turns rgb24 into planar 4:2:0 with the levels of video (16 to 235): all of Y, then Cb, then Cr, each of the colour
 * planes half as wide and high. Sides must be even. Allocates nothing.
 * @source ITU-R BT.601, rounded to 1/256.
 */
export function toPlanar(rgb24: Uint8Array, size: PictureSize, out: Uint8Array): void {
  const { widthPx, heightPx } = size;
  const rowBytes = widthPx * 3;
  let cbAt = widthPx * heightPx;
  let crAt = cbAt + cbAt / 4;
  for (let y = 0; y < heightPx; y += 2) {
    for (let x = 0; x < widthPx; x += 2) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let part = 0; part < 4; part += 1) {
        const row = y + (part >> 1);
        const column = x + (part & 1);
        const at = row * rowBytes + column * 3;
        const r = rgb24[at] ?? 0;
        const g = rgb24[at + 1] ?? 0;
        const b = rgb24[at + 2] ?? 0;
        out[row * widthPx + column] = 16 + ((66 * r + 129 * g + 25 * b + 128) >> 8);
        red += r;
        green += g;
        blue += b;
      }
      out[cbAt] = 128 + ((-38 * red - 74 * green + 112 * blue + 512) >> 10);
      out[crAt] = 128 + ((112 * red - 94 * green - 18 * blue + 512) >> 10);
      cbAt += 1;
      crAt += 1;
    }
  }
}

/**
 * Head of a YUV4MPEG2 stream, which says itself how large its pictures are. The rate is nominal: pictures are shown
 * as they arrive.
 * @source yuv4mpeg(5), mjpegtools.
 */
export function y4mHead({ widthPx, heightPx }: PictureSize, fps: number): Uint8Array {
  return new TextEncoder().encode(
    `YUV4MPEG2 W${widthPx} H${heightPx} F${fps}:1 Ip A1:1 C420jpeg\n`,
  );
}

/** Stands before each picture of a YUV4MPEG2 stream. */
export const Y4M_FRAME: Uint8Array = new TextEncoder().encode("FRAME\n");

/**
 * People found in one frame, as a struct of arrays so that the hot path allocates nothing.
 * Only the first `count` entries are valid; the owner reuses the arrays for the next frame.
 */
export interface Detections {
  /** Number of valid entries. */
  count: number;
  /** Boxes as [left, top, right, bottom] x n, in Px of the source picture (not of the network input). */
  readonly xyxy: Float32Array;
  /** Detector scores, 0..1. */
  readonly score: Float32Array;
}

/** Room for `capacity` people; more than that in one frame are dropped, lowest score first. */
export function createDetections(capacity: number): Detections {
  return { count: 0, xyxy: new Float32Array(capacity * 4), score: new Float32Array(capacity) };
}

/** Size of a picture in Px. */
export interface PictureSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

/**
 * How a picture is put into the network input: `letterbox` keeps its shape and centres it, `topleft` keeps its shape
 * and leaves the rest below and to the right empty, `stretch` fills the input whatever the shape.
 */
export type PictureFit = "letterbox" | "stretch" | "topleft";

/** How a source picture was fitted into the network input: scaled per axis, then shifted by the padding. */
export interface Letterbox {
  readonly source: PictureSize;
  readonly input: PictureSize;
  /** Px of the input per Px of the source; both axes differ by the rounding to whole pixels, or by the stretch. */
  readonly scaleX: number;
  readonly scaleY: number;
  readonly padLeftPx: number;
  readonly padTopPx: number;
}

/**
 * The place ffmpeg gives the picture: `scale=...:force_original_aspect_ratio=decrease` rounds the fitted size to whole
 * pixels, a centred `pad` rounds its offset down. Pure.
 */
export function letterboxOf(
  source: PictureSize,
  input: PictureSize,
  fit: PictureFit = "letterbox",
): Letterbox {
  const shared = Math.min(input.widthPx / source.widthPx, input.heightPx / source.heightPx);
  const isStretched = fit === "stretch";
  const widthPx = isStretched ? input.widthPx : Math.max(1, Math.round(source.widthPx * shared));
  const heightPx = isStretched ? input.heightPx : Math.max(1, Math.round(source.heightPx * shared));
  const isCentred = fit === "letterbox";
  return {
    source,
    input,
    scaleX: widthPx / source.widthPx,
    scaleY: heightPx / source.heightPx,
    padLeftPx: isCentred ? Math.floor((input.widthPx - widthPx) / 2) : 0,
    padTopPx: isCentred ? Math.floor((input.heightPx - heightPx) / 2) : 0,
  };
}

/** Finds people in one fitted rgb24 frame and writes them into `out`, in Px of the source picture. */
export interface PersonDetector {
  readonly input: PictureSize;
  /** How the frame must have been fitted into `input`. */
  readonly fit: PictureFit;
  /** Boxes refused since the detector was made: sides or scores that are no numbers or beyond all reason. */
  readonly refused: number;
  detect(rgb24: Uint8Array, letterbox: Letterbox, out: Detections): Promise<void>;
}

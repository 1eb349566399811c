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

/** How a source picture was fitted into the network input: scaled by `scale`, then padded left and top. */
export interface Letterbox {
  readonly source: PictureSize;
  readonly input: PictureSize;
  readonly scale: number;
  readonly padLeftPx: number;
  readonly padTopPx: number;
}

/** The letterbox ffmpeg produces with `scale=...:force_original_aspect_ratio=decrease` and centred `pad`. Pure. */
export function letterboxOf(source: PictureSize, input: PictureSize): Letterbox {
  const scale = Math.min(input.widthPx / source.widthPx, input.heightPx / source.heightPx);
  const fittedWidthPx = Math.round(source.widthPx * scale);
  const fittedHeightPx = Math.round(source.heightPx * scale);
  return {
    source,
    input,
    scale,
    padLeftPx: Math.floor((input.widthPx - fittedWidthPx) / 2),
    padTopPx: Math.floor((input.heightPx - fittedHeightPx) / 2),
  };
}

/** Finds people in one letterboxed rgb24 frame and writes them into `out`, in Px of the source picture. */
export interface PersonDetector {
  readonly input: PictureSize;
  detect(rgb24: Uint8Array, letterbox: Letterbox, out: Detections): Promise<void>;
}

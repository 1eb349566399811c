import type { PictureSize } from "../../vision/ports.ts";

/**
 * Which frames of a run were made of which size of source picture. ffmpeg fits whatever comes into frames of one size,
 * so this is what tells that a camera changed its resolution in mid-stream. Lines arrive on another pipe than frames:
 * a frame is described once its line was read. Holds the changes only, so its size is that of the lines read ahead.
 */
export class FrameGeometry {
  /** Sizes still to come, each with the number of the first frame that has it. */
  readonly #changes: { readonly fromFrame: number; readonly picture: PictureSize }[] = [];
  #described = 0;
  #newest: PictureSize | null = null;

  /** Takes the line of the next frame. */
  describe(picture: PictureSize): void {
    const known = this.#newest;
    const isSame = known?.widthPx === picture.widthPx && known.heightPx === picture.heightPx;
    if (!isSame) this.#changes.push({ fromFrame: this.#described, picture });
    this.#newest = picture;
    this.#described += 1;
  }

  /** Whether the line of this frame (from 0) was read. */
  isDescribed(frame: number): boolean {
    return frame < this.#described;
  }

  /** The new size when the picture is another one from this frame on; told once, null otherwise. */
  takeChange(frame: number): PictureSize | null {
    const next = this.#changes[0];
    if (next === undefined || next.fromFrame > frame) return null;
    this.#changes.shift();
    return next.picture;
  }
}

import { insidePolygon, type Point } from "../core/geometry.ts";
import { toFlatPx } from "./picture-scale.ts";
import { createDetections, type Detections, type PictureSize } from "./ports.ts";
import { isSaneBox } from "./sane-box.ts";

/** Which detections of a camera are looked at: those that are boxes at all and stand outside the excluded areas. */
export class Admission {
  readonly #exclusions: readonly Float64Array[];
  /** Copy of the admitted ones; made on first need. */
  #admitted: Detections | null = null;
  #refused = 0;

  /** Corners of the exclusions are Norm. */
  constructor(exclusions: readonly (readonly Point[])[], picture: PictureSize) {
    this.#exclusions = exclusions.map((polygon) => toFlatPx(polygon, picture));
  }

  /** Detections refused so far because they were no boxes; excluded ones are not among them. */
  get refused(): number {
    return this.#refused;
  }

  /** The admitted ones: the argument itself when that is all, else a copy valid until the next call. */
  admit(detections: Detections): Detections {
    let kept = 0;
    for (let i = 0; i < detections.count; i += 1) {
      const isBox = isSaneBox(detections, i);
      if (!isBox) this.#refused += 1;
      if (isBox && !this.#isExcludedBox(detections, i)) kept += 1;
    }
    return kept === detections.count ? detections : this.#copy(detections);
  }

  /** Whether a foot point lies in an excluded area. */
  isExcluded(xPx: number, yPx: number): boolean {
    for (const polygon of this.#exclusions) if (insidePolygon(polygon, xPx, yPx)) return true;
    return false;
  }

  #copy(detections: Detections): Detections {
    if (this.#admitted === null || this.#admitted.score.length < detections.count)
      this.#admitted = createDetections(Math.max(64, detections.count));
    const out = this.#admitted;
    out.count = 0;
    for (let i = 0; i < detections.count; i += 1) {
      if (!isSaneBox(detections, i) || this.#isExcludedBox(detections, i)) continue;
      for (let k = 0; k < 4; k += 1) out.xyxy[out.count * 4 + k] = detections.xyxy[i * 4 + k] ?? 0;
      out.score[out.count] = detections.score[i] ?? 0;
      out.count += 1;
    }
    return out;
  }

  #isExcludedBox({ xyxy }: Detections, i: number): boolean {
    const at = i * 4;
    return this.isExcluded(((xyxy[at] ?? 0) + (xyxy[at + 2] ?? 0)) / 2, xyxy[at + 3] ?? 0);
  }
}

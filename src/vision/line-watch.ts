import { type LineId, monoMs, type TrackId } from "../core/brand.ts";
import type { LineAnchor, LinePlan } from "../core/site.ts";
import { LineCounter, type LineCrossing } from "./line-counter.ts";
import { toPx } from "./picture-scale.ts";
import type { PictureSize } from "./ports.ts";
import type { Sight } from "./sight.ts";
import type { TrackView } from "./track.ts";

/** A crossing as it is found: which line, whose, when and which way, and the track's mean score. */
export type OnCrossing = (
  lineId: LineId,
  trackId: TrackId,
  crossing: LineCrossing,
  score: number,
) => void;

/** A line at work. */
interface PlannedLine {
  readonly id: LineId;
  readonly anchor: LineAnchor;
  readonly counter: LineCounter;
}

/** A box that ends this close to the edge of the picture, as a share of its height, is taken to be cut off by it. */
const EDGE_RATIO = 0.015;

/** All counting lines of one camera. */
export class LineWatch {
  readonly #lines: readonly PlannedLine[];
  readonly #picture: PictureSize;
  readonly #onCrossing: OnCrossing;

  constructor(lines: readonly LinePlan[], picture: PictureSize, onCrossing: OnCrossing) {
    this.#picture = picture;
    this.#onCrossing = onCrossing;
    this.#lines = lines.map((line) => ({
      id: line.id,
      anchor: line.anchor ?? "foot",
      counter: new LineCounter(toPx(line.a, picture), toPx(line.b, picture)),
    }));
  }

  /**
   * Somebody first seen cut off by the lower edge came in over it. Lines judged by the centre of the box would find
   * such a person already close behind the line and not know from where; so the way begins at the edge.
   */
  observeArrival({ id, born, meanScore }: TrackView): void {
    const isCutOff = born.topPx + born.heightPx >= this.#picture.heightPx * (1 - EDGE_RATIO);
    if (!isCutOff) return;
    const xPx = born.leftPx + born.widthPx / 2;
    const yPx = born.topPx + born.heightPx / 2;
    for (const { id: lineId, anchor, counter } of this.#lines) {
      if (anchor !== "centre") continue;
      // Well beyond the line nothing is in doubt; a person found again in mid-room must not count.
      if (!counter.isNear(xPx, yPx, born.heightPx)) continue;
      const atMono = monoMs(born.atMono - 1);
      const crossing = counter.observe(id, xPx, this.#picture.heightPx, born.heightPx, atMono);
      if (crossing !== null) this.#onCrossing(lineId, id, crossing, meanScore);
    }
  }

  observe(sight: Sight): void {
    this.#look(sight, true);
  }

  /** Somebody just missed, at the predicted place. */
  observePrediction(sight: Sight): void {
    this.#look(sight, false);
  }

  #look({ trackId, xPx, yPx, heightPx, score, atMono }: Sight, isSeen: boolean): void {
    for (const { id, anchor, counter } of this.#lines) {
      const anchorYPx = anchor === "centre" ? yPx - heightPx / 2 : yPx;
      const crossing = counter.observe(trackId, xPx, anchorYPx, heightPx, atMono, isSeen);
      if (crossing !== null) this.#onCrossing(id, trackId, crossing, score);
    }
  }

  /** The track is over; crossings still kept back are told. */
  forget(trackId: TrackId, score: number): void {
    for (const { id, counter } of this.#lines) {
      const crossing = counter.forget(trackId);
      if (crossing !== null) this.#onCrossing(id, trackId, crossing, score);
    }
  }
}

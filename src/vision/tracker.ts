import { type MonoMs, monoMs, trackId } from "../core/brand.ts";
import { Assignment, FORBIDDEN } from "./assignment.ts";
import { boxIou } from "./nms.ts";
import type { Detections, PictureSize } from "./ports.ts";
import { DEFAULT_BANDS, type ScoreBands } from "./score-bands.ts";
import { Track, type TrackView } from "./track.ts";
import { TRACKER_PARAMETERS, type TrackerParameters } from "./tracker-parameters.ts";

export type { TrackView } from "./track.ts";

export interface TrackerOptions {
  readonly bands?: ScoreBands;
  readonly parameters?: TrackerParameters;
  /** Largest number of tracks followed at once; detections of more people are dropped and counted. Default 256. */
  readonly maxTracks?: number;
  /** With it, somebody predicted to leave the picture is not reported any longer. */
  readonly picture?: PictureSize;
  /** Called when a confirmed track will never be seen again; whoever keeps something under its id forgets it now. */
  onEnded?(track: TrackView): void;
}

/** Which tracks may take part in a stage. */
type Candidates = "confirmed" | "just-seen" | "tentative";

/**
 * Follows people from frame to frame. Told time, not frames: dropped and uneven frames change only the time step.
 * Stages: confirmed tracks with strong detections; those seen in the last frame with weak ones; the rest of both
 * once more with enlarged boxes; then beginnings, with strong and with weak ones. Ids count from 1.
 * A warm tracker allocates nothing; what it holds is bounded by `maxTracks`.
 * @source Zhang et al., ByteTrack, ECCV 2022 (staging); Yang et al., C-BIoU, WACV 2023 (enlarged boxes).
 */
export class Tracker {
  readonly #bands: ScoreBands;
  readonly #parameters: TrackerParameters;
  readonly #onEnded: ((track: TrackView) => void) | undefined;
  readonly #maxTracks: number;
  readonly #widthPx: number;
  readonly #heightPx: number;
  readonly #assignment = new Assignment();
  readonly #live: Track[] = [];
  readonly #spare: Track[] = [];
  readonly #present: Track[] = [];
  readonly #rows: Track[] = [];
  readonly #rowBox = new Float64Array(4);
  #columns = new Int32Array(0);
  #taken = new Uint8Array(0);
  #columnOfRow = new Int32Array(0);
  #cost = new Float64Array(0);
  #grown = new Float64Array(0);
  #atMono: MonoMs | null = null;
  #previousMono: MonoMs | null = null;
  #nextId = 1;
  #dropped = 0;

  constructor(options: TrackerOptions = {}) {
    this.#bands = options.bands ?? DEFAULT_BANDS;
    this.#parameters = options.parameters ?? TRACKER_PARAMETERS;
    this.#maxTracks = options.maxTracks ?? 256;
    this.#widthPx = options.picture?.widthPx ?? Number.POSITIVE_INFINITY;
    this.#heightPx = options.picture?.heightPx ?? Number.POSITIVE_INFINITY;
    this.#onEnded = options.onEnded;
  }

  /** Tracks followed now: seen, lost and not yet confirmed. */
  get liveTracks(): number {
    return this.#live.length;
  }

  /** Detections that could not begin a track because of the cap. */
  get droppedDetections(): number {
    return this.#dropped;
  }

  /** Confirmed tracks followed now, however long unseen; valid until the next call. */
  *confirmed(): Generator<TrackView> {
    for (const track of this.#live) if (track.isConfirmed) yield track;
  }

  /** Those just missed who are carried on by prediction, even beyond the edge of the picture. */
  *coasting(): Generator<TrackView> {
    for (const track of this.#live) if (this.#isCoasting(track)) yield track;
  }

  /**
   * One frame: `detections` in Px of the picture at `atMono`, which must lie after the frame before (the caller
   * refuses late frames). Returns the confirmed tracks that are present: those seen in this frame and, for a moment,
   * those just missed (`isSeen` false). The array is reused by the next call.
   */
  update(detections: Detections, atMono: MonoMs): readonly TrackView[] {
    this.#begin(detections, atMono);
    const { minOverlap, minEnlargedOverlap, enlargement } = this.#parameters;
    const { high, low } = this.#bands;
    this.#match("confirmed", detections, high, 2, 0, minOverlap);
    this.#match("just-seen", detections, low, high, 0, minOverlap);
    this.#match("confirmed", detections, high, 2, enlargement, minEnlargedOverlap);
    this.#match("tentative", detections, high, 2, enlargement, minEnlargedOverlap);
    this.#match("tentative", detections, low, high, enlargement, minEnlargedOverlap);
    this.#bury("tentative", atMono);
    this.#welcome(detections, atMono);
    this.#report();
    return this.#present;
  }

  /** Ends all tracks, for instance because the camera went blind. Ids go on counting. */
  clear(): void {
    this.#bury("all", monoMs(0));
    this.#present.length = 0;
    this.#atMono = null;
    this.#previousMono = null;
  }

  #begin(detections: Detections, atMono: MonoMs): void {
    const dtS = this.#atMono === null ? 0 : (atMono - this.#atMono) / 1000;
    this.#previousMono = this.#atMono;
    this.#atMono = atMono;
    this.#bury("lost", atMono);
    for (const track of this.#live) {
      track.isSeen = false;
      track.isNew = false;
      track.filter.predict(dtS, this.#parameters.noise);
    }
    this.#present.length = 0;
    this.#reserve(detections.count);
    this.#taken.fill(0, 0, detections.count);
  }

  /** One stage: matches the free candidates with the free detections scoring in [from, below). */
  #match(
    candidates: Candidates,
    detections: Detections,
    from: number,
    below: number,
    enlargement: number,
    minOverlap: number,
  ): void {
    const rows = this.#rows;
    rows.length = 0;
    for (const track of this.#live) if (this.#mayTake(track, candidates)) rows.push(track);
    let columns = 0;
    for (let i = 0; i < detections.count; i += 1) {
      const score = detections.score[i] ?? 0;
      if (this.#taken[i] === 0 && score >= from && score < below) {
        this.#columns[columns] = i;
        grow(detections.xyxy, i * 4, enlargement, this.#grown, columns * 4);
        columns += 1;
      }
    }
    if (rows.length === 0 || columns === 0) return;
    this.#fillCost(detections, columns, enlargement, minOverlap);
    this.#assignment.solve(this.#cost, rows.length, columns, this.#columnOfRow);
    for (let r = 0; r < rows.length; r += 1) {
      const column = this.#columnOfRow[r] ?? -1;
      if (column >= 0) this.#join(rows[r], detections, this.#columns[column] ?? 0);
    }
  }

  #mayTake(track: Track, candidates: Candidates): boolean {
    if (track.isSeen) return false;
    if (candidates === "tentative") return !track.isConfirmed;
    if (!track.isConfirmed) return false;
    return candidates === "confirmed" || track.seenMono === this.#previousMono;
  }

  #fillCost(
    detections: Detections,
    columns: number,
    enlargement: number,
    minOverlap: number,
  ): void {
    const p = this.#parameters;
    for (let r = 0; r < this.#rows.length; r += 1) {
      const track = this.#rows[r];
      if (track === undefined) continue;
      const f = track.filter;
      this.#rowBox[0] = f.cx - f.w * (0.5 + enlargement);
      this.#rowBox[1] = f.cy - f.h * (0.5 + enlargement);
      this.#rowBox[2] = f.cx + f.w * (0.5 + enlargement);
      this.#rowBox[3] = f.cy + f.h * (0.5 + enlargement);
      const standing = p.hitBonus * Math.min(track.hits, p.hitBonusCap);
      for (let c = 0; c < columns; c += 1) {
        const i = this.#columns[c] ?? 0;
        const overlap = boxIou(this.#rowBox, 0, this.#grown, c * 4);
        const value = overlap + p.scoreBonus * (detections.score[i] ?? 0) + standing;
        const isAllowed = overlap >= minOverlap && this.#fitsHeight(track, detections.xyxy, i * 4);
        this.#cost[r * columns + c] = isAllowed ? -value : FORBIDDEN;
      }
    }
  }

  /**
   * Whether a detection may be this person, by height: as filtered, or as last seen, since the visible part of
   * somebody who comes in at the edge of the picture grows faster than the filter follows.
   */
  #fitsHeight(track: Track, xyxy: Float32Array, at: number): boolean {
    const { heightRatioMin, heightRatioMax } = this.#parameters;
    const heightPx = (xyxy[at + 3] ?? 0) - (xyxy[at + 1] ?? 0);
    const ratio = track.filter.h / heightPx;
    if (ratio >= heightRatioMin && ratio <= heightRatioMax) return true;
    const seenRatio = track.observed.heightPx / heightPx;
    return seenRatio >= heightRatioMin && seenRatio <= heightRatioMax;
  }

  #join(track: Track | undefined, detections: Detections, i: number): void {
    if (track === undefined || this.#atMono === null) return;
    this.#taken[i] = 1;
    track.take(detections, i, this.#atMono, this.#parameters);
    // Weak detections keep a beginning alive, but only a strong one makes it a person.
    const isSure = track.hits >= this.#parameters.confirmHits && track.score >= this.#bands.high;
    if (!track.isConfirmed && isSure) {
      track.id = trackId(this.#nextId);
      this.#nextId += 1;
      track.isConfirmed = true;
      track.isNew = true;
    }
  }

  /** Collects who is present, oldest track first. */
  #report(): void {
    for (const track of this.#live) {
      if (!track.isConfirmed) continue;
      if (track.isSeen || (this.#isCoasting(track) && this.#isInPicture(track)))
        this.#present.push(track);
    }
  }

  #isCoasting(track: Track): boolean {
    const { coastMs, coastHits } = this.#parameters;
    if (this.#atMono === null || !track.isConfirmed || track.isSeen) return false;
    return track.hits >= coastHits && this.#atMono - track.seenMono <= coastMs;
  }

  #isInPicture(track: Track): boolean {
    const { cx, cy, w, h } = track.filter;
    return cx - w / 2 > 0 && cx + w / 2 < this.#widthPx && cy + h / 2 < this.#heightPx;
  }

  /** Begins tracks on strong detections that nobody took. */
  #welcome(detections: Detections, atMono: MonoMs): void {
    const least = Math.max(this.#bands.newTrack, this.#bands.high);
    for (let i = 0; i < detections.count; i += 1) {
      if (this.#taken[i] === 1 || (detections.score[i] ?? 0) < least) continue;
      if (this.#isDuplicate(detections, i)) continue;
      if (this.#live.length >= this.#maxTracks) {
        this.#dropped += 1;
        continue;
      }
      const track = this.#spare.pop() ?? new Track();
      track.begin(detections, i, atMono, this.#parameters);
      this.#live.push(track);
    }
  }

  #isDuplicate(detections: Detections, i: number): boolean {
    const box = this.#rowBox;
    for (const track of this.#live) {
      if (!track.isSeen) continue;
      const f = track.filter;
      box[0] = f.cx - f.w / 2;
      box[1] = f.cy - f.h / 2;
      box[2] = f.cx + f.w / 2;
      box[3] = f.cy + f.h / 2;
      if (boxIou(box, 0, detections.xyxy, i * 4) > this.#parameters.duplicateOverlap) return true;
    }
    return false;
  }

  /** Removes the tracks that are over, keeping the order of the others, and gives their objects back. */
  #bury(which: "lost" | "tentative" | "all", atMono: MonoMs): void {
    const oldest = atMono - this.#parameters.lostMs;
    let kept = 0;
    for (const track of this.#live) {
      const isOver =
        which === "all" ||
        (which === "lost" ? track.seenMono < oldest : !track.isConfirmed && !track.isSeen);
      if (!isOver) {
        this.#live[kept] = track;
        kept += 1;
        continue;
      }
      if (track.isConfirmed) this.#onEnded?.(track);
      this.#spare.push(track);
    }
    this.#live.length = kept;
  }

  #reserve(count: number): void {
    if (this.#taken.length < count) {
      this.#taken = new Uint8Array(count * 2);
      this.#columns = new Int32Array(count * 2);
      this.#grown = new Float64Array(count * 8);
    }
    const rows = this.#live.length;
    if (this.#columnOfRow.length < rows) this.#columnOfRow = new Int32Array(rows * 2);
    if (this.#cost.length < rows * count) this.#cost = new Float64Array(rows * count * 2);
  }
}

/** Writes the box at `from`, enlarged by a share of its side on each side, to `to`. */
function grow(
  xyxy: Float32Array,
  from: number,
  enlargement: number,
  out: Float64Array,
  to: number,
): void {
  const left = xyxy[from] ?? 0;
  const top = xyxy[from + 1] ?? 0;
  const right = xyxy[from + 2] ?? 0;
  const bottom = xyxy[from + 3] ?? 0;
  const dx = (right - left) * enlargement;
  const dy = (bottom - top) * enlargement;
  out[to] = left - dx;
  out[to + 1] = top - dy;
  out[to + 2] = right + dx;
  out[to + 3] = bottom + dy;
}

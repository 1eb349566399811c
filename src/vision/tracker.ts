import { type MonoMs, monoMs, trackId } from "../core/brand.ts";
import type { GroundPoint } from "../core/site.ts";
import { Assignment } from "./assignment.ts";
import { GroundGate } from "./ground-gate.ts";
import { createGroundPlane } from "./ground-plane.ts";
import { PairCost, type PairStage } from "./pair-cost.ts";
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
  /** Four measured points of the floor; with them and the picture, jumps that nobody can make in metres are refused. */
  readonly ground?: readonly GroundPoint[];
  /** Id of the first track to come. Default 1. */
  readonly firstTrackId?: number;
  /** Called when a confirmed track will never be seen again; whoever keeps something under its id forgets it now. */
  onEnded?(track: TrackView): void;
}

/** Which tracks may take part in a stage. */
type Candidates = "confirmed" | "just-seen" | "tentative";

/**
 * Follows people from frame to frame. Told time, not frames: dropped and uneven frames change only the time step.
 * Stages: confirmed tracks with strong detections, by clear overlap; those seen in the last frame with weak ones; the
 * rest of both within the reach of the filter's own uncertainty; then beginnings, with strong and with weak ones.
 * Ids count from 1. A warm tracker allocates nothing; what it holds is bounded by `maxTracks`.
 * @source Zhang et al., ByteTrack, ECCV 2022 (staging); Yang et al., C-BIoU, WACV 2023 (enlarged boxes).
 */
export class Tracker {
  readonly #bands: ScoreBands;
  readonly #parameters: TrackerParameters;
  readonly #onEnded: ((track: TrackView) => void) | undefined;
  readonly #maxTracks: number;
  readonly #picture: PictureSize;
  readonly #pairs: PairCost;
  readonly #assignment = new Assignment();
  readonly #live: Track[] = [];
  readonly #spare: Track[] = [];
  readonly #present: Track[] = [];
  readonly #rows: Track[] = [];
  #columns = new Int32Array(0);
  #taken = new Uint8Array(0);
  #columnOfRow = new Int32Array(0);
  #cost = new Float64Array(0);
  #atMono: MonoMs | null = null;
  #previousMono: MonoMs | null = null;
  #nextId: number;
  #dropped = 0;

  constructor(options: TrackerOptions = {}) {
    this.#bands = options.bands ?? DEFAULT_BANDS;
    this.#parameters = options.parameters ?? TRACKER_PARAMETERS;
    this.#maxTracks = options.maxTracks ?? 256;
    this.#picture = options.picture ?? BOUNDLESS;
    this.#pairs = new PairCost(this.#parameters, gateOf(options));
    this.#onEnded = options.onEnded;
    this.#nextId = options.firstTrackId ?? 1;
  }

  /** Tracks followed now: seen, lost and not yet confirmed. */
  get liveTracks(): number {
    return this.#live.length;
  }

  /** Those of them who count as people: seen twice, and moved since. */
  get livePeople(): number {
    let count = 0;
    for (const track of this.#live) if (track.isPerson) count += 1;
    return count;
  }

  /** Id of the next track that will count as a person. */
  get nextTrackId(): number {
    return this.#nextId;
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
    const { high, low } = this.#bands;
    this.#match("confirmed", "overlap", detections, high, 2);
    this.#match("just-seen", "overlap", detections, low, high);
    this.#match("confirmed", "reach", detections, high, 2);
    this.#match("tentative", "reach", detections, high, 2);
    this.#match("tentative", "reach", detections, low, high);
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
    stage: PairStage,
    detections: Detections,
    from: number,
    below: number,
  ): void {
    const rows = this.#rows;
    rows.length = 0;
    for (const track of this.#live) if (this.#mayTake(track, candidates, stage)) rows.push(track);
    let columns = 0;
    for (let i = 0; i < detections.count; i += 1) {
      const score = detections.score[i] ?? 0;
      if (this.#taken[i] !== 0 || score < from || score >= below) continue;
      this.#columns[columns] = i;
      columns += 1;
    }
    if (rows.length === 0 || columns === 0) return;
    this.#fillCost(stage, detections, columns);
    this.#assignment.solve(this.#cost, rows.length, columns, this.#columnOfRow);
    for (let r = 0; r < rows.length; r += 1) {
      const column = this.#columnOfRow[r] ?? -1;
      if (column >= 0) this.#join(rows[r], detections, this.#columns[column] ?? 0);
    }
  }

  #mayTake(track: Track, candidates: Candidates, stage: PairStage): boolean {
    if (track.isSeen) return false;
    if (candidates === "tentative") return !track.isConfirmed;
    if (!track.isConfirmed || (stage === "reach" && this.#isFixture(track))) return false;
    return candidates === "confirmed" || track.seenMono === this.#previousMono;
  }

  /** Whether it is as good as furniture: a passer-by must not carry the id of a mannequin away. */
  #isFixture(track: Track): boolean {
    return !track.isPerson && track.seenMono - track.born.atMono > this.#parameters.fixtureMs;
  }

  #fillCost(stage: PairStage, detections: Detections, columns: number): void {
    const atMono = this.#atMono ?? monoMs(0);
    for (let r = 0; r < this.#rows.length; r += 1) {
      const track = this.#rows[r];
      if (track === undefined) continue;
      for (let c = 0; c < columns; c += 1)
        this.#cost[r * columns + c] = this.#pairs.cost(
          stage,
          track,
          detections,
          this.#columns[c] ?? 0,
          atMono,
        );
    }
  }

  #join(track: Track | undefined, detections: Detections, i: number): void {
    if (track === undefined || this.#atMono === null) return;
    this.#taken[i] = 1;
    track.take(detections, i, this.#atMono, this.#parameters, this.#picture);
    // Weak detections keep a beginning alive, but only a strong one makes it a person.
    const isSure = track.hits >= this.#parameters.confirmHits && track.score >= this.#bands.high;
    if (!track.isConfirmed && isSure) {
      track.id = trackId(this.#nextId);
      this.#nextId += 1;
      track.isConfirmed = true;
    }
    if (track.isPerson || !track.isConfirmed || !track.hasMoved) return;
    track.isPerson = true;
    track.isNew = true;
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
    const { coastMs, coastOneLookMs, coastHits } = this.#parameters;
    if (this.#atMono === null || !track.isConfirmed || track.isSeen) return false;
    const limitMs = track.seenMono === this.#previousMono ? coastOneLookMs : coastMs;
    return track.hits >= coastHits && this.#atMono - track.seenMono <= limitMs;
  }

  #isInPicture(track: Track): boolean {
    const { cx, cy, w, h } = track.filter;
    const { widthPx, heightPx } = this.#picture;
    return cx - w / 2 > 0 && cx + w / 2 < widthPx && cy + h / 2 < heightPx;
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
      if (this.#isFoundAgain(track)) track.vouch();
      this.#live.push(track);
    }
  }

  /** Whether a person who stood was lost just here: whoever stands here now need not prove again that they can walk. */
  #isFoundAgain(track: Track): boolean {
    const { stillHeightsPerS, samePlaceOverlap } = this.#parameters;
    for (const lost of this.#live) {
      if (lost.isSeen || !lost.isPerson) continue;
      const speed = Math.hypot(lost.vxPxPerS, lost.vyPxPerS) / lost.heightPx;
      if (speed > stillHeightsPerS) continue;
      if (this.#pairs.coverage(lost.observed, track.born) >= samePlaceOverlap) return true;
    }
    return false;
  }

  #isDuplicate({ xyxy }: Detections, i: number): boolean {
    const { duplicateOverlap } = this.#parameters;
    for (const track of this.#live)
      if (track.isSeen && this.#pairs.overlap(track, xyxy, i * 4, 0) > duplicateOverlap)
        return true;
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
    }
    const rows = this.#live.length;
    if (this.#columnOfRow.length < rows) this.#columnOfRow = new Int32Array(rows * 2);
    if (this.#cost.length < rows * count) this.#cost = new Float64Array(rows * count * 2);
  }
}

/** A picture without edges. */
const BOUNDLESS: PictureSize = Object.freeze({
  widthPx: Number.POSITIVE_INFINITY,
  heightPx: Number.POSITIVE_INFINITY,
});

function gateOf({ ground, picture }: TrackerOptions): GroundGate | null {
  if (ground === undefined || picture === undefined) return null;
  return new GroundGate(createGroundPlane(ground, picture));
}

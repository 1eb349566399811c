import { BoundedMap } from "../core/bounded-map.ts";
import { type LineId, type MonoMs, monoMs, type TrackId, type ZoneId } from "../core/brand.ts";
import type { LineCrossed, LivePeople, ZoneEntered, ZoneExited } from "../core/events.ts";
import { insidePolygon, type Point } from "../core/geometry.ts";
import type { CameraPlan, LineAnchor } from "../core/site.ts";
import { LineCounter, type LineCrossing } from "./line-counter.ts";
import { createDetections, type Detections, type PictureSize } from "./ports.ts";
import type { ScoreBands } from "./score-bands.ts";
import type { PixelBox, TrackView } from "./track.ts";
import { Tracker } from "./tracker.ts";
import { TRACKER_PARAMETERS } from "./tracker-parameters.ts";
import { type ZoneChange, ZoneDwell } from "./zone-dwell.ts";

/** What the pure part of a camera emits. */
export type VisionEvent = LineCrossed | ZoneEntered | ZoneExited;

/** Somebody tracked elsewhere (a third-party counter, a recorded file): foot point and height in Px of the picture. */
export interface TrackedPerson {
  readonly trackId: TrackId;
  readonly xPx: number;
  readonly yPx: number;
  /** Body height in the picture; sets the hysteresis of lines and zones. */
  readonly heightPx: number;
  /** Confidence 0..1 carried into the events. */
  readonly score: number;
}

/** Counters of a pipeline since its start. */
export interface PipelineStats {
  readonly frames: number;
  /** Frames refused because their time did not lie after the one before. */
  readonly lateFrames: number;
  /** Detections not followed because the tracker was at its cap. */
  readonly droppedDetections: number;
  /** People followed at this moment, those just lost included. */
  readonly liveTracks: number;
  readonly events: number;
}

export interface CameraPipelineOptions {
  readonly plan: CameraPlan;
  readonly picture: PictureSize;
  /** Name of this life of the camera; with the camera id it is the `source` of every event. */
  readonly run: string;
  /** Score bands of the detector in use; `DEFAULT_BANDS` when absent. */
  readonly bands?: ScoreBands;
  onEvent(event: VisionEvent): void;
  onPeople(people: LivePeople): void;
  /**
   * Called after each frame of detections with the people present: seen in it, or just missed (`isSeen` false).
   * Valid only during the call.
   */
  onTracks?(tracks: readonly TrackView[], atMono: MonoMs): void;
}

/** One camera's way from detections to events. Pure: time comes in with the frames. */
export interface CameraPipeline {
  /** One frame; `detections` in Px of the source picture, not kept. A frame not later than the last is ignored. */
  push(detections: Detections, atMono: MonoMs): void;
  /** One instant of people tracked elsewhere; the list names everybody visible. Do not mix with `push` in one run. */
  pushTracks(people: readonly TrackedPerson[], atMono: MonoMs): void;
  /** The camera does not see any more: stays end as censored, all tracks are dropped, nothing is counted across the gap. */
  blind(atMono: MonoMs): void;
  /** The run is over; like `blind`, and final: later calls change nothing. Idempotent. */
  end(atMono: MonoMs): void;
  stats(): PipelineStats;
}

/** How long a person just lost still shows on the live plan, so that a missed frame does not make dots flicker. */
const SHOW_LOST_MS = 500;
/** A box that ends this close to the edge of the picture, as a share of its height, is taken to be cut off by it. */
const EDGE_RATIO = 0.015;
/** People tracked elsewhere who are remembered at once; the one unseen longest is given up first. */
const MAX_PEOPLE = 512;

/** Makes the pipeline of one camera for one run. The plan's Norm coordinates are scaled to the picture here. */
export function createCameraPipeline(options: CameraPipelineOptions): CameraPipeline {
  return new Pipeline(options);
}

/** A line at work. Zones always judge the foot point; a line judges what its plan says. */
interface PlannedLine {
  readonly id: LineId;
  readonly anchor: LineAnchor;
  readonly counter: LineCounter;
}

class Pipeline implements CameraPipeline {
  readonly #options: CameraPipelineOptions;
  readonly #source: string;
  readonly #lines: readonly PlannedLine[];
  readonly #zones: readonly { readonly id: ZoneId; readonly dwell: ZoneDwell }[];
  readonly #exclusions: readonly Float64Array[];
  readonly #tracker: Tracker;
  /** People tracked elsewhere, with the confidence they last had. */
  readonly #people = new BoundedMap<TrackId, number>({
    cap: MAX_PEOPLE,
    idleMs: TRACKER_PARAMETERS.lostMs,
  });
  /** Detections outside the exclusions; made on first need. */
  #admitted: Detections | null = null;
  #lastMono: MonoMs | null = null;
  #isOver = false;
  #seq = 0;
  #frames = 0;
  #lateFrames = 0;

  constructor(options: CameraPipelineOptions) {
    const { plan, picture } = options;
    this.#options = options;
    this.#source = `camera:${plan.id}#${options.run}`;
    this.#lines = plan.lines.map((line) => ({
      id: line.id,
      anchor: line.anchor ?? "foot",
      counter: new LineCounter(toPx(line.a, picture), toPx(line.b, picture)),
    }));
    this.#zones = plan.zones.map((zone) => ({
      id: zone.id,
      dwell: new ZoneDwell(flatten(zone.polygon, picture)),
    }));
    this.#exclusions = plan.exclusions.map((polygon) => flatten(polygon, picture));
    this.#tracker = new Tracker({
      ...(options.bands === undefined ? {} : { bands: options.bands }),
      picture,
      onEnded: (track) => this.#forget(track.id, track.meanScore),
    });
  }

  push(detections: Detections, atMono: MonoMs): void {
    if (!this.#accept(atMono)) return;
    const present = this.#tracker.update(this.#admit(detections), atMono);
    for (const track of present) {
      if (!this.#mayCount(track)) continue;
      if (track.isNew) this.#observeBirth(track);
      if (track.isSeen) this.#observe(track.id, track.observed, track.meanScore, atMono);
    }
    for (const track of this.#tracker.coasting())
      if (this.#mayCount(track)) this.#observePrediction(track, atMono);
    this.#options.onTracks?.(present, atMono);
    this.#showTracks(atMono);
  }

  pushTracks(people: readonly TrackedPerson[], atMono: MonoMs): void {
    if (!this.#accept(atMono)) return;
    this.#people.expire(atMono, (trackId, score) => this.#forget(trackId, score));
    const { widthPx, heightPx } = this.#options.picture;
    const shown: { trackId: TrackId; xNorm: number; yNorm: number }[] = [];
    for (const person of people) {
      const { trackId, xPx, yPx } = person;
      if (this.#isExcluded(xPx, yPx)) continue;
      const victim = this.#people.set(trackId, person.score, atMono);
      if (victim !== undefined) this.#forget(victim, person.score);
      this.#observeFoot(trackId, xPx, yPx, person.heightPx, person.score, atMono);
      shown.push({ trackId, xNorm: clamp01(xPx / widthPx), yNorm: clamp01(yPx / heightPx) });
    }
    this.#options.onPeople({ cameraId: this.#options.plan.id, atMono, people: shown });
  }

  blind(atMono: MonoMs): void {
    if (this.#isOver) return;
    this.#tracker.clear();
    for (const [trackId, score] of this.#people.entries()) this.#forget(trackId, score);
    for (const [trackId] of [...this.#people.entries()]) this.#people.delete(trackId);
    if (this.#lastMono === null || atMono > this.#lastMono) this.#lastMono = atMono;
    this.#options.onPeople({ cameraId: this.#options.plan.id, atMono, people: [] });
  }

  end(atMono: MonoMs): void {
    this.blind(atMono);
    this.#isOver = true;
  }

  stats(): PipelineStats {
    return {
      frames: this.#frames,
      lateFrames: this.#lateFrames,
      droppedDetections: this.#tracker.droppedDetections,
      liveTracks: this.#tracker.liveTracks + this.#people.size,
      events: this.#seq,
    };
  }

  /** Whether this instant lies after the last one; time never runs backwards in here. */
  #accept(atMono: MonoMs): boolean {
    if (this.#isOver) return false;
    if (this.#lastMono !== null && atMono <= this.#lastMono) {
      this.#lateFrames += 1;
      return false;
    }
    this.#lastMono = atMono;
    this.#frames += 1;
    return true;
  }

  /** The detections whose foot point lies outside all exclusions: a mannequin never becomes a track. */
  #admit(detections: Detections): Detections {
    if (this.#exclusions.length === 0) return detections;
    if (this.#admitted === null || this.#admitted.score.length < detections.count)
      this.#admitted = createDetections(Math.max(64, detections.count));
    const out = this.#admitted;
    out.count = 0;
    for (let i = 0; i < detections.count; i += 1) {
      const at = i * 4;
      const xPx = ((detections.xyxy[at] ?? 0) + (detections.xyxy[at + 2] ?? 0)) / 2;
      if (this.#isExcluded(xPx, detections.xyxy[at + 3] ?? 0)) continue;
      for (let k = 0; k < 4; k += 1) out.xyxy[out.count * 4 + k] = detections.xyxy[at + k] ?? 0;
      out.score[out.count] = detections.score[i] ?? 0;
      out.count += 1;
    }
    return out;
  }

  #isExcluded(xPx: number, yPx: number): boolean {
    for (const polygon of this.#exclusions) if (insidePolygon(polygon, xPx, yPx)) return true;
    return false;
  }

  /** Whether this track is a person for lines and zones. The place for rules about what is no person. */
  #mayCount(track: TrackView): boolean {
    return track.id > 0;
  }

  /** Makes good the first sight of somebody who has just become a person: the way counts from there. */
  #observeBirth(track: TrackView): void {
    this.#observeArrival(track);
    this.#observe(track.id, track.born, track.meanScore, track.born.atMono);
  }

  /**
   * Somebody first seen cut off by the lower edge came in over it. Lines judged by the centre of the box would find
   * such a person already close behind the line and not know from where; so the way begins at the edge.
   */
  #observeArrival({ id, born, meanScore }: TrackView): void {
    const { picture } = this.#options;
    const isCutOff = born.topPx + born.heightPx >= picture.heightPx * (1 - EDGE_RATIO);
    if (!isCutOff) return;
    const xPx = born.leftPx + born.widthPx / 2;
    const yPx = born.topPx + born.heightPx / 2;
    for (const { id: lineId, anchor, counter } of this.#lines) {
      if (anchor !== "centre") continue;
      // Well beyond the line nothing is in doubt; a person found again in mid-room must not count.
      if (!counter.isNear(xPx, yPx, born.heightPx)) continue;
      const atMono = monoMs(born.atMono - 1);
      const crossing = counter.observe(id, xPx, picture.heightPx, born.heightPx, atMono);
      if (crossing !== null) this.#emitCrossing(lineId, id, crossing, meanScore);
    }
  }

  /**
   * Somebody just missed is carried on for lines, since people vanish behind a door, or beyond the edge of the
   * picture, as soon as they are through.
   * Zones wait for a sight: a stay must not end on a guess.
   */
  #observePrediction(track: TrackView, atMono: MonoMs): void {
    const xPx = track.leftPx + track.widthPx / 2;
    const yPx = track.topPx + track.heightPx;
    this.#observeLines(track.id, xPx, yPx, track.heightPx, track.meanScore, atMono);
  }

  #observe(trackId: TrackId, box: PixelBox, score: number, atMono: MonoMs): void {
    const xPx = box.leftPx + box.widthPx / 2;
    const yPx = box.topPx + box.heightPx;
    this.#observeFoot(trackId, xPx, yPx, box.heightPx, score, atMono);
  }

  /** One foot point of one person, to all lines and zones. */
  #observeFoot(
    trackId: TrackId,
    xPx: number,
    yPx: number,
    heightPx: number,
    score: number,
    atMono: MonoMs,
  ): void {
    this.#observeLines(trackId, xPx, yPx, heightPx, score, atMono);
    for (const { id, dwell } of this.#zones) {
      const change = dwell.observe(trackId, xPx, yPx, heightPx, atMono);
      if (change !== null) this.#emitChange(id, trackId, change);
    }
  }

  #observeLines(
    trackId: TrackId,
    xPx: number,
    yPx: number,
    heightPx: number,
    score: number,
    atMono: MonoMs,
  ): void {
    for (const { id, anchor, counter } of this.#lines) {
      const anchorYPx = anchor === "centre" ? yPx - heightPx / 2 : yPx;
      const crossing = counter.observe(trackId, xPx, anchorYPx, heightPx, atMono);
      if (crossing !== null) this.#emitCrossing(id, trackId, crossing, score);
    }
  }

  #forget(trackId: TrackId, score: number): void {
    for (const { id, counter } of this.#lines) {
      const crossing = counter.forget(trackId);
      if (crossing !== null) this.#emitCrossing(id, trackId, crossing, score);
    }
    for (const { id, dwell } of this.#zones) {
      const change = dwell.forget(trackId);
      if (change !== null) this.#emitChange(id, trackId, change);
    }
  }

  #emitCrossing(lineId: LineId, trackId: TrackId, crossing: LineCrossing, score: number): void {
    this.#options.onEvent({
      source: this.#source,
      seq: this.#nextSeq(),
      kind: "line-crossed",
      atMono: crossing.atMono,
      cameraId: this.#options.plan.id,
      lineId,
      trackId,
      direction: crossing.direction,
      confidence: score,
    });
  }

  #emitChange(zoneId: ZoneId, trackId: TrackId, change: ZoneChange): void {
    const origin = { source: this.#source, seq: this.#nextSeq() };
    const where = { cameraId: this.#options.plan.id, zoneId, trackId };
    if (change.kind === "entered")
      this.#options.onEvent({
        ...origin,
        kind: "zone-entered",
        atMono: change.atMono,
        ...where,
      });
    else
      this.#options.onEvent({
        ...origin,
        kind: "zone-exited",
        atMono: change.atMono,
        ...where,
        dwellMs: change.dwellMs,
        censored: change.censored,
      });
  }

  #nextSeq(): number {
    const seq = this.#seq;
    this.#seq += 1;
    return seq;
  }

  #showTracks(atMono: MonoMs): void {
    const { widthPx, heightPx } = this.#options.picture;
    const people: { trackId: TrackId; xNorm: number; yNorm: number }[] = [];
    for (const track of this.#tracker.confirmed()) {
      if (atMono - track.seenMono > SHOW_LOST_MS) continue;
      people.push({
        trackId: track.id,
        xNorm: clamp01((track.leftPx + track.widthPx / 2) / widthPx),
        yNorm: clamp01((track.topPx + track.heightPx) / heightPx),
      });
    }
    this.#options.onPeople({ cameraId: this.#options.plan.id, atMono, people });
  }
}

function toPx(point: Point, picture: PictureSize): Point {
  return { x: point.x * picture.widthPx, y: point.y * picture.heightPx };
}

function flatten(polygon: readonly Point[], picture: PictureSize): Float64Array {
  const flat = new Float64Array(polygon.length * 2);
  polygon.forEach((corner, i) => {
    flat[2 * i] = corner.x * picture.widthPx;
    flat[2 * i + 1] = corner.y * picture.heightPx;
  });
  return flat;
}

function clamp01(value: number): number {
  return Math.max(0, Math.min(value, 1));
}

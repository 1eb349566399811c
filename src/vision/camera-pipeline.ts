import { BoundedMap } from "../core/bounded-map.ts";
import { type MonoMs, monoMs, type TrackId, trackId } from "../core/brand.ts";
import type { FootPath, LivePeople } from "../core/events.ts";
import { insidePolygon } from "../core/geometry.ts";
import type { CameraPlan } from "../core/site.ts";
import { LineWatch } from "./line-watch.ts";
import { NumberedEvents, type VisionEvent } from "./numbered-events.ts";
import { clampNorm, toFlatPx } from "./picture-scale.ts";
import { createDetections, type Detections, type PictureSize } from "./ports.ts";
import type { ScoreBands } from "./score-bands.ts";
import type { Sight } from "./sight.ts";
import type { PixelBox, TrackView } from "./track.ts";
import { Tracker } from "./tracker.ts";
import { TRACKER_PARAMETERS } from "./tracker-parameters.ts";
import { ZoneWatch } from "./zone-watch.ts";

export type { VisionEvent } from "./numbered-events.ts";

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
/** People tracked elsewhere who are remembered at once; the one unseen longest is given up first. */
const MAX_PEOPLE = 512;
const NO_PATH: FootPath = [];

/** Makes the pipeline of one camera for one run. The plan's Norm coordinates are scaled to the picture here. */
export function createCameraPipeline(options: CameraPipelineOptions): CameraPipeline {
  return new Pipeline(options);
}

class Pipeline implements CameraPipeline {
  readonly #options: CameraPipelineOptions;
  readonly #events: NumberedEvents;
  readonly #lines: LineWatch;
  readonly #zones: ZoneWatch;
  readonly #exclusions: readonly Float64Array[];
  readonly #tracker: Tracker;
  /** People tracked elsewhere, with the confidence they last had. */
  readonly #people = new BoundedMap<TrackId, number>({
    cap: MAX_PEOPLE,
    idleMs: TRACKER_PARAMETERS.lostMs,
  });
  readonly #sight: { -readonly [Key in keyof Sight]: Sight[Key] } = {
    trackId: trackId(0),
    xPx: 0,
    yPx: 0,
    heightPx: 0,
    score: 0,
    atMono: monoMs(0),
  };
  /** Detections outside the exclusions; made on first need. */
  #admitted: Detections | null = null;
  #lastMono: MonoMs | null = null;
  #isOver = false;
  #frames = 0;
  #lateFrames = 0;

  constructor(options: CameraPipelineOptions) {
    const { plan, picture } = options;
    const cameraId = plan.id;
    this.#options = options;
    this.#events = new NumberedEvents(`camera:${plan.id}#${options.run}`, options.onEvent);
    this.#lines = new LineWatch(plan.lines, picture, (lineId, trackId, crossing, score) => {
      const where = { cameraId, lineId, trackId, path: NO_PATH };
      this.#events.emit({ kind: "line-crossed", ...where, ...crossing, confidence: score });
    });
    this.#zones = new ZoneWatch(plan.zones, picture, (zoneId, trackId, { kind, ...change }) => {
      this.#events.emit({
        kind: `zone-${kind}`,
        cameraId,
        zoneId,
        trackId,
        ...change,
      } as Parameters<NumberedEvents["emit"]>[0]);
    });
    this.#exclusions = plan.exclusions.map((polygon) => toFlatPx(polygon, picture));
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
      if (track.isSeen)
        this.#observe(this.#lookAt(track.id, track.observed, track.meanScore, atMono));
    }
    // Somebody just missed is carried on for lines, since people vanish behind a door, or beyond the edge of the
    // picture, as soon as they are through. Zones wait for a sight: a stay must not end on a guess.
    for (const track of this.#tracker.coasting())
      if (this.#mayCount(track))
        this.#lines.observe(this.#lookAt(track.id, track, track.meanScore, atMono));
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
      this.#observe({ ...person, atMono });
      shown.push({ trackId, xNorm: clampNorm(xPx / widthPx), yNorm: clampNorm(yPx / heightPx) });
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
      events: this.#events.nextSeq,
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
    this.#lines.observeArrival(track);
    this.#observe(this.#lookAt(track.id, track.born, track.meanScore, track.born.atMono));
  }

  #observe(sight: Sight): void {
    this.#lines.observe(sight);
    this.#zones.observe(sight);
  }

  #lookAt(trackId: TrackId, box: PixelBox, score: number, atMono: MonoMs): Sight {
    const sight = this.#sight;
    sight.trackId = trackId;
    sight.xPx = box.leftPx + box.widthPx / 2;
    sight.yPx = box.topPx + box.heightPx;
    sight.heightPx = box.heightPx;
    sight.score = score;
    sight.atMono = atMono;
    return sight;
  }

  #forget(trackId: TrackId, score: number): void {
    this.#lines.forget(trackId, score);
    this.#zones.forget(trackId);
  }

  #showTracks(atMono: MonoMs): void {
    const { widthPx, heightPx } = this.#options.picture;
    const people: { trackId: TrackId; xNorm: number; yNorm: number }[] = [];
    for (const track of this.#tracker.confirmed()) {
      if (atMono - track.seenMono > SHOW_LOST_MS) continue;
      people.push({
        trackId: track.id,
        xNorm: clampNorm((track.leftPx + track.widthPx / 2) / widthPx),
        yNorm: clampNorm((track.topPx + track.heightPx) / heightPx),
      });
    }
    this.#options.onPeople({ cameraId: this.#options.plan.id, atMono, people });
  }
}

import { BoundedMap } from "../core/bounded-map.ts";
import { type MonoMs, monoMs, type TrackId, trackId } from "../core/brand.ts";
import type { LivePeople } from "../core/events.ts";
import type { CameraPlan } from "../core/site.ts";
import { Admission } from "./admission.ts";
import { NumberedEvents, type VisionEvent } from "./numbered-events.ts";
import { clampNorm } from "./picture-scale.ts";
import type { Detections, PictureSize } from "./ports.ts";
import { type EntryForecast, SceneWatch } from "./scene-watch.ts";
import type { ScoreBands } from "./score-bands.ts";
import type { Sight } from "./sight.ts";
import type { PixelBox, TrackView } from "./track.ts";
import { Tracker } from "./tracker.ts";
import { TRACKER_PARAMETERS } from "./tracker-parameters.ts";

export type { VisionEvent } from "./numbered-events.ts";
export type { EntryForecast } from "./scene-watch.ts";

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
  /** Detections that are no boxes: sides or scores that are not numbers, turned inside out or out of range. */
  readonly refusedDetections: number;
  /** Tracks at this moment, those just lost and those not yet known to be people included. */
  readonly liveTracks: number;
  /** Those of them who have moved and so are people and no things. */
  readonly livePeople: number;
  readonly events: number;
}

export interface CameraPipelineOptions {
  readonly plan: CameraPlan;
  readonly picture: PictureSize;
  /** Name of this life of the camera; with the camera id it is the `source` of every event. */
  readonly run: string;
  /** Score bands of the detector in use; `DEFAULT_BANDS` when absent. */
  readonly bands?: ScoreBands;
  /** Numbers of the first event and the first track: those of a resume point. Default 0 and 1. */
  readonly firstSeq?: number;
  readonly firstTrackId?: number;
  onEvent(event: VisionEvent): void;
  onPeople(people: LivePeople): void;
  /**
   * Called after each frame of detections with the people present: seen in it, or just missed (`isSeen` false).
   * Valid only during the call.
   */
  onTracks?(tracks: readonly TrackView[], atMono: MonoMs): void;
  /** Called for each forecast of somebody outside a zone coming in within `horizonMs`; most are told by no event. */
  onForecast?(forecast: EntryForecast): void;
}

/** Numbers a pipeline goes on with. */
export interface ResumePoint {
  readonly nextSeq: number;
  readonly nextTrackId: number;
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
  /**
   * Where a new pipeline with these first numbers, given the same from now on, would say the same; null while
   * anybody is remembered, since that memory would be missing there.
   */
  resumePoint(): ResumePoint | null;
}

/** How long a person just lost still shows on the live plan, so that a missed frame does not make dots flicker. */
const SHOW_LOST_MS = 500;
/** People tracked elsewhere who are remembered at once; the one unseen longest is given up first. */
const MAX_PEOPLE = 512;

/** Makes the pipeline of one camera for one run. The plan's Norm coordinates are scaled to the picture here. */
export function createCameraPipeline(options: CameraPipelineOptions): CameraPipeline {
  return new Pipeline(options);
}

type ShownPerson = LivePeople["people"][number];

class Pipeline implements CameraPipeline {
  readonly #options: CameraPipelineOptions;
  readonly #events: NumberedEvents;
  readonly #scene: SceneWatch;
  readonly #admission: Admission;
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
  #lastMono: MonoMs | null = null;
  #isOver = false;
  #frames = 0;
  #lateFrames = 0;

  constructor(options: CameraPipelineOptions) {
    const { plan, picture } = options;
    this.#options = options;
    const source = `camera:${plan.id}#${options.run}`;
    this.#events = new NumberedEvents(source, options.onEvent, options.firstSeq);
    this.#scene = new SceneWatch(plan, picture, this.#events, options.onForecast);
    this.#admission = new Admission(plan.exclusions, picture);
    this.#tracker = new Tracker({
      ...(options.bands === undefined ? {} : { bands: options.bands }),
      ...(options.firstTrackId === undefined ? {} : { firstTrackId: options.firstTrackId }),
      picture,
      ...(plan.ground === undefined ? {} : { ground: plan.ground }),
      onEnded: (track) => this.#scene.forget(track.id, track.meanScore),
    });
  }

  push(detections: Detections, atMono: MonoMs): void {
    if (!this.#accept(atMono)) return;
    const present = this.#tracker.update(this.#admission.admit(detections), atMono);
    for (const track of present) {
      if (!this.#mayCount(track)) continue;
      if (track.isNew) this.#observeBirth(track);
      if (track.isSeen)
        this.#scene.observe(this.#lookAt(track.id, track.observed, track.meanScore, atMono));
    }
    for (const track of this.#tracker.coasting())
      if (this.#mayCount(track))
        this.#scene.observePrediction(this.#lookAt(track.id, track, track.meanScore, atMono));
    this.#scene.advance(atMono);
    this.#options.onTracks?.(present, atMono);
    this.#showTracks(atMono);
  }

  pushTracks(people: readonly TrackedPerson[], atMono: MonoMs): void {
    if (!this.#accept(atMono)) return;
    this.#people.expire(atMono, (trackId, score) => this.#scene.forget(trackId, score));
    const { widthPx, heightPx } = this.#options.picture;
    const shown: ShownPerson[] = [];
    for (const person of people) {
      const { trackId, xPx, yPx } = person;
      if (!Number.isFinite(xPx + yPx + person.heightPx) || this.#admission.isExcluded(xPx, yPx))
        continue;
      const victim = this.#people.set(trackId, person.score, atMono);
      if (victim !== undefined) this.#scene.forget(victim, person.score);
      this.#scene.observe({ ...person, atMono });
      shown.push(this.#show(trackId, xPx / widthPx, yPx / heightPx));
    }
    this.#scene.advance(atMono);
    this.#options.onPeople({ cameraId: this.#options.plan.id, atMono, people: shown });
  }

  blind(atMono: MonoMs): void {
    if (this.#isOver) return;
    this.#tracker.clear();
    for (const [trackId, score] of this.#people.entries()) this.#scene.forget(trackId, score);
    for (const [trackId] of [...this.#people.entries()]) this.#people.delete(trackId);
    this.#scene.flush();
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
      refusedDetections: this.#admission.refused,
      liveTracks: this.#tracker.liveTracks + this.#people.size,
      livePeople: this.#tracker.livePeople + this.#people.size,
      events: this.#events.nextSeq,
    };
  }

  resumePoint(): ResumePoint | null {
    const remembered = this.#tracker.liveTracks + this.#people.size + this.#scene.waiting;
    if (remembered > 0) return null;
    return { nextSeq: this.#events.nextSeq, nextTrackId: this.#tracker.nextTrackId };
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

  /** Whether this track is a person for lines, zones and live dots: what never moved is a thing that looks like one. */
  #mayCount(track: TrackView): boolean {
    return track.isPerson;
  }

  /** Makes good the first sight of somebody who has just become a person: the way counts from there. */
  #observeBirth(track: TrackView): void {
    const { id, born, meanScore, restMono } = track;
    this.#scene.observeBirth(track, this.#lookAt(id, born, meanScore, born.atMono));
    // Whoever stood there first set out only now: no gap lies between, and no slow glide.
    if (restMono > born.atMono) this.#scene.observe(this.#lookAt(id, born, meanScore, restMono));
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

  #show(trackId: TrackId, xNorm: number, yNorm: number): ShownPerson {
    const speed = this.#scene.shownSpeed(trackId);
    return { trackId, xNorm: clampNorm(xNorm), yNorm: clampNorm(yNorm), ...speed };
  }

  #showTracks(atMono: MonoMs): void {
    const { widthPx, heightPx } = this.#options.picture;
    const people: ShownPerson[] = [];
    for (const track of this.#tracker.confirmed()) {
      if (!this.#mayCount(track) || atMono - track.seenMono > SHOW_LOST_MS) continue;
      const xNorm = (track.leftPx + track.widthPx / 2) / widthPx;
      people.push(this.#show(track.id, xNorm, (track.topPx + track.heightPx) / heightPx));
    }
    this.#options.onPeople({ cameraId: this.#options.plan.id, atMono, people });
  }
}

import type { MonoMs } from "../../core/brand.ts";
import type { LivePeople } from "../../core/events.ts";
import {
  type CameraPipeline,
  createCameraPipeline,
  type VisionEvent,
} from "../../vision/camera-pipeline.ts";
import type { Following } from "../../vision/motion-gate.ts";
import type { Detections, PictureSize } from "../../vision/ports.ts";
import { bandsForScore } from "../../vision/score-bands.ts";
import type { TrackView } from "../../vision/track.ts";
import type { TrackedBox, WorkerBirth } from "./camera-protocol.ts";
import { DetectionsTap, type SeenEntry } from "./detections-tap.ts";

/** What came out of a pipeline since it was last asked. */
export interface PipelineYield {
  readonly events: readonly VisionEvent[];
  readonly people: LivePeople | null;
  readonly tracks: readonly TrackedBox[] | null;
  readonly seen: readonly SeenEntry[] | null;
}

const NO_EVENTS: readonly VisionEvent[] = [];

/** The pipelines of one worker, one for each size of picture its camera delivers, and what they said. */
export class WorkerPipeline {
  readonly tap = new DetectionsTap();
  readonly #birth: WorkerBirth;
  #pipeline: CameraPipeline | null = null;
  #pictures = 0;
  #events: VisionEvent[] = [];
  #people: LivePeople | null = null;
  #tracks: TrackedBox[] | null = null;

  constructor(birth: WorkerBirth) {
    this.#birth = birth;
  }

  /** What is followed at this moment, seen or just lost. */
  get following(): Following {
    const stats = this.#pipeline?.stats();
    if (stats === undefined || stats.liveTracks === 0) return "nothing";
    return stats.livePeople > 0 ? "people" : "things";
  }

  /** Begins anew for another size of picture: a new life, whose event numbers begin again. */
  begin(picture: PictureSize): void {
    const { plan, model, wantsTracks, run } = this.#birth;
    const life = this.#pictures === 0 ? run : `${run}.${this.#pictures}`;
    this.#pictures += 1;
    const bands = bandsForScore(model.entry.score);
    const pipeline = createCameraPipeline({
      plan,
      picture,
      run: life,
      bands,
      onEvent: (event) => this.#events.push(event),
      onPeople: (people) => {
        this.#people = people;
      },
      ...(wantsTracks ? { onTracks: (tracks) => this.#keepTracks(tracks) } : {}),
    });
    this.#pipeline = this.tap.watch(pipeline, { run: life, picture, bands });
  }

  push(detections: Detections, atMono: MonoMs): void {
    this.#pipeline?.push(detections, atMono);
  }

  blind(atMono: MonoMs): void {
    this.#pipeline?.blind(atMono);
  }

  end(atMono: MonoMs): void {
    this.#pipeline?.end(atMono);
  }

  /** Everything said since the last call. */
  take(): PipelineYield {
    const taken = {
      events: this.#events.length === 0 ? NO_EVENTS : this.#events,
      people: this.#people,
      tracks: this.#tracks,
      seen: this.tap.take(),
    };
    if (taken.events.length > 0) this.#events = [];
    this.#people = null;
    this.#tracks = null;
    return taken;
  }

  #keepTracks(tracks: readonly TrackView[]): void {
    this.#tracks = tracks.map(({ id, leftPx, topPx, widthPx, heightPx, score }) => ({
      trackId: id,
      leftPx,
      topPx,
      widthPx,
      heightPx,
      score,
    }));
  }
}

import type { LivePeople } from "../../core/events.ts";
import {
  type CameraPipeline,
  createCameraPipeline,
  type VisionEvent,
} from "../../vision/camera-pipeline.ts";
import {
  createDetections,
  type Letterbox,
  letterboxOf,
  type PersonDetector,
  type PictureSize,
} from "../../vision/ports.ts";
import { bandsForScore } from "../../vision/score-bands.ts";
import type { TrackView } from "../../vision/track.ts";
import type { TrackedBox, WorkerBirth, WorkerOrder, WorkerReport } from "./camera-protocol.ts";
import { FrameSlots, NO_SLOT } from "./frame-slots.ts";

/** More people than this in one picture are beyond any shop camera; the weakest boxes are dropped. */
const MAX_PEOPLE = 128;

/**
 * The loop inside a camera's worker: takes published frames, runs detector and pipeline, reports what came out.
 * Orders take effect between frames, after the frames published before them.
 */
export class FrameWorker {
  readonly #birth: WorkerBirth;
  readonly #detector: PersonDetector;
  readonly #report: (report: WorkerReport) => void;
  readonly #slots: FrameSlots;
  readonly #detections = createDetections(MAX_PEOPLE);
  readonly #orders: WorkerOrder[] = [];
  readonly #rgb24: Uint8Array;
  #pipeline: CameraPipeline | null = null;
  #letterbox: Letterbox | null = null;
  #generation = -1;
  #pictures = 0;
  #isBusy = false;
  #events: VisionEvent[] = [];
  #people: LivePeople | null = null;
  #tracks: TrackedBox[] | null = null;

  constructor(
    birth: WorkerBirth,
    detector: PersonDetector,
    report: (report: WorkerReport) => void,
  ) {
    this.#birth = birth;
    this.#detector = detector;
    this.#report = report;
    this.#slots = new FrameSlots(birth.shared);
    this.#rgb24 = new Uint8Array(birth.shared.frameBytes);
  }

  /** Takes an order; resolves when everything waiting at this moment is done. Rejects when a frame failed. */
  async accept(order: WorkerOrder): Promise<void> {
    if (order.kind !== "wake") this.#orders.push(order);
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      while (await this.#step());
    } finally {
      this.#isBusy = false;
    }
  }

  async #step(): Promise<boolean> {
    const slot = this.#slots.take(this.#birth.policy, this.#generation);
    if (slot !== NO_SLOT) {
      await this.#look(slot);
      return true;
    }
    const order = this.#orders.shift();
    if (order !== undefined) this.#obey(order);
    return order !== undefined;
  }

  async #look(slot: number): Promise<void> {
    const atMono = this.#slots.stamp(slot);
    // Copied out at once: the slot is free for the next frame while this one is looked at.
    this.#rgb24.set(this.#slots.pixels(slot));
    this.#slots.release(slot);
    if (this.#letterbox === null || this.#pipeline === null) return;
    this.#people = null;
    this.#tracks = null;
    await this.#detector.detect(this.#rgb24, this.#letterbox, this.#detections);
    this.#pipeline.push(this.#detections, atMono);
    this.#report({
      kind: "frame",
      atMono,
      events: this.#takeEvents(),
      people: this.#people,
      tracks: this.#tracks,
    });
  }

  #obey(order: WorkerOrder): void {
    switch (order.kind) {
      case "open":
        this.#open(order.picture, order.generation);
        return;
      case "blind":
        this.#people = null;
        this.#pipeline?.blind(order.atMono);
        this.#report({ kind: "cut", events: this.#takeEvents(), people: this.#people });
        return;
      case "end":
        this.#people = null;
        this.#pipeline?.end(order.atMono);
        this.#report({ kind: "cut", events: this.#takeEvents(), people: this.#people });
        this.#report({ kind: "ended" });
        return;
      case "wake":
        return;
    }
  }

  #open(picture: PictureSize, generation: number): void {
    this.#generation = generation;
    const known = this.#letterbox?.source;
    if (known?.widthPx === picture.widthPx && known.heightPx === picture.heightPx) return;
    this.#letterbox = letterboxOf(picture, this.#detector.input);
    const { plan, model, wantsTracks, run } = this.#birth;
    // A camera that comes back with another resolution is a new life: its event numbers begin again.
    const life = this.#pictures === 0 ? run : `${run}.${this.#pictures}`;
    this.#pictures += 1;
    this.#pipeline = createCameraPipeline({
      plan,
      picture,
      run: life,
      bands: bandsForScore(model.entry.score),
      onEvent: (event) => this.#events.push(event),
      onPeople: (people) => {
        this.#people = people;
      },
      ...(wantsTracks ? { onTracks: (tracks) => this.#keepTracks(tracks) } : {}),
    });
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

  #takeEvents(): readonly VisionEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }
}

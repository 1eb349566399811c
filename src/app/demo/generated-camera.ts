import { trackId } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import type { LivePeople, SensorEvent, SensorState } from "../../core/events.ts";
import type { Service } from "../../core/lifecycle.ts";
import type { CameraPlan } from "../../core/site.ts";
import { type CameraPipeline, createCameraPipeline } from "../../vision/camera-pipeline.ts";
import { GeneratedPeople } from "./generated-people.ts";

/** The generated scene has the shape of the footage it stands in for. */
const PICTURE = { widthPx: 768, heightPx: 576 };
const STEP_MS = 125;

export interface GeneratedCameraDeps {
  readonly plan: CameraPlan;
  readonly run: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onEvent: (event: SensorEvent) => void;
  readonly onPeople: (people: LivePeople) => void;
}

/** A camera without a picture: generated people go where the tracker's people would, through the same pipeline. */
export class GeneratedCamera implements Service {
  readonly name: string;
  readonly #deps: GeneratedCameraDeps;
  readonly #people: GeneratedPeople;
  #pipeline: CameraPipeline | null = null;
  #timer: Timer | null = null;
  #stateSeq = 0;

  constructor(deps: GeneratedCameraDeps) {
    this.name = `generated-camera:${deps.plan.id}`;
    this.#deps = deps;
    this.#people = new GeneratedPeople(deps.random);
  }

  async start(): Promise<void> {
    const { plan, run, onEvent, onPeople, clock } = this.#deps;
    this.#pipeline = createCameraPipeline({ plan, picture: PICTURE, run, onEvent, onPeople });
    this.#report("seeing");
    this.#timer = clock.every(STEP_MS, this.name, () => this.#step());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.cancel();
    if (this.#pipeline === null) return;
    this.#pipeline.end(this.#deps.clock.mono());
    this.#pipeline = null;
    this.#report("stopped");
  }

  #step(): void {
    const people = this.#people.step(STEP_MS).map((person) => ({
      trackId: trackId(person.id),
      xPx: person.xNorm * PICTURE.widthPx,
      yPx: person.yNorm * PICTURE.heightPx,
      heightPx: person.heightNorm * PICTURE.heightPx,
      score: 1,
    }));
    this.#pipeline?.pushTracks(people, this.#deps.clock.mono());
  }

  #report(state: SensorState): void {
    const { plan, run, clock, onEvent } = this.#deps;
    onEvent({
      kind: "sensor-changed",
      source: `camera-state:${plan.id}#${run}`,
      seq: this.#stateSeq,
      atMono: clock.mono(),
      sensorId: plan.id,
      sensorKind: "camera",
      state,
      code: null,
    });
    this.#stateSeq += 1;
  }
}

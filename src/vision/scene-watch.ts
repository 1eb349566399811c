import type { CameraId, MonoMs, TrackId, ZoneId } from "../core/brand.ts";
import type { CameraPlan } from "../core/site.ts";
import type { Forecast } from "./approach.ts";
import { ApproachWatch } from "./approach-watch.ts";
import { createFloor, type Floor } from "./floor.ts";
import { FootPaths } from "./foot-paths.ts";
import { GroupWatch } from "./groups.ts";
import type { LineCrossing } from "./line-counter.ts";
import { LineWatch } from "./line-watch.ts";
import type { NumberedEvents } from "./numbered-events.ts";
import type { PictureSize } from "./ports.ts";
import type { Sight } from "./sight.ts";
import type { TrackView } from "./track.ts";
import type { ZoneChange } from "./zone-dwell.ts";
import { ZoneWatch } from "./zone-watch.ts";

/** A forecast of somebody outside a zone coming in, for those who judge forecasts; most are told by no event. */
export interface EntryForecast {
  readonly zoneId: ZoneId;
  readonly trackId: TrackId;
  readonly atMono: MonoMs;
  /** Of coming in within `horizonMs`, 0..1. */
  readonly probability: number;
  /** Expected time until then. */
  readonly leadMs: number;
  readonly horizonMs: number;
}

/** All that is watched of the people of one camera: lines, groups at them, zones and who is about to enter them. */
export class SceneWatch {
  readonly #cameraId: CameraId;
  readonly #events: NumberedEvents;
  readonly #onForecast: ((forecast: EntryForecast) => void) | undefined;
  readonly #floor: Floor;
  readonly #paths: FootPaths;
  readonly #lines: LineWatch;
  readonly #groups: GroupWatch;
  readonly #zones: ZoneWatch;
  readonly #approaches: ApproachWatch;

  constructor(
    plan: CameraPlan,
    picture: PictureSize,
    events: NumberedEvents,
    onForecast?: (forecast: EntryForecast) => void,
  ) {
    const { id: cameraId, zones } = plan;
    this.#cameraId = cameraId;
    this.#events = events;
    this.#onForecast = onForecast;
    const floor = createFloor(plan, picture);
    const paths = new FootPaths(floor, picture);
    this.#floor = floor;
    this.#paths = paths;
    this.#groups = new GroupWatch(paths, floor, (group) => {
      events.emit({ kind: "group-crossed", cameraId, ...group });
    });
    this.#lines = new LineWatch(plan.lines, picture, (lineId, trackId, crossing, score) => {
      this.#tellCrossing(lineId, trackId, crossing, score);
    });
    this.#zones = new ZoneWatch(zones, picture, (zoneId, trackId, change) => {
      this.#tellStay(zoneId, trackId, change);
    });
    this.#approaches = new ApproachWatch({
      zones,
      picture,
      floor,
      paths,
      onForecast: (zoneId, { trackId, atMono }, forecast, isTold) => {
        // Many forecasts a frame that nobody hears: nothing is made of those.
        if (isTold || onForecast !== undefined)
          this.#tellApproach({ zoneId, trackId, atMono, forecast, isTold });
      },
    });
  }

  /** Crossings whose group is still open. */
  get waiting(): number {
    return this.#groups.waiting;
  }

  /** The first sight of somebody who has just become a person, told afterwards: the way counts from there. */
  observeBirth(track: TrackView, sight: Sight): void {
    this.#paths.note(sight);
    this.#lines.observeArrival(track);
    this.#lines.observe(sight);
    this.#zones.observe(sight);
  }

  observe(sight: Sight): void {
    this.#paths.note(sight);
    this.#lines.observe(sight);
    this.#zones.observe(sight);
    this.#approaches.observe(sight);
  }

  /**
   * Somebody just missed, at the predicted place. Only lines take it, since people vanish behind a door, or beyond
   * the edge of the picture, as soon as they are through. Zones wait for a sight: a stay must not end on a guess.
   */
  observePrediction(sight: Sight): void {
    this.#paths.note(sight);
    this.#lines.observePrediction(sight);
  }

  /** All sights of this instant are in. */
  advance(atMono: MonoMs): void {
    this.#groups.advance(atMono);
  }

  /** The track is over. */
  forget(trackId: TrackId, score: number): void {
    this.#lines.forget(trackId, score);
    this.#zones.forget(trackId);
    this.#approaches.forget(trackId);
    this.#paths.forget(trackId);
  }

  /** Nobody is seen any more, and all tracks were forgotten. */
  flush(): void {
    this.#groups.flush();
  }

  /** Speed for the live plan: rounded, null while too little was seen; nothing where the floor is not measured. */
  shownSpeed(trackId: TrackId): { readonly speedMPerS?: number | null } {
    if (!this.#floor.isMeasured) return {};
    const speedMPerS = this.#paths.speedMPerS(trackId);
    return { speedMPerS: speedMPerS === null ? null : Math.round(speedMPerS * 100) / 100 };
  }

  #tellCrossing(
    ...[lineId, trackId, crossing, confidence]: Parameters<
      ConstructorParameters<typeof LineWatch>[2]
    >
  ): void {
    const path = this.#paths.pathOf(trackId, crossing.atMono);
    const where = { cameraId: this.#cameraId, lineId, trackId, path };
    const { direction, atMono }: LineCrossing = crossing;
    this.#events.emit({ kind: "line-crossed", ...where, direction, atMono, confidence });
    this.#groups.observe(lineId, trackId, crossing);
  }

  #tellStay(zoneId: ZoneId, trackId: TrackId, change: ZoneChange): void {
    const where = { cameraId: this.#cameraId, zoneId, trackId, atMono: change.atMono };
    if (change.kind === "entered") this.#events.emit({ kind: "zone-entered", ...where });
    else {
      const { dwellMs, censored } = change;
      this.#events.emit({ kind: "zone-exited", ...where, dwellMs, censored });
    }
  }

  #tellApproach(approach: {
    readonly zoneId: ZoneId;
    readonly trackId: TrackId;
    readonly atMono: MonoMs;
    readonly forecast: Readonly<Forecast>;
    readonly isTold: boolean;
  }): void {
    const { zoneId, trackId, atMono, forecast, isTold } = approach;
    const { probability, leadMs } = forecast;
    const { horizonMs } = this.#approaches;
    this.#onForecast?.({ zoneId, trackId, atMono, probability, leadMs, horizonMs });
    if (!isTold) return;
    this.#events.emit({
      kind: "zone-approached",
      cameraId: this.#cameraId,
      zoneId,
      trackId,
      atMono,
      probability: Math.round(probability * 1e4) / 1e4,
      leadMs: Math.round(leadMs),
      horizonMs,
    });
  }
}

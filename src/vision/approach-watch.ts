import { BoundedMap } from "../core/bounded-map.ts";
import type { MonoMs, TrackId, ZoneId } from "../core/brand.ts";
import { insidePolygon } from "../core/geometry.ts";
import type { ZonePlan } from "../core/site.ts";
import { EntryForecaster, type Forecast } from "./approach.ts";
import type { Floor } from "./floor.ts";
import type { FootPaths } from "./foot-paths.ts";
import { toFlatPx } from "./picture-scale.ts";
import { type Outline, outlineOf } from "./polygon-ray.ts";
import type { PictureSize } from "./ports.ts";
import type { Sight } from "./sight.ts";
import { createMotion } from "./trail.ts";

/** When somebody is told to be about to enter. */
export interface ApproachRule {
  /** Least probability. */
  readonly probability: number;
  /** Below this the person has turned away, and a new approach is told again. */
  readonly turnedAway: number;
  /** Seconds of path the velocity is taken from. */
  readonly windowMs: number;
  /** A person is judged this often at most. */
  readonly everyMs: number;
}

export const APPROACH_RULE: ApproachRule = Object.freeze({
  probability: 0.7,
  turnedAway: 0.3,
  windowMs: 1000,
  everyMs: 100,
});

/** One forecast; the object is reused. `isTold` when it begins an approach. */
export type OnForecast = (
  zoneId: ZoneId,
  sight: Sight,
  forecast: Readonly<Forecast>,
  isTold: boolean,
) => void;

export interface ApproachWatchOptions {
  readonly zones: readonly ZonePlan[];
  readonly picture: PictureSize;
  readonly floor: Floor;
  readonly paths: FootPaths;
  readonly onForecast: OnForecast;
  readonly rule?: ApproachRule;
}

interface Approach {
  /** Per zone: 1 when this approach was told already. */
  readonly told: Uint8Array;
  judgedMono: MonoMs;
}

const MAX_TRACKS = 512;

/** Watches people outside zones for being about to enter one. */
export class ApproachWatch {
  readonly #zones: readonly {
    readonly id: ZoneId;
    readonly flatPx: Float64Array;
    readonly outline: Outline;
  }[];
  readonly #options: ApproachWatchOptions;
  readonly #rule: ApproachRule;
  readonly #forecaster = new EntryForecaster();
  readonly #motion = createMotion();
  readonly #forecast: Forecast = { probability: 0, leadMs: 0 };
  readonly #approaches = new BoundedMap<TrackId, Approach>({
    cap: MAX_TRACKS,
    idleMs: Number.POSITIVE_INFINITY,
  });

  constructor(options: ApproachWatchOptions) {
    this.#options = options;
    this.#rule = options.rule ?? APPROACH_RULE;
    this.#zones = options.zones.map(({ id, polygon }) => {
      const flatPx = toFlatPx(polygon, options.picture);
      return { id, flatPx, outline: outlineOf(options.floor.placePolygon(flatPx)) };
    });
  }

  get horizonMs(): number {
    return this.#forecaster.model.horizonMs;
  }

  /** One sight, already noted in the foot paths. */
  observe(sight: Sight): void {
    const { trackId, xPx, yPx, heightPx, atMono } = sight;
    const approach = this.#approachOf(trackId, atMono);
    if (atMono - approach.judgedMono < this.#rule.everyMs) return;
    approach.judgedMono = atMono;
    const { paths, floor, onForecast } = this.#options;
    const trail = paths.trailOf(trackId);
    if (trail?.fitMotion(this.#rule.windowMs, this.#motion) !== true) return;
    const metresPerUnit = floor.metresPerUnit(trail.heightPx || heightPx);
    for (let z = 0; z < this.#zones.length; z += 1) {
      const zone = this.#zones[z];
      if (zone === undefined || insidePolygon(zone.flatPx, xPx, yPx)) continue;
      this.#forecaster.forecast(zone.outline, this.#motion, metresPerUnit, this.#forecast);
      onForecast(zone.id, sight, this.#forecast, this.#isTold(approach, z));
    }
  }

  forget(trackId: TrackId): void {
    this.#approaches.delete(trackId);
  }

  /** Whether the forecast at hand begins an approach. Notes what was told, and who turned away. */
  #isTold({ told }: Approach, zone: number): boolean {
    const { probability, leadMs } = this.#forecast;
    if (probability < this.#rule.turnedAway) told[zone] = 0;
    if (probability < this.#rule.probability || leadMs <= 0 || told[zone] === 1) return false;
    told[zone] = 1;
    return true;
  }

  #approachOf(trackId: TrackId, atMono: MonoMs): Approach {
    const known = this.#approaches.get(trackId, atMono);
    if (known !== undefined) return known;
    const fresh: Approach = {
      told: new Uint8Array(this.#zones.length),
      judgedMono: Number.NEGATIVE_INFINITY as MonoMs,
    };
    this.#approaches.set(trackId, fresh, atMono);
    return fresh;
  }
}

import type { EpochMs } from "../core/brand.ts";
import type { CameraPlan, FloorZoneKind, SitePlan } from "../core/site.ts";
import type { MetricDefinition } from "../metrics/definitions/terms.ts";

/**
 * Body of GET /api/site: what the live plan draws. Receivers and registered tags stay on the gateway, because a
 * beacon identity is all it takes to imitate a tag.
 */
export interface SiteView {
  readonly store: {
    readonly id: string;
    readonly name: string;
    readonly timeZone: string;
    readonly dayCutoverMin: number;
    readonly currency: string;
  };
  readonly cameras: readonly CameraPlan[];
  /** Zones of the floor, in which tags are located: they are found by name and asked for like those in a picture. */
  readonly floorZones: readonly {
    readonly id: string;
    readonly name: string;
    readonly kind: FloorZoneKind;
  }[];
}

/** Cuts the site plan down to what the page may know. Names every field, so a new one is not let out by itself. Pure. */
export function siteViewOf(plan: SitePlan): SiteView {
  const { id, name, timeZone, dayCutoverMin, currency } = plan.store;
  return {
    store: { id, name, timeZone, dayCutoverMin, currency },
    cameras: plan.cameras.map((camera) => ({
      id: camera.id,
      name: camera.name,
      lines: camera.lines.map((line) => ({
        id: line.id,
        name: line.name,
        role: line.role,
        a: line.a,
        b: line.b,
      })),
      zones: camera.zones.map((zone) => ({
        id: zone.id,
        name: zone.name,
        kind: zone.kind,
        polygon: zone.polygon,
      })),
      exclusions: camera.exclusions,
    })),
    floorZones: (plan.floor?.zones ?? []).map((zone) => ({
      id: zone.id,
      name: zone.name,
      kind: zone.kind,
    })),
  };
}

/** One metric definition as shown on the Definitions page and behind each figure; a row of the metrics' own table. */
export type DefinitionView = MetricDefinition;

/** Anonymous dots of one camera as sent to the page; `x` and `y` are Norm with four decimals. */
export interface PeopleView {
  readonly cameraId: string;
  readonly people: readonly { readonly id: number; readonly x: number; readonly y: number }[];
}

/** Payload of the stream's `heartbeat` event. */
export interface HeartbeatView {
  readonly now: EpochMs;
}

/** Body of GET /api/set-up: what the Set-up page may show and what a camera still lacks. */
export interface SetUpView {
  readonly preview: {
    readonly isEnabled: boolean;
    readonly isPixelated: boolean;
    /** Script that plays the live preview; loaded only when somebody starts one. */
    readonly playerUrl: string;
  };
  readonly cameras: readonly {
    readonly id: string;
    /** False for people counted elsewhere or generated. */
    readonly hasPicture: boolean;
    /** Points of the floor with known places; four make distances known. */
    readonly groundPoints: number;
  }[];
}

/** Body of every refused request to the API: a stable word, a sentence, and what to do next. */
export interface RefusalView {
  readonly error: string;
  readonly message: string;
  readonly hint: string;
}

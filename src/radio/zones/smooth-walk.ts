import { type MonoMs, monoMs } from "../../core/brand.ts";
import type { FloorPlan, ReceiverPlan, SurveyPoint } from "../../core/site.ts";
import { walkPlaces, walkPowers } from "./walk-passes.ts";
import { createEstimate, decideZone } from "./zone-decision.ts";
import { createZoneModel, type ZoneModel } from "./zone-model.ts";
import { ZONE_PARAMETERS } from "./zone-parameters.ts";

/** One reading of the tag that was carried on a walk. */
export interface WalkReading {
  /** Position in the list of receivers. */
  readonly receiver: number;
  readonly rssiDbm: number;
  readonly atMono: MonoMs;
}

/** Where the tag of a walk was in one second. */
export interface WalkEstimate {
  /** Begin of the second, a whole second of the readings' clock. */
  readonly atMono: MonoMs;
  /** Most probable zone: position in `floor.zones`, or NO_ZONE, or UNKNOWN_ZONE when there is nothing to judge by. */
  readonly zone: number;
  /** Calibrated probability 0..1 of `zone`. */
  readonly confidence: number;
  /** Probability per zone, then that of no zone; sums to 1. */
  readonly probabilities: Float64Array;
  /** Mean place, metres of the floor plan. */
  readonly xM: number;
  readonly yM: number;
  /** How far the place scatters: root of the mean squared distance from the mean, metres. */
  readonly spreadM: number;
}

/** What the place in a recorded walk is computed from. */
export interface SmoothWalkOptions {
  readonly floor: FloorPlan;
  readonly receivers: readonly ReceiverPlan[];
  readonly survey: readonly SurveyPoint[];
  /** In any order; impossible ones are ignored. */
  readonly readings: readonly WalkReading[];
  /**
   * Zone (position in `floor.zones`) in which the carrier is known to be within the second that begins at `atMono`;
   * null = not known. Absent = never known.
   */
  readonly within?: (atMono: MonoMs) => number | null;
  /** Height at which the tag was carried, metres; absent = the product's default. */
  readonly tagHeightM?: number;
}

/** A walk is cut into stretches of this length, each computed by itself. */
const STRETCH_SECONDS = 1_800;

/**
 * Computes where a tag was in each second of a recorded walk, from all readings before and after it, and from the zones
 * that are known: a forward and a backward pass for each power that the tag may have had. Seconds run from the first
 * reading to the last, and the reading at 1.4 s belongs to second 1; no readings give an empty list. Pure; up to thirty
 * minutes are kept in memory at once (8 bytes x cells x seconds).
 */
export function smoothWalk(options: SmoothWalkOptions): readonly WalkEstimate[] {
  const { floor, receivers, survey, tagHeightM } = options;
  const parameters = {
    ...ZONE_PARAMETERS,
    ...(tagHeightM === undefined ? {} : { tagHeightM }),
    learnOffsets: false,
  };
  const model = createZoneModel(floor, receivers, survey, parameters);
  const readings = options.readings.filter((one) => isUsable(model, one));
  const seconds = readings.map(({ atMono }) => Math.floor((atMono + 500) / 1000));
  const first = seconds.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const last = seconds.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const estimates: WalkEstimate[] = [];
  for (let from = first; from <= last; from += STRETCH_SECONDS) {
    const to = Math.min(last, from + STRETCH_SECONDS - 1);
    const own = readings.filter((_, i) => (seconds[i] ?? 0) >= from && (seconds[i] ?? 0) <= to);
    estimates.push(...stretch(model, own, from, to, options.within ?? (() => null)));
  }
  return estimates;
}

function isUsable(model: ZoneModel, { receiver, rssiDbm, atMono }: WalkReading): boolean {
  return (
    model.map.placed[receiver] === 1 && rssiDbm > -127 && rssiDbm < 20 && Number.isFinite(atMono)
  );
}

function stretch(
  model: ZoneModel,
  readings: readonly WalkReading[],
  from: number,
  to: number,
  within: (atMono: MonoMs) => number | null,
): WalkEstimate[] {
  const walk = {
    from,
    count: to - from + 1,
    readings,
    zoneOf: (second: number): number | null => within(monoMs(second * 1000)),
  };
  const powers = walkPowers(model, walk);
  const places = walkPlaces(model, walk, powers);
  const estimate = createEstimate(model);
  return places.map((row, i) => {
    decideZone(model, row, true, monoMs((from + i) * 1000), estimate);
    return {
      atMono: estimate.atMono,
      zone: estimate.zone,
      confidence: estimate.confidence,
      probabilities: estimate.probabilities.slice(),
      xM: estimate.xM,
      yM: estimate.yM,
      spreadM: spreadM(model, row, estimate.xM, estimate.yM),
    };
  });
}

function spreadM({ states }: ZoneModel, places: Float64Array, xM: number, yM: number): number {
  let sum = 0;
  let mass = 0;
  for (let i = 0; i < states.grid.count; i += 1) {
    const p = places[i] ?? 0;
    mass += p;
    sum += p * (((states.xM[i] ?? 0) - xM) ** 2 + ((states.yM[i] ?? 0) - yM) ** 2);
  }
  return Math.sqrt(sum / mass);
}

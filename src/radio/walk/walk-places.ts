import type { ReceiverPlan, SurveyPoint } from "../../core/site.ts";
import type { WalkReading } from "../zones/smooth-walk.ts";
import { ZONE_PARAMETERS } from "../zones/zone-parameters.ts";
import { type Cluster, clusterPlaces, type Spot } from "./place-clusters.ts";

/** How a walk's readings are gathered into survey points. */
export interface PlaceRules {
  /** Shortest time behind one point, seconds with readings. */
  readonly minSeconds: number;
  /** Points of one zone at most. */
  readonly maxPerZone: number;
  /** Points of a walk at most. */
  readonly maxPoints: number;
  /** Points nearer to each other are one, metres: closer than this a place is not known from its readings. */
  readonly apartM: number;
  /** A level that stands on fewer readings is left out. */
  readonly minReadings: number;
  /** Height at which a tag is carried, metres above the floor. */
  readonly heightM: number;
}

/** The engine gains little from more than 30 points; 15 s are some 30 readings of each receiver (notes/radio 2.2). */
export const PLACE_RULES: PlaceRules = {
  minSeconds: 15,
  maxPerZone: 5,
  maxPoints: 30,
  apartM: 1.5,
  minReadings: 3,
  heightM: ZONE_PARAMETERS.tagHeightM,
};

/** One second of a walk: when, in which zone for certain, and where it was most probably, metres. */
export interface PlacedSecond extends Spot {
  /** Whole second of the readings' clock; what was heard half a second before and after it belongs to it. */
  readonly second: number;
  /** Position in `floor.zones`. */
  readonly zone: number;
}

/**
 * Gathers readings into survey points: the seconds of each zone are gathered into places, and each place gets the mean
 * level and the number of readings per receiver. Zones with less than `minSeconds` give one point of what there is,
 * when that is at least a third of it. Readings in seconds that have no place are ignored. Points come in order of
 * zones. Pure.
 */
export function pointsOf(
  seconds: readonly PlacedSecond[],
  readings: readonly WalkReading[],
  receivers: readonly ReceiverPlan[],
  rules: PlaceRules = PLACE_RULES,
): readonly SurveyPoint[] {
  const bySecond = grouped(readings);
  const zones = [...new Set(seconds.map(({ zone }) => zone))].sort((a, b) => a - b);
  const heard = zones.map((zone) =>
    seconds.filter((one) => one.zone === zone && bySecond.has(one.second)),
  );
  const shares = pointsPerZone(
    heard.map(({ length }) => length),
    rules,
  );
  return heard.flatMap((spots, i) =>
    clusterPlaces(spots, { most: shares[i] ?? 0, minSpots: rules.minSeconds, apartM: rules.apartM })
      .map((cluster) => pointOf(cluster, bySecond, receivers, rules))
      .filter((point) => point.levels.length > 0),
  );
}

/** Readings by the whole second nearest to them, as the engine takes them. */
function grouped(readings: readonly WalkReading[]): ReadonlyMap<number, readonly WalkReading[]> {
  const groups = new Map<number, WalkReading[]>();
  for (const reading of readings) {
    const second = Math.floor((reading.atMono + 500) / 1000);
    const group = groups.get(second);
    if (group === undefined) groups.set(second, [reading]);
    else group.push(reading);
  }
  return groups;
}

/** Points each zone may have: by its seconds, at most `maxPerZone`, and lowered evenly until all fit. */
function pointsPerZone(seconds: readonly number[], rules: PlaceRules): readonly number[] {
  const fair = (most: number): readonly number[] =>
    seconds.map((n) => {
      if (n < rules.minSeconds / 3) return 0;
      return Math.min(most, Math.max(1, Math.floor(n / rules.minSeconds)));
    });
  for (let most = rules.maxPerZone; most > 1; most -= 1) {
    const shares = fair(most);
    if (shares.reduce((sum, n) => sum + n, 0) <= rules.maxPoints) return shares;
  }
  return fair(1).map((n, i) => (i < rules.maxPoints ? n : 0));
}

function pointOf(
  cluster: Cluster<PlacedSecond>,
  bySecond: ReadonlyMap<number, readonly WalkReading[]>,
  receivers: readonly ReceiverPlan[],
  rules: PlaceRules,
): SurveyPoint {
  const sums = new Float64Array(receivers.length);
  const counts = new Uint32Array(receivers.length);
  for (const { second } of cluster.spots) {
    for (const { receiver, rssiDbm } of bySecond.get(second) ?? []) {
      sums[receiver] = (sums[receiver] ?? 0) + rssiDbm;
      counts[receiver] = (counts[receiver] ?? 0) + 1;
    }
  }
  const levels = receivers.flatMap(({ id }, receiver) => {
    const readings = counts[receiver] ?? 0;
    if (readings < rules.minReadings) return [];
    return [{ receiverId: id, meanDbm: tenth((sums[receiver] ?? 0) / readings), readings }];
  });
  return { xM: tenth(cluster.xM), yM: tenth(cluster.yM), zM: rules.heightM, levels };
}

/** A tenth of a decibel or of a metre is finer than anything a walk knows, and keeps the file readable. */
function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

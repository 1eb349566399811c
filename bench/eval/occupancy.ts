import { zoneId } from "../../src/core/brand.ts";
import type { ZoneExited } from "../../src/core/events.ts";
import type { ZoneOccupancy } from "../../src/vision/zone-watch.ts";
import type { CountingTruth } from "./counting.ts";

/** People inside each zone after each frame given; entry i belongs to frame 1 + i * every of the sequence. */
export type OccupancyTrace = readonly (readonly ZoneOccupancy[])[];

/**
 * Mean absolute error of the people inside zones, over all zones and the frames at which the truth names them, two
 * decimals; null when it names none, or none of the frames was given. Pure.
 */
export function occupancyError(
  truth: CountingTruth,
  trace: OccupancyTrace,
  every: number,
): number | null {
  let error = 0;
  let samples = 0;
  for (const zone of truth.zones) {
    for (const [frame, people] of zone.occupancy ?? []) {
      const zones = trace[(frame - 1) / every];
      if (zones === undefined) continue;
      const found = zones.find((entry) => entry.zoneId === zoneId(zone.name));
      error += Math.abs((found?.people ?? 0) - people);
      samples += 1;
    }
  }
  return samples === 0 ? null : Math.round((100 * error) / samples) / 100;
}

/** A stay as its exit tells it afterwards. */
export type ToldStay = Pick<ZoneExited, "zoneId" | "atMono" | "dwellMs">;

/**
 * As `occupancyError`, for the people whom the stays, once told, place inside: what a count of entries and exits made
 * afterwards gives. `frameMs` is the time from one frame of the truth to the next, the first being at 0. Pure.
 */
export function stayOccupancyError(
  truth: CountingTruth,
  stays: readonly ToldStay[],
  frameMs: number,
): number | null {
  const frames = truth.zones.flatMap(({ occupancy }) => occupancy?.map(([frame]) => frame) ?? []);
  const trace = Array.from({ length: Math.max(0, ...frames) }, (_, i) =>
    truth.zones.map(({ name }) => ({
      zoneId: zoneId(name),
      people: stays.filter((stay) => isInside(stay, name, i * frameMs)).length,
    })),
  );
  return occupancyError(truth, trace, 1);
}

function isInside(stay: ToldStay, zone: string, atMs: number): boolean {
  return stay.zoneId === zoneId(zone) && stay.atMono - stay.dwellMs <= atMs && atMs <= stay.atMono;
}

import { zoneId } from "../../src/core/brand.ts";
import type { ZoneExited } from "../../src/core/events.ts";
import type { CountingTruth } from "./counting.ts";

/** A stay as its exit tells it afterwards. */
export type ToldStay = Pick<ZoneExited, "zoneId" | "atMono" | "dwellMs">;

/**
 * Mean absolute error of the people inside zones by the stays told, over all zones and the frames at which the truth
 * names them, two decimals; null when it names none. `frameMs` is the time from one frame of the truth to the next,
 * the first being at 0. Pure.
 */
export function occupancyError(
  truth: CountingTruth,
  stays: readonly ToldStay[],
  frameMs: number,
): number | null {
  let error = 0;
  let samples = 0;
  for (const { name, occupancy } of truth.zones)
    for (const [frame, people] of occupancy ?? []) {
      const atMs = (frame - 1) * frameMs;
      const inside = stays.filter((stay) => stay.zoneId === zoneId(name) && covers(stay, atMs));
      error += Math.abs(inside.length - people);
      samples += 1;
    }
  return samples === 0 ? null : Math.round((100 * error) / samples) / 100;
}

function covers({ atMono, dwellMs }: ToldStay, atMs: number): boolean {
  return atMono - dwellMs <= atMs && atMs <= atMono;
}

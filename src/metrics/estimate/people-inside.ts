import type { EpochMs } from "../../core/brand.ts";
import type { Day } from "../days/day-book.ts";
import type { Sources } from "../sources.ts";
import type { OccupancyCurve } from "./occupancy.ts";
import { dayCurve } from "./occupancy-curve.ts";
import { tracksCurve } from "./tracks-inside.ts";

/** People inside in each minute of a trading day. */
export interface MinutesInside extends Omit<OccupancyCurve, "people"> {
  readonly method: "track" | "count";
}

/**
 * People inside over a day up to `to`: by tracks where they can speak for everybody, else by the balance of the doors.
 * Of a day that is over the balance is that of the whole day.
 */
export function minutesInside(sources: Sources, day: Day, to: EpochMs): MinutesInside {
  const tracked = tracksCurve(sources, day, to);
  return tracked === null
    ? { ...dayCurve(sources, day, sources.isOver(day) ? day.span.end : to), method: "count" }
    : { ...tracked, liftPeople: 0, method: "track" };
}

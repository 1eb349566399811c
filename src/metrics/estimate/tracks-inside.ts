import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { Day } from "../days/day-book.ts";
import type { Sources } from "../sources.ts";
import { stayCurve, stillThere } from "./missed-exits.ts";
import { VISIT_ESTIMATE_RULES } from "./rules.ts";
import { trackSample } from "./track-visits.ts";

const WEEK_MS = 7 * 86_400_000;

/**
 * Customers inside at an instant of a trading day, by tracks from door to door. Those whose visit is told were inside
 * until its end. Of those not told yet each counts with the probability of being there still, since a door that missed
 * their exit leaves them inside; it follows from how long visits lasted in the week before and how many exits are
 * missed. null when no camera follows people from door to door, when it lost too many of those who came before, or when
 * nothing is known yet of how long visits last.
 */
export function tracksInside(sources: Sources, day: Day, at: EpochMs): number | null {
  const { start } = day.span;
  const sample = trackSample(sources, { from: start, to: at });
  if (sample === null || sample.completeRatio < VISIT_ESTIMATE_RULES.trackPresentRatio) return null;
  let inside = 0;
  for (const row of day.visits.rows(start, at))
    if (row.method === "track" && !row.isStaff && row.exitedAt > at) inside += 1;
  const open = sources
    .openVisits(at)
    .filter(({ method, enteredAt }) => method === "track" && enteredAt >= start && enteredAt <= at);
  if (open.length === 0) return inside;
  const before = trackSample(sources, { from: epochMs(start - WEEK_MS), to: start });
  const curve = stayCurve(before?.visits ?? []);
  if (curve === null) return null;
  const { inRatio, outRatio } = sources.driftBefore(start).misses;
  let there = 0;
  for (const { enteredAt } of open) there += stillThere(curve(at - enteredAt), outRatio);
  return inside + there / (1 - inRatio);
}

import { ascending, type Duration, type Lengths } from "./survival.ts";

/** A visit on a track, as far as its end is known. */
export interface FollowedVisit extends Duration {
  /** Not told as a whole yet: still there, or just gone. */
  readonly isUntold: boolean;
}

/** With fewer finished visits nothing is known of how long visits last. */
const LEAST_FINISHED = 20;

/**
 * Share of visits that last longer than each length, from those whose end was seen; null with too few of them. Their
 * ends are missed as often after short visits as after long ones, so they stand for all. Pure.
 */
export function stayCurve(visits: readonly Duration[]): ((ms: number) => number) | null {
  const lengths = ascending(visits, false);
  if (lengths.length < LEAST_FINISHED) return null;
  return (ms) => 1 - countUpTo(lengths, ms) / lengths.length;
}

/**
 * Probability that somebody who came in so long ago and was not counted leaving is still there, and not one of those
 * whose exit the door missed (Bayes). Pure.
 */
export function stillThere(alive: number, missOutRatio: number): number {
  const missed = missOutRatio * (1 - alive);
  return alive + missed > 0 ? alive / (alive + missed) : 1;
}

/**
 * Visits less those whose exit the door probably missed. Such a track ends at the door, so that taking it for somebody
 * who was lost from sight, and might have stayed on, would make all visits too long. Of the tracks that ended inside,
 * as many as the doors miss are left out, evenly over time; of those that seem to be there still, the ones that have
 * probably left. Pure.
 */
export function withoutMissedExits<Visit extends FollowedVisit>(
  visits: readonly Visit[],
  missOutRatio: number,
): Visit[] {
  const finished = visits.filter(({ isCensored }) => !isCensored).length;
  const lost = visits.filter(({ isCensored, isUntold }) => isCensored && !isUntold).length;
  const missed = (finished * missOutRatio) / (1 - missOutRatio);
  const leftOut = lost > 0 ? Math.min(1, missed / lost) : 0;
  const curve = stayCurve(visits);
  let due = 0;
  return visits.filter(({ ms, isCensored, isUntold }) => {
    if (!isCensored) return true;
    if (isUntold) return curve === null || stillThere(curve(ms), missOutRatio) >= 0.5;
    due += leftOut;
    // Sums of shares fall short of whole numbers by rounding.
    if (due < 1 - 1e-9) return true;
    due -= 1;
    return false;
  });
}

function countUpTo(lengths: Lengths, ms: number): number {
  let low = 0;
  let high = lengths.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lengths[middle] ?? 0) <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

import type { LineCrossed, ZoneExited } from "../../src/core/events.ts";
import type { TrueCrossing, TrueLine, TrueStay, VideoTruth } from "./video-truth.ts";

/** What the camera chain reported, times in seconds from the first frame. */
export interface VideoFindings {
  readonly fps: number;
  readonly crossings: readonly Found<LineCrossed>[];
  readonly stays: readonly Found<ZoneExited>[];
}

interface Found<T> {
  readonly event: T;
  readonly atS: number;
}

export interface VideoScore {
  /** Sum over lines and directions of |counted - true|. */
  readonly countError: number;
  readonly countTruth: number;
  /** Per line and direction, in the words of the truth. */
  readonly lines: Readonly<
    Record<string, Readonly<Record<string, { readonly count: number; readonly truth: number }>>>
  >;
  /**
   * Crossings without a true one of the same line and direction within 1 s (or 3 frames, if longer); where the truth
   * gives no times, what was counted beyond its number.
   */
  readonly falseCrossings: number;
  /** |measured - true| of each true stay, in the order of the truth; a stay not found counts as measured 0. */
  readonly dwellErrorsMs: readonly number[];
}

/** Compares what was reported with the truth. Pure. */
export function scoreVideo(truth: VideoTruth, found: VideoFindings): VideoScore {
  const toleranceS = Math.max(1, 3 / found.fps);
  let countError = 0;
  let countTruth = 0;
  let falseCrossings = 0;
  const lines: Record<string, Record<string, { count: number; truth: number }>> = {};
  for (const line of truth.lines) {
    const own = found.crossings.filter(({ event }) => event.lineId === line.name);
    const counts: Record<string, { count: number; truth: number }> = {};
    for (const { direction, label, count: wanted } of line.directions) {
      const count = own.filter(({ event }) => event.direction === direction).length;
      counts[label] = { count, truth: wanted };
      countError += Math.abs(count - wanted);
      countTruth += wanted;
    }
    lines[line.name] = counts;
    falseCrossings += falseAt(line, own, toleranceS);
  }
  return {
    countError,
    countTruth,
    lines,
    falseCrossings,
    dwellErrorsMs: dwellErrors(truth, found),
  };
}

function falseAt(line: TrueLine, own: readonly Found<LineCrossed>[], toleranceS: number): number {
  let wrong = 0;
  for (const direction of ["in", "out"] as const) {
    const times = own.filter(({ event }) => event.direction === direction).map(({ atS }) => atS);
    if (line.crossings === null) {
      const wanted = line.directions.find((d) => d.direction === direction)?.count ?? 0;
      wrong += Math.max(0, times.length - wanted);
    } else {
      const isPossible = (crossing: TrueCrossing): boolean =>
        crossing.direction === null || crossing.direction === direction;
      const wanted = line.crossings.filter(isPossible).map(({ atS }) => atS);
      wrong += times.length - countMatches(times, wanted, toleranceS);
    }
  }
  return wrong;
}

/** Most pairs of instants no further apart than the tolerance, each used once. Earliest first is optimal on a line. */
export function countMatches(
  found: readonly number[],
  wanted: readonly number[],
  toleranceS: number,
): number {
  const a = [...found].sort((x, y) => x - y);
  const b = [...wanted].sort((x, y) => x - y);
  let [i, j, matches] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const lagS = (a[i] ?? 0) - (b[j] ?? 0);
    if (Math.abs(lagS) <= toleranceS) {
      matches += 1;
      i += 1;
      j += 1;
    } else if (lagS < 0) i += 1;
    else j += 1;
  }
  return matches;
}

function dwellErrors(truth: VideoTruth, found: VideoFindings): number[] {
  return truth.zones.flatMap((zone) => {
    const free = found.stays.filter(({ event }) => event.zoneId === zone.name);
    return zone.stays.map((wanted) => {
      const best = takeBest(free, wanted);
      const dwellS = best === null ? 0 : best.event.dwellMs / 1000;
      return Math.round(Math.abs(dwellS - wanted.dwellS) * 1000);
    });
  });
}

/** Removes and returns the stay that overlaps the true one longest; null when none does. */
function takeBest(free: Found<ZoneExited>[], wanted: TrueStay): Found<ZoneExited> | null {
  let best: Found<ZoneExited> | null = null;
  let bestS = 0;
  for (const candidate of free) {
    const fromS = candidate.atS - candidate.event.dwellMs / 1000;
    const overlapS = Math.min(candidate.atS, wanted.leaveS) - Math.max(fromS, wanted.enterS);
    if (overlapS <= bestS) continue;
    best = candidate;
    bestS = overlapS;
  }
  if (best !== null) free.splice(free.indexOf(best), 1);
  return best;
}

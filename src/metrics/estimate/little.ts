import { SLOT_MS, type SlotRange } from "../calendar/slots.ts";
import { ratioOfSums } from "./bootstrap.ts";
import { type DoorMisses, missDoubt } from "./door-misses.ts";
import { exponentialMean95, type Interval, Z95 } from "./intervals.ts";
import type { DoorFlow } from "./occupancy.ts";

/** Total time of visits and the number of visits it belongs to; divide to get the mean. */
export interface VisitTime {
  readonly totalMs: number;
  readonly visits: number;
  /** Crossings actually counted in the rarer direction: the observations behind it. */
  readonly n: number;
  /** Variance of `totalMs` that comes from people the doors missed, ms^2. */
  readonly missVariance: number;
}

/**
 * Total visit time of a closed trading day. With entries and exits scaled so that the day closes at zero, Little's law
 * is an identity and the mean visit is the mean time of exit minus the mean time of entry: nobody is paired with
 * anybody. Each missed person moves one of the two means. null when one direction counted nothing, or when people left
 * before they came (a fault of the counts). Pure.
 * @source J. D. C. Little, A proof for the queueing formula L = lambda W, Operations Research 1961.
 */
export function visitTimeOfClosedDay(flow: DoorFlow, misses: DoorMisses): VisitTime | null {
  const entries = timesOf(flow.ins, flow.inOffsetsMs);
  const exits = timesOf(flow.outs, flow.outOffsetsMs);
  if (entries.count === 0 || exits.count === 0) return null;
  const meanMs = exits.meanMs - entries.meanMs;
  if (meanMs <= 0) return null;
  const visits = Math.max(entries.count, exits.count);
  const moved =
    (entries.variance * misses.inRatio) / entries.count +
    (exits.variance * misses.outRatio) / exits.count;
  return {
    totalMs: meanMs * visits,
    visits,
    n: Math.min(entries.count, exits.count),
    missVariance: visits * visits * moved * missDoubt(misses),
  };
}

/**
 * Total time inside over part of a day, per visit that ended in it. The time of those still inside is counted and
 * their visits are not, which is right if the time they still stay is like a whole visit (so for exponential stays);
 * provisional, since nobody's end is known yet. `personMs` per slot of the day, `exitFactor` people who left for each
 * that was counted. null when nobody left. Pure.
 */
export function visitTimeOfOpenInterval(
  flow: DoorFlow,
  range: SlotRange,
  curve: { readonly personMs: Float64Array; readonly exitFactor: number },
  misses: DoorMisses,
): VisitTime | null {
  let totalMs = 0;
  let counted = 0;
  for (let slot = range.from; slot < range.to; slot += 1) {
    totalMs += curve.personMs[slot] ?? 0;
    counted += flow.outs[slot] ?? 0;
  }
  if (counted === 0 || totalMs <= 0) return null;
  // The balance is off by one for each person missed so far, half of them on average over the interval.
  const missed = counted * (misses.inRatio + misses.outRatio);
  const missVariance = (missed / 4) * ((range.to - range.from) * SLOT_MS) ** 2;
  return { totalMs, visits: counted * curve.exitFactor, n: counted, missVariance };
}

/** People of a group stay alike, so a mean is less sure than its number of visits says. */
const GROUP_EFFECT = 1.3;

/** Mean of the visits of several days or parts of days. */
export interface MeanVisit {
  readonly meanMs: number;
  readonly n: number;
  readonly ci95: Interval | null;
}

/** Days from which their own spread is trusted more than what is assumed of stays and misses. */
const SPREAD_DAYS = 7;

/**
 * Mean visit over days, with its 95 % interval: from the spread between the days where there are enough of them, else
 * from the spread of exponential stays and what missed people may have moved. null without visits. Pure.
 */
export function visitTimeEstimate(times: readonly VisitTime[]): MeanVisit | null {
  let n = 0;
  let totalMs = 0;
  let visits = 0;
  let variance = 0;
  for (const time of times) {
    n += time.n;
    totalMs += time.totalMs;
    visits += time.visits;
    variance += time.missVariance;
  }
  if (visits <= 0) return null;
  const meanMs = totalMs / visits;
  if (times.length >= SPREAD_DAYS) {
    const blocks = times.map((time) => ({ top: time.totalMs, bottom: time.visits }));
    return { meanMs, n, ci95: ratioOfSums(blocks)?.ci95 ?? null };
  }
  const chance = exponentialMean95(meanMs, n / GROUP_EFFECT);
  if (chance === null) return { meanMs, n, ci95: null };
  const moved = Z95 * (Math.sqrt(variance) / visits);
  const low = Math.max(0, meanMs - Math.hypot(meanMs - chance[0], moved));
  return { meanMs, n, ci95: [low, meanMs + Math.hypot(chance[1] - meanMs, moved)] };
}

interface Times {
  readonly count: number;
  readonly meanMs: number;
  /** Of the times of day, to the minute. */
  readonly variance: number;
}

function timesOf(counts: Float64Array, offsetsMs: Float64Array): Times {
  let count = 0;
  let sumMs = 0;
  for (let slot = 0; slot < counts.length; slot += 1) {
    count += counts[slot] ?? 0;
    sumMs += (counts[slot] ?? 0) * slot * SLOT_MS + (offsetsMs[slot] ?? 0);
  }
  const meanMs = count === 0 ? 0 : sumMs / count;
  let squares = 0;
  for (let slot = 0; slot < counts.length; slot += 1)
    squares += (counts[slot] ?? 0) * (slot * SLOT_MS - meanMs) ** 2;
  return { count, meanMs, variance: count === 0 ? 0 : squares / count };
}

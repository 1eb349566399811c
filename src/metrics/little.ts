import { type DoorFlow, type FlowScale, occupancyCurve } from "./occupancy.ts";
import { SLOT_MS, type SlotRange } from "./slots.ts";

/** Total time of visits and the number of visits it belongs to; divide to get the mean. */
export interface VisitTime {
  readonly totalMs: number;
  readonly visits: number;
  /** Crossings actually counted in the rarer direction: the observations behind it. */
  readonly n: number;
}

/**
 * Total visit time of a closed trading day. With entries and exits scaled so that the day closes at zero, Little's law
 * is an identity and the mean visit is the mean time of exit minus the mean time of entry: nobody is paired with
 * anybody. null when one direction counted nothing, or when people left before they came (a fault of the counts). Pure.
 * @source J. D. C. Little, A proof for the queueing formula L = lambda W, Operations Research 1961.
 */
export function visitTimeOfClosedDay(flow: DoorFlow): VisitTime | null {
  const entries = meanTimeMs(flow.ins, flow.inOffsetsMs);
  const exits = meanTimeMs(flow.outs, flow.outOffsetsMs);
  if (entries.count === 0 || exits.count === 0) return null;
  const meanMs = exits.meanMs - entries.meanMs;
  if (meanMs <= 0) return null;
  const visits = Math.max(entries.count, exits.count);
  return { totalMs: meanMs * visits, visits, n: Math.min(entries.count, exits.count) };
}

/**
 * Total time inside over part of a day, per visit that ended in it. The time of those still inside is counted and
 * their visits are not, which is right if the time they still stay is like a whole visit (so for exponential stays);
 * provisional, since nobody's end is known yet. null when nobody left. Pure.
 */
export function visitTimeOfOpenInterval(
  flow: DoorFlow,
  range: SlotRange,
  elapsedMs: number,
  scale: FlowScale,
): VisitTime | null {
  const { personMs } = occupancyCurve(flow, elapsedMs, scale);
  let totalMs = 0;
  let counted = 0;
  for (let slot = range.from; slot < range.to; slot += 1) {
    totalMs += personMs[slot] ?? 0;
    counted += flow.outs[slot] ?? 0;
  }
  if (counted === 0 || totalMs <= 0) return null;
  return { totalMs, visits: counted * scale.outs, n: counted };
}

function meanTimeMs(
  counts: Float64Array,
  offsetsMs: Float64Array,
): { readonly count: number; readonly meanMs: number } {
  let count = 0;
  let sumMs = 0;
  for (let slot = 0; slot < counts.length; slot += 1) {
    count += counts[slot] ?? 0;
    sumMs += (counts[slot] ?? 0) * slot * SLOT_MS + (offsetsMs[slot] ?? 0);
  }
  return { count, meanMs: count === 0 ? 0 : sumMs / count };
}

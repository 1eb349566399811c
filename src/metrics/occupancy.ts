import { SLOT_MS } from "./slots.ts";

/** Crossings of all doors of one trading day, per slot of a minute. */
export interface DoorFlow {
  readonly slots: number;
  readonly ins: Float64Array;
  readonly outs: Float64Array;
  /** Sum over the slot's crossings of the milliseconds since the slot began. */
  readonly inOffsetsMs: Float64Array;
  readonly outOffsetsMs: Float64Array;
}

/** Factors on counted entries and exits; the direction that misses more is scaled up. */
export interface FlowScale {
  readonly ins: number;
  readonly outs: number;
}

/** Takes the counts as they are. */
export const UNSCALED: FlowScale = Object.freeze({ ins: 1, outs: 1 });

/** People inside over a trading day, from its start up to some instant. */
export interface OccupancyCurve {
  /** People inside at that instant, >= 0. */
  readonly people: number;
  /** People whose entry must have been missed, because more had left than had come: the drift account, >= 0. */
  readonly liftPeople: number;
  /** Person-milliseconds inside, per slot. */
  readonly personMs: Float64Array;
}

/** An empty day of `slots` minutes. */
export function emptyFlow(slots: number): DoorFlow {
  const column = (): Float64Array => new Float64Array(slots);
  return {
    slots,
    ins: column(),
    outs: column(),
    inOffsetsMs: column(),
    outOffsetsMs: column(),
  };
}

/**
 * Factors that make a day close at zero: where more came than left, exits were missed and are scaled up, and the other
 * way round. A day without a crossing in one direction cannot be closed and stays as it is. Pure.
 */
export function closingScale(ins: number, outs: number): FlowScale {
  if (ins <= 0 || outs <= 0) return UNSCALED;
  return ins >= outs ? { ins: 1, outs: ins / outs } : { ins: outs / ins, outs: 1 };
}

/**
 * People inside from crossings: entries minus exits since the day began, which is taken to begin empty. Where the
 * balance would go below zero it is lifted to zero for good: someone came in uncounted, and the next one to enter
 * makes it one. `elapsedMs` is the time since the day began; crossings after it must not be in the flow. Pure.
 */
export function occupancyCurve(
  flow: DoorFlow,
  elapsedMs: number,
  scale: FlowScale,
): OccupancyCurve {
  const personMs = new Float64Array(flow.slots);
  const last = Math.min(flow.slots, Math.ceil(elapsedMs / SLOT_MS));
  let balance = 0;
  let lift = 0;
  for (let slot = 0; slot < last; slot += 1) {
    const lengthMs = Math.min(SLOT_MS, elapsedMs - slot * SLOT_MS);
    const ins = (flow.ins[slot] ?? 0) * scale.ins;
    const outs = (flow.outs[slot] ?? 0) * scale.outs;
    const inMs = ins * lengthMs - (flow.inOffsetsMs[slot] ?? 0) * scale.ins;
    const outMs = outs * lengthMs - (flow.outOffsetsMs[slot] ?? 0) * scale.outs;
    const before = balance;
    balance += ins - outs;
    // Judged at the end of a slot, so that the order of events within it does not matter.
    lift = Math.max(lift, -balance);
    personMs[slot] = Math.max(0, (before + lift) * lengthMs + inMs - outMs);
  }
  return { people: Math.max(0, balance + lift), liftPeople: lift, personMs };
}

/** Entries and exits of one closed day, for learning how the doors drift. */
export interface ClosedDay {
  readonly ins: number;
  readonly outs: number;
  /** Share of the day in which the door cameras saw. */
  readonly coverage: number;
}

/** What the closed days taught about the drift of the doors. */
export interface LearnedDrift {
  readonly scale: FlowScale;
  /** Days it rests on; 0 = nothing learned, counts are taken as they are. */
  readonly days: number;
}

/** Rules of learning the drift. */
export const DRIFT_RULES = Object.freeze({
  /** Closed days looked back on. */
  windowDays: 28,
  /** Fewer usable days teach nothing: one odd day would bend the live figure. */
  minDays: 7,
  /** A day seen less is not usable. */
  minCoverage: 0.95,
  /** Entries and exits over a usable day's span may differ by so much; more is a fault, not drift. */
  maxFactor: 1.25,
});

/** Learns the factor between entries and exits from closed days, oldest first. Pure. */
export function learnDrift(days: readonly ClosedDay[]): LearnedDrift {
  const usable = days
    .filter((day) => day.coverage >= DRIFT_RULES.minCoverage && day.ins > 0 && day.outs > 0)
    .slice(-DRIFT_RULES.windowDays);
  const ins = usable.reduce((sum, day) => sum + day.ins, 0);
  const outs = usable.reduce((sum, day) => sum + day.outs, 0);
  const scale = closingScale(ins, outs);
  const factor = Math.max(scale.ins, scale.outs);
  if (usable.length < DRIFT_RULES.minDays || factor > DRIFT_RULES.maxFactor)
    return { scale: UNSCALED, days: 0 };
  return { scale, days: usable.length };
}

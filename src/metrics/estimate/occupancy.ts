import type { EpochMs } from "../../core/brand.ts";
import { SLOT_MS } from "../calendar/slots.ts";
import { type DoorMisses, learnMisses } from "./door-misses.ts";

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
  /** Standard deviation of the people inside at each slot's start, one more for the end; null for bare counts. */
  readonly deviations: Float64Array | null;
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
  return { people: Math.max(0, balance + lift), deviations: null, liftPeople: lift, personMs };
}

/** Entries and exits of one closed day, for learning how the doors drift. */
export interface ClosedDay {
  readonly start: EpochMs;
  readonly ins: number;
  readonly outs: number;
  /** Share of the day in which the door cameras saw. */
  readonly coverage: number;
  /** Mean time of exit less mean time of entry; null when one direction counted nothing. */
  readonly stayMs: number | null;
}

/** What the closed days taught about the drift of the doors. */
export interface LearnedDrift {
  /** For the weekday it was asked for. */
  readonly scale: FlowScale;
  /** Days it rests on; 0 = nothing learned, counts are taken as they are. */
  readonly days: number;
  readonly misses: DoorMisses;
  /** Mean visit over those days by Little's law; null when nothing is learned or it makes no sense. */
  readonly meanStayMs: number | null;
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
  /** A weekday's own drift counts as much as that of all days once so many of them were seen. */
  weekdayPriorDays: 4,
});

const WEEK_MS = 7 * 86_400_000;
/** Two days of the same name begin a whole number of weeks apart, but for the hour that the clocks change. */
const CLOCK_CHANGE_MS = 3 * 3_600_000;

/**
 * Learns from closed days, oldest first, what the doors miss. The factor between entries and exits is that of the
 * weekday on which `at` lies, drawn towards that of all days. Pure.
 */
export function learnDrift(days: readonly ClosedDay[], at: EpochMs): LearnedDrift {
  const usable = days
    .filter((day) => day.coverage >= DRIFT_RULES.minCoverage && day.ins > 0 && day.outs > 0)
    .slice(-DRIFT_RULES.windowDays);
  const all = sumsOf(usable);
  const overall = closingScale(all.ins, all.outs);
  if (
    usable.length < DRIFT_RULES.minDays ||
    Math.max(overall.ins, overall.outs) > DRIFT_RULES.maxFactor
  )
    return { scale: UNSCALED, days: 0, misses: learnMisses([]), meanStayMs: null };
  const same = usable.filter((day) => isSameWeekday(day.start, at));
  const prior = DRIFT_RULES.weekdayPriorDays / usable.length;
  const own = sumsOf(same);
  return {
    scale: closingScale(own.ins + prior * all.ins, own.outs + prior * all.outs),
    days: usable.length,
    misses: learnMisses(usable),
    meanStayMs: meanStayOf(usable),
  };
}

function sumsOf(days: readonly ClosedDay[]): { ins: number; outs: number } {
  let ins = 0;
  let outs = 0;
  for (const day of days) {
    ins += day.ins;
    outs += day.outs;
  }
  return { ins, outs };
}

function isSameWeekday(start: EpochMs, at: EpochMs): boolean {
  const offset = (((at - start) % WEEK_MS) + WEEK_MS) % WEEK_MS;
  return Math.min(offset, WEEK_MS - offset) <= CLOCK_CHANGE_MS;
}

function meanStayOf(days: readonly ClosedDay[]): number | null {
  let visits = 0;
  let totalMs = 0;
  for (const { ins, outs, stayMs } of days) {
    if (stayMs === null) continue;
    visits += Math.max(ins, outs);
    totalMs += Math.max(ins, outs) * stayMs;
  }
  return visits > 0 && totalMs > 0 ? totalMs / visits : null;
}

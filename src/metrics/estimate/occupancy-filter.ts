import { SLOT_MS } from "../calendar/slots.ts";
import type { DoorMisses } from "./door-misses.ts";
import type { DoorFlow, OccupancyCurve } from "./occupancy.ts";

/** What closed days taught about the people inside. */
export interface StayModel {
  readonly misses: DoorMisses;
  /** Mean visit by Little's law over the closed days. */
  readonly meanStayMs: number;
}

/** Rules of weighing the balance of the doors against the stream of leavers. */
const FILTER_RULES = Object.freeze({
  /**
   * Leavers per person inside vary this many times more than chance says: visits are not memoryless and people leave in
   * groups. Chosen on simulated shops; between 1.5 and 4 it changes the error by 3 %.
   */
  leaverVariance: 3,
  /** No door is perfect: below this the balance could never be corrected. */
  leastMissRatio: 0.001,
  /** Leavers are taken to vary as if at least so many were inside. */
  leastPeople: 0.3,
});

/** So many times the expected missed entries may lift the balance before it is worth a note. */
const EXPECTED_LIFTS = 2;

/** One slot of the forward pass, as the backward pass needs it. */
interface Pass {
  /** With the leavers of the slot taken into account, at its start. */
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  /** As expected at the start of the slot, before looking at its leavers. */
  readonly expected: Float64Array;
  readonly expectedVariance: Float64Array;
  readonly keep: number;
}

/**
 * People inside over a trading day from counts that miss people. The balance of entries and exits wanders off by one
 * with every person missed; but how many leave per minute also tells how many are inside, and that does not wander. The
 * two are weighed by what is known of both (a Kalman filter in slots of a minute). `isClosed`: the day is over and ended
 * empty, so all of it is weighed again backwards from there. Never below zero. Pure.
 * @source R. E. Kalman 1960; H. E. Rauch, F. Tung, C. T. Striebel 1965; leavers of an M/M/infinity queue.
 */
export function filteredOccupancy(
  flow: DoorFlow,
  elapsedMs: number,
  model: StayModel,
  isClosed: boolean,
): OccupancyCurve {
  const last = Math.min(flow.slots, Math.ceil(elapsedMs / SLOT_MS));
  const { pass, lift } = forward(flow, last, elapsedMs, model);
  const { people, variances } = isClosed
    ? backward(pass, last)
    : { people: pass.expected, variances: pass.expectedVariance };
  const personMs = new Float64Array(flow.slots);
  for (let slot = 0; slot < last; slot += 1) {
    const lengthMs = Math.min(SLOT_MS, elapsedMs - slot * SLOT_MS);
    const both = Math.max(0, people[slot] ?? 0) + Math.max(0, people[slot + 1] ?? 0);
    personMs[slot] = (both / 2) * lengthMs;
  }
  return {
    people: isClosed ? 0 : Math.max(0, people[last] ?? 0),
    deviations: variances.map(Math.sqrt),
    liftPeople: lift,
    personMs,
  };
}

function forward(
  flow: DoorFlow,
  last: number,
  elapsedMs: number,
  { misses, meanStayMs }: StayModel,
): { pass: Pass; lift: number } {
  const column = (): Float64Array => new Float64Array(last + 1);
  const { leastMissRatio, leastPeople, leaverVariance } = FILTER_RULES;
  const missIn = Math.max(leastMissRatio, misses.inRatio);
  const missOut = Math.max(leastMissRatio, misses.outRatio);
  const keep = 1 - (missOut * SLOT_MS) / meanStayMs;
  const pass = {
    mean: column(),
    variance: column(),
    expected: column(),
    expectedVariance: column(),
    keep,
  };
  let lift = 0;
  let came = 0;
  for (let slot = 0; slot < last; slot += 1) {
    const lengthMs = Math.min(SLOT_MS, elapsedMs - slot * SLOT_MS);
    const ins = flow.ins[slot] ?? 0;
    const outs = flow.outs[slot] ?? 0;
    const expected = pass.expected[slot] ?? 0;
    const spread = pass.expectedVariance[slot] ?? 0;
    // Halfway through the slot half of those who come in it are there, and half of those who leave are gone.
    const halfway = (ins - outs) / 2;
    const leaving = ((1 - missOut) * lengthMs) / meanStayMs;
    const noise = leaverVariance * leaving * Math.max(leastPeople, expected + halfway);
    const gain = (spread * leaving) / (leaving * leaving * spread + noise);
    const mean = expected + gain * (outs - leaving * Math.max(0, expected + halfway));
    const variance = spread * (1 - gain * leaving);
    pass.mean[slot] = mean;
    pass.variance[slot] = variance;
    const balance = keep * mean + ins / (1 - missIn) - outs;
    lift += Math.max(0, -balance);
    came += ins;
    pass.expected[slot + 1] = Math.max(0, balance);
    pass.expectedVariance[slot + 1] =
      keep * keep * variance + (ins * missIn) / (1 - missIn) + (outs * missOut) / (1 - missOut);
  }
  // Missed entries are expected; only what goes well beyond them is a drift to be named.
  return { pass, lift: Math.max(0, lift - EXPECTED_LIFTS * missIn * came) };
}

/** The same, with what came later; at the end nobody is inside, and that is certain. */
function backward(pass: Pass, last: number): { people: Float64Array; variances: Float64Array } {
  const people = new Float64Array(last + 1);
  const variances = new Float64Array(last + 1);
  for (let slot = last - 1; slot >= 0; slot -= 1) {
    const ahead = pass.expectedVariance[slot + 1] ?? 0;
    const pull = ahead > 0 ? ((pass.variance[slot] ?? 0) * pass.keep) / ahead : 0;
    const surprise = (people[slot + 1] ?? 0) - (pass.expected[slot + 1] ?? 0);
    people[slot] = (pass.mean[slot] ?? 0) + pull * surprise;
    const learned = pull * pull * (ahead - (variances[slot + 1] ?? 0));
    variances[slot] = Math.max(0, (pass.variance[slot] ?? 0) - learned);
  }
  return { people, variances };
}

import { type MonoMs, monoMs } from "../../core/brand.ts";
import type { TagFilter } from "./tag-filter.ts";
import { NO_ZONE, UNKNOWN_ZONE, type ZoneEstimate } from "./zone-estimate.ts";
import type { ZoneModel } from "./zone-model.ts";

/** The estimate as it is filled, and reused. */
export type WritableEstimate = { -readonly [Key in keyof ZoneEstimate]: ZoneEstimate[Key] };

/** An estimate with room for the zones and doors of a floor. */
export function createEstimate(model: ZoneModel): WritableEstimate {
  const { grid, doors } = model.states;
  return {
    tag: 0,
    atMono: monoMs(0),
    zone: UNKNOWN_ZONE,
    confidence: 0,
    probabilities: new Float64Array(grid.zones.length + 1),
    insideRatio: 0,
    atDoors: new Float64Array(doors.length),
    xM: 0,
    yM: 0,
  };
}

/**
 * Fills `out` from the probability of each state: mass per zone, calibrated by one exponent; the zone is the best one,
 * or UNKNOWN_ZONE when its probability is below `unknownBelow` or `known` is false. Allocates nothing.
 */
export function decideZone(
  model: ZoneModel,
  places: Float64Array,
  known: boolean,
  atMono: MonoMs,
  out: WritableEstimate,
): void {
  const { grid, doors } = model.states;
  const { sharpening, unknownBelow } = model.parameters;
  const { probabilities, atDoors } = out;
  out.atMono = atMono;
  placeMean(model, places, out);
  let rest = 1;
  for (let z = 0; z < grid.zones.length; z += 1) {
    const zone = grid.zones[z];
    const mass = zone === undefined ? 0 : massOf(zone.cells, zone.shares, places);
    probabilities[z] = mass;
    rest -= mass;
  }
  probabilities[grid.zones.length] = Math.max(0, rest);
  sharpen(probabilities, sharpening);
  for (let d = 0; d < doors.length; d += 1) {
    const door = doors[d];
    atDoors[d] = door === undefined ? 0 : Math.min(1, massOf(door.states, door.shares, places));
  }
  let best = 0;
  for (let z = 1; z < probabilities.length; z += 1)
    if ((probabilities[z] ?? 0) > (probabilities[best] ?? 0)) best = z;
  const confidence = probabilities[best] ?? 0;
  if (!known || !(confidence >= unknownBelow)) {
    out.zone = UNKNOWN_ZONE;
    out.confidence = 0;
    return;
  }
  out.zone = best === grid.zones.length ? NO_ZONE : best;
  out.confidence = confidence;
}

/** Mean place and probability of being inside, calibrated like the zones. */
function placeMean(model: ZoneModel, places: Float64Array, out: WritableEstimate): void {
  const { grid, xM, yM } = model.states;
  let x = 0;
  let y = 0;
  let mass = 0;
  let inside = 0;
  for (let i = 0; i < grid.count; i += 1) {
    const p = places[i] ?? 0;
    mass += p;
    x += p * (xM[i] ?? 0);
    y += p * (yM[i] ?? 0);
    if (grid.inside[i] === 1) inside += p;
  }
  out.xM = x / mass;
  out.yM = y / mass;
  const within = Math.min(1, inside) ** model.parameters.sharpening;
  const beyond = Math.max(0, 1 - inside) ** model.parameters.sharpening;
  out.insideRatio = within / (within + beyond);
}

function massOf(states: Int32Array, shares: Float64Array, places: Float64Array): number {
  let mass = 0;
  for (let i = 0; i < states.length; i += 1)
    mass += (shares[i] ?? 0) * (places[states[i] ?? 0] ?? 0);
  return mass;
}

function sharpen(probabilities: Float64Array, exponent: number): void {
  let sum = 0;
  for (let z = 0; z < probabilities.length; z += 1) {
    const value = (probabilities[z] ?? 0) ** exponent;
    probabilities[z] = value;
    sum += value;
  }
  for (let z = 0; z < probabilities.length; z += 1)
    probabilities[z] = (probabilities[z] ?? 0) / sum;
}

/**
 * Whether enough is known of a second to say where the tag was: at least `minReceivers` placed receivers heard it
 * within `heardWithinS` seconds. `stamps` has one value per receiver and `stamp` must be new. Allocates nothing.
 */
export function isHeardEnough(
  model: ZoneModel,
  filter: TagFilter,
  second: number,
  newest: number,
  stamps: Float64Array,
  stamp: number,
): boolean {
  const { heardWithinS, minReceivers } = model.parameters;
  const end = Math.min(newest, second + heardWithinS);
  let receivers = 0;
  for (let s = second - heardWithinS; s <= end; s += 1)
    for (let i = 0; i < filter.heard.count(s); i += 1) {
      const receiver = filter.heard.receiver(s, i);
      if (stamps[receiver] === stamp) continue;
      stamps[receiver] = stamp;
      receivers += 1;
    }
  return receivers >= minReceivers;
}

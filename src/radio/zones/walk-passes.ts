import { GRAIN_LIKELIHOODS } from "./level-likelihood.ts";
import { addProduct, dotRows, liftToOne, mixTimes, scaleRow } from "./state-rows.ts";
import { TagSeconds } from "./tag-seconds.ts";
import { secondGrains, type ZoneModel } from "./zone-model.ts";

/** A reading of the tag. */
interface StretchReading {
  readonly receiver: number;
  readonly rssiDbm: number;
  readonly atMono: number;
}

/** A stretch of a walk as the passes read it. */
export interface WalkStretch {
  /** First second. */
  readonly from: number;
  readonly count: number;
  readonly readings: readonly StretchReading[];
  /** Zone that the tag is known to be in; null = not known. */
  readonly zoneOf: (second: number) => number | null;
}

/** A cell of which the zone covers less is not in it. */
const ZONE_SHARE = 0.3;
/** A power less probable than this takes no part. */
const LEAST_RATIO = 0.02;

/** Probability per power, from the evidence of the whole stretch; sums to 1. One row of states per power is in memory. */
export function walkPowers(model: ZoneModel, walk: WalkStretch): number[] {
  const { powersDbm, powerWeight } = model.parameters;
  const known = Array.from({ length: walk.count }, (_, i) => walk.zoneOf(walk.from + i) !== null);
  const guess = 1 - known.filter(Boolean).length / walk.count;
  const logs = powersDbm.map((powerDbm) => {
    const pass = new ForwardPass(model, walk, powerDbm);
    let log = 0;
    for (let i = 0; i < walk.count; i += 1) log += pass.step(i);
    const scale = Math.min(1, powerWeight / Math.max(1, pass.weight));
    return scale * log - guess * model.quietPerDb * (1 - model.map.surveyRatio) * powerDbm;
  });
  const best = Math.max(...logs);
  const raw = logs.map((log) => Math.exp(log - best));
  const kept = raw.map((value) => (value < LEAST_RATIO ? 0 : value));
  const sum = kept.reduce((a, b) => a + b, 0);
  return kept.map((value) => value / sum);
}

/** Probability of each state in each second, by everything; a row per second that sums to 1. */
export function walkPlaces(
  model: ZoneModel,
  walk: WalkStretch,
  powers: readonly number[],
): Float64Array[] {
  const { count } = model.states;
  const sums = Array.from({ length: walk.count }, () => new Float64Array(count));
  model.parameters.powersDbm.forEach((powerDbm, p) => {
    const weight = powers[p] ?? 0;
    if (weight === 0) return;
    const forward = new Float32Array(walk.count * count);
    const pass = new ForwardPass(model, walk, powerDbm);
    for (let i = 0; i < walk.count; i += 1) {
      pass.step(i);
      forward.set(pass.places, i * count);
    }
    addSmoothed(model, pass, forward, weight, sums);
  });
  return sums;
}

/** Runs backwards over a stretch and adds the smoothed rows. */
function addSmoothed(
  model: ZoneModel,
  pass: ForwardPass,
  forward: Float32Array,
  weight: number,
  sums: readonly Float64Array[],
): void {
  const { count, prior } = model.states;
  const after = new Float32Array(count).fill(1);
  const spare = new Float32Array(count);
  sums.toReversed().forEach((row, back) => {
    const second = sums.length - 1 - back;
    const at = second * count;
    addProduct(forward, at, after, count, weight, row);
    if (second === 0) return;
    const likely = pass.likelihoods(second);
    for (let s = 0; s < count; s += 1) spare[s] = (after[s] ?? 0) * (likely[s] ?? 0);
    const anywhere = dotRows(spare, 0, prior, 0, count);
    model.motion.backward(spare, after, forward, at - count);
    liftToOne(after, count, anywhere, model.parameters.strayRatio);
  });
}

/** The forward pass over a stretch for one power. Seconds are numbered from the first of the stretch. */
class ForwardPass {
  readonly places: Float32Array;
  /** Receiver-seconds so far. */
  weight = 0;
  readonly #model: ZoneModel;
  readonly #walk: WalkStretch;
  readonly #powerDbm: number;
  readonly #before: Float32Array;
  readonly #grains: Uint8Array;
  readonly #likely: Float32Array;
  readonly #bySecond: readonly (readonly StretchReading[])[];

  constructor(model: ZoneModel, walk: WalkStretch, powerDbm: number) {
    const { count } = model.states;
    this.#model = model;
    this.#walk = walk;
    this.#powerDbm = powerDbm;
    this.places = new Float32Array(count);
    this.#before = new Float32Array(count);
    this.#grains = new Uint8Array(count);
    this.#likely = new Float32Array(count);
    const bySecond: StretchReading[][] = Array.from({ length: walk.count }, () => []);
    for (const reading of walk.readings)
      bySecond[Math.floor((reading.atMono + 500) / 1000) - walk.from]?.push(reading);
    this.#bySecond = bySecond;
  }

  /** Filters the next second; returns its log-evidence. */
  step(i: number): number {
    const { states, motion, parameters } = this.#model;
    const { count, prior } = states;
    const { places } = this;
    if (i === 0) places.set(prior);
    else {
      this.#before.set(places);
      motion.forward(this.#before, 0, places, 0);
    }
    const best = this.#look(i);
    const stray = i === 0 ? 0 : parameters.strayRatio;
    const sum = mixTimes(places, 0, prior, stray, this.#likely, count);
    scaleRow(places, 0, count, 1 / sum);
    return Math.log(sum) + best;
  }

  /** Likelihood per state of what is known of a second; reused. */
  likelihoods(i: number): Float32Array {
    this.#look(i);
    return this.#likely;
  }

  #look(i: number): number {
    const { count, grid } = this.#model.states;
    const second = this.#walk.from + i;
    const heard = new TagSeconds();
    for (const { receiver, rssiDbm } of this.#bySecond[i] ?? [])
      heard.add(second, receiver, rssiDbm, 1, Number.POSITIVE_INFINITY);
    this.weight += heard.count(second);
    const best = secondGrains(this.#model, heard, second, this.#powerDbm, null, this.#grains, 0);
    for (let s = 0; s < count; s += 1)
      this.#likely[s] = GRAIN_LIKELIHOODS[this.#grains[s] ?? 0] ?? 0;
    const zone = this.#walk.zoneOf(second);
    const held = zone === null ? undefined : grid.zones[zone];
    if (held === undefined) return best;
    this.#before.set(this.#likely);
    this.#likely.fill(0);
    for (let k = 0; k < held.cells.length; k += 1) {
      const cell = held.cells[k] ?? 0;
      const share = held.shares[k] ?? 0;
      const isIn = share >= ZONE_SHARE || held.cells.length === 1;
      this.#likely[cell] = isIn ? (this.#before[cell] ?? 0) * share : 1e-12;
    }
    return best;
  }
}

import { PowerTrack } from "./power-track.ts";
import type { ReceiverHearing } from "./receiver-hearing.ts";
import { LATE_SECONDS, TagSeconds } from "./tag-seconds.ts";
import type { ZoneModel } from "./zone-model.ts";

/** Receiver-seconds over which the evidence for the power is averaged: about two minutes of twelve receivers. */
const POWER_MEMORY = 1_500;
/** Receiver-seconds after which what was learned of the tag's power before gives way to what it shows now. */
const LEARNED_WEIGHT = 120;
/** Spread of a learned power: tags age, are covered, hang otherwise. */
const LEARNED_SPREAD_DB = 2;
/** The learned power may be another tag's by now, or the battery new. */
const LEARNED_WRONG = 0.001;
/** A power below this probability is no longer followed, after so many receiver-seconds of a tag. */
const DROP_RATIO = 0.005;
const DROP_AFTER = 40;
/** A power below this probability does not take part in an estimate. */
const TELL_RATIO = 0.03;

/**
 * Where one tag is, for each of the powers it may have. Begins with all powers, keeps those that explain what is heard
 * and their neighbours, and moves on to a neighbour when that explains it better.
 */
export class TagFilter {
  readonly heard = new TagSeconds();
  /** Newest second with a reading. */
  lastHeard = Number.NEGATIVE_INFINITY;
  /** Second of the first reading. */
  first: number;
  readonly #model: ZoneModel;
  readonly #learnedDbm: number;
  /** By position in `powersDbm`; null = not followed. */
  readonly #tracks: (PowerTrack | null)[];
  /** Probability per power, by everything and by what is settled. */
  readonly #weights: Float64Array;
  readonly #settledWeights: Float64Array;
  readonly #hearing: ReceiverHearing | null;
  /** Newest second filtered, and the oldest that has to be filtered again. */
  #head: number;
  #dirty: number;
  /** Newest second that nothing can change any more. */
  #settled: number;
  #settledWeight = 0;
  /** Receiver-seconds in all. */
  #weight = 0;

  /** `learnedDbm`: power known from before, NaN = none. */
  constructor(model: ZoneModel, hearing: ReceiverHearing, first: number, learnedDbm: number) {
    const { powersDbm } = model.parameters;
    this.#hearing = model.parameters.hearRatio > 0 ? hearing : null;
    this.#model = model;
    this.first = first;
    this.#head = first - 1;
    this.#dirty = first;
    this.#settled = first - 1;
    this.#learnedDbm = learnedDbm;
    this.#tracks = powersDbm.map((dbm) => new PowerTrack(model, dbm));
    this.#weights = new Float64Array(powersDbm.length);
    this.#settledWeights = new Float64Array(powersDbm.length);
  }

  /** Powers followed now. */
  get tracks(): number {
    return this.#tracks.reduce((sum, track) => sum + (track === null ? 0 : 1), 0);
  }

  /** Receiver-seconds behind `powerDbm`. */
  get powerWeight(): number {
    return this.#weight;
  }

  /**
   * Takes a reading of a second that may still change, unless its receiver's second holds `cap` packets already. Returns
   * the packets it held before.
   */
  add(second: number, receiver: number, rssiDbm: number, packets: number, cap: number): number {
    if (second < this.first) {
      this.first = second;
      this.#settled = second - 1;
    }
    if (second < this.#dirty) this.#dirty = second;
    if (second > this.lastHeard) this.lastHeard = second;
    return this.heard.add(second, receiver, rssiDbm, packets, cap);
  }

  /** All that may still change is computed anew: the map has changed. */
  refresh(): void {
    this.#dirty = Math.max(this.first, this.#settled + 1);
  }

  /** Filters up to and with `second`, again from the oldest second that has changed. */
  step(second: number): void {
    const from = Math.max(this.first, Math.min(this.#dirty, this.#head + 1));
    for (let s = from; s <= second; s += 1)
      for (const track of this.#tracks) track?.step(s, s === this.first, this.heard, this.#hearing);
    this.#head = second;
    this.#dirty = second + 1;
    this.#settle(second - LATE_SECONDS - 1);
    this.#weigh();
    this.#follow();
  }

  /** Adds where the tag was in `second`, by all up to the newest second filtered, to `sum` (which sums to 1 then). */
  smooth(second: number, sum: Float64Array, after: Float32Array, spare: Float32Array): void {
    let told = 0;
    for (const weight of this.#weights) if (weight >= TELL_RATIO) told += weight;
    for (let i = 0; i < this.#tracks.length; i += 1) {
      const weight = this.#weights[i] ?? 0;
      if (weight >= TELL_RATIO)
        this.#tracks[i]?.smooth(second, this.#head, weight / told, sum, after, spare);
    }
  }

  /** Mean power, dBm. */
  powerDbm(): number {
    let sum = 0;
    for (let i = 0; i < this.#tracks.length; i += 1)
      sum += (this.#weights[i] ?? 0) * (this.#model.parameters.powersDbm[i] ?? 0);
    return sum;
  }

  #settle(until: number): void {
    for (let s = Math.max(this.first, this.#settled + 1); s <= until; s += 1) {
      const weight = this.heard.count(s);
      for (const track of this.#tracks) if (track !== null) track.settledLog += track.log(s);
      this.#settledWeight += weight;
    }
    this.#settled = Math.max(this.#settled, until);
    if (this.#settledWeight <= POWER_MEMORY) return;
    const keep = POWER_MEMORY / this.#settledWeight;
    for (const track of this.#tracks) if (track !== null) track.settledLog *= keep;
    this.#settledWeight = POWER_MEMORY;
  }

  /** Probability of each power by all up to the newest second. */
  #weigh(): void {
    let weight = this.#settledWeight;
    for (let s = Math.max(this.first, this.#settled + 1); s <= this.#head; s += 1)
      weight += this.heard.count(s);
    this.#weight = weight;
    for (let i = 0; i < this.#tracks.length; i += 1) {
      const track = this.#tracks[i] ?? null;
      if (track === null) continue;
      let log = track.settledLog;
      for (let s = Math.max(this.first, this.#settled + 1); s <= this.#head; s += 1)
        log += track.log(s);
      this.#weights[i] = log;
    }
    this.#toProbabilities(this.#weights, weight);
  }

  /**
   * Turns log-evidence per power into probabilities, in place: evidence that saturates, preference for the quieter, and
   * what was learned before, as long as `weight` receiver-seconds do not outweigh it.
   */
  #toProbabilities(logs: Float64Array, weight: number): void {
    const { parameters, map, quietPerDb } = this.#model;
    const scale = Math.min(1, parameters.powerWeight / Math.max(1, weight));
    const share = Math.min(1, weight / parameters.powerWeight);
    const quiet = quietPerDb * (1 - map.surveyRatio) * share;
    const learned = Number.isNaN(this.#learnedDbm) ? 0 : Math.max(0, 1 - weight / LEARNED_WEIGHT);
    let best = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < logs.length; i += 1) {
      const dbm = parameters.powersDbm[i] ?? 0;
      const off = learned === 0 ? 0 : (dbm - this.#learnedDbm) / LEARNED_SPREAD_DB;
      const before = Math.log(Math.exp((-off * off) / 2) + LEARNED_WRONG);
      const log = scale * (logs[i] ?? 0) - quiet * dbm + learned * before;
      logs[i] = this.#tracks[i] === null ? Number.NEGATIVE_INFINITY : log;
      best = Math.max(best, logs[i] ?? best);
    }
    let sum = 0;
    for (let i = 0; i < logs.length; i += 1) {
      logs[i] = Math.exp((logs[i] ?? 0) - best);
      sum += logs[i] ?? 0;
    }
    for (let i = 0; i < logs.length; i += 1) logs[i] = (logs[i] ?? 0) / sum;
  }

  /**
   * Gives up powers that explain nothing, and takes up the neighbours of the best. Judged by seconds that nothing can
   * change any more, so that it does not matter in which order readings came.
   */
  #follow(): void {
    if (this.#settledWeight < DROP_AFTER) return;
    const tracks = this.#tracks;
    const weights = this.#settledWeights;
    for (let i = 0; i < tracks.length; i += 1) weights[i] = tracks[i]?.settledLog ?? 0;
    this.#toProbabilities(weights, this.#settledWeight);
    const best = weights.indexOf(Math.max(...weights));
    for (let i = 0; i < tracks.length; i += 1) {
      const isNear = Math.abs(i - best) <= 1;
      if (tracks[i] === null && isNear) tracks[i] = this.#fork(best, i);
      else if (!isNear && (weights[i] ?? 0) < DROP_RATIO) tracks[i] = null;
    }
  }

  /** A track for another power, from the newest second that nothing can change on. */
  #fork(from: number, to: number): PowerTrack | null {
    const track = this.#tracks[from]?.fork(this.#model.parameters.powersDbm[to] ?? 0) ?? null;
    const begin = Math.max(this.first, this.#settled + 1);
    for (let s = begin; s <= this.#head; s += 1)
      track?.step(s, s === this.first, this.heard, this.#hearing);
    return track;
  }
}

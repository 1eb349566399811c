import { GRAIN_LIKELIHOODS } from "./level-likelihood.ts";
import type { ReceiverHearing } from "./receiver-hearing.ts";
import { addProduct, liftToOne, mixTimes, scaleRow } from "./state-rows.ts";
import { RING_SECONDS, slotOf, type TagSeconds } from "./tag-seconds.ts";
import { secondGrains, type ZoneModel } from "./zone-model.ts";

/**
 * The forward filter of one tag for one supposed power: where the tag is by all readings up to a second. Kept for the
 * seconds that readings may still change. Five bytes per state and second.
 */
export class PowerTrack {
  readonly powerDbm: number;
  /** Log-evidence of the seconds that nothing can change any more; decays with their weight. */
  settledLog = 0;
  readonly #model: ZoneModel;
  readonly #places: Float32Array;
  readonly #grains: Uint8Array;
  readonly #logs = new Float64Array(RING_SECONDS);
  readonly #likely: Float32Array;

  constructor(model: ZoneModel, powerDbm: number) {
    this.#model = model;
    this.powerDbm = powerDbm;
    this.#places = new Float32Array(RING_SECONDS * model.states.count);
    this.#grains = new Uint8Array(RING_SECONDS * model.states.count);
    this.#likely = new Float32Array(model.states.count);
  }

  /** A track for a neighbouring power that begins where this one is. */
  fork(powerDbm: number): PowerTrack {
    const track = new PowerTrack(this.#model, powerDbm);
    track.#places.set(this.#places);
    track.#grains.set(this.#grains);
    track.#logs.set(this.#logs);
    track.settledLog = this.settledLog;
    return track;
  }

  /** Filters one second from the second before it, or from the prior. */
  step(second: number, isFirst: boolean, heard: TagSeconds, hearing: ReceiverHearing | null): void {
    const { states, motion, parameters } = this.#model;
    const { count, prior } = states;
    const slot = slotOf(second);
    const at = slot * count;
    const places = this.#places;
    if (isFirst) places.set(prior, at);
    else motion.forward(places, slotOf(second - 1) * count, places, at);
    const stray = isFirst ? 0 : parameters.strayRatio;
    const isHeard = heard.count(second) > 0;
    const grains = this.#grains;
    const best = isHeard
      ? secondGrains(this.#model, heard, second, this.powerDbm, hearing, grains, at)
      : 0;
    if (!isHeard) grains.fill(0, at, at + count);
    const likely = this.#likely;
    for (let i = 0; i < count; i += 1) likely[i] = GRAIN_LIKELIHOODS[grains[at + i] ?? 0] ?? 0;
    const sum = mixTimes(places, at, prior, stray, likely, count);
    scaleRow(places, at, count, 1 / sum);
    this.#logs[slot] = Math.log(sum) + best;
  }

  /** Log-evidence of one second of the ring. */
  log(second: number): number {
    return this.#logs[slotOf(second)] ?? 0;
  }

  /**
   * Adds `weight` times where the tag was in a second by all readings up to `newest` to `sum`. `after` and `spare` are
   * room for a row of states each. Allocates nothing.
   */
  smooth(
    second: number,
    newest: number,
    weight: number,
    sum: Float64Array,
    after: Float32Array,
    spare: Float32Array,
  ): void {
    const { count } = this.#model.states;
    after.fill(1);
    for (let s = newest; s > second; s -= 1) this.#back(s, after, spare);
    addProduct(this.#places, slotOf(second) * count, after, count, weight, sum);
  }

  /** One second of the backward pass, in place: what is known after `second - 1` from `second` on. */
  #back(second: number, after: Float32Array, spare: Float32Array): void {
    const { states, motion, parameters } = this.#model;
    const { count, prior } = states;
    const at = slotOf(second) * count;
    const grains = this.#grains;
    let anywhere = 0;
    for (let i = 0; i < count; i += 1) {
      const value = (after[i] ?? 0) * (GRAIN_LIKELIHOODS[grains[at + i] ?? 0] ?? 0);
      spare[i] = value;
      anywhere += value * (prior[i] ?? 0);
    }
    const before = slotOf(second - 1) * count;
    motion.backward(spare, after, this.#places, before);
    liftToOne(after, count, anywhere, parameters.strayRatio);
  }
}

import { type MonoMs, monoMs } from "../core/brand.ts";

/** Seconds remembered; a way through a door is told within them. */
const SECONDS = 64;

/**
 * When a tag was near a door, by the estimates' probability of being in its neighbourhood. Where places are known to
 * some two metres that probability is small even in the door: it says when and at which door, not whether.
 */
export const NEAR_RULES = Object.freeze({
  /** Least probability at the peak. */
  leastRatio: 0.05,
  /** Seconds around the peak with so much of it belong to the time near the door. */
  aroundShare: 0.5,
  /** Standard deviation of the moment of the passage as a change of sides dates it. */
  spreadMs: 8_000,
  /** So far from its peak it may reach. */
  reachMs: 15_000,
});

/** A time near one door. */
export interface NearTime {
  /** Position in the list of doors. */
  readonly door: number;
  readonly peakRatio: number;
  readonly peakMono: MonoMs;
  readonly fromMono: MonoMs;
  readonly toMono: MonoMs;
}

/** How near one tag was to each door in the last minute, second by second. Fixed size; allocates once. */
export class DoorSeconds {
  readonly #doors: number;
  readonly #ratios: Float64Array;
  readonly #times: Float64Array;

  constructor(doors: number) {
    this.#doors = doors;
    this.#ratios = new Float64Array(SECONDS * doors);
    this.#times = new Float64Array(SECONDS).fill(Number.NaN);
  }

  /** Takes the probabilities of one second, one per door. */
  push(ratios: ArrayLike<number>, atMono: MonoMs): void {
    const slot = slotOf(atMono);
    this.#times[slot] = atMono;
    for (let door = 0; door < this.#doors; door += 1)
      this.#ratios[slot * this.#doors + door] = ratios[door] ?? 0;
  }

  /** Forgets everything. */
  clear(): void {
    this.#times.fill(Number.NaN);
  }

  /**
   * Times near doors whose peak lies between two instants, at most one per door, in the order of the doors. The peak is
   * the second of most probability, each weighed by how far it lies from `atMono`, when the tag most likely was there;
   * null = at any time.
   */
  nearWithin(sinceMono: MonoMs, untilMono: MonoMs, atMono: MonoMs | null): NearTime[] {
    const found: NearTime[] = [];
    for (let door = 0; door < this.#doors; door += 1) {
      const peakMono = this.#peakWithin(door, sinceMono, untilMono, atMono);
      if (peakMono === null) continue;
      const peakRatio = this.#ratioAt(door, peakMono);
      const leastRatio = NEAR_RULES.aroundShare * peakRatio;
      const fromMono = this.#edge(door, peakMono, -1000, leastRatio);
      const toMono = this.#edge(door, peakMono, 1000, leastRatio);
      found.push({ door, peakRatio, peakMono, fromMono, toMono });
    }
    return found;
  }

  #peakWithin(
    door: number,
    sinceMono: MonoMs,
    untilMono: MonoMs,
    atMono: MonoMs | null,
  ): MonoMs | null {
    let best: number | null = null;
    let bestWeight = 0;
    for (const time of this.#times) {
      if (!(time >= sinceMono && time <= untilMono)) continue;
      const ratio = this.#ratioAt(door, monoMs(time));
      const z = atMono === null ? 0 : (time - atMono) / NEAR_RULES.spreadMs;
      const weight = ratio * Math.exp(-0.5 * z * z);
      if (ratio < NEAR_RULES.leastRatio || weight <= bestWeight) continue;
      best = time;
      bestWeight = weight;
    }
    return best === null ? null : monoMs(best);
  }

  /** Last second in one direction that still belongs to the time around a peak; a missing second is bridged. */
  #edge(door: number, peakMono: MonoMs, stepMs: number, leastRatio: number): MonoMs {
    let edge: number = peakMono;
    for (let i = 1; i * 1000 <= NEAR_RULES.reachMs; i += 1) {
      const time = peakMono + i * stepMs;
      if (this.#ratioAt(door, monoMs(time)) >= leastRatio) edge = time;
      else if (Math.abs(time - edge) > 2000) break;
    }
    return monoMs(edge);
  }

  #ratioAt(door: number, atMono: MonoMs): number {
    const slot = slotOf(atMono);
    return this.#times[slot] === atMono ? (this.#ratios[slot * this.#doors + door] ?? 0) : 0;
  }
}

const slotOf = (atMono: MonoMs): number => {
  const second = Math.floor(atMono / 1000) % SECONDS;
  return second < 0 ? second + SECONDS : second;
};

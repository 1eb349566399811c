import { type MonoMs, monoMs } from "../../core/brand.ts";
import type { WalkReading } from "../zones/smooth-walk.ts";

/** What became of readings offered to a tape. All figures only grow. */
export interface TapeCounts {
  readonly kept: number;
  /** Offered when the tape was full. */
  readonly beyondCap: number;
  /** With a level that no receiver measures, an instant that is none, or a receiver that the plan does not have. */
  readonly impossible: number;
}

const FIRST_ROOM = 4_096;
const WEAKEST_DBM = -127;
const STRONGEST_DBM = 20;

/**
 * Readings of one tag in the order in which they came, in flat arrays that double up to a cap of `cap` readings;
 * beyond it new ones are counted and dropped, because the beginning of a walk is worth as much as its end.
 */
export class WalkTape {
  readonly #cap: number;
  readonly #receivers: number;
  #room = FIRST_ROOM;
  #atMono = new Float64Array(FIRST_ROOM);
  #receiver = new Uint16Array(FIRST_ROOM);
  #rssiDbm = new Float32Array(FIRST_ROOM);
  #kept = 0;
  #beyondCap = 0;
  #impossible = 0;

  /** `receivers`: how many there are in the plan; a reading names one by its position. */
  constructor(cap: number, receivers: number) {
    this.#cap = cap;
    this.#receivers = receivers;
  }

  get length(): number {
    return this.#kept;
  }

  /** Keeps a reading; false when it was dropped. */
  add(receiver: number, rssiDbm: number, atMono: MonoMs): boolean {
    const isPossible =
      rssiDbm > WEAKEST_DBM &&
      rssiDbm <= STRONGEST_DBM &&
      Number.isFinite(atMono) &&
      Number.isInteger(receiver) &&
      receiver >= 0 &&
      receiver < this.#receivers;
    if (!isPossible) {
      this.#impossible += 1;
      return false;
    }
    if (this.#kept >= this.#cap) {
      this.#beyondCap += 1;
      return false;
    }
    if (this.#kept === this.#room) this.#grow();
    this.#atMono[this.#kept] = atMono;
    this.#receiver[this.#kept] = receiver;
    this.#rssiDbm[this.#kept] = rssiDbm;
    this.#kept += 1;
    return true;
  }

  /** Receiver of the reading at `index`; -1 outside of the tape. */
  receiverAt(index: number): number {
    return index < this.#kept ? (this.#receiver[index] ?? -1) : -1;
  }

  /** Level of the reading at `index`, dBm. */
  rssiAt(index: number): number {
    return this.#rssiDbm[index] ?? Number.NaN;
  }

  /** Instant of the reading at `index`. */
  monoAt(index: number): MonoMs {
    return monoMs(this.#atMono[index] ?? Number.NaN);
  }

  /** All readings in order of time; those of one instant in the order in which they came. A copy. */
  readings(): readonly WalkReading[] {
    const all = Array.from({ length: this.#kept }, (_, i) => ({
      receiver: this.receiverAt(i),
      rssiDbm: this.rssiAt(i),
      atMono: this.monoAt(i),
    }));
    return all.sort((a, b) => a.atMono - b.atMono);
  }

  counts(): TapeCounts {
    return { kept: this.#kept, beyondCap: this.#beyondCap, impossible: this.#impossible };
  }

  #grow(): void {
    this.#room = Math.min(this.#room * 2, Math.max(this.#cap, FIRST_ROOM));
    this.#atMono = into(new Float64Array(this.#room), this.#atMono);
    this.#receiver = into(new Uint16Array(this.#room), this.#receiver);
    this.#rssiDbm = into(new Float32Array(this.#room), this.#rssiDbm);
  }
}

function into<T extends { set(from: ArrayLike<number>): void }>(
  wider: T,
  from: ArrayLike<number>,
): T {
  wider.set(from);
  return wider;
}

import type { MonoMs } from "../core/brand.ts";

/** Limits of a joiner. */
export interface FragmentLimits {
  /** Payloads being put together at a time; more at once means a flood, and the oldest is given up. */
  readonly cap: number;
  /** A payload of which nothing came for longer than this is given up. */
  readonly idleMs: number;
  /** Longest whole payload in bytes. */
  readonly maxBytes: number;
}

const FREE = -1;

/**
 * Puts payloads together that come in parts. All its memory is laid out once, so that a flood of beginnings costs
 * nothing that would have to be collected. Keys are whole numbers from 0.
 */
export class FragmentJoiner {
  readonly #limits: FragmentLimits;
  readonly #bytes: Uint8Array;
  readonly #keys: Float64Array;
  readonly #touchedMono: Float64Array;
  readonly #lengths: Int32Array;
  #size = 0;
  #dropped = 0;

  constructor(limits: FragmentLimits) {
    const { cap, maxBytes } = limits;
    this.#limits = limits;
    this.#bytes = new Uint8Array(cap * maxBytes);
    this.#keys = new Float64Array(cap).fill(FREE);
    this.#touchedMono = new Float64Array(cap);
    this.#lengths = new Int32Array(cap);
  }

  /** Payloads of which a part has come. */
  get size(): number {
    return this.#size;
  }

  /** Payloads given up since the start because the rest did not come or too many were open. */
  get dropped(): number {
    return this.#dropped;
  }

  has(key: number): boolean {
    return this.#size > 0 && this.#keys.includes(key);
  }

  /** Gives up what has waited too long. */
  expire(nowMono: MonoMs): void {
    if (this.#size === 0) return;
    for (let slot = 0; slot < this.#keys.length; slot += 1) {
      const isOpen = this.#keys[slot] !== FREE;
      if (isOpen && nowMono - (this.#touchedMono[slot] ?? 0) > this.#limits.idleMs)
        this.#giveUp(slot);
    }
  }

  /** Adds a part. False when the whole would be too long: then it is forgotten. */
  add(key: number, part: Uint8Array, nowMono: MonoMs): boolean {
    const slot = this.#slotFor(key);
    const length = this.#lengths[slot] ?? 0;
    if (length + part.length > this.#limits.maxBytes) {
      this.#free(slot);
      return false;
    }
    this.#bytes.set(part, slot * this.#limits.maxBytes + length);
    this.#lengths[slot] = length + part.length;
    this.#touchedMono[slot] = nowMono;
    return true;
  }

  /** What has come under a key, and forgets it. Valid until the next `add`. */
  take(key: number): Uint8Array {
    const slot = this.#keys.indexOf(key);
    if (slot < 0) return this.#bytes.subarray(0, 0);
    const from = slot * this.#limits.maxBytes;
    const whole = this.#bytes.subarray(from, from + (this.#lengths[slot] ?? 0));
    this.#free(slot);
    return whole;
  }

  #slotFor(key: number): number {
    const known = this.#keys.indexOf(key);
    if (known >= 0) return known;
    let slot = this.#keys.indexOf(FREE);
    if (slot < 0) {
      slot = 0;
      for (let other = 1; other < this.#keys.length; other += 1)
        if ((this.#touchedMono[other] ?? 0) < (this.#touchedMono[slot] ?? 0)) slot = other;
      this.#giveUp(slot);
    }
    this.#keys[slot] = key;
    this.#lengths[slot] = 0;
    this.#size += 1;
    return slot;
  }

  #giveUp(slot: number): void {
    this.#dropped += 1;
    this.#free(slot);
  }

  #free(slot: number): void {
    this.#keys[slot] = FREE;
    this.#size -= 1;
  }
}

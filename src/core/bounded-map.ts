import type { MonoMs } from "./brand.ts";

/** Limits of a bounded map. */
export interface BoundedMapOptions {
  /** Largest number of entries; the least recently touched one is evicted to make room. */
  readonly cap: number;
  /** Entries untouched for longer than this are dropped by `expire`. */
  readonly idleMs: number;
}

/**
 * Map with a cap and idle expiry, for anything keyed by a device or a track.
 * Insertion order of the inner Map is the order of last touch, so eviction and expiry are O(1) per entry.
 */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, { value: V; touchedMono: MonoMs }>();
  readonly #options: BoundedMapOptions;
  #evicted = 0;

  constructor(options: BoundedMapOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Entries pushed out by the cap since the start (idle expiry is not counted). */
  get evicted(): number {
    return this.#evicted;
  }

  /** Reads without touching; undefined when absent. */
  peek(key: K): V | undefined {
    return this.#entries.get(key)?.value;
  }

  /** Reads and marks as used now; undefined when absent. */
  get(key: K, nowMono: MonoMs): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    entry.touchedMono = nowMono;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Inserts or replaces and marks as used now; returns the key evicted by the cap, if any. */
  set(key: K, value: V, nowMono: MonoMs): K | undefined {
    let victim: K | undefined;
    if (this.#entries.has(key)) this.#entries.delete(key);
    else if (this.#entries.size >= this.#options.cap) {
      victim = this.#entries.keys().next().value;
      if (victim !== undefined) this.#entries.delete(victim);
      this.#evicted += 1;
    }
    this.#entries.set(key, { value, touchedMono: nowMono });
    return victim;
  }

  delete(key: K): boolean {
    return this.#entries.delete(key);
  }

  /** Drops entries idle for longer than `idleMs`, calling `onExpired` for each; returns how many. */
  expire(nowMono: MonoMs, onExpired?: (key: K, value: V) => void): number {
    let dropped = 0;
    for (const [key, entry] of this.#entries) {
      if (nowMono - entry.touchedMono <= this.#options.idleMs) break;
      this.#entries.delete(key);
      dropped += 1;
      onExpired?.(key, entry.value);
    }
    return dropped;
  }

  /** Keys and values, least recently touched first. */
  *entries(): Generator<[K, V]> {
    for (const [key, entry] of this.#entries) yield [key, entry.value];
  }
}

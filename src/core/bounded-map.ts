import type { MonoMs } from "./brand.ts";

/** Limits of a bounded map. */
export interface BoundedMapOptions {
  /** Largest number of entries; the least recently touched one is evicted to make room. */
  readonly cap: number;
  /** Entries untouched for longer than this are dropped by `expire`. */
  readonly idleMs: number;
}

/** An entry between the one touched before it and the one touched after it. */
interface Link<K, V> {
  readonly key: K;
  readonly value: V;
  readonly touchedMono: MonoMs;
  older: Link<K, V> | null;
  /** Of a link that was taken out: what came after it then. */
  newer: Link<K, V> | null;
  isOut: boolean;
}

/**
 * Map with a cap and idle expiry, for anything keyed by a device or a track.
 * Entries are linked in the order of their last touch, so touch, eviction and expiry are O(1) per entry. The order of an
 * inner Map would not do: whoever deletes at its front walks over all that was deleted there before.
 */
export class BoundedMap<K, V> {
  readonly #links = new Map<K, Link<K, V>>();
  readonly #options: BoundedMapOptions;
  #oldest: Link<K, V> | null = null;
  #newest: Link<K, V> | null = null;
  #evicted = 0;

  constructor(options: BoundedMapOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#links.size;
  }

  /** Entries pushed out by the cap since the start (idle expiry is not counted). */
  get evicted(): number {
    return this.#evicted;
  }

  /** Reads without touching; undefined when absent. */
  peek(key: K): V | undefined {
    return this.#links.get(key)?.value;
  }

  /** Reads and marks as used now; undefined when absent. */
  get(key: K, nowMono: MonoMs): V | undefined {
    const link = this.#links.get(key);
    if (link === undefined) return undefined;
    this.#takeOut(link);
    this.#append(key, link.value, nowMono);
    return link.value;
  }

  /** Inserts or replaces and marks as used now; returns the key evicted by the cap, if any. */
  set(key: K, value: V, nowMono: MonoMs): K | undefined {
    let victim: K | undefined;
    const known = this.#links.get(key);
    if (known !== undefined) this.#takeOut(known);
    else if (this.#links.size >= this.#options.cap) {
      const oldest = this.#oldest;
      if (oldest !== null) {
        victim = oldest.key;
        this.delete(victim);
      }
      this.#evicted += 1;
    }
    this.#append(key, value, nowMono);
    return victim;
  }

  delete(key: K): boolean {
    const link = this.#links.get(key);
    if (link === undefined) return false;
    this.#takeOut(link);
    return this.#links.delete(key);
  }

  /** Drops entries idle for longer than `idleMs`, calling `onExpired` for each; returns how many. */
  expire(nowMono: MonoMs, onExpired?: (key: K, value: V) => void): number {
    let dropped = 0;
    for (let link = this.#oldest; link !== null; link = this.#oldest) {
      if (nowMono - link.touchedMono <= this.#options.idleMs) break;
      this.delete(link.key);
      dropped += 1;
      onExpired?.(link.key, link.value);
    }
    return dropped;
  }

  /** Keys and values, least recently touched first; what is deleted meanwhile is left out. */
  *entries(): Generator<[K, V]> {
    for (let link = this.#oldest; link !== null; ) {
      yield [link.key, link.value];
      do link = link.newer;
      while (link?.isOut === true);
    }
  }

  #append(key: K, value: V, touchedMono: MonoMs): void {
    const older = this.#newest;
    const link: Link<K, V> = { key, value, touchedMono, older, newer: null, isOut: false };
    if (older === null) this.#oldest = link;
    else older.newer = link;
    this.#newest = link;
    this.#links.set(key, link);
  }

  #takeOut(link: Link<K, V>): void {
    const { older, newer } = link;
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
    link.isOut = true;
  }
}

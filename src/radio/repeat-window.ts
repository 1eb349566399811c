import type { MonoMs } from "../core/brand.ts";

/** Limits of what is remembered. */
export interface RepeatWindowOptions {
  /** A key is remembered for at least so long, and at most twice as long. */
  readonly keepMs: number;
  /** Keys of one generation; two are kept. Beyond it the older generation is forgotten early. */
  readonly cap: number;
}

/**
 * Knows what has come before, so that a message delivered twice counts once. Remembers fingerprints of keys in two
 * generations, never the keys; two different keys share one with a chance of 2^-53. Bounded; pure but for its memory.
 */
export class RepeatWindow {
  readonly #options: RepeatWindowOptions;
  #young = new Set<number>();
  #old = new Set<number>();
  #sinceMono: MonoMs | null = null;
  #forgotten = 0;

  constructor(options: RepeatWindowOptions) {
    this.#options = options;
  }

  /** Keys forgotten early because there were too many. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Fingerprints kept now. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Whether this key has come within the time it is remembered; remembers it if not. */
  isRepeat(key: string, nowMono: MonoMs): boolean {
    this.#turn(nowMono);
    const mark = fingerprint(key);
    if (this.#young.has(mark) || this.#old.has(mark)) return true;
    if (this.#young.size >= this.#options.cap) {
      this.#forgotten += this.#old.size;
      this.#begin(nowMono);
    }
    this.#young.add(mark);
    return false;
  }

  #turn(nowMono: MonoMs): void {
    const { keepMs } = this.#options;
    const ageMs = nowMono - (this.#sinceMono ?? nowMono);
    if (this.#sinceMono === null) this.#sinceMono = nowMono;
    if (ageMs < keepMs) return;
    this.#begin(nowMono);
    if (ageMs >= 2 * keepMs) this.#old.clear();
  }

  #begin(nowMono: MonoMs): void {
    this.#old = this.#young;
    this.#young = new Set();
    this.#sinceMono = nowMono;
  }
}

/** 53 bits of a text: FNV-1a, and a second hash built like it. @source Fowler, Noll, Vo; MurmurHash3 for the second factor. */
function fingerprint(text: string): number {
  let high = 0x811c9dc5;
  let low = 0x050c5d1f;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 0x01000193);
    low = Math.imul(low ^ unit, 0x85ebca6b);
    low ^= low >>> 13;
  }
  return ((high >>> 0) & 0x1fffff) * 4294967296 + (low >>> 0);
}

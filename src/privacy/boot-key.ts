import { createHmac } from "node:crypto";
import type { MonoMs } from "../core/brand.ts";

/** A key that lives only in the memory of this process, and what it makes of an address. */
export interface BootKey {
  /**
   * Stand-in of an address (any text) under the present key: 16 hexadecimal digits. The same address has the same
   * stand-in until the key changes, and nobody without the key can tell which address it was.
   */
  standIn(address: string, nowMono: MonoMs): string;
  /** Keys made so far; one that changed means that everything known under the last one has to be forgotten. */
  readonly generation: number;
}

export interface BootKeyOptions {
  /** Fills its argument with random bytes; `crypto.randomFillSync` in production. */
  readonly fill: (bytes: Uint8Array) => void;
  /** A key older than this is replaced. Default one day, the longest that privacy.md allows. */
  readonly lifeMs?: number;
}

const KEY_BYTES = 32;
const DAY_MS = 86_400_000;
/** 64 bits: two of a million devices share a stand-in with probability 3e-8. */
const STAND_IN_DIGITS = 16;

/** Creates a key of one boot: HMAC-SHA256 over the address. It is never written, logged or handed out. */
export function createBootKey({ fill, lifeMs = DAY_MS }: BootKeyOptions): BootKey {
  const key = new Uint8Array(KEY_BYTES);
  let madeMono: MonoMs | null = null;
  let generation = 0;
  return {
    standIn(address, nowMono) {
      if (madeMono === null || nowMono - madeMono >= lifeMs) {
        fill(key);
        madeMono = nowMono;
        generation += 1;
      }
      return createHmac("sha256", key).update(address).digest("hex").slice(0, STAND_IN_DIGITS);
    },
    get generation() {
      return generation;
    },
  };
}

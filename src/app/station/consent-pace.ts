import type { MonoMs } from "../../core/brand.ts";

/** What a busy counter needs at once, and how fast it comes back: six a minute. */
const AT_ONCE = 20;
const MS_A_CONSENT = 10_000;

/**
 * How fast a station writes consents. Nothing is ever taken out of the ledger, so that whoever has the page's token could
 * fill it for everybody.
 */
export class ConsentPace {
  readonly #mono: () => MonoMs;
  #left = AT_ONCE;
  #sinceMono: MonoMs;

  constructor(mono: () => MonoMs) {
    this.#mono = mono;
    this.#sinceMono = mono();
  }

  /** Whether one more act may be written now; takes it. */
  take(): boolean {
    const now = this.#mono();
    this.#left = Math.min(AT_ONCE, this.#left + (now - this.#sinceMono) / MS_A_CONSENT);
    this.#sinceMono = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

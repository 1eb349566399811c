import type { RetryOptions } from "../../core/retry.ts";

/**
 * Pauses between connections, random from 0 to a bound that doubles up to a cap, so that a thousand gateways do not
 * come back in the same second. A connection that brought something forward halves the bound instead: on a line that
 * breaks every few seconds and carries in between, pauses stay short. Pure, but for the randomness handed in.
 */
export class ReconnectPauses {
  readonly #options: RetryOptions;
  readonly #random: () => number;
  #boundMs: number;
  #isForward = false;

  constructor(options: RetryOptions, random: () => number) {
    this.#options = options;
    this.#random = random;
    this.#boundMs = options.baseMs;
  }

  /** This connection brought something forward. */
  forward(): void {
    this.#isForward = true;
  }

  /** This connection has lasted. */
  lasted(): void {
    this.#boundMs = this.#options.baseMs;
  }

  /** How long to wait before the next connection. */
  next(): number {
    const { baseMs, capMs, factor, jitterRatio } = this.#options;
    if (this.#isForward) this.#boundMs = Math.max(baseMs, this.#boundMs / factor ** 2);
    this.#isForward = false;
    const pauseMs = Math.round(this.#boundMs * (1 - jitterRatio * this.#random()));
    this.#boundMs = Math.min(capMs, this.#boundMs * factor);
    return pauseMs;
  }
}

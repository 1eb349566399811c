/** Knobs of a back-off schedule. */
export interface RetryOptions {
  /** Upper bound of the first pause. */
  readonly baseMs: number;
  /** Upper bound of every later pause. */
  readonly capMs: number;
  /** Growth of the bound from one try to the next. */
  readonly factor: number;
  /** Share of the bound that is random: 1 = full jitter (0..bound), 0 = always the bound. */
  readonly jitterRatio: number;
}

/**
 * Endless sequence of pauses in milliseconds. Randomness is injected so that a test or a replay is repeatable.
 * Restart the sequence (call again) after a period of good health.
 * @source "Exponential backoff and jitter", full-jitter form; growth is capped by `capMs`.
 */
export function* retryPauses(
  options: RetryOptions,
  random: () => number,
): Generator<number, never> {
  let boundMs = options.baseMs;
  for (;;) {
    yield Math.round(boundMs * (1 - options.jitterRatio * random()));
    boundMs = Math.min(options.capMs, boundMs * options.factor);
  }
}

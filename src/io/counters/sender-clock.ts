import { type EpochMs, type MonoMs, monoMs } from "../../core/brand.ts";

/** Limits of the trust in a counter's clock. */
export const SENDER_CLOCK = {
  /** A clock that differs by more is pointed out; times are corrected all the same. */
  doubtfulMs: 2000,
  /** Messages whose time differs by more are refused: a wrong clock, or an old message delivered again. */
  refusedMs: 60_000,
  /** The shortest delay of so long a time says how the two clocks stand; two such windows are kept. */
  windowMs: 300_000,
  /** So many messages over so long a time, each at least `stepMs` later than known: the clock was set back. */
  stepAfterMs: 5000,
  stepMessages: 10,
  stepMs: 2000,
} as const;

/** Outcome of asking for the time of a message. */
export type JudgedTime =
  | { readonly kind: "good"; readonly atMono: MonoMs }
  | { readonly kind: "refused"; readonly skewMs: number };

/**
 * Translates the clock of a counter into ours. What lies between the two is the clocks' difference plus a delay that
 * is never negative, so the smallest difference seen lately is the best estimate; the time of an event is then right
 * up to that smallest delay, however late its message comes. Bounded: a handful of numbers.
 */
export class SenderClock {
  #offsetMs: number | null = null;
  #windowMs = Number.POSITIVE_INFINITY;
  #windowBefore = Number.POSITIVE_INFINITY;
  #windowSince: MonoMs = monoMs(0);
  /** Since when every message came clearly later than the offset says, and the smallest difference since. */
  #steppedSince: MonoMs | null = null;
  #steppedMs = Number.POSITIVE_INFINITY;
  #steppedMessages = 0;
  #skewMs: number | null = null;
  #resets = 0;

  /** How far the counter's clock is behind ours (negative: ahead), delay included; null before the first message. */
  get skewMs(): number | null {
    return this.#skewMs;
  }

  get isDoubtful(): boolean {
    return this.#skewMs !== null && Math.abs(this.#skewMs) > SENDER_CLOCK.doubtfulMs;
  }

  /** How often the counter's clock was found to have been set back. */
  get resets(): number {
    return this.#resets;
  }

  /** Notes a message whose newest time is `sentMs`; refused ones change nothing. */
  judge(sentMs: number, nowMono: MonoMs, now: EpochMs): JudgedTime {
    const skewMs = now - sentMs;
    if (Math.abs(skewMs) > SENDER_CLOCK.refusedMs) return { kind: "refused", skewMs };
    const differenceMs = nowMono - sentMs;
    this.#roll(nowMono);
    this.#windowMs = Math.min(this.#windowMs, differenceMs);
    this.#watchForStep(differenceMs, nowMono);
    this.#offsetMs = Math.min(this.#windowMs, this.#windowBefore);
    // The wall clocks' difference behind that offset, by our reading of now.
    this.#skewMs = this.#offsetMs + (now - nowMono);
    return { kind: "good", atMono: this.toMono(sentMs, nowMono) };
  }

  /** Our time of an instant of the counter's clock, never after `nowMono`; `nowMono` before the first message. */
  toMono(sentMs: number, nowMono: MonoMs): MonoMs {
    if (this.#offsetMs === null) return nowMono;
    return monoMs(Math.min(nowMono, sentMs + this.#offsetMs));
  }

  #roll(nowMono: MonoMs): void {
    if (nowMono - this.#windowSince < SENDER_CLOCK.windowMs) return;
    this.#windowBefore = this.#windowMs;
    this.#windowMs = Number.POSITIVE_INFINITY;
    this.#windowSince = nowMono;
  }

  #watchForStep(differenceMs: number, nowMono: MonoMs): void {
    const offsetMs = Math.min(this.#windowMs, this.#windowBefore);
    if (differenceMs - offsetMs < SENDER_CLOCK.stepMs) {
      this.#beInStep();
      return;
    }
    this.#steppedSince ??= nowMono;
    this.#steppedMs = Math.min(this.#steppedMs, differenceMs);
    this.#steppedMessages += 1;
    if (nowMono - this.#steppedSince < SENDER_CLOCK.stepAfterMs) return;
    if (this.#steppedMessages < SENDER_CLOCK.stepMessages) return;
    this.#windowBefore = Number.POSITIVE_INFINITY;
    this.#windowMs = this.#steppedMs;
    this.#beInStep();
    this.#resets += 1;
  }

  #beInStep(): void {
    this.#steppedSince = null;
    this.#steppedMs = Number.POSITIVE_INFINITY;
    this.#steppedMessages = 0;
  }
}

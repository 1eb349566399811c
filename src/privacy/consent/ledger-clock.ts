import { type EpochMs, epochMs, type MonoMs } from "../../core/brand.ts";
import type { TimeAnchor } from "../../core/clock.ts";

/** How far a wall clock may be behind the latest time that was ever seen: a time server steps clocks by seconds. */
export const CLOCK_TOLERANCE_MS = 300_000;
/** How far ahead of it a clock may be that no time server vouches for: longer than a shop is closed. */
export const CLOCK_LEAP_MS = 40 * 86_400_000;
/** So long a clock that leapt ahead and that no time server vouches for has to run before it is gone by for good. */
export const CLOCK_TRIAL_MS = 3_600_000;

/** Where the time comes from. */
export interface LedgerClockTerms {
  /** Reads the clocks now; a steady anchor's reading of some time ago will not do. */
  readonly anchor: () => TimeAnchor;
  /** Whether the clock was never set in this boot and something on this machine may yet set it. */
  readonly isAwaited: () => boolean;
  readonly mono: () => MonoMs;
}

/**
 * Wall time as consents need it: it never goes back. Expiries are judged by the latest time that was ever seen, in the
 * ledger, kept across restarts or told by the centre; so a clock that is set back stretches nothing, and as long as it is
 * behind by more than `CLOCK_TOLERANCE_MS` it is not sure, and nothing is permitted. A time becomes one that is never gone
 * behind when a time server vouches for it, when it is minutes ahead, or when the clock has run by it for an hour.
 */
export class LedgerClock {
  readonly #terms: LedgerClockTerms;
  #latest = epochMs(0);
  /** Since when a clock runs that leapt ahead by itself. */
  #leap: { readonly wall: EpochMs; readonly mono: MonoMs } | null = null;

  constructor(terms: LedgerClockTerms) {
    this.#terms = Object.freeze({ ...terms });
    Object.freeze(this);
  }

  static {
    Object.freeze(LedgerClock.prototype);
  }

  /** The latest time ever seen, to be kept across restarts. */
  get latest(): EpochMs {
    return this.#latest;
  }

  /** Notes a time that somebody trustworthy told: the ledger, the centre, the note of the last run. */
  note(at: EpochMs): void {
    if (at > this.#latest) this.#latest = at;
  }

  /** The wall clock as it stands, for the `at` of an entry. */
  wall(): EpochMs {
    return this.#terms.anchor().epoch;
  }

  /** The time by which expiries are judged; never goes back. */
  now(): EpochMs {
    const wall = this.wall();
    if (this.#isSure(wall)) this.#noteOwn(wall);
    return epochMs(Math.max(wall, this.#latest));
  }

  mono(): MonoMs {
    return this.#terms.mono();
  }

  /** False while the clock waits to be set, was set back, or leapt ahead without a time server. */
  isSure(): boolean {
    return this.#isSure(this.wall());
  }

  /** Whether a time server stands behind the clock now. */
  isVouched(): boolean {
    return this.#terms.anchor().clock !== "unsynced";
  }

  /**
   * Whether what cannot be taken back may be done by this clock: it is sure, and no time server will find that it leapt ahead
   * by mistake. A clock without one is settled when it has run for an hour.
   */
  isSettled(): boolean {
    const wall = this.wall();
    if (!this.#isSure(wall)) return false;
    this.#noteOwn(wall);
    return wall - this.#latest <= CLOCK_TOLERANCE_MS;
  }

  /** Goes by the wall clock from now on, wherever it was before: a named person says that it is right. */
  reset(): void {
    this.#latest = this.wall();
    this.#leap = null;
  }

  #noteOwn(wall: EpochMs): void {
    const isNear = this.#latest === 0 || wall - this.#latest <= CLOCK_TOLERANCE_MS;
    if (isNear || this.isVouched() || this.#isTried(wall)) {
      this.#leap = null;
      this.note(wall);
    }
  }

  /** Whether the clock has run on evenly for an hour since it leapt. */
  #isTried(wall: EpochMs): boolean {
    const mono = this.mono();
    const ranMs = this.#leap === null ? 0 : mono - this.#leap.mono;
    const isEven =
      this.#leap !== null && Math.abs(wall - this.#leap.wall - ranMs) <= CLOCK_TOLERANCE_MS;
    if (!isEven) this.#leap = { wall, mono };
    return isEven && ranMs >= CLOCK_TRIAL_MS;
  }

  #isSure(wall: EpochMs): boolean {
    if (this.#terms.isAwaited() || wall < this.#latest - CLOCK_TOLERANCE_MS) return false;
    return this.isVouched() || this.#latest === 0 || wall - this.#latest <= CLOCK_LEAP_MS;
  }
}

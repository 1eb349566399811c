import { type EpochMs, epochMs, type MonoMs } from "../../core/brand.ts";
import type { TimeAnchor } from "../../core/clock.ts";

/** How far a wall clock may be behind the latest time that was ever seen: a time server steps clocks by seconds. */
export const CLOCK_TOLERANCE_MS = 300_000;
/** How far ahead of it a clock may be that no time server vouches for: longer than a shop is closed. */
export const CLOCK_LEAP_MS = 40 * 86_400_000;

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
 * behind by more than `CLOCK_TOLERANCE_MS` it is not sure, and nothing is permitted.
 */
export class LedgerClock {
  readonly #terms: LedgerClockTerms;
  #latest = epochMs(0);

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
    if (this.#isSure(wall)) this.note(wall);
    return epochMs(Math.max(wall, this.#latest));
  }

  mono(): MonoMs {
    return this.#terms.mono();
  }

  /** False while the clock waits to be set, was set back, or leapt ahead without a time server. */
  isSure(): boolean {
    return this.#isSure(this.wall());
  }

  #isSure(wall: EpochMs): boolean {
    if (this.#terms.isAwaited() || wall < this.#latest - CLOCK_TOLERANCE_MS) return false;
    const isVouched = this.#terms.anchor().clock !== "unsynced";
    return isVouched || this.#latest === 0 || wall - this.#latest <= CLOCK_LEAP_MS;
  }
}

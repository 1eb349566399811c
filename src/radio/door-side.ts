import type { MonoMs } from "../core/brand.ts";
import type { CrossingDirection } from "../core/events.ts";

/** Which side of the doors a tag is on; null = not known. */
export type Side = "inside" | "outside" | null;

/** When a tag has changed sides. */
const SIDE_RULES = Object.freeze({
  /**
   * Errors of the place last: so many seconds that say the same are worth one. Probabilities beyond `surest` are worth
   * no more than that.
   */
  worthSeconds: 5,
  surest: 0.98,
  /** Log odds for a side from which on a tag is on it; from one side to the other twice as much has to be seen. */
  sureLogOdds: 4,
});

/** A change of sides. */
export interface SideChange {
  readonly direction: CrossingDirection;
  /** When it began: from then on the estimates spoke for the other side. */
  readonly atMono: MonoMs;
}

/**
 * Follows on which side of the doors a tag is. Whoever works a metre from the door seems to be outside now and then;
 * a change counts when the evidence for the other side, second by second, outweighs all chance that it is a passing
 * error, and it is dated back to the first of these seconds.
 * @source E. S. Page, Continuous inspection schemes, Biometrika 1954 (cumulative sums with a dated change).
 */
export class SideFollower {
  #logOdds = 0;
  #side: Side = null;
  #turnMono: MonoMs | null = null;

  /** The side that is sure; null before the first. */
  get side(): Side {
    return this.#side;
  }

  /** Since when the estimates have been speaking for the other side; null when they do not. */
  get turnMono(): MonoMs | null {
    return this.#turnMono;
  }

  /** Sets the side without a change: known from elsewhere, or not any more. */
  set(side: Side): void {
    this.#side = side;
    this.#turnMono = null;
    const { sureLogOdds } = SIDE_RULES;
    this.#logOdds = side === null ? 0 : side === "inside" ? sureLogOdds : -sureLogOdds;
  }

  /** Takes the probability 0..1 of being inside at one second; the change of sides that it proves, or null. */
  push(insideRatio: number, atMono: MonoMs): SideChange | null {
    const { worthSeconds, surest, sureLogOdds } = SIDE_RULES;
    const ratio = Math.min(surest, Math.max(1 - surest, insideRatio));
    const before = this.#logOdds;
    const next = before + Math.log(ratio / (1 - ratio)) / worthSeconds;
    this.#logOdds = Math.min(sureLogOdds, Math.max(-sureLogOdds, next));
    const isSure = Math.abs(this.#logOdds) === sureLogOdds;
    if (!isSure) {
      if (Math.abs(before) === sureLogOdds) this.#turnMono = atMono;
      return null;
    }
    const was = this.#side;
    const turnMono = this.#turnMono ?? atMono;
    this.#side = this.#logOdds > 0 ? "inside" : "outside";
    this.#turnMono = null;
    if (was === null || was === this.#side) return null;
    return { direction: this.#side === "inside" ? "in" : "out", atMono: turnMono };
  }
}

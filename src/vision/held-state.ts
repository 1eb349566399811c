import type { MonoMs } from "../core/brand.ts";

/** Turns a wavering observation into a state: it begins and ends only after it has held for a while. */
export class HeldState {
  readonly #beginMs: number;
  readonly #endMs: number;
  #isOn = false;
  #otherSince: MonoMs | null = null;

  /** @param endMs 0 ends the state with the first observation against it. */
  constructor(beginMs: number, endMs: number) {
    this.#beginMs = beginMs;
    this.#endMs = endMs;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** One observation: for the state, against it, or undecided (null: whatever was under way begins anew). */
  observe(isFor: boolean | null, atMono: MonoMs): boolean {
    if (isFor === null || isFor === this.#isOn) {
      this.#otherSince = null;
      return this.#isOn;
    }
    this.#otherSince ??= atMono;
    const neededMs = this.#isOn ? this.#endMs : this.#beginMs;
    if (atMono - this.#otherSince < neededMs) return this.#isOn;
    this.#otherSince = null;
    this.#isOn = isFor;
    return this.#isOn;
  }

  /** Off at once, without waiting. */
  reset(): void {
    this.#isOn = false;
    this.#otherSince = null;
  }
}

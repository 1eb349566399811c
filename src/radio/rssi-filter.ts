import type { MonoMs } from "../core/brand.ts";

/**
 * Time constant of the smoothing. One reading scatters by about 8 dB and one spot has up to three levels (one per
 * advertising channel), so a beacon of 1 to 10 Hz needs a few seconds of readings.
 */
const SMOOTHING_MS = 2500;
/** A reading further than this from the estimate counts as this far: three standard deviations pull no harder than one. */
const REACH_DB = 8;
/** After such a gap the old level says nothing about the new one. */
const RESTART_MS = 15_000;

/**
 * Outlier-proof smoothing of a signal strength against time: the weight of a reading depends on the time since the last
 * one, never on how many packets came. Readings of the same instant count as one, the strongest, so that their order
 * does not matter. Two numbers of state before the instant, three for it; allocates nothing.
 */
export class RssiFilter {
  #beforeDbm = Number.NaN;
  #beforeMono = Number.NaN;
  #atMono = Number.NaN;
  #strongestDbm = Number.NaN;
  #levelDbm = Number.NaN;

  /** Smoothed level, dBm; NaN before the first reading. */
  get levelDbm(): number {
    return this.#levelDbm;
  }

  /** Instant of the newest reading; NaN before the first. */
  get atMono(): number {
    return this.#atMono;
  }

  /** Takes a reading; returns the new level. A reading older than the newest counts as of the newest instant. */
  push(rssiDbm: number, atMono: MonoMs): number {
    if (atMono > this.#atMono || Number.isNaN(this.#atMono)) {
      this.#beforeDbm = this.#levelDbm;
      this.#beforeMono = this.#atMono;
      this.#atMono = atMono;
      this.#strongestDbm = rssiDbm;
    } else if (rssiDbm <= this.#strongestDbm) {
      return this.#levelDbm;
    } else this.#strongestDbm = rssiDbm;
    this.#levelDbm = this.#blend();
    return this.#levelDbm;
  }

  #blend(): number {
    const gapMs = this.#atMono - this.#beforeMono;
    if (Number.isNaN(gapMs) || gapMs > RESTART_MS) return this.#strongestDbm;
    const step = this.#strongestDbm - this.#beforeDbm;
    const reach = Math.max(-REACH_DB, Math.min(REACH_DB, step));
    return this.#beforeDbm + reach * (1 - Math.exp(-gapMs / SMOOTHING_MS));
  }
}

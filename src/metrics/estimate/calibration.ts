import type { Measured } from "./short-share.ts";
import { TAG_RULES } from "./tag-weights.ts";

/** What is known of the length of visits before it is made to fit together. */
export interface LengthParts {
  /** Mean of all visits, by the doors. */
  readonly mean: Measured;
  /** Share of the visits below the carriers' floor, and their mean. */
  readonly short: Measured;
  readonly shortMeanMs: number;
  /** Mean of the visits beyond it, by tags. */
  readonly longMean: Measured;
}

/** Values to be corrected: those found, or drawn ones. */
export interface LengthValues {
  readonly meanMs: number;
  readonly shortRatio: number;
  readonly longMeanMs: number;
}

/** What tags are calibrated to. */
export interface Calibrated {
  readonly shortRatio: number;
  readonly longMeanMs: number;
}

/**
 * Makes the parts fit: short and long visits together must have the mean that the doors know. The less sure one of the
 * three is, the more of the difference it takes. What they differ by beyond all their errors comes from who carries a
 * tag, so it goes to the long visits: people with tags that stay much longer than others are calibrated to the doors'
 * mean in full. Pure.
 * @source B. Efron, C. Morris, JASA 1973 (the spread between samples from what they differ by beyond their errors).
 */
export class Calibration {
  readonly #shortMeanMs: number;
  readonly #shortGain: number;
  readonly #longGain: number;
  /** Standard error of the long visits' mean that comes from who carries a tag. */
  readonly selectionMs: number;

  constructor({ mean, short, shortMeanMs, longMean }: LengthParts) {
    const share = 1 - short.value;
    const off = mean.value - (short.value * shortMeanMs + share * longMean.value);
    const ofShort = shortMeanMs - longMean.value;
    const known = mean.error ** 2 + (ofShort * short.error) ** 2;
    const plain = longMean.error ** 2 + (TAG_RULES.selectionRatio * longMean.value) ** 2;
    const surplus = Math.max(0, off ** 2 - known - share ** 2 * plain) / share ** 2;
    const spread = known + share ** 2 * (plain + surplus);
    this.#shortMeanMs = shortMeanMs;
    this.#shortGain = spread > 0 ? (ofShort * short.error ** 2) / spread : 0;
    this.#longGain = spread > 0 ? (share * (plain + surplus)) / spread : 0;
    this.selectionMs = Math.sqrt((TAG_RULES.selectionRatio * longMean.value) ** 2 + surplus);
  }

  apply({ meanMs, shortRatio, longMeanMs }: LengthValues): Calibrated {
    const off = meanMs - (shortRatio * this.#shortMeanMs + (1 - shortRatio) * longMeanMs);
    return {
      shortRatio: shortRatio + this.#shortGain * off,
      longMeanMs: longMeanMs + this.#longGain * off,
    };
  }
}

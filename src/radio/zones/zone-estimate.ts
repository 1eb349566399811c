import type { MonoMs } from "../../core/brand.ts";

/** `zone` of an estimate that says no zone: inside the shop between the zones. */
export const NO_ZONE = -1;
/** `zone` of an estimate when the evidence does not say where the tag is. */
export const UNKNOWN_ZONE = -2;

/**
 * Where one tag was at one second, told `lagMs` later from all readings up to then. The object and its arrays are
 * reused by the engine: copy what is kept. Metres never leave the gateway.
 */
export interface ZoneEstimate {
  /** Position of the tag in the registry. */
  readonly tag: number;
  /** The instant it speaks of, on the gateway's clock; a whole second of it. Per tag it only grows. */
  readonly atMono: MonoMs;
  /** Position in `floor.zones` of the plan, or NO_ZONE, or UNKNOWN_ZONE. */
  readonly zone: number;
  /** Calibrated probability 0..1 that `zone` is right; 0 when unknown. */
  readonly confidence: number;
  /** Probability per zone of the plan, then that of no zone; sums to 1. */
  readonly probabilities: Float64Array;
  /** Probability 0..1 of being inside the walls (not in a zone of kind `outside`, not away). */
  readonly insideRatio: number;
  /** Probability 0..1 per door of `floor.doors` of being within its neighbourhood. */
  readonly atDoors: Float64Array;
  /** Mean place in metres of the floor plan; for the live plan and for scoring. */
  readonly xM: number;
  readonly yM: number;
}

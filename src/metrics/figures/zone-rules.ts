/** Rules of what makes a visit to a zone. */
export const ZONE_RULES = Object.freeze({
  /** A shorter stay is walking through: time spent, but no visit. */
  minDwellMs: 5000,
  /** When somebody comes into a zone and leaves it is known to this: a stay so little longer may be a walk through. */
  borderErrorMs: 500,
  /** Out for less than this and back on the same track: one stay. */
  bridgedGapMs: 10_000,
  /** An ended stay is final after so long; until then a late event may still belong to it. */
  settleMs: 600_000,
  /** A stay whose end never came is given up after so long. */
  maxOpenMs: 6 * 3_600_000,
});

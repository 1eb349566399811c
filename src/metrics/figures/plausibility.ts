/** Beyond these a count is doubted, and shown all the same. */
export const PLAUSIBLE = Object.freeze({
  /** Entries over exits of a closed day. */
  leastRatio: 0.9,
  mostRatio: 1.1,
  /** With fewer crossings in the larger direction chance alone bends the ratio. */
  leastCrossings: 50,
  /** People per minute and direction over one line; three metres of open door let through so many at the most. */
  mostPerMinute: 240,
  /** A line that counted nobody is silent when at least so many were to be expected. */
  leastExpected: 12,
  /** Days that must tell which share of the crossings a line usually has. */
  leastDays: 3,
});

/** Entries and exits over the same doors and time. */
export interface Flow {
  readonly ins: number;
  readonly outs: number;
}

/**
 * Whether entries and exits cannot both be right: of a closed day when they differ by more than a tenth; of a day going
 * on only when clearly more left than came. Few crossings never do. Pure.
 */
export function isLopsided({ ins, outs }: Flow, isClosed: boolean): boolean {
  const { leastRatio, mostRatio, leastCrossings } = PLAUSIBLE;
  if (Math.max(ins, outs) < leastCrossings) return false;
  return ins < leastRatio * outs || (isClosed && ins > mostRatio * outs);
}

/**
 * Whether a line that counted nobody should have: by its usual share of all crossings of its kind, and what the others
 * counted. Pure.
 */
export function isSilent(
  own: number,
  others: number,
  usual: { readonly own: number; readonly all: number; readonly days: number },
): boolean {
  if (own > 0 || usual.days < PLAUSIBLE.leastDays || usual.own >= usual.all) return false;
  const share = usual.own / usual.all;
  return (others * share) / (1 - share) >= PLAUSIBLE.leastExpected;
}

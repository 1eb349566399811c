/** Numbers that choose how visits are estimated, and from which days. */
export const VISIT_ESTIMATE_RULES = Object.freeze({
  /** An asked interval with at least so many usable closed days speaks for itself. */
  minAskedDays: 14,
  /** Else so many closed days before its end do. */
  windowDays: 28,
  /** Fewer days, or fewer entries in all, tell nothing. */
  minDays: 7,
  minEntries: 1000,
  /** Least share of the entries that must be on a track to the exit, before tracks speak for all visits. */
  trackCompleteRatio: 0.8,
  /** For the people inside at an instant it must be more: whoever is lost is missing until closing time. */
  trackPresentRatio: 0.95,
  /** Unless people are seen in zones for so much of their visit: who is lost is soon seen again. */
  trackSeenShare: 0.5,
  /** An estimated rate less sure than this, half of its interval, is given as an interval only. */
  maxHalfWidthRatio: 0.05,
  /** Time after closing by which everybody is taken to have left. */
  emptyAfterMs: 1_800_000,
});

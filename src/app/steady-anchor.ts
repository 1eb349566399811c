import type { TimeAnchor } from "../core/clock.ts";

/** The wall clock counts whole milliseconds, so two measurements of one truth differ by less than two of them. */
const TOLERANCE_MS = 3;

/** A reading of both clocks that holds until the wall clock really runs differently. */
export interface SteadyAnchor {
  /** The reading in force; the first call measures. */
  read(): TimeAnchor;
  /** Measures again and keeps the reading in force unless it is wrong; to be called about once a second. */
  check(): void;
}

/**
 * Keeps one reading of both clocks as long as it is right. Times converted by it keep their exact distances, all
 * events made of one frame share one reading, and a recording notes only the moments at which the reading changes.
 * The reading changes in `check` alone, never between two calls of `read`.
 */
export function createSteadyAnchor(measure: () => TimeAnchor): SteadyAnchor {
  let anchor: TimeAnchor | null = null;
  return {
    read() {
      anchor ??= measure();
      return anchor;
    },
    check() {
      const fresh = measure();
      const kept = anchor;
      const isRight =
        kept !== null &&
        kept.clock === fresh.clock &&
        Math.abs(fresh.epoch - kept.epoch - (fresh.mono - kept.mono)) < TOLERANCE_MS;
      if (!isRight) anchor = fresh;
    },
  };
}

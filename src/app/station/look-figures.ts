import type { LookCounts } from "../../face/station/station-ports.ts";

/** Receipt under which a station's looks are kept, a day each; see `siteLooks`. */
export const LOOKS_JOB = "station-looks";
const DAY_MS = 86_400_000;

/** What the figures are kept with. */
export interface LookFiguresDeps {
  readonly counts: () => LookCounts;
  readonly now: () => number;
  /** Keeps counts; false when the disk did not take them. */
  readonly keep: (job: string, counts: Readonly<Record<string, number>>) => boolean;
}

/**
 * Keeps how a station's looks ended, for the report on its errors: sums of a day and no time of any of them, so that they
 * do not tell when a stranger tried.
 */
export class LookFigures {
  readonly #deps: LookFiguresDeps;
  #kept: LookCounts;
  #day: number;

  constructor(deps: LookFiguresDeps) {
    this.#deps = deps;
    this.#kept = deps.counts();
    this.#day = this.#today();
  }

  /** Keeps the sums when the day is over. */
  run(): void {
    if (this.#today() !== this.#day) this.flush();
  }

  /** Keeps what was counted since the last time; what the disk does not take waits for the next. */
  flush(): void {
    const counts = this.#deps.counts();
    const since = difference(counts, this.#kept);
    const isNone = Object.values(since).every((count) => count === 0);
    if (!isNone && !this.#deps.keep(LOOKS_JOB, since)) return;
    this.#kept = counts;
    this.#day = this.#today();
  }

  #today(): number {
    return Math.floor(this.#deps.now() / DAY_MS);
  }
}

function difference(now: LookCounts, before: LookCounts): Readonly<Record<string, number>> {
  return {
    matches: now.matches - before.matches,
    nonMatches: now.nonMatches - before.nonMatches,
    doubted: now.doubted - before.doubted,
    unusable: now.unusable - before.unusable,
    enrolled: now.enrolled - before.enrolled,
  };
}

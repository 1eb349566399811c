import type { EpochMs } from "../../core/brand.ts";
import type { SitePlan } from "../../core/site.ts";
import {
  type ClosedDay,
  DRIFT_RULES,
  type LearnedDrift,
  learnDrift,
} from "../estimate/occupancy.ts";
import { camerasWith } from "../sources.ts";
import type { Coverage } from "./coverage.ts";
import type { Day } from "./day-book.ts";

/** Remembers what is left of forgotten days for learning the drift of the doors: a few sums per day. */
export class LearnedDays {
  readonly #site: SitePlan;
  readonly #coverage: Coverage;
  readonly #forgotten: ClosedDay[] = [];

  constructor(site: SitePlan, coverage: Coverage) {
    this.#site = site;
    this.#coverage = coverage;
  }

  /** Days remembered. */
  get size(): number {
    return this.#forgotten.length;
  }

  /** Keeps the sums of a day that is let go of. */
  remember(day: Day): void {
    this.#forgotten.push(this.#summaryOf(day));
    if (this.#forgotten.length > DRIFT_RULES.windowDays) this.#forgotten.shift();
  }

  /** What the days that ended by `at`, the start of a trading day, teach about that day. */
  driftBefore(at: EpochMs, kept: readonly Day[]): LearnedDrift {
    const closed = kept.filter((day) => day.span.end <= at).slice(-2 * DRIFT_RULES.windowDays);
    return learnDrift([...this.#forgotten, ...closed.map((day) => this.#summaryOf(day))], at);
  }

  #summaryOf(day: Day): ClosedDay {
    const ins = day.doorTimes.times("in");
    const outs = day.doorTimes.times("out");
    const { start, end } = day.span;
    const seen = this.#coverage.seen(camerasWith(this.#site, "door"), start, end);
    return {
      start,
      ins: ins.length,
      outs: outs.length,
      coverage: seen.shareOf(start, end),
      stayMs: ins.length > 0 && outs.length > 0 ? meanOf(outs) - meanOf(ins) : null,
    };
  }
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += values[i] ?? 0;
  return sum / values.length;
}

import type { EpochMs } from "../core/brand.ts";
import type { SitePlan } from "../core/site.ts";
import type { Coverage } from "./coverage.ts";
import { customers, type Day } from "./day-book.ts";
import { type ClosedDay, DRIFT_RULES, type LearnedDrift, learnDrift } from "./occupancy.ts";
import { camerasWith, linesOf } from "./sources.ts";

/** Remembers what is left of forgotten days for learning the drift of the doors: two sums per day. */
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

  /** What the days that ended by `at` teach. */
  driftBefore(at: EpochMs, kept: readonly Day[]): LearnedDrift {
    const closed = kept.filter((day) => day.span.end <= at);
    return learnDrift([...this.#forgotten, ...closed.map((day) => this.#summaryOf(day))]);
  }

  #summaryOf(day: Day): ClosedDay {
    const whole = { from: 0, to: day.slots };
    let ins = 0;
    let outs = 0;
    for (const id of linesOf(this.#site, "door")) {
      const line = day.lines.get(id);
      if (line === undefined) continue;
      ins += customers(line, "in", whole);
      outs += customers(line, "out", whole);
    }
    const { start, end } = day.span;
    const seen = this.#coverage.seen(camerasWith(this.#site, "door"), start, end);
    return { ins, outs, coverage: seen.shareOf(start, end) };
  }
}

import { type EpochMs, epochMs } from "../../core/brand.ts";
import { SLOT_MS } from "../calendar/slots.ts";
import { answer } from "../figures/figures.ts";
import type { Sources } from "../sources.ts";
import { daySeries } from "./series.ts";
import type { TodayComparison } from "./today.ts";
import { TILES } from "./today-view.ts";

const WEEK_MS = 7 * 86_400_000;

/**
 * The same weekday one week earlier: its values up to the same time of day, its chart to the end. Made once a minute and remembered: the live page
 * asks for it with every event, and a closed day hardly ever changes.
 */
export class SameWeekday {
  readonly #sources: Sources;
  #minute = Number.NaN;
  #latest: TodayComparison | null = null;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  /** What today is compared with; null when that day is not kept, or nothing of it is known. */
  at(now: EpochMs): TodayComparison | null {
    const minute = Math.floor(now / SLOT_MS);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#latest = this.#make(now);
    }
    return this.#latest;
  }

  #make(now: EpochMs): TodayComparison | null {
    const { calendar, book } = this.#sources;
    const then = calendar.instantOfWall(calendar.wallOf(now) - WEEK_MS);
    const day = calendar.dayOf(then);
    if (book.isForgotten(day.start) || book.parts(day.start, day.end).length === 0) return null;
    const from = day.start;
    // Whole minutes: what is compared must not jump while the minute goes on.
    const to = epochMs(Math.max(from, Math.floor(then / SLOT_MS) * SLOT_MS));
    const tiles = TILES.map((metric) =>
      answer(this.#sources, { metric, scope: { kind: "store" }, from, to }),
    );
    const isKnown = tiles.some(({ value }) => value !== null);
    if (!isKnown) return null;
    const series = daySeries(this.#sources, day, day.end);
    return { kind: "same-weekday", from, to: day.end, tiles, series };
  }
}

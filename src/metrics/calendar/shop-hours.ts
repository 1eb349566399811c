import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { OpeningHours } from "../../core/site.ts";
import type { TradingCalendar, TradingDay } from "./trading-day.ts";

/** Trading days whose opening hours are remembered; figures ask for the kept days over and over. */
const CACHED_DAYS = 64;

/** Half-open span of time [from, to). */
export interface TimeSpan {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** How far spans reach beyond the opening hours. */
export interface Reach {
  readonly beforeMs: number;
  readonly afterMs: number;
}

const AS_THEY_ARE: Reach = { beforeMs: 0, afterMs: 0 };

/** When the shop is open. */
export interface ShopHours {
  /** Whether opening hours are known; else every trading day is open throughout. */
  readonly areKnown: boolean;
  /** Open spans of a trading day, ascending, apart; clipped to the day. */
  openSpans(day: TradingDay): readonly TimeSpan[];
  isOpen(at: EpochMs): boolean;
  /**
   * Open spans within [from, to), ascending, apart, each lengthened by `reach` and clipped to the interval; the whole
   * interval while hours are not known, nothing for an empty one.
   */
  openWithin(from: EpochMs, to: EpochMs, reach?: Reach): readonly TimeSpan[];
}

/** Opening hours of a shop in its calendar. */
export function createShopHours(
  hours: readonly OpeningHours[] | undefined,
  calendar: TradingCalendar,
): ShopHours {
  const known = new Map<EpochMs, readonly TimeSpan[]>();
  const openSpans = (day: TradingDay): readonly TimeSpan[] => {
    if (hours === undefined) return [{ from: day.start, to: day.end }];
    const cached = known.get(day.start);
    if (cached !== undefined) return cached;
    const spans = joined(calendar.wallSpans(day, hours));
    const oldest = known.keys().next().value;
    if (known.size >= CACHED_DAYS && oldest !== undefined) known.delete(oldest);
    known.set(day.start, spans);
    return spans;
  };
  return {
    areKnown: hours !== undefined,
    openSpans,
    isOpen: (at) => openSpans(calendar.dayOf(at)).some(({ from, to }) => at >= from && at < to),
    openWithin(from, to, reach = AS_THEY_ARE) {
      if (to <= from) return [];
      if (hours === undefined) return [{ from, to }];
      const spans: TimeSpan[] = [];
      const last = to + reach.beforeMs;
      let day = calendar.dayOf(epochMs(from - reach.afterMs));
      for (; day.start < last; day = calendar.dayOf(day.end)) {
        for (const open of openSpans(day)) {
          const begin = epochMs(Math.max(from, open.from - reach.beforeMs));
          const end = epochMs(Math.min(to, open.to + reach.afterMs));
          if (end > begin) spans.push({ from: begin, to: end });
        }
      }
      return joined(spans);
    },
  };
}

function joined(spans: readonly TimeSpan[]): readonly TimeSpan[] {
  const sorted = [...spans].sort((a, b) => a.from - b.from);
  const out: TimeSpan[] = [];
  for (const span of sorted) {
    const last = out.at(-1);
    if (last === undefined || span.from > last.to) out.push(span);
    else out[out.length - 1] = { from: last.from, to: epochMs(Math.max(last.to, span.to)) };
  }
  return out;
}

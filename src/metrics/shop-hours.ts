import { type EpochMs, epochMs } from "../core/brand.ts";
import type { OpeningHours } from "../core/site.ts";
import type { TradingCalendar, TradingDay } from "./trading-day.ts";

/** Half-open span of time [from, to). */
export interface TimeSpan {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** When the shop is open. */
export interface ShopHours {
  /** Whether opening hours are known; else every trading day is open throughout. */
  readonly areKnown: boolean;
  /** Open spans of a trading day, ascending, apart; clipped to the day. */
  openSpans(day: TradingDay): readonly TimeSpan[];
  isOpen(at: EpochMs): boolean;
}

/** Opening hours of a shop in its calendar. */
export function createShopHours(
  hours: readonly OpeningHours[] | undefined,
  calendar: TradingCalendar,
): ShopHours {
  const openSpans = (day: TradingDay): readonly TimeSpan[] => {
    if (hours === undefined) return [{ from: day.start, to: day.end }];
    const spans = calendar.wallSpans(day, hours);
    return joined(spans);
  };
  return {
    areKnown: hours !== undefined,
    openSpans,
    isOpen: (at) => openSpans(calendar.dayOf(at)).some(({ from, to }) => at >= from && at < to),
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

import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { TimeSpan } from "../calendar/shop-hours.ts";
import type { TradingCalendar } from "../calendar/trading-day.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * What is told of a count that runs on from the beginning of a week: its whole steps of `step`. A count over an interval
 * is the difference of two of them, so whoever asks any intervals learns these running counts and nothing else: of no
 * interval can a count below `step` be told from none at all, or else not from one of at least `step`. Pure.
 * @source rounding to a base: L. Willenborg, T. de Waal, Elements of statistical disclosure control, 2001.
 */
export function toldCount(count: number, step: number): number {
  return Math.floor(count / step) * step;
}

/** The part of an interval that lies in one week. */
export interface WeekPiece {
  /** Where the running counts of its week begin. */
  readonly weekStart: EpochMs;
  /** Whole hours of the trading day. */
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/**
 * An interval with its ends moved back to the hour of their trading day: neighbouring intervals stay neighbours, so what
 * is told of them adds up, and nobody learns within which minute a count changed. Pure.
 */
export const wholeHours = (calendar: TradingCalendar, { from, to }: TimeSpan): TimeSpan => ({
  from: hourOf(calendar, from),
  to: hourOf(calendar, to),
});

/** An interval of whole hours by weeks, Monday to Sunday. Pure. */
export function weekPieces(calendar: TradingCalendar, { from, to: end }: TimeSpan): WeekPiece[] {
  const pieces: WeekPiece[] = [];
  for (let at = from; at < end; ) {
    const weekStart = startOfWeek(calendar, at, 0);
    const next = startOfWeek(calendar, at, 7);
    pieces.push({ weekStart, from: at, to: epochMs(Math.min(next, end)) });
    at = next;
  }
  return pieces;
}

/** The beginning of the hour, counted from the beginning of the trading day, that holds an instant. */
function hourOf(calendar: TradingCalendar, at: EpochMs): EpochMs {
  const { start } = calendar.dayOf(at);
  return epochMs(start + Math.floor((at - start) / HOUR_MS) * HOUR_MS);
}

/** Start of the trading day of the Monday of the week that holds an instant, or so many days after it. */
function startOfWeek(calendar: TradingCalendar, at: EpochMs, days: number): EpochMs {
  const wall = calendar.wallOf(calendar.dayOf(at).start);
  const date = Math.floor(wall / DAY_MS);
  // 1970-01-01 was a Thursday, the third day after a Monday.
  const monday = date - ((((date + 3) % 7) + 7) % 7);
  const ofDayMs = wall - date * DAY_MS;
  return calendar.dayOf(calendar.instantOfWall((monday + days) * DAY_MS + ofDayMs)).start;
}

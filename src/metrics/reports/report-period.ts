import { type EpochMs, epochMs } from "../../core/brand.ts";
import { type CivilDay, monthOf } from "../../core/civil-date.ts";
import type { SitePlan } from "../../core/site.ts";
import {
  createTradingCalendar,
  type TradingCalendar,
  type TradingDay,
} from "../calendar/trading-day.ts";
import type { ComparisonKind, Grain, ReportPeriod } from "./reports.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Which days a report is about; null dates mean the trading day that holds now. `to` is the last day, included. */
export type PeriodChoice =
  | { readonly kind: "day" | "week" | "month"; readonly date: CivilDay | null }
  | { readonly kind: "custom"; readonly from: CivilDay; readonly to: CivilDay };

/** With what it is compared. */
export type CompareChoice =
  | { readonly kind: "previous" | "same-weekday" }
  | { readonly kind: "custom"; readonly from: CivilDay; readonly to: CivilDay };

/** What a report is asked for. Dates of trading days are the dates they begin on. */
export interface ReportQuery {
  readonly period: PeriodChoice;
  readonly compare: CompareChoice | null;
}

/** The trading days of a shop by their dates. */
export interface ShopDays {
  readonly calendar: TradingCalendar;
  /** The trading day of a date; of a date that the zone left out altogether, the one after it. */
  tradingDay(date: CivilDay): TradingDay;
  /** The date of the trading day that holds an instant. */
  dateOf(at: EpochMs): CivilDay;
  /** The instant whose wall clock shows the same time so many days later (or earlier). */
  sameWallTime(at: EpochMs, days: number): EpochMs;
}

/** A period with the dates it goes by; `last` is included. */
export interface DatedPeriod extends ReportPeriod {
  readonly first: CivilDay;
  readonly last: CivilDay;
}

/** The period something is compared with, and up to when: the same elapsed time where the first is not over. */
export interface ComparedPeriod extends DatedPeriod {
  readonly comparison: ComparisonKind;
  readonly until: EpochMs;
}

/** The trading days of a shop. */
export function shopDays(site: Pick<SitePlan, "store">): ShopDays {
  const { timeZone, dayCutoverMin } = site.store;
  const calendar = createTradingCalendar(timeZone, dayCutoverMin);
  const startOf = (date: CivilDay): EpochMs =>
    calendar.instantOfWall(date * DAY_MS + dayCutoverMin * MINUTE_MS);
  return {
    calendar,
    tradingDay: (date) => calendar.dayOf(startOf(date)),
    dateOf: (at) => Math.floor(calendar.wallOf(calendar.dayOf(at).start) / DAY_MS),
    sameWallTime: (at, days) => calendar.instantOfWall(calendar.wallOf(at) + days * DAY_MS),
  };
}

/** The trading days that a choice means; weeks go from Monday to Sunday. Pure. */
export function periodOf(days: ShopDays, choice: PeriodChoice, now: EpochMs): DatedPeriod {
  const [first, last] = datesOf(choice, days.dateOf(now));
  return datedPeriod(days, choice.kind, first, last);
}

/**
 * What a period is compared with. `previous` is the day, week, month or span right before it; `same-weekday` the span
 * of equal length the fewest whole weeks earlier that does not overlap it, so every day meets its own weekday. Of a
 * period that is not over, both go only as far as the same time of day on the day that stands where today does. Pure.
 */
export function comparedPeriod(
  days: ShopDays,
  choice: CompareChoice,
  current: DatedPeriod,
  now: EpochMs,
): ComparedPeriod {
  if (choice.kind === "custom") {
    const custom = datedPeriod(days, "custom", choice.from, choice.to);
    return { ...custom, comparison: "custom", until: earlier(custom.to, now) };
  }
  const length = current.last - current.first + 1;
  const shift = Math.ceil(length / 7) * 7;
  const [first, last] =
    choice.kind === "same-weekday"
      ? [current.first - shift, current.last - shift]
      : datesBefore(current, length);
  const period = datedPeriod(days, current.kind, first, last);
  const moved =
    now < current.to ? days.sameWallTime(now, first - current.first) : epochMs(period.to);
  return { ...period, comparison: choice.kind, until: earlier(period.to, moved) };
}

/** Slots of a chart over a period: quarters of one day or two, hours of up to two weeks, else days. Pure. */
export function chartGrain(period: DatedPeriod): Grain {
  const length = period.last - period.first + 1;
  if (length <= 2) return "quarter";
  return length <= 14 && period.kind !== "month" ? "hour" : "day";
}

/** Minutes by the wall clock from the beginning of a period to an instant of it: 1440 a day. Pure. */
export function localMinOf(days: ShopDays, { first, from }: DatedPeriod, at: EpochMs): number {
  const day = days.calendar.dayOf(at);
  const whole = at < from ? 0 : days.dateOf(at) - first;
  return whole * 1440 + Math.floor(localMsOf(days, day, at) / MINUTE_MS);
}

/** Length of a slot that is shorter than a day, ms. */
export const GRAIN_MS: Readonly<Record<Exclude<Grain, "day">, number>> = {
  minute: MINUTE_MS,
  quarter: 15 * MINUTE_MS,
  hour: 60 * MINUTE_MS,
};

/**
 * Half-open slots of an interval. Days are trading days, clipped to the interval; shorter slots begin when the wall clock
 * is a whole number of them past the beginning of the trading day. So a day of 23 or 25 hours has as many hours, and
 * where clocks change by half an hour one of its hours has 90 minutes. Pure.
 */
export function* slotsOf(
  days: ShopDays,
  grain: Grain,
  from: EpochMs,
  to: EpochMs,
): Generator<{ readonly from: EpochMs; readonly to: EpochMs }> {
  for (let at = from; at < to; ) {
    const day = days.calendar.dayOf(at);
    const end = grain === "day" ? day.end : nextBorder(days, day, GRAIN_MS[grain], at);
    yield { from: at, to: earlier(end, to) };
    at = earlier(day.end, end);
  }
}

/** The first instant after `at` at which the wall clock is a whole number of slots past the beginning of the day. */
function nextBorder(days: ShopDays, day: TradingDay, lengthMs: number, at: EpochMs): EpochMs {
  const restOf = (instant: EpochMs): number => {
    const past = localMsOf(days, day, instant) % lengthMs;
    return lengthMs - (past < 0 ? past + lengthMs : past);
  };
  const next = epochMs(at + restOf(at));
  // Clocks that change in between by less than a slot leave the next border a part of one away.
  const rest = next < day.end ? restOf(next) : lengthMs;
  return earlier(day.end, rest === lengthMs ? next : epochMs(next + rest));
}

function localMsOf({ calendar }: ShopDays, { start, end }: TradingDay, at: EpochMs): number {
  // Nothing changes the clocks of most days, and asking them takes time.
  return end - start === DAY_MS ? at - start : calendar.wallOf(at) - calendar.wallOf(start);
}

function datesOf(choice: PeriodChoice, today: CivilDay): readonly [CivilDay, CivilDay] {
  if (choice.kind === "custom") return [choice.from, choice.to];
  const date = choice.date ?? today;
  if (choice.kind === "day") return [date, date];
  if (choice.kind === "month") return monthOf(date);
  // 1970-01-01 was a Thursday, the third day after a Monday.
  const monday = date - ((((date + 3) % 7) + 7) % 7);
  return [monday, monday + 6];
}

function datesBefore(current: DatedPeriod, length: number): readonly [CivilDay, CivilDay] {
  if (current.kind === "month") return monthOf(current.first - 1);
  return [current.first - length, current.first - 1];
}

function datedPeriod(
  days: ShopDays,
  kind: ReportPeriod["kind"],
  first: CivilDay,
  last: CivilDay,
): DatedPeriod {
  const from = days.tradingDay(first).start;
  return { kind, from, to: epochMs(Math.max(from, days.tradingDay(last).end)), first, last };
}

const earlier = (a: EpochMs, b: EpochMs): EpochMs => (a < b ? a : b);

import { type EpochMs, epochMs } from "../../core/brand.ts";
import { daysFromCivil } from "../../core/civil-date.ts";
import type { Weekday } from "../../core/site.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** No zone is further from UTC, and no zone has ever been moved by more (Apia skipped a whole day). */
const SEARCH_MS = 36 * 3_600_000;
/** Days whose borders are remembered; figures ask for today and its neighbours over and over. */
const CACHED_DAYS = 32;

/** One trading day, half-open [start, end). Usually 24 h; 23 h or 25 h where the clocks change. */
export interface TradingDay {
  readonly start: EpochMs;
  readonly end: EpochMs;
}

/** The store's calendar. */
export interface TradingCalendar {
  /** The trading day that holds the instant. */
  dayOf(at: EpochMs): TradingDay;
  /** The spans of a trading day that the wall clock's hours of the week cover, clipped to it. */
  wallSpans(
    day: TradingDay,
    hours: readonly WeeklyHours[],
  ): readonly { readonly from: EpochMs; readonly to: EpochMs }[];
  /** First instant at which the wall shows `wallMs` (milliseconds of local time since 1970) or later. */
  instantOfWall(wallMs: number): EpochMs;
  /** What the wall shows at an instant: milliseconds of local time since 1970. */
  wallOf(at: EpochMs): number;
  /** Local time of day as `HH:MM`, for sentences. */
  localTime(at: EpochMs): string;
}

/** Hours that come again every week; minutes after local midnight, `toMin` above 24 h for the next day. */
export interface WeeklyHours {
  readonly days: readonly Weekday[];
  readonly fromMin: number;
  readonly toMin: number;
}

/** 1970-01-01 was a Thursday. */
const WEEKDAYS: readonly Weekday[] = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"];

/** Local day number (days since 1970-01-01 on the wall) and local time of day in milliseconds. */
interface WallTime {
  readonly day: number;
  readonly ofDayMs: number;
}

/**
 * Cuts time into trading days: each begins when the store's wall clock first reaches the cut-over, so a late evening
 * belongs to one day. A cut-over that the clocks skip begins at the first instant after the gap; one that occurs
 * twice begins at the first. `timeZone` is an IANA name, `dayCutoverMin` minutes after local midnight.
 */
export function createTradingCalendar(timeZone: string, dayCutoverMin: number): TradingCalendar {
  const wallAt = wallClock(timeZone);
  const cutoverMs = dayCutoverMin * MINUTE_MS;
  const starts = new Map<number, EpochMs>();

  const startOf = (day: number): EpochMs => {
    const known = starts.get(day);
    if (known !== undefined) return known;
    const start = firstInstantAt(wallAt, day * DAY_MS + cutoverMs);
    const oldest = starts.keys().next().value;
    if (starts.size >= CACHED_DAYS && oldest !== undefined) starts.delete(oldest);
    starts.set(day, start);
    return start;
  };

  /** Days found before, the latest first: to read the wall clock costs a hundred times as much. */
  const found: TradingDay[] = [];
  return {
    dayOf(at) {
      const known = found.find(({ start, end }) => at >= start && at < end);
      if (known !== undefined) return known;
      const wall = wallAt(at);
      let day = wall.ofDayMs >= cutoverMs ? wall.day : wall.day - 1;
      // Where a wall time occurs twice or not at all, the wall alone does not tell the day: the borders do.
      while (at < startOf(day)) day -= 1;
      while (at >= startOf(day + 1)) day += 1;
      const fresh = { start: startOf(day), end: startOf(day + 1) };
      found.unshift(fresh);
      if (found.length > CACHED_DAYS) found.pop();
      return fresh;
    },
    wallSpans(span, hours) {
      const first = wallAt(span.start).day - 1;
      const last = wallAt(span.end).day;
      const spans: { from: EpochMs; to: EpochMs }[] = [];
      for (let day = first; day <= last; day += 1) {
        const weekday = WEEKDAYS[((day % 7) + 7) % 7];
        for (const { days, fromMin, toMin } of hours) {
          if (weekday === undefined || !days.includes(weekday)) continue;
          const at = (minutes: number): number =>
            firstInstantAt(wallAt, day * DAY_MS + minutes * MINUTE_MS);
          const from = epochMs(Math.max(at(fromMin), span.start));
          const to = epochMs(Math.min(at(toMin), span.end));
          if (to > from) spans.push({ from, to });
        }
      }
      return spans;
    },
    instantOfWall: (wallMs) => firstInstantAt(wallAt, wallMs),
    wallOf: (at) => wallAt(at).day * DAY_MS + wallAt(at).ofDayMs,
    localTime(at) {
      const minutes = Math.floor(wallAt(at).ofDayMs / MINUTE_MS);
      return `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
    },
  };
}

const twoDigits = (n: number): string => String(n).padStart(2, "0");

function wallClock(timeZone: string): (at: number) => WallTime {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (at) => {
    const wholeSecond = Math.floor(at / 1000) * 1000;
    const field: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const part of format.formatToParts(wholeSecond)) field[part.type] = Number(part.value);
    const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = field;
    return {
      day: daysFromCivil(year, month, day),
      ofDayMs: ((hour * 60 + minute) * 60 + second) * 1000 + (at - wholeSecond),
    };
  };
}

/** First instant at which the wall shows `wallMs` (milliseconds of local time since 1970) or later. */
function firstInstantAt(wallAt: (at: number) => WallTime, wallMs: number): EpochMs {
  const offsetAt = (at: number): number => {
    const wall = wallAt(at);
    return wall.day * DAY_MS + wall.ofDayMs - at;
  };
  const offsets = [offsetAt(wallMs - SEARCH_MS), offsetAt(wallMs + SEARCH_MS)];
  const exact = offsets
    .map((offset) => wallMs - offset)
    .filter((at) => offsetAt(at) === wallMs - at)
    .sort((a, b) => a - b)[0];
  if (exact !== undefined) return epochMs(exact);
  let before = wallMs - Math.max(...offsets) - 1;
  let after = wallMs - Math.min(...offsets);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (middle + offsetAt(middle) >= wallMs) after = middle;
    else before = middle;
  }
  return epochMs(after);
}

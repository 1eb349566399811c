import type { Formats } from "../format.ts";
import { type Compared, hasBefore, type Overview } from "../overview.ts";
import { type DaySpan, dateIn, type IsoDate, type PeriodChoice, spanOf } from "./dates.ts";

/** The shortest trading day; a day's own start lies within so much of its end. */
const SHORTEST_DAY_MS = 23 * 3_600_000;
/** Values that end so close to the end of their period are those of the whole. */
const WHOLE_MS = 60_000;

/** First and last date of the trading days in [from, to), epoch ms. Pure. */
export function datesOf(timeZone: string, from: number, to: number): DaySpan {
  const first = dateIn(timeZone, from);
  const last = dateIn(timeZone, Math.max(from, to - SHORTEST_DAY_MS));
  return { first, last };
}

/** Name of a period as a title: "Today", "This week", or its dates. Pure. */
export function periodTitle(formats: Formats, period: PeriodChoice, today: IsoDate): string {
  const span = spanOf(period, today);
  const isCurrent = span.first <= today && span.last >= today;
  if (!isCurrent || period.kind === "custom") return formats.days(span, today);
  return { day: "Today", week: "This week", month: "This month" }[period.kind];
}

/** How the page writes times: its formats, the shop's zone, and the trading day that is going on. */
export interface Calendar {
  readonly formats: Formats;
  readonly timeZone: string;
  readonly today: IsoDate;
}

/** Short name of what is compared with: "Sun, Nov 15", or its dates. Pure. */
export function comparedName(calendar: Calendar, compared: Compared): string {
  const { formats, timeZone, today } = calendar;
  const span = datesOf(timeZone, compared.from, compared.to);
  return span.first === span.last ? formats.date(compared.from) : formats.days(span, today);
}

/** What is compared with, in full: "Sunday, November 15 until 14:37". Pure. */
export function comparedWords(calendar: Calendar, compared: Compared): string {
  const { formats, timeZone, today } = calendar;
  const span = datesOf(timeZone, compared.from, compared.to);
  const days = formats.days(span, today);
  if (compared.to - compared.until < WHOLE_MS) return days;
  const isDay = span.first === span.last;
  const until = isDay ? formats.time(compared.until) : formats.dayHour(compared.until);
  return `${days} until ${until}`;
}

/** The line below a period's title: its dates where the title has none, then what it is compared with. Pure. */
export function periodLine(calendar: Calendar, period: PeriodChoice, overview: Overview): string {
  const { formats, today } = calendar;
  const days = formats.days(spanOf(period, today), today);
  const title = periodTitle(formats, period, today);
  const against = againstText(calendar, overview);
  // The header names the day that goes on.
  const line = title === days || period.kind === "day" ? against : `${days}, ${against}`;
  return line.charAt(0).toUpperCase() + line.slice(1);
}

function againstText(calendar: Calendar, overview: Overview): string {
  const { compared } = overview;
  if (compared === null) return "not compared";
  const words = comparedWords(calendar, compared);
  return hasBefore(overview)
    ? `compared with ${words}`
    : `nothing is known of ${words} to compare with`;
}

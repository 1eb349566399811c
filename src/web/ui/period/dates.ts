/** A date of the shop's calendar, `YYYY-MM-DD`: the trading day is named by the date on which it begins. */
export type IsoDate = string;

/** A chosen period. `date` is any day of it; null = the one that holds today. `custom` has both its ends. */
export type PeriodChoice =
  | { readonly kind: "day" | "week" | "month"; readonly date: IsoDate | null }
  | { readonly kind: "custom"; readonly first: IsoDate; readonly last: IsoDate };

/** Days of a period, both ends included. */
export interface DaySpan {
  readonly first: IsoDate;
  readonly last: IsoDate;
}

const DAY_MS = 86_400_000;
/** 1970-01-01 was a Thursday; weeks begin on Monday. */
const THURSDAY = 3;

/** Whether a text is a date that exists. Pure. */
export function isIsoDate(text: string | null): text is IsoDate {
  if (text === null || !/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && isoOf(at) === text;
}

/** The same date `count` days later, earlier when negative. Pure. */
export function addDays(date: IsoDate, count: number): IsoDate {
  return isoOf(utcOf(date) + count * DAY_MS);
}

/** Days from `a` to `b`; negative when `b` is earlier. Pure. */
export function daysBetween(a: IsoDate, b: IsoDate): number {
  return Math.round((utcOf(b) - utcOf(a)) / DAY_MS);
}

/** Midnight UTC of a date, for writing it; not an instant of the shop. Pure. */
export function utcOf(date: IsoDate): number {
  return Date.parse(`${date}T00:00:00Z`);
}

/** The date on which an instant falls in a zone. Pure. */
export function dateIn(timeZone: string, at: number): IsoDate {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "gregory",
    numberingSystem: "latn",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  });
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return `${parts.get("year")?.padStart(4, "0")}-${parts.get("month")}-${parts.get("day")}`;
}

/** First and last day of a chosen period. Pure. */
export function spanOf(choice: PeriodChoice, today: IsoDate): DaySpan {
  switch (choice.kind) {
    case "custom":
      return { first: choice.first, last: choice.last };
    case "day": {
      const date = choice.date ?? today;
      return { first: date, last: date };
    }
    case "week": {
      const date = choice.date ?? today;
      const monday = addDays(date, -weekdayOf(date));
      return { first: monday, last: addDays(monday, 6) };
    }
    case "month": {
      const first = `${(choice.date ?? today).slice(0, 8)}01`;
      return { first, last: addDays(firstOfNextMonth(first), -1) };
    }
  }
}

/** The period before (-1) or after (+1); null where that lies wholly after today. Pure. */
export function step(choice: PeriodChoice, today: IsoDate, direction: -1 | 1): PeriodChoice | null {
  const { first, last } = spanOf(choice, today);
  const beside = direction < 0 ? addDays(first, -1) : addDays(last, 1);
  if (beside > today) return null;
  if (choice.kind !== "custom") return choiceAt(choice.kind, beside, today);
  const length = daysBetween(first, last) + 1;
  return {
    kind: "custom",
    first: addDays(first, direction * length),
    last: addDays(last, direction * length),
  };
}

/** The period of a kind that holds `date`; the current one is named without a date, so that its link goes on with time. Pure. */
export function choiceAt(
  kind: "day" | "week" | "month",
  date: IsoDate,
  today: IsoDate,
): PeriodChoice {
  const current = spanOf({ kind, date: null }, today);
  const isCurrent = date >= current.first && date <= current.last;
  return { kind, date: isCurrent ? null : date };
}

/** Whether a period reaches into the trading day that is going on. Pure. */
export function holdsToday(choice: PeriodChoice, today: IsoDate): boolean {
  const { first, last } = spanOf(choice, today);
  return first <= today && last >= today;
}

/** Monday = 0. */
function weekdayOf(date: IsoDate): number {
  return (((utcOf(date) / DAY_MS + THURSDAY) % 7) + 7) % 7;
}

function firstOfNextMonth(first: IsoDate): IsoDate {
  return `${addDays(first, 31).slice(0, 8)}01`;
}

function isoOf(at: number): IsoDate {
  return new Date(at).toISOString().slice(0, 10);
}

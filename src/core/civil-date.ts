/** A date without a time: days since 1970-01-01 in the calendar on the wall. */
export type CivilDay = number;

/** A date of the proleptic Gregorian calendar; `month` 1..12. */
export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/**
 * Number of days from 1970-01-01 to a date of the proleptic Gregorian calendar; `month` 1..12. Pure.
 * @source H. Hinnant, "chrono-compatible low-level date algorithms", days_from_civil.
 */
export function daysFromCivil(year: number, month: number, day: number): CivilDay {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/**
 * The date that is so many days after 1970-01-01; the inverse of `daysFromCivil`. Pure.
 * @source H. Hinnant, "chrono-compatible low-level date algorithms", civil_from_days.
 */
export function civilFromDays(days: CivilDay): CivilDate {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
  };
}

/** First and last date of the month that holds a date. Pure. */
export function monthOf(date: CivilDay): readonly [first: CivilDay, last: CivilDay] {
  const { year, month } = civilFromDays(date);
  const next = month === 12 ? daysFromCivil(year + 1, 1, 1) : daysFromCivil(year, month + 1, 1);
  return [daysFromCivil(year, month, 1), next - 1];
}

/** The date of a text `YYYY-MM-DD`; null when it is none, a day that the month does not have included. Pure. */
export function parseDate(text: string): CivilDay | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return null;
  const date = daysFromCivil(Number(match[1]), Number(match[2]), Number(match[3]));
  return dateText(date) === text ? date : null;
}

/** The date as `YYYY-MM-DD`. Pure. */
export function dateText(date: CivilDay): string {
  const { year, month, day } = civilFromDays(date);
  const pad = (n: number, length: number): string => String(n).padStart(length, "0");
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

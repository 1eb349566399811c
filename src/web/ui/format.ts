import type { MetricId, MetricUnit, MetricValue } from "../../core/metric-value.ts";
import { isShare } from "./metric-kinds.ts";
import { addDays, type DaySpan, type IsoDate, utcOf } from "./period/dates.ts";
import { roundCount, roundDuration } from "./precision.ts";

/** What an unknown value looks like. */
export const EN_DASH = "\u2013";
/** Half-width of a 95 % interval from which a rate is shown without decimals, as a ratio. */
const COARSE_RATIO = 0.05;
/** Sums of money from here on are read without their cents; the details still show them. Major units. */
const LARGE_SUM = 1_000;

/** How numbers, money and times are written on this page: the reader's locale, the shop's zone and currency. */
export interface Formats {
  /** Whole number with grouped thousands. */
  count(value: number): string;
  /** Number with at most one decimal, for means of people. */
  mean(value: number): string;
  /** Ratio 0..1 as percent. */
  percent(ratio: number, decimals?: 0 | 1): string;
  /** Minor units of the store's currency. `decimals` absent = as many as the currency has. */
  money(minor: number, decimals?: 0): string;
  /** Minor units in one unit of the store's currency: 100 for euros, 1 for yen. */
  readonly minorPerMajor: number;
  /** Hours and minutes. */
  time(at: number): string;
  /** Hours, minutes and seconds. */
  timeWithSeconds(at: number): string;
  /** Time, with the date in front when it is not of the day of `now`. */
  moment(at: number, now: number): string;
  /** Weekday and date in words. */
  day(at: number): string;
  /** Weekday and time in short, for slots of several days. */
  dayHour(at: number): string;
  /** Short date of an instant in the shop's zone. */
  date(at: number): string;
  /** A day, a whole month or a span of days, as one says it; a day of another year than `today` with its year. */
  days(span: DaySpan, today: IsoDate): string;
  bytes(value: number): string;
}

/** Builds the formats once; `locale` undefined takes the browser's. */
export function createFormats(
  locale: string | undefined,
  timeZone: string,
  currency: string,
): Formats {
  const count = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const mean = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const percent = [0, 1].map(
    (digits) =>
      new Intl.NumberFormat(locale, {
        style: "percent",
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      }),
  );
  const money = new Intl.NumberFormat(locale, { style: "currency", currency });
  const wholeMoney = new Intl.NumberFormat(locale, {
    style: "currency",
    currency,
    maximumFractionDigits: 0,
  });
  const minorPerMajor = 10 ** (money.resolvedOptions().maximumFractionDigits ?? 2);
  const clock = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(locale, { timeZone, ...options });
  const time = clock({ hour: "2-digit", minute: "2-digit" });
  const seconds = clock({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const day = clock({ weekday: "long", day: "numeric", month: "long" });
  const dayHour = clock({ weekday: "short", hour: "2-digit", minute: "2-digit" });
  const date = clock({ weekday: "short", day: "numeric", month: "short" });
  const dayAndTime = clock({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  return {
    count: (value) => count.format(value),
    mean: (value) => mean.format(value),
    percent: (ratio, decimals = 1) => percent[decimals]?.format(ratio) ?? "",
    money: (minor, decimals) => (decimals === 0 ? wholeMoney : money).format(minor / minorPerMajor),
    minorPerMajor,
    time: (at) => time.format(at),
    timeWithSeconds: (at) => seconds.format(at),
    moment: (at, now) =>
      day.format(at) === day.format(now) ? time.format(at) : dayAndTime.format(at),
    day: (at) => day.format(at),
    dayHour: (at) => dayHour.format(at),
    date: (at) => date.format(at),
    days: daysFormat(locale),
    bytes: (value) => formatBytes(value, mean),
  };
}

/**
 * Writes a duration the way it is said: `42 s`, `4 min 20 s`, `2 h 5 min`. Two units at most; a second unit of 0 is
 * left out. Negative durations are written as 0 s. Pure.
 */
export function formatDuration(ms: number): string {
  const all = Math.max(0, Math.round(ms / 1_000));
  if (all < 60) return `${all} s`;
  if (all < 3_600) return twoUnits(Math.floor(all / 60), "min", all % 60, "s");
  const minutes = Math.round(all / 60);
  return twoUnits(Math.floor(minutes / 60), "h", minutes % 60, "min");
}

/** Age in one unit, for "3 s ago": `3 s`, `4 min`, `2 h`, `3 d`. Pure. */
export function formatAge(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1_000));
  if (s < 60) return `${s} s`;
  if (s < 3_600) return `${Math.floor(s / 60)} min`;
  if (s < 86_400) return `${Math.floor(s / 3_600)} h`;
  return `${Math.floor(s / 86_400)} d`;
}

/** The value with its unit, no finer than its interval allows; an en dash when it is unknown. */
export function formatMetric(formats: Formats, metric: MetricValue): string {
  return metric.value === null ? EN_DASH : formatPlain(formats, metric, metric.value);
}

/** The value as finely as it is published, for the details. An en dash when it is unknown. */
export function formatFull(formats: Formats, metric: MetricValue): string {
  const { value, unit } = metric;
  if (value === null) return EN_DASH;
  const isExactMoney = unit === "minor" && metric.ci95 === null;
  return isExactMoney ? formats.money(value) : formatPlain(formats, metric, value);
}

/** A number of a metric's unit as on an axis or in a table of slots, without an interval. */
export function formatNumber(
  formats: Formats,
  metric: MetricId,
  unit: MetricUnit,
  value: number,
): string {
  // People in the store are a mean over the slot.
  if (metric === "occupancy") return formats.mean(value);
  return formatPlain(formats, { metric, unit, ci95: null }, value);
}

/** The 95 % interval in the metric's unit, e.g. `21.4% to 24.9%`; null when there is none. */
export function formatInterval(formats: Formats, metric: MetricValue): string | null {
  if (metric.ci95 === null) return null;
  const [low, high] = metric.ci95;
  return `${formatPlain(formats, metric, low)} to ${formatPlain(formats, metric, high)}`;
}

/** Half the width of the 95 % interval, in the value's unit; null when there is none. Pure. */
export function halfWidthOf(metric: Pick<MetricValue, "ci95">): number | null {
  return metric.ci95 === null ? null : (metric.ci95[1] - metric.ci95[0]) / 2;
}

/** Means of whole things: read with a decimal although the unit is a number. */
const MEANS: ReadonlySet<MetricId> = new Set([
  "visit-frequency",
  "queue-length",
  "queue-service-rate",
]);

type Written = Pick<MetricValue, "metric" | "unit" | "ci95">;

function formatPlain(formats: Formats, metric: Written, value: number): string {
  const half = halfWidthOf(metric);
  if (metric.metric === "zone-lift") return `${formats.mean(value)} \u00d7`;
  switch (metric.unit) {
    case "people":
    case "count":
      return MEANS.has(metric.metric)
        ? formats.mean(value)
        : formats.count(roundCount(value, half));
    case "ratio":
      if (!isShare(metric.metric, metric.unit)) return formats.mean(value);
      return formats.percent(value, (half ?? 0) >= COARSE_RATIO ? 0 : 1);
    case "ms":
      return formatDuration(roundDuration(value, half));
    case "minor": {
      const major = Math.abs(value) / formats.minorPerMajor;
      const isWhole = major >= LARGE_SUM || (half ?? 0) >= formats.minorPerMajor;
      return isWhole ? formats.money(value, 0) : formats.money(value);
    }
    case "days":
      return `${formats.count(value)} d`;
    case "per-hour":
      return `${formats.mean(value)} /h`;
    case "per-transaction":
      return formats.mean(value);
  }
}

function daysFormat(locale: string | undefined): Formats["days"] {
  const format = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options });
  const day = format({ weekday: "long", day: "numeric", month: "long" });
  const dayAndYear = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
  const month = format({ month: "long", year: "numeric" });
  const dates = format({ day: "numeric", month: "short", year: "numeric" });
  return ({ first, last }, today) => {
    const isThisYear = first.slice(0, 4) === today.slice(0, 4);
    if (first === last) return (isThisYear ? day : dayAndYear).format(utcOf(first));
    const isMonth = first.endsWith("-01") && addDays(last, 1) === nextMonthOf(first);
    return isMonth ? month.format(utcOf(first)) : dates.formatRange(utcOf(first), utcOf(last));
  };
}

const nextMonthOf = (first: IsoDate): IsoDate => `${addDays(first, 31).slice(0, 8)}01`;

function twoUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

function formatBytes(value: number, mean: Intl.NumberFormat): string {
  const units = ["B", "kB", "MB", "GB"];
  let size = value;
  let unit = 0;
  while (size >= 1_000 && unit < units.length - 1) {
    size /= 1_000;
    unit += 1;
  }
  return `${mean.format(size)} ${units[unit]}`;
}

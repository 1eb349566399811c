import { z } from "zod";
import { type EpochMs, epochMs } from "../core/brand.ts";
import { type CivilDay, dateText, parseDate } from "../core/civil-date.ts";
import { fail, type InputFault, ok, type Result } from "../core/errors.ts";
import { faultsOf } from "../core/input-faults.ts";
import type { MetricScope } from "../core/metric-value.ts";
import { parseScope } from "../core/scope-text.ts";

/** Which trading days; `to` is the last one, included. A null date means the trading day that holds now. */
export type AskedPeriod =
  | { readonly kind: "day" | "week" | "month"; readonly date: CivilDay | null }
  | { readonly kind: "custom"; readonly from: CivilDay; readonly to: CivilDay };

/** With what to compare. */
export type AskedComparison =
  | { readonly kind: "previous" | "same-weekday" }
  | { readonly kind: "custom"; readonly from: CivilDay; readonly to: CivilDay };

/** Query of /api/report and /api/journeys, checked. */
export interface AskedReport {
  readonly period: AskedPeriod;
  readonly compare: AskedComparison | null;
}

export type AskedGrain = "minute" | "quarter" | "hour" | "day";

/** Query of /api/figure, checked. */
export interface AskedFigure {
  readonly metric: string;
  readonly scope: MetricScope;
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** Query of /api/rollup, checked. */
export interface AskedRollup {
  readonly grain: AskedGrain;
  readonly metrics: readonly string[];
  readonly scope: MetricScope;
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** Query of /api/export.csv and /api/export.ndjson, checked. */
export interface AskedExport {
  readonly period: AskedPeriod;
  readonly grain: AskedGrain;
  /** null = the usual ones. */
  readonly metrics: readonly string[] | null;
  /** null = each metric's own scopes. */
  readonly scope: MetricScope | null;
  /** Begin the file with a byte order mark, which some spreadsheets need to see UTF-8. */
  readonly hasMark: boolean;
}

type Asked<T> = Result<T, readonly InputFault[]>;

/** Longest period of a report, and longest interval of a figure or a table, days. */
const LONGEST_DAYS = 366;
/** A year of trading days may end on another clock than it began, so it may be an hour longer. */
const LONGEST_MS = LONGEST_DAYS * 86_400_000 + 3_600_000;
/** Longest export by grain, days, so that one request never takes the gateway for minutes. */
export const EXPORT_DAYS: Readonly<Record<AskedGrain, number>> = Object.freeze({
  minute: 1,
  quarter: 31,
  hour: 92,
  day: 366,
});
const MOST_METRICS = 64;
const SPAN = /^(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})$/;

const DATE_TEXT = "a date YYYY-MM-DD";
const civilDay = z.string().transform((text, context): CivilDay => {
  const date = parseDate(text);
  if (date !== null) return date;
  context.addIssue({ code: "custom", message: DATE_TEXT });
  return z.NEVER;
});

const span = (text: string): { from: CivilDay; to: CivilDay } | null => {
  const [, first = "", last = ""] = SPAN.exec(text) ?? [];
  const from = parseDate(first);
  const to = parseDate(last);
  return from === null || to === null || to < from ? null : { from, to };
};

const compare = z.string().transform((text, context): AskedComparison => {
  if (text === "previous" || text === "same-weekday") return { kind: text };
  const custom = span(text);
  if (custom !== null && custom.to - custom.from < LONGEST_DAYS)
    return { kind: "custom", ...custom };
  context.addIssue({
    code: "custom",
    message: `previous, same-weekday, or YYYY-MM-DD..YYYY-MM-DD of at most ${LONGEST_DAYS} days`,
  });
  return z.NEVER;
});

const instant = z.union(
  [
    z.iso.datetime({ offset: true }).transform((text) => epochMs(Date.parse(text))),
    z
      .string()
      .regex(/^\d{1,15}$/)
      .transform((text) => epochMs(Number(text))),
  ],
  { error: "an RFC 3339 time or milliseconds since 1970" },
);

const scope = z.string().transform((text, context): MetricScope => {
  const found = parseScope(text);
  if (found !== null) return found;
  context.addIssue({ code: "custom", message: "store, zone:ID, line:ID or pair:FROM:TO" });
  return z.NEVER;
});

const grain = z.enum(["minute", "quarter", "hour", "day"], {
  error: "one of minute, quarter, hour, day",
});

const metrics = z.string().transform((text, context): readonly string[] => {
  const names = [...new Set(text.split(",").filter((name) => name !== ""))];
  if (names.length > 0 && names.length <= MOST_METRICS) return names;
  context.addIssue({
    code: "custom",
    message: `1 to ${MOST_METRICS} metric ids with commas between (GET /api/definitions lists them)`,
  });
  return z.NEVER;
});

const periodFields = {
  period: z.enum(["day", "week", "month"], { error: "one of day, week, month" }).exactOptional(),
  date: civilDay.exactOptional(),
  from: civilDay.exactOptional(),
  to: civilDay.exactOptional(),
};

const reportQuery = z.strictObject({ ...periodFields, compare: compare.exactOptional() });
const exportQuery = z.strictObject({
  ...periodFields,
  grain: grain.default("day"),
  metrics: metrics.exactOptional(),
  scope: scope.exactOptional(),
  bom: z.enum(["0", "1", ""], { error: "0 or 1" }).exactOptional(),
});
const interval = { from: instant, to: instant };
const figureQuery = z.strictObject({
  metric: z.string().min(1).max(64),
  scope: scope.default({ kind: "store" }),
  ...interval,
});
const rollupQuery = z.strictObject({
  grain,
  metric: metrics,
  scope: scope.default({ kind: "store" }),
  ...interval,
});

/** Checks the query string of /api/report or /api/journeys; no field at all means the present day. Pure. */
export function parseReportQuery(query: unknown): Asked<AskedReport> {
  const outcome = reportQuery.safeParse(query);
  if (!outcome.success) return fail(faultsOf(outcome.error.issues, query));
  const period = periodOf(outcome.data, LONGEST_DAYS);
  return period.ok ? ok({ period: period.value, compare: outcome.data.compare ?? null }) : period;
}

/** Checks the query string of an export. Pure. */
export function parseExportQuery(query: unknown): Asked<AskedExport> {
  const outcome = exportQuery.safeParse(query);
  if (!outcome.success) return fail(faultsOf(outcome.error.issues, query));
  const { data } = outcome;
  const period = periodOf(data, EXPORT_DAYS[data.grain]);
  if (!period.ok) return period;
  return ok({
    period: period.value,
    grain: data.grain,
    metrics: data.metrics ?? null,
    scope: data.scope ?? null,
    hasMark: data.bom === "1" || data.bom === "",
  });
}

/** Checks the query string of /api/figure. Pure. */
export function parseFigureQuery(query: unknown): Asked<AskedFigure> {
  const outcome = figureQuery.safeParse(query);
  if (!outcome.success) return fail(faultsOf(outcome.error.issues, query));
  return ordered(outcome.data);
}

/** Checks the query string of /api/rollup. Pure. */
export function parseRollupQuery(query: unknown): Asked<AskedRollup> {
  const outcome = rollupQuery.safeParse(query);
  if (!outcome.success) return fail(faultsOf(outcome.error.issues, query));
  const { metric, ...rest } = outcome.data;
  return ordered({ ...rest, metrics: metric });
}

interface PeriodFields {
  readonly period?: "day" | "week" | "month";
  readonly date?: CivilDay;
  readonly from?: CivilDay;
  readonly to?: CivilDay;
}

const LENGTH_DAYS = { day: 1, week: 7, month: 31 } as const;

function periodOf(fields: PeriodFields, longest: number): Asked<AskedPeriod> {
  const { period, date, from, to } = fields;
  if (from === undefined && to === undefined) {
    const kind = period ?? "day";
    if (LENGTH_DAYS[kind] <= longest) return ok({ kind, date: date ?? null });
    return oneFault("period", kind, `at most ${longest} day(s) at this grain`);
  }
  if (period !== undefined) return oneFault("period", period, "not given together with from, to");
  if (date !== undefined)
    return oneFault("date", dateText(date), "not given together with from, to");
  if (from === undefined)
    return oneFault("to", dateText(to ?? 0), "given together with `from`, another date");
  if (to === undefined) return oneFault("to", "nothing", `${DATE_TEXT} beside \`from\``);
  return spanOf(from, to, longest);
}

function spanOf(from: CivilDay, to: CivilDay, longest: number): Asked<AskedPeriod> {
  const found = dateText(to);
  if (to < from) return oneFault("to", found, `not before ${dateText(from)} (both are included)`);
  if (to - from < longest) return ok({ kind: "custom", from, to });
  return oneFault("to", found, `at most ${dateText(from + longest - 1)} (${longest} day(s))`);
}

function ordered<T extends { readonly from: EpochMs; readonly to: EpochMs }>(asked: T): Asked<T> {
  const { from, to } = asked;
  if (to <= from) return oneFault("to", String(to), `after from (${from})`);
  if (to - from <= LONGEST_MS) return ok(asked);
  const latest = from + LONGEST_DAYS * 86_400_000;
  return oneFault("to", String(to), `at most ${latest} (${LONGEST_DAYS} days after from)`);
}

const oneFault = (path: string, found: string, expected: string): Asked<never> =>
  fail([{ path, found, expected }]);

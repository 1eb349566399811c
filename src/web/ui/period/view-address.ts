import { type IsoDate, isIsoDate, type PeriodChoice } from "./dates.ts";

/** With what a period is compared. `auto`: the same weekday for a day, else the period before. */
export type CompareChoice =
  | { readonly kind: "auto" | "none" | "previous" | "same-weekday" }
  | { readonly kind: "custom"; readonly first: IsoDate; readonly last: IsoDate };

/** What the address says about the page in view, besides which page it is. */
export interface View {
  readonly period: PeriodChoice;
  readonly compare: CompareChoice;
  /** Id of the zone in focus; null = the whole shop. */
  readonly zone: string | null;
  /** Figure of the chart; null = the first. */
  readonly chart: string | null;
  /** Figure by which zones are compared; null = the first. */
  readonly by: string | null;
  /** Last hours of the live chart; null = the whole day. */
  readonly hours: number | null;
}

export const DEFAULT_VIEW: View = {
  period: { kind: "day", date: null },
  compare: { kind: "auto" },
  zone: null,
  chart: null,
  by: null,
  hours: null,
};

/** Parameters that belong to the view; others are left as they are. */
const KEYS = ["period", "date", "from", "to", "compare", "zone", "chart", "by", "hours"] as const;

/** Longest id that is taken from an address. */
const MAX_ID = 100;

/** Reads the view out of an address's query; whatever does not make sense is the default. Pure. */
export function readView(search: string): View {
  const query = new URLSearchParams(search);
  return {
    period: readPeriod(query),
    compare: readCompare(query.get("compare")),
    zone: readId(query.get("zone")),
    chart: readId(query.get("chart")),
    by: readId(query.get("by")),
    hours: query.get("hours") === "3" ? 3 : null,
  };
}

/** The query of a view, defaults left out: "" or "?period=week&...". Parameters of others in `search` are kept. Pure. */
export function searchOf(view: View, search = ""): string {
  const query = new URLSearchParams(search);
  for (const key of KEYS) query.delete(key);
  const { period, compare } = view;
  if (period.kind === "custom") {
    query.set("from", period.first);
    query.set("to", period.last);
  } else {
    if (period.kind !== "day" || period.date !== null) query.set("period", period.kind);
    if (period.date !== null) query.set("date", period.date);
  }
  if (compare.kind === "custom") query.set("compare", `${compare.first}..${compare.last}`);
  else if (compare.kind !== "auto") query.set("compare", compare.kind);
  for (const key of ["zone", "chart", "by"] as const) {
    const value = view[key];
    if (value !== null) query.set(key, value);
  }
  if (view.hours !== null) query.set("hours", String(view.hours));
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

function readPeriod(query: URLSearchParams): PeriodChoice {
  const [first, last] = [query.get("from"), query.get("to")];
  if (isIsoDate(first) && isIsoDate(last) && first <= last) return { kind: "custom", first, last };
  const kind = query.get("period");
  const date = query.get("date");
  return {
    kind: kind === "week" || kind === "month" ? kind : "day",
    date: isIsoDate(date) ? date : null,
  };
}

function readCompare(text: string | null): CompareChoice {
  if (text === "none" || text === "previous" || text === "same-weekday") return { kind: text };
  const [first = null, last = null, more] = text?.split("..") ?? [];
  const isSpan = isIsoDate(first) && isIsoDate(last) && first <= last && more === undefined;
  return isSpan ? { kind: "custom", first, last } : { kind: "auto" };
}

function readId(text: string | null): string | null {
  return text === null || text === "" || text.length > MAX_ID ? null : text;
}

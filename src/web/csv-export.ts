import { scopeText } from "../core/scope-text.ts";
import { isoTime } from "../wire/cloud-event.ts";
import type { ExportRow } from "./reports-view.ts";

/** Columns of an export, in order. */
export const CSV_COLUMNS = [
  "from_local",
  "to_local",
  "from_utc",
  "to_utc",
  "scope",
  "metric",
  "name",
  "value",
  "unit",
  "ci95_low",
  "ci95_high",
  "n",
  "effective_n",
  "coverage",
  "imputed_share",
  "method",
  "definition",
  "version",
  "revision",
  "reason",
] as const;

/** Byte order mark, by which some spreadsheets recognise UTF-8. */
export const BYTE_ORDER_MARK = "\uFEFF";

/** First line of a CSV export. */
export const CSV_HEAD = `${CSV_COLUMNS.join(",")}\r\n`;

/** What a spreadsheet would take for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r\n]/;
const NEEDS_QUOTES = /[",\r\n]/;

/**
 * One row as a line of RFC 4180 CSV. An unknown number is an empty field, never 0. Text that a spreadsheet would run
 * as a formula gets an apostrophe in front; numbers are written by us and stay numbers. Pure.
 * @source RFC 4180; OWASP, CSV injection.
 */
export function csvLine({ fromLocal, toLocal, name, value }: ExportRow): string {
  const { ci95, definition, reason } = value;
  const cells: readonly (string | number | null)[] = [
    fromLocal,
    toLocal,
    isoTime(value.from),
    isoTime(value.to),
    scopeText(value.scope),
    value.metric,
    name,
    value.value,
    value.unit,
    ci95?.[0] ?? null,
    ci95?.[1] ?? null,
    value.n,
    value.effectiveN,
    value.coverage,
    value.imputedShare,
    value.method,
    definition.id,
    definition.version,
    value.revision,
    reason === null ? null : `${reason.code}: ${reason.text}`,
  ];
  return `${cells.map(cellText).join(",")}\r\n`;
}

/** One row as a line of newline-delimited JSON: the value with its names. Pure. */
export function ndjsonLine({ fromLocal, toLocal, name, value }: ExportRow): string {
  return `${JSON.stringify({ fromLocal, toLocal, name, ...value })}\n`;
}

function cellText(cell: string | number | null): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const safe = FORMULA.test(cell) ? `'${cell}` : cell;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

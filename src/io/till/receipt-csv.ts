import { type EpochMs, epochMs } from "../../core/brand.ts";
import { type PosReceipt, readPosReceipt } from "../../wire/pos-message.ts";
import { type CsvRecord, csvRecords, type RefusedRow, shorten } from "../csv/csv-records.ts";

/** Columns of a CSV file of receipts, in the order in which we write them. */
export const RECEIPT_COLUMNS = [
  "receipt",
  "kind",
  "paid_at",
  "net",
  "units",
  "sku",
  "department",
  "till",
  "related",
  "currency",
] as const;

type ReceiptColumn = (typeof RECEIPT_COLUMNS)[number];

/** A file to begin with. */
export const RECEIPT_CSV_TEMPLATE = `${RECEIPT_COLUMNS.join(",")}
1001,sale,2026-05-01 10:12:30,19.99,1,4006381333931,stationery,till-1,,EUR
1001,sale,2026-05-01 10:12:30,5.00,2,4006381333948,stationery,till-1,,EUR
1002,refund,2026-05-01 10:40:00,-19.99,1,4006381333931,stationery,till-1,1001,EUR
`;

/** Largest file, and rows in it: a month of a shop. */
export const RECEIPT_CSV_BYTES = 8 * 2 ** 20;
const MAX_ROWS = 50_000;
const REQUIRED: readonly ReceiptColumn[] = ["receipt", "paid_at", "net"];
const HUNDREDTHS = 100;

/** What reading needs to know of the shop. */
export interface ReceiptCsvOptions {
  readonly currency: string;
  /** The instant at which the shop's wall clock shows `wallMs` (milliseconds of local time since 1970). */
  readonly instantOfWall: (wallMs: number) => EpochMs;
}

/** Receipts of a file, each with the line it begins on, and what was refused: never half a receipt. */
export interface ReceiptTable {
  readonly receipts: readonly { readonly line: number; readonly receipt: PosReceipt }[];
  readonly refused: readonly RefusedRow[];
}

/** One row, read: a whole receipt, or one line of it where the file has articles. */
interface Row {
  readonly line: number;
  readonly cell: (column: ReceiptColumn) => string;
}

/**
 * Reads receipts from CSV: columns by name in any order, comma or semicolon, decimal point or comma. Times are RFC 3339
 * or the shop's local time. With a column `sku`, rows of the same receipt and kind are its lines, and its sums are
 * theirs. Without `kind` a negative amount is a refund and anything else a sale. Never throws. Pure.
 */
export function readReceiptCsv(text: string, options: ReceiptCsvOptions): ReceiptTable {
  const records = csvRecords(text, MAX_ROWS + 2);
  if (!Array.isArray(records)) return { receipts: [], refused: [records as RefusedRow] };
  const [head, ...body] = records as readonly CsvRecord[];
  const refusedHead = refuseHead(head);
  if (head === undefined || refusedHead.length > 0) return { receipts: [], refused: refusedHead };
  if (body.length > MAX_ROWS) {
    const expected = `at most ${MAX_ROWS} rows; split the file`;
    return { receipts: [], refused: [{ line: MAX_ROWS + 2, column: null, value: "", expected }] };
  }
  const columns = head.cells.map(nameOf);
  const groups = groupsOf(body, columns);
  const receipts: { line: number; receipt: PosReceipt }[] = [];
  const refused: RefusedRow[] = [];
  for (const rows of groups.values()) {
    const outcome = readReceipt(rows, columns.includes("sku"), options);
    if ("receipt" in outcome) receipts.push(outcome);
    else refused.push(...outcome.refused);
  }
  return { receipts, refused };
}

const nameOf = (text: string): string => text.trim().toLowerCase().replace(/ /g, "_");

function refuseHead(head: CsvRecord | undefined): readonly RefusedRow[] {
  const known = RECEIPT_COLUMNS.join(", ");
  if (head === undefined)
    return [{ line: 1, column: null, value: "nothing", expected: `a header of ${known}` }];
  const names = head.cells.map(nameOf).filter((name) => name !== "");
  const { line } = head;
  const strange = names.filter((name) => !RECEIPT_COLUMNS.some((column) => column === name));
  const missing = REQUIRED.filter((column) => !names.includes(column));
  const repeated = names.filter((name, i) => names.indexOf(name) < i);
  return [
    ...strange.map((name) => ({
      line,
      column: shorten(name),
      value: shorten(name),
      expected: `no such column (known are ${known})`,
    })),
    ...missing.map((column) => ({
      line,
      column,
      value: "missing",
      expected: "this column in the header",
    })),
    ...repeated.map((name) => ({ line, column: name, value: name, expected: "each column once" })),
  ];
}

/** Rows by the receipt they belong to; a row without a number stands alone, to be refused by its line. */
function groupsOf(
  body: readonly CsvRecord[],
  columns: readonly string[],
): ReadonlyMap<string, readonly Row[]> {
  const hasLines = columns.includes("sku");
  const groups = new Map<string, Row[]>();
  for (const { line, cells } of body) {
    const cell = (column: ReceiptColumn): string => (cells[columns.indexOf(column)] ?? "").trim();
    const number = cell("receipt");
    const key = hasLines && number !== "" ? `${cell("kind")} ${number}` : `line ${line}`;
    const rows = groups.get(key) ?? [];
    rows.push({ line, cell });
    groups.set(key, rows);
  }
  return groups;
}

function readReceipt(
  rows: readonly Row[],
  hasLines: boolean,
  options: ReceiptCsvOptions,
): { readonly line: number; readonly receipt: PosReceipt } | { readonly refused: RefusedRow[] } {
  const first = rows[0];
  if (first === undefined) return { refused: [] };
  const refused: RefusedRow[] = [];
  const amounts = rows.map((row) => amountOf(row, refused));
  const units = rows.map((row) => unitsOf(row, refused));
  const paidAt = timeOf(first, options, refused);
  if (refused.length > 0 || paidAt === null) return { refused };
  const netMinor = amounts.reduce((sum, amount) => sum + amount, 0);
  const { cell, line } = first;
  const text = (column: ReceiptColumn, key: string): Readonly<Record<string, string>> =>
    cell(column) === "" ? {} : { [key]: cell(column) };
  const message = {
    receiptId: cell("receipt"),
    kind: kindOf(cell("kind"), netMinor),
    paidAt: new Date(paidAt).toISOString(),
    netMinor,
    units: Math.abs(units.reduce((sum, n) => sum + n, 0)),
    ...text("till", "tillId"),
    ...text("related", "relatedReceiptId"),
    ...text("currency", "currency"),
    ...(hasLines ? { lines: linesOf(rows, amounts, units) } : {}),
  };
  const outcome = readPosReceipt(message, options.currency);
  if (outcome.ok) return { line, receipt: outcome.value };
  return {
    refused: outcome.error.map(({ path, found, expected }) => ({
      line,
      column: COLUMN_OF[path] ?? null,
      value: shorten(found),
      expected,
    })),
  };
}

const COLUMN_OF: Readonly<Record<string, ReceiptColumn>> = {
  receiptId: "receipt",
  kind: "kind",
  paidAt: "paid_at",
  netMinor: "net",
  units: "units",
  tillId: "till",
  relatedReceiptId: "related",
  currency: "currency",
};

function linesOf(
  rows: readonly Row[],
  amounts: readonly number[],
  units: readonly number[],
): readonly object[] {
  return rows.flatMap(({ cell }, i) =>
    cell("sku") === ""
      ? []
      : [
          {
            sku: cell("sku"),
            department: cell("department") === "" ? null : cell("department"),
            units: units[i],
            netMinor: amounts[i],
          },
        ],
  );
}

function kindOf(text: string, netMinor: number): string {
  if (text === "") return netMinor < 0 ? "refund" : "sale";
  return text.toLowerCase().replace(/[ _]/g, "-");
}

/** An amount in hundredths; NaN never leaves here: what is no amount is refused. */
function amountOf({ line, cell }: Row, refused: RefusedRow[]): number {
  const text = cell("net").replace(/[\s\u00a0']/g, "");
  const decimal = Math.max(text.lastIndexOf(","), text.lastIndexOf("."));
  // One separator with three digits after it may be of thousands; then the amount would be a thousand times too small.
  const isUnclear = decimal >= 0 && /^-?\d{1,3}[.,]\d{3}$/.test(text);
  const plain =
    decimal < 0
      ? text
      : `${text.slice(0, decimal).replace(/[.,]/g, "")}.${text.slice(decimal + 1)}`;
  if (!isUnclear && /^-?\d{1,12}(\.\d{1,2})?$/.test(plain))
    return Math.round(Number(plain) * HUNDREDTHS);
  const expected = isUnclear
    ? "an amount with two decimals, so that it cannot be read in two ways"
    : "an amount such as 19.99 or -19,99";
  refused.push({ line, column: "net", value: shorten(cell("net")), expected });
  return 0;
}

function unitsOf({ line, cell }: Row, refused: RefusedRow[]): number {
  const text = cell("units");
  if (text === "") return 1;
  if (/^-?\d{1,6}$/.test(text)) return Number(text);
  refused.push({ line, column: "units", value: shorten(text), expected: "a whole number" });
  return 0;
}

function timeOf(
  { line, cell }: Row,
  { instantOfWall }: ReceiptCsvOptions,
  refused: RefusedRow[],
): EpochMs | null {
  const text = cell("paid_at");
  if (/(Z|[+-]\d\d:?\d\d)$/i.test(text) && !Number.isNaN(Date.parse(text)))
    return epochMs(Date.parse(text));
  const local = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,3})?)?$/.exec(text);
  const wallMs =
    local === null ? Number.NaN : Date.parse(`${local[1]}T${local[2]}${local[3] ?? ":00"}Z`);
  if (!Number.isNaN(wallMs)) return instantOfWall(wallMs);
  const expected = "a time such as 2026-05-01 10:12:30 (of the shop) or 2026-05-01T10:12:30Z";
  refused.push({ line, column: "paid_at", value: shorten(text), expected });
  return null;
}

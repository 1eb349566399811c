import { TAG_CAP, tagSchema } from "../../config/tag.ts";
import { faultsOf } from "../../core/input-faults.ts";
import type { TagPlan } from "../../core/site.ts";
import { TAG_KINDS } from "../../core/vocabulary.ts";
import { type CsvRecord, csvRecords, type RefusedRow, shorten } from "../csv/csv-records.ts";

/** Columns of a CSV file of tags, in the order in which we write them. */
export const TAG_COLUMNS = [
  "id",
  "kind",
  "name",
  "format",
  "uuid",
  "major",
  "minor",
  "namespace",
  "instance",
  "altbeacon",
] as const;

type TagColumn = (typeof TAG_COLUMNS)[number];

/** Which columns say the identity, by its format. */
const IDENTITY_COLUMNS: Readonly<Record<string, readonly TagColumn[]>> = {
  ibeacon: ["uuid", "major", "minor"],
  "eddystone-uid": ["namespace", "instance"],
  altbeacon: ["altbeacon"],
};

/** Largest file: 20000 tags with long names. */
export const TAG_CSV_BYTES = 4 * 2 ** 20;

/** A good row: a tag as it stands in a site plan. */
export interface TagRow {
  readonly line: number;
  readonly tag: TagPlan;
}

/** A CSV file of tags, read. */
export interface TagTable {
  readonly rows: readonly TagRow[];
  readonly refused: readonly RefusedRow[];
}

/**
 * Reads tags from CSV: columns by name in any order, comma or semicolon, with or without BOM and quotes. Hexadecimal
 * digits may be capitals and a UUID may lack its dashes. Never throws: what is wrong is told row by row. Pure.
 */
export function readTagCsv(text: string): TagTable {
  const records = csvRecords(text, TAG_CAP + 2);
  if (!Array.isArray(records)) return { rows: [], refused: [records as RefusedRow] };
  const [head, ...body] = records as readonly CsvRecord[];
  const headFaults = refuseHead(head);
  if (head === undefined || headFaults.length > 0) return { rows: [], refused: headFaults };
  const columns = head.cells.map(columnName);
  const rows: TagRow[] = [];
  const refused: RefusedRow[] = [];
  for (const record of body) {
    const outcome = readRow(record, columns);
    if ("tag" in outcome) rows.push(outcome);
    else refused.push(...outcome.refused);
  }
  return { rows, refused };
}

const columnName = (text: string): string => text.trim().toLowerCase();

/** Names of the header without the empty cells that spreadsheets leave at the end. */
function namesIn(head: CsvRecord): readonly string[] {
  const names = head.cells.map(columnName);
  return names.slice(0, names.findLastIndex((name) => name !== "") + 1);
}

function refuseHead(head: CsvRecord | undefined): readonly RefusedRow[] {
  const known = TAG_COLUMNS.join(", ");
  if (head === undefined)
    return [{ line: 1, column: null, value: "nothing", expected: `a header of ${known}` }];
  const names = namesIn(head);
  const at = (column: string | null, value: string, expected: string): RefusedRow => ({
    line: head.line,
    column,
    value: shorten(value),
    expected,
  });
  return [
    ...names.flatMap((name, i) =>
      TAG_COLUMNS.some((column) => column === name)
        ? names.indexOf(name) < i
          ? [at(name, name, "each column once")]
          : []
        : [at(shorten(name), name, `no such column (known are ${known})`)],
    ),
    ...(["id", "kind", "format"] as const).flatMap((column) =>
      names.includes(column) ? [] : [at(column, "missing", "this column in the header")],
    ),
  ];
}

function readRow(
  record: CsvRecord,
  columns: readonly string[],
): TagRow | { readonly refused: readonly RefusedRow[] } {
  const { line, cells } = record;
  const refuse = (column: string | null, value: string, expected: string): RefusedRow => ({
    line,
    column,
    value: shorten(value),
    expected,
  });
  if (cells.length > columns.length) {
    const expected = `${columns.length} cells as in the header; a name with a separator in it stands in quotes`;
    return { refused: [refuse(null, `${cells.length} cells`, expected)] };
  }
  const cell = (column: TagColumn): string => (cells[columns.indexOf(column)] ?? "").trim();
  const raw = rawTag(cell);
  const stray = strayCells(cell, refuse);
  const outcome = tagSchema.safeParse(raw);
  if (outcome.success && stray.length === 0) return { line, tag: outcome.data };
  const faults = outcome.success ? [] : faultsOf(outcome.error.issues, raw);
  const named = faults.map(({ path, expected }) => {
    const column = columnOf(path);
    const value = column === null ? "" : cell(column);
    const formats = Object.keys(IDENTITY_COLUMNS).join(", ");
    const ownWords: Partial<Record<TagColumn, string>> = {
      format: formats,
      kind: TAG_KINDS.join(", "),
      uuid: "a UUID: 32 hexadecimal digits, with or without its dashes",
    };
    if (isBroken(value)) ownWords.name = "a name on one line";
    const wanted = (column === null ? undefined : ownWords[column]) ?? expected;
    return refuse(column, value === "" ? "nothing" : value, wanted);
  });
  return { refused: [...named, ...stray] };
}

/** The row as it would stand in a plan. An empty cell is an absent key. */
function rawTag(cell: (column: TagColumn) => string): object {
  const format = cell("format").toLowerCase();
  const beacon: Record<string, string | number> = { format };
  for (const column of IDENTITY_COLUMNS[format] ?? []) {
    const text = cell(column).toLowerCase();
    if (text !== "") beacon[column === "altbeacon" ? "id" : column] = identityValue(column, text);
  }
  const name = cell("name");
  return {
    id: cell("id"),
    kind: cell("kind").toLowerCase().replace(/[ _]/g, "-"),
    // Not text: a name of several lines is refused, and told below why.
    ...(name === "" ? {} : { name: isBroken(name) ? null : name }),
    beacon,
  };
}

const isBroken = (name: string): boolean => /[\r\n]/.test(name);

function identityValue(column: TagColumn, text: string): string | number {
  if (column === "uuid") return dashed(text);
  const isCount = column === "major" || column === "minor";
  return isCount && /^\d{1,5}$/.test(text) ? Number(text) : text;
}

const dashed = (uuid: string): string =>
  uuid.replace(/^(.{8})([^-]{4})([^-]{4})([^-]{4})([^-]{12})$/, "$1-$2-$3-$4-$5");

/** Cells of another format than the row's: most likely it is the format that is wrong. */
function strayCells(
  cell: (column: TagColumn) => string,
  refuse: (column: string, value: string, expected: string) => RefusedRow,
): readonly RefusedRow[] {
  const format = cell("format").toLowerCase();
  const own = IDENTITY_COLUMNS[format];
  if (own === undefined) return [];
  return Object.values(IDENTITY_COLUMNS)
    .flat()
    .filter((column) => !own.includes(column) && cell(column) !== "")
    .map((column) => refuse(column, cell(column), `nothing, for the format is ${format}`));
}

function columnOf(path: string): TagColumn | null {
  const name = path === "beacon.id" ? "altbeacon" : path.replace(/^beacon\./, "");
  return TAG_COLUMNS.find((column) => column === name) ?? null;
}

/** Tags as CSV with a header, as `readTagCsv` reads it. Pure. */
export function tagCsv(tags: readonly TagPlan[]): string {
  const lines = tags.map((tag) => {
    const { id, kind, name = "", beacon } = tag;
    const cells: Partial<Record<TagColumn, string | number>> = { id, kind, name };
    const identity = beacon.format === "altbeacon" ? { altbeacon: beacon.id } : beacon;
    Object.assign(cells, identity, { format: beacon.format });
    return TAG_COLUMNS.map((column) => quoted(String(cells[column] ?? ""))).join(",");
  });
  return `${[TAG_COLUMNS.join(","), ...lines].join("\n")}\n`;
}

const quoted = (text: string): string =>
  /[",;\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** A CSV file to begin with: one tag of each format. Its identities are examples, not anybody's. */
export const TAG_CSV_TEMPLATE = [
  TAG_COLUMNS.join(","),
  "basket-01,basket,Basket 1,ibeacon,c1a4e0d2-5b7f-4e88-a3c6-29d1f0b7e654,1,1,,,",
  "staff-01,staff,Badge 1,eddystone-uid,,,,9b3de17c40f25a68d1e7,000000000001,",
  "cart-01,cart,Cart 1,altbeacon,,,,,,8f6c2d1e4b7a4930a5d2c3b1e0f9a8b700010001",
  "",
].join("\n");

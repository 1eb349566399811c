import { parse } from "csv-parse/sync";
import { GatewayError } from "../../core/errors.ts";

/** What is wrong with a row, for a person to correct. */
export interface RefusedRow {
  /** Line of the file, from 1. */
  readonly line: number;
  /** null when the row as a whole is wrong. */
  readonly column: string | null;
  readonly value: string;
  /** What was expected, as a sentence part. */
  readonly expected: string;
}

/** One record with the line it begins on. */
export interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * All records of a CSV text that are not empty, at most `most`, or why the text is no CSV. Comma or semicolon, with or
 * without BOM and quotes. Pure.
 */
export function csvRecords(text: string, most: number): readonly CsvRecord[] | RefusedRow {
  const firstLine = text.split("\n", 1)[0] ?? "";
  try {
    const parsed = parse(text, {
      bom: true,
      delimiter: firstLine.includes(";") ? ";" : ",",
      relax_column_count: true,
      skip_empty_lines: true,
      info: true,
      // The caller asks for one more than may be, so that too long is told from just full.
      to: most,
    }) as unknown as { readonly record: string[]; readonly info: { readonly lines: number } }[];
    return parsed
      .map(({ record, info }) => ({ cells: record, line: info.lines - breaksIn(record) }))
      .filter(({ cells }) => cells.some((cell) => cell.trim() !== ""));
  } catch (error) {
    const lines = (error as { readonly lines?: unknown }).lines;
    const reason = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
    const line = typeof lines === "number" ? lines : 1;
    return { line, column: null, value: "", expected: `CSV with its quotes closed (${reason})` };
  }
}

const breaksIn = (cells: readonly string[]): number =>
  cells.reduce((sum, cell) => sum + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0);

/** A cell as it is shown to a person. Pure. */
export const shorten = (text: string): string =>
  text.length > 60 ? `${text.slice(0, 57)}...` : text;

/** Text of a file's bytes. @throws INPUT_INVALID when it is not UTF-8 or has more bytes than `most` */
export function csvText(bytes: Uint8Array, source: string, most: number): string {
  if (bytes.length > most) {
    const message = `${source}: expected at most ${most} bytes, found ${bytes.length}`;
    throw new GatewayError("INPUT_INVALID", message);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const message = `${source}: expected UTF-8 text; in a spreadsheet, save as "CSV UTF-8"`;
    throw new GatewayError("INPUT_INVALID", message, { cause });
  }
}

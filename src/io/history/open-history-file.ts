import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { epochMs } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import { cannotWrite, isCorrupt } from "../outbox/open-database.ts";
import { setAside } from "../outbox/set-aside.ts";
import { HistoryFile } from "./history-file.ts";
import { SAVED_GRAINS } from "./history-rows.ts";

/** What became of a file that had to be set aside. */
export interface HistoryReplacement {
  /** Where the old file is now. */
  readonly asidePath: string;
  /** Files set aside earlier that were removed for it. */
  readonly removed: number;
  /** Day records and values of slots that could still be read and were taken over. */
  readonly days: number;
  readonly rollups: number;
  readonly why: string;
}

export interface OpenedHistoryFile {
  readonly file: HistoryFile;
  readonly replacement: HistoryReplacement | null;
}

const SALVAGE_ROWS = 500;
const FOREVER = epochMs(Number.MAX_SAFE_INTEGER);
const ALWAYS = epochMs(Number.MIN_SAFE_INTEGER);

/**
 * Opens the history. A damaged file is renamed to `<path>.bad-<n>`, of which only the newest is kept, and a new one is
 * begun with what can be read of it.
 * @throws HISTORY_VERSION for a file of a newer version, HISTORY_UNWRITABLE when it cannot be opened or created
 */
export function openHistoryFile(path: string, capBytes: number): OpenedHistoryFile {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const file = new HistoryFile(path, capBytes);
    const damage = file.check();
    if (damage === "") return { file, replacement: null };
    file.close();
    return replaceHistoryFile(path, capBytes, damage);
  } catch (error) {
    if (isCorrupt(error)) return replaceHistoryFile(path, capBytes, error.message);
    throw asFault(error);
  }
}

/** Sets the (closed) file aside and begins a new one with what can be read of it. @throws as `openHistoryFile` */
export function replaceHistoryFile(path: string, capBytes: number, why: string): OpenedHistoryFile {
  const { path: asidePath, removed } = setAside(path);
  try {
    const file = new HistoryFile(path, capBytes);
    return { file, replacement: { asidePath, removed, ...salvage(asidePath, file), why } };
  } catch (error) {
    throw asFault(error);
  }
}

function asFault(error: unknown): unknown {
  if (error instanceof GatewayError) return error;
  const isRefused = error instanceof Database.SqliteError || isFileFault(error);
  if (!isRefused && !cannotWrite(error)) return error;
  return new GatewayError("HISTORY_UNWRITABLE", "the history file cannot be opened", {
    cause: error,
  });
}

const isFileFault = (error: unknown): boolean => error instanceof Error && "code" in error;

/**
 * Takes over what a damaged file still tells: each day, customer and slot on its own. `base` goes with the days: where
 * it cannot be read, nothing is taken over, because days whose age is not known would count late events twice.
 */
function salvage(from: string, into: HistoryFile): { days: number; rollups: number } {
  const old = attempt(() => new HistoryFile(from, Number.MAX_SAFE_INTEGER));
  if (old === undefined) return { days: 0, rollups: 0 };
  try {
    const base = attempt(() => old.base) ?? null;
    const starts = attempt(() => old.dayStarts(FOREVER, Number.MAX_SAFE_INTEGER)) ?? [];
    const days = starts.flatMap((start) => attempt(() => old.day(start)) ?? []);
    const customers = attempt(() => old.customers(ALWAYS)) ?? [];
    const resume = attempt(() => old.resume) ?? undefined;
    if (base !== null) into.save({ base, ...(resume && { resume }), days, customers });
    let rollups = 0;
    for (const grain of SAVED_GRAINS) {
      const rows = readable(() => old.rollups({ grain, from: ALWAYS, to: FOREVER }));
      for (const chunk of chunks(rows, SALVAGE_ROWS)) rollups += into.saveRollups(chunk);
    }
    return { days: base === null ? 0 : days.length, rollups };
  } finally {
    old.close();
  }
}

/** What can be read until the damage. */
function* readable<T>(open: () => Iterator<T>): Generator<T> {
  const rows = attempt(open);
  for (;;) {
    const next = attempt(() => rows?.next());
    if (next === undefined || next.done === true) return;
    yield next.value;
  }
}

function* chunks<T>(rows: Iterable<T>, size: number): Generator<T[]> {
  let chunk: T[] = [];
  for (const row of rows) {
    chunk.push(row);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/** Undefined when it cannot be read: damage is what the file is searched for. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const isDamage =
      error instanceof Database.SqliteError ||
      error instanceof SyntaxError ||
      error instanceof TypeError ||
      error instanceof GatewayError;
    if (isDamage) return undefined;
    throw error;
  }
}

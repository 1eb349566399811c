import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { epochMs } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import { STREAMS, type StreamName } from "../../wire/cloud-event.ts";
import { OutboxFile, type OutboxRecord } from "./outbox-file.ts";
import { setAside } from "./set-aside.ts";
import { STAMPS_PER_MS } from "./stream-table.ts";

/** What became of a file that had to be set aside. */
export interface OutboxReplacement {
  /** Where the old file is now. */
  readonly asidePath: string;
  /** Files set aside earlier that were removed for it. */
  readonly removed: number;
  /** Events of the old file that could be read and were taken over; the centre knows their ids. */
  readonly salvaged: number;
  readonly why: string;
}

export interface OpenedOutboxFile {
  readonly file: OutboxFile;
  readonly replacement: OutboxReplacement | null;
}

const SALVAGE_CHUNK = 500;

/**
 * Opens the outbox. A damaged file is renamed to `<path>.bad-<n>`, of which only the newest is kept, a new one (with
 * a new epoch) is begun, and every row that can still be read is taken over: the gateway always starts, and never falls back to memory.
 * @throws OUTBOX_LOCKED when another process holds the file, DISK_FULL when it cannot be created.
 */
export function openOutboxFile(path: string, capBytes: number): OpenedOutboxFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    const file = new OutboxFile(path, capBytes);
    const damage = file.check();
    if (damage === "") return { file, replacement: null };
    file.close();
    return replaceOutboxFile(path, capBytes, damage);
  } catch (error) {
    if (isCorrupt(error)) return replaceOutboxFile(path, capBytes, error.message);
    throw asFault(error);
  }
}

/** Sets the (closed) file aside and begins a new one with what can be read of it. @throws as `openOutboxFile` */
export function replaceOutboxFile(path: string, capBytes: number, why: string): OpenedOutboxFile {
  const { path: asidePath, removed } = setAside(path);
  try {
    const file = new OutboxFile(path, capBytes);
    return { file, replacement: { asidePath, removed, salvaged: salvage(asidePath, file), why } };
  } catch (error) {
    throw asFault(error);
  }
}

/** Logs that the file was set aside and what was saved; nothing when it was sound. */
export function tellReplacement({ replacement }: OpenedOutboxFile, log: Log): void {
  if (replacement === null) return;
  const { asidePath, removed, salvaged, why } = replacement;
  log.error(
    { event: "outbox.replaced", code: "OUTBOX_CORRUPT", asidePath, removed, salvaged, why },
    `the outbox file was set aside; ${salvaged} events were taken over`,
  );
}

/** Whether SQLite says that the file is damaged or no database. */
export function isCorrupt(error: unknown): error is Error {
  const code = sqliteCode(error);
  return code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB";
}

/** Whether the disk does not take writes: full (the page cap included), over quota, or failing. */
export function cannotWrite(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === "SQLITE_FULL" || code.startsWith("SQLITE_IOERR");
}

function sqliteCode(error: unknown): string {
  return error instanceof Database.SqliteError ? error.code : "";
}

function asFault(error: unknown): unknown {
  const code = sqliteCode(error);
  if (code.startsWith("SQLITE_BUSY") || code === "SQLITE_LOCKED") {
    return new GatewayError("OUTBOX_LOCKED", "the outbox file is in use", { cause: error });
  }
  if (cannotWrite(error) || code === "SQLITE_CANTOPEN") {
    return new GatewayError("DISK_FULL", "the outbox file cannot be written", { cause: error });
  }
  return error;
}

function salvage(from: string, into: OutboxFile): number {
  let salvaged = 0;
  for (const records of readableChunks(from)) {
    into.append(records, new Map());
    salvaged += records.length;
  }
  return salvaged;
}

function* readableChunks(path: string): Generator<OutboxRecord[]> {
  let db: Database.Database;
  try {
    db = new Database(path, { readonly: true, fileMustExist: true });
  } catch (error) {
    // Too damaged even to open: nothing can be salvaged, which the caller reports as 0.
    if (error instanceof Database.SqliteError) return;
    throw error;
  }
  try {
    for (const stream of STREAMS) yield* readableRows(db, stream);
  } finally {
    db.close();
  }
}

interface BodyRow {
  readonly seq: number;
  readonly stamp: number;
  readonly body: string;
}

function* readableRows(db: Database.Database, stream: StreamName): Generator<OutboxRecord[]> {
  const table = `stream_${stream}`;
  const last = attempt(() => db.prepare(`SELECT max(seq) FROM ${table}`).pluck().get());
  const columns = `SELECT seq, stamp, body FROM ${table} WHERE body IS NOT NULL AND`;
  for (let from = 1; typeof last === "number" && from <= last; from += SALVAGE_CHUNK) {
    const to = from + SALVAGE_CHUNK - 1;
    const run = (a: number, b: number): BodyRow[] | undefined =>
      attempt(() =>
        db.prepare<[number, number], BodyRow>(`${columns} seq BETWEEN ? AND ?`).all(a, b),
      );
    // A damaged page fails the whole chunk: then each row is tried alone.
    const rows = run(from, to) ?? numbers(from, to).flatMap((seq) => run(seq, seq) ?? []);
    yield rows.flatMap((row) => salvagedRecord(stream, row));
  }
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Undefined when SQLite cannot read it: damage is what this file is searched for. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Database.SqliteError) return undefined;
    throw error;
  }
}

function salvagedRecord(stream: StreamName, row: BodyRow): OutboxRecord[] {
  const { body, stamp } = row;
  if (typeof body !== "string" || !Number.isSafeInteger(stamp)) return [];
  const recordedAt = epochMs(Math.floor(stamp / STAMPS_PER_MS));
  try {
    const event: unknown = JSON.parse(body);
    return [{ stream, body, recordedAt, receiptId: receiptOf(event) }];
  } catch {
    // A body that is no longer JSON was hit by the damage; it is left behind in the file set aside.
    return [];
  }
}

function receiptOf(event: unknown): string | null {
  if (typeof event !== "object" || event === null || !("data" in event)) return null;
  const data = event.data;
  if (typeof data !== "object" || data === null) return null;
  const { receiptId, transactionKind } = data as Readonly<Record<string, unknown>>;
  // A completed visit names its receipts in a list; only a transaction has one of its own.
  return typeof receiptId === "string" && typeof transactionKind === "string"
    ? `${transactionKind} ${receiptId}`
    : null;
}

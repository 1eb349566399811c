import Database from "better-sqlite3";

const JOURNAL_BYTES = 4_194_304;
/** SQLite's number for it. */
const INCREMENTAL = 2;

/**
 * Opens a database the way every durable store of ours does: WAL, synchronous FULL (NORMAL loses acknowledged rows
 * at a power cut), exclusive lock, bounded journal, freed pages can be given back.
 */
export function openDatabase(path: string): Database.Database {
  const db = new Database(path, { timeout: 250 });
  try {
    // First of all: then the journal's index stays in memory and no shared-memory file is made.
    db.pragma("locking_mode=EXCLUSIVE");
    // Setting it is a write, which a full disk refuses, also where it is set already.
    if (db.pragma("auto_vacuum", { simple: true }) !== INCREMENTAL)
      db.pragma("auto_vacuum=INCREMENTAL");
    db.pragma("journal_mode=WAL");
    db.pragma("synchronous=FULL");
    // What is removed from a page is overwritten where that costs no write of its own.
    db.pragma("secure_delete=FAST");
    db.pragma(`journal_size_limit=${JOURNAL_BYTES}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * How what is removed is overwritten. `anew`: the file is written anew, which takes a while and for that while as much room
 * again: also for files that an earlier version wrote. `in-place`: it is overwritten where it lies, and free pages, which
 * hold what was removed before, are given back to the file system: a moment, for a gateway that is counting.
 */
export type Overwriting = "anew" | "in-place";

/** By SQLite's number for it. */
const SECURE_DELETES = ["OFF", "ON", "FAST"] as const;

/** Runs a transaction after which nothing that it removed is left in the file or its journal. */
export function overwriting<T>(db: Database.Database, how: Overwriting, run: () => T): T {
  const before = SECURE_DELETES[Number(db.pragma("secure_delete", { simple: true }))] ?? "OFF";
  db.pragma("secure_delete=ON");
  try {
    const outcome = db.transaction(run)();
    if (how === "anew") db.exec("VACUUM");
    else db.pragma("incremental_vacuum");
    db.pragma("wal_checkpoint(TRUNCATE)");
    return outcome;
  } finally {
    db.pragma(`secure_delete=${before}`);
  }
}

/** Whether SQLite says that the file is damaged or no database. */
export function isCorrupt(error: unknown): error is Error {
  const code = sqliteCode(error);
  return code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB";
}

const UNWRITABLE = new Set(["ENOSPC", "EDQUOT", "EROFS", "EIO"]);

/** Whether the disk does not take writes: full (the page cap included), over quota, read-only, or failing. */
export function cannotWrite(error: unknown): boolean {
  const code = sqliteCode(error);
  if (code === "SQLITE_FULL" || /^SQLITE_(IOERR|READONLY)/.test(code)) return true;
  return error instanceof Error && "code" in error && UNWRITABLE.has(String(error.code));
}

/** SQLite's code of an error; empty when it is another one. */
export function sqliteCode(error: unknown): string {
  return error instanceof Database.SqliteError ? error.code : "";
}

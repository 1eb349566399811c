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
    db.pragma(`journal_size_limit=${JOURNAL_BYTES}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Runs a transaction after which nothing that it removed is left in the file or its journal: the file is written anew,
 * which takes a while and for that while as much room again.
 */
export function overwriting<T>(db: Database.Database, run: () => T): T {
  const outcome = db.transaction(run)();
  db.exec("VACUUM");
  db.pragma("wal_checkpoint(TRUNCATE)");
  return outcome;
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

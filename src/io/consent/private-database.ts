import { chmodSync, closeSync, existsSync, fchmodSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";

/** Staff may write by the command line while the gateway runs; each write takes some milliseconds. */
export const BUSY_MS = 2_000;

/** What a private file is opened with. */
export interface PrivateDatabaseTerms {
  /** To this the journal is cut back. */
  readonly journalBytes: number;
  /** Looks at what is there and begins what is not; what it throws closes the file. */
  readonly prepare: (db: Database.Database) => void;
}

/**
 * Opens or begins a file that says something of people: WAL, synchronous FULL, what is deleted is overwritten, shared with
 * other processes of this machine, for the owner's eyes only, also when it was not so before.
 * @throws what SQLite, the file system and `prepare` throw
 */
export function openPrivateDatabase(
  path: string,
  { journalBytes, prepare }: PrivateDatabaseTerms,
): Database.Database {
  makePrivate(path);
  const db = new Database(path, { timeout: BUSY_MS });
  try {
    db.pragma("journal_mode=WAL");
    db.pragma("synchronous=FULL");
    db.pragma("secure_delete=ON");
    db.pragma("trusted_schema=OFF");
    db.pragma(`journal_size_limit=${journalBytes}`);
    prepare(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** The code of an error of SQLite or of the file system; null: it is another one. Pure. */
export function storeCode(error: unknown): string | null {
  if (error instanceof Database.SqliteError) return error.code;
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return null;
  return String(error.code);
}

function makePrivate(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // SQLite gives its journal the mode of the file, so that is made with the right one from the start.
  const fd = openSync(path, "a", 0o600);
  try {
    // One that was copied here may have come with another mode.
    fchmodSync(fd, 0o600);
  } finally {
    closeSync(fd);
  }
  for (const journal of [`${path}-wal`, `${path}-shm`])
    if (existsSync(journal)) chmodSync(journal, 0o600);
}

import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { GatewayError } from "../../core/errors.ts";

/** Says whose file it is to programs that look into it: "VCON". */
const APPLICATION_ID = 0x56434f4e;
const SCHEMA_VERSION = 1;
/** Staff may write by the command line while the gateway runs; each write takes some milliseconds. */
const BUSY_MS = 2_000;
const JOURNAL_BYTES = 4_194_304;

/**
 * Entries are only ever put at the end. REPLACE deletes without asking the delete trigger, so the number of a new entry
 * is checked before.
 */
const SCHEMA = `
  CREATE TABLE entry(seq INTEGER PRIMARY KEY, text TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT;
  CREATE TABLE mark(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE centre_grant(grant_id TEXT PRIMARY KEY, seq INTEGER NOT NULL, state TEXT NOT NULL,
    body TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX centre_grant_seq ON centre_grant(seq);
  CREATE TABLE receipt(n INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, job TEXT NOT NULL,
    counts TEXT NOT NULL) STRICT;
  CREATE TRIGGER entry_is_next BEFORE INSERT ON entry
    WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM entry)
    BEGIN SELECT RAISE(ABORT, 'an entry is only put at the end'); END;
  CREATE TRIGGER entry_stays BEFORE UPDATE ON entry
    BEGIN SELECT RAISE(ABORT, 'an entry is never changed'); END;
  CREATE TRIGGER entry_is_kept BEFORE DELETE ON entry
    BEGIN SELECT RAISE(ABORT, 'an entry is never removed'); END;`;

/**
 * Opens or begins the file of a consent ledger: WAL, synchronous FULL, shared with other processes of this machine, for
 * the owner's eyes only.
 * @throws CONSENT_LEDGER_DAMAGED, CONSENT_LEDGER_UNAVAILABLE
 */
export function openConsentDatabase(path: string): Database.Database {
  return guarded(() => {
    makePrivate(path);
    const db = new Database(path, { timeout: BUSY_MS });
    try {
      db.pragma("journal_mode=WAL");
      db.pragma("synchronous=FULL");
      db.pragma("secure_delete=ON");
      db.pragma("trusted_schema=OFF");
      db.pragma(`journal_size_limit=${JOURNAL_BYTES}`);
      prepare(db);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** Runs work on the database and turns what SQLite throws into a fault. @throws as `openConsentDatabase` */
export function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asFault(error);
  }
}

/** The coded fault behind an error of SQLite or of the file system; any other error as it is. Pure. */
export function asFault(error: unknown): unknown {
  const code = error instanceof Database.SqliteError ? error.code : systemCode(error);
  if (code === null) return error;
  const isDamage = code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB";
  const sentence = isDamage ? "the file is damaged" : `the ledger cannot be used (${code})`;
  const fault = isDamage ? "CONSENT_LEDGER_DAMAGED" : "CONSENT_LEDGER_UNAVAILABLE";
  return new GatewayError(fault, sentence, { cause: error });
}

function systemCode(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return null;
  return String(error.code);
}

function makePrivate(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // SQLite gives its journal the mode of the file, so that is made with the right one from the start.
  closeSync(openSync(path, "a", 0o600));
}

function prepare(db: Database.Database): void {
  db.transaction(() => {
    const version = Number(db.pragma("user_version", { simple: true }));
    if (version === SCHEMA_VERSION) return;
    if (version !== 0) {
      const sentence = "the ledger was written by a newer version of the program";
      throw new GatewayError("CONSENT_LEDGER_UNAVAILABLE", sentence);
    }
    if (Number(db.prepare("SELECT count(*) FROM sqlite_schema").pluck().get()) > 0)
      throw new GatewayError("CONSENT_LEDGER_DAMAGED", "the file is no consent ledger");
    db.exec(SCHEMA);
    db.pragma(`application_id=${APPLICATION_ID}`);
    db.pragma(`user_version=${SCHEMA_VERSION}`);
    const mark = db.prepare<[string, string]>("INSERT INTO mark VALUES(?, ?)");
    mark.run("ledger", randomBytes(16).toString("hex"));
  }).immediate();
}

import { randomBytes } from "node:crypto";
import Database from "better-sqlite3";
import { GatewayError } from "../../core/errors.ts";
import { BUSY_MS, openPrivateDatabase, storeCode } from "./private-database.ts";

/** Says whose file it is to programs that look into it: "VCON". */
const APPLICATION_ID = 0x56434f4e;
const SCHEMA_VERSION = 1;
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
 * The words of a notice, by their hash: what somebody agreed to can be shown word for word for as long as the entry is kept.
 * Words that were noted are never changed.
 */
const NOTICES = `
  CREATE TABLE IF NOT EXISTS notice(sha256 TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
    language TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY(id, language, version)) STRICT;`;

/** Opens or begins the file of a consent ledger. @throws CONSENT_LEDGER_DAMAGED, CONSENT_LEDGER_UNAVAILABLE */
export function openConsentDatabase(path: string): Database.Database {
  return guarded(() => openPrivateDatabase(path, { journalBytes: JOURNAL_BYTES, prepare }));
}

/**
 * Opens the file to look at it alone: nothing is begun and nothing written, whatever is in it.
 * @throws as `openConsentDatabase`, also for an empty file
 */
export function readConsentDatabase(path: string): Database.Database {
  return guarded(() => {
    const db = new Database(path, { timeout: BUSY_MS, readonly: true, fileMustExist: true });
    try {
      db.pragma("trusted_schema=OFF");
      if (versionOf(db) === 0) throw notALedger();
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
  const code = storeCode(error);
  if (code === null) return error;
  // Entries that do not follow what is there: somebody took away what was.
  const isRefused = code.startsWith("SQLITE_CONSTRAINT");
  const isDamage = isRefused || code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB";
  const sentence = isDamage ? "the file is damaged" : `the ledger cannot be used (${code})`;
  const fault = isDamage ? "CONSENT_LEDGER_DAMAGED" : "CONSENT_LEDGER_UNAVAILABLE";
  return new GatewayError(fault, sentence, { cause: error });
}

/** @throws CONSENT_LEDGER_UNAVAILABLE when a newer program wrote it */
function versionOf(db: Database.Database): number {
  const version = Number(db.pragma("user_version", { simple: true }));
  if (version === 0 || version === SCHEMA_VERSION) return version;
  const sentence = "the ledger was written by a newer version of the program";
  throw new GatewayError("CONSENT_LEDGER_UNAVAILABLE", sentence);
}

const notALedger = (): GatewayError =>
  new GatewayError("CONSENT_LEDGER_DAMAGED", "the file is no consent ledger");

function prepare(db: Database.Database): void {
  db.transaction(() => {
    if (versionOf(db) === 0) begin(db);
    db.exec(NOTICES);
  }).immediate();
}

function begin(db: Database.Database): void {
  if (Number(db.prepare("SELECT count(*) FROM sqlite_schema").pluck().get()) > 0)
    throw notALedger();
  db.exec(SCHEMA);
  db.pragma(`application_id=${APPLICATION_ID}`);
  db.pragma(`user_version=${SCHEMA_VERSION}`);
  const mark = db.prepare<[string, string]>("INSERT INTO mark VALUES(?, ?)");
  mark.run("ledger", randomBytes(16).toString("hex"));
}

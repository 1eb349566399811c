import type Database from "better-sqlite3";
import { GatewayError } from "../../core/errors.ts";
import { openPrivateDatabase, storeCode } from "../consent/private-database.ts";

/** Says whose file it is to programs that look into it: "VMEM". */
const APPLICATION_ID = 0x564d454d;
const SCHEMA_VERSION = 1;
const JOURNAL_BYTES = 1_048_576;

/** `change` grows with every write, so that a running gateway reads what is new alone. */
const SCHEMA = `
  CREATE TABLE member(subject TEXT PRIMARY KEY, reference_index TEXT NOT NULL UNIQUE,
    reference TEXT NOT NULL, carried TEXT, registered_at INTEGER NOT NULL,
    change INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE mark(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE question(n INTEGER PRIMARY KEY AUTOINCREMENT, subject TEXT NOT NULL,
    answer TEXT) STRICT;
  CREATE TABLE look(n INTEGER PRIMARY KEY AUTOINCREMENT, subject TEXT NOT NULL, at INTEGER NOT NULL,
    actor TEXT NOT NULL, action TEXT NOT NULL) STRICT;
  CREATE INDEX look_subject ON look(subject);`;

/** Opens or begins the members' file. All of it is checked: it is small. @throws MEMBERS_DAMAGED, MEMBERS_UNAVAILABLE */
export function openMembersDatabase(path: string, capBytes: number): Database.Database {
  return guarded(() =>
    openPrivateDatabase(path, {
      journalBytes: JOURNAL_BYTES,
      prepare: (db) => {
        const pageBytes = Number(db.pragma("page_size", { simple: true }));
        db.pragma(`max_page_count=${Math.ceil(capBytes / pageBytes)}`);
        prepare(db);
      },
    }),
  );
}

/** Runs work on the database and turns what SQLite throws into a fault. @throws as `openMembersDatabase` */
export function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asFault(error);
  }
}

function asFault(error: unknown): unknown {
  const code = storeCode(error);
  if (code === null) return error;
  const isDamage = code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB";
  if (isDamage)
    return new GatewayError("MEMBERS_DAMAGED", "the members' file is damaged", { cause: error });
  const sentence = `the members' file cannot be used (${code})`;
  return new GatewayError("MEMBERS_UNAVAILABLE", sentence, { cause: error });
}

function prepare(db: Database.Database): void {
  const version = Number(db.pragma("user_version", { simple: true }));
  if (version === 0) {
    begin(db);
    return;
  }
  if (
    version !== SCHEMA_VERSION ||
    db.pragma("application_id", { simple: true }) !== APPLICATION_ID
  )
    throw new GatewayError(
      "MEMBERS_UNAVAILABLE",
      "the members' file was written by another version of the program",
    );
  if (db.pragma("quick_check(1)", { simple: true }) !== "ok")
    throw new GatewayError("MEMBERS_DAMAGED", "the members' file is damaged");
}

/** Two processes may begin it at once: the second finds it done. */
function begin(db: Database.Database): void {
  db.transaction(() => {
    if (Number(db.pragma("user_version", { simple: true })) === SCHEMA_VERSION) return;
    if (Number(db.prepare("SELECT count(*) FROM sqlite_schema").pluck().get()) > 0)
      throw new GatewayError("MEMBERS_DAMAGED", "the file is no members' file");
    db.exec(SCHEMA);
    db.pragma(`application_id=${APPLICATION_ID}`);
    db.pragma(`user_version=${SCHEMA_VERSION}`);
  }).immediate();
}

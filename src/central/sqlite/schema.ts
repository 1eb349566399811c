import type Database from "better-sqlite3";
import { GatewayError } from "../../core/errors.ts";

/** What files hold that were written before the version was noted. */
const EVENTS = `
CREATE TABLE IF NOT EXISTS event(n INTEGER PRIMARY KEY, store_id TEXT NOT NULL, at INTEGER NOT NULL,
  id TEXT NOT NULL, gateway TEXT NOT NULL, epoch TEXT NOT NULL, stream TEXT NOT NULL, seq INTEGER NOT NULL,
  type TEXT NOT NULL, body TEXT NOT NULL, received INTEGER NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS event_key ON event(store_id, at, id);
CREATE TABLE IF NOT EXISTS gateway_cursor(gateway TEXT NOT NULL, epoch TEXT NOT NULL, stream TEXT NOT NULL,
  seq INTEGER NOT NULL, stored INTEGER NOT NULL, known INTEGER NOT NULL, shed INTEGER NOT NULL,
  quarantined INTEGER NOT NULL, updated INTEGER NOT NULL, PRIMARY KEY(gateway, epoch, stream)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gap(gateway TEXT NOT NULL, epoch TEXT NOT NULL, stream TEXT NOT NULL,
  from_seq INTEGER NOT NULL, to_seq INTEGER NOT NULL, n INTEGER NOT NULL, why TEXT NOT NULL,
  received INTEGER NOT NULL, PRIMARY KEY(gateway, epoch, stream, from_seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gateway(gateway TEXT PRIMARY KEY, store_id TEXT NOT NULL, online INTEGER NOT NULL,
  session TEXT NOT NULL, boot TEXT NOT NULL, epoch TEXT NOT NULL, versions TEXT NOT NULL,
  schema_hash TEXT NOT NULL, sensors TEXT NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS quarantine(n INTEGER PRIMARY KEY AUTOINCREMENT, gateway TEXT NOT NULL, epoch TEXT,
  stream TEXT, seq INTEGER, reason TEXT NOT NULL, body TEXT NOT NULL, received INTEGER NOT NULL);
`;

/** Homes of gateways, accounts of stores, hours to make figures of, figures, documents, the log of who did what. */
const FIGURES = `
CREATE TABLE gateway_home(gateway TEXT PRIMARY KEY, store_id TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO gateway_home SELECT gateway, store_id FROM gateway;
INSERT OR IGNORE INTO gateway_home SELECT gateway, min(store_id) FROM event GROUP BY gateway;
CREATE TABLE store(store_id TEXT PRIMARY KEY, events INTEGER NOT NULL, first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO store SELECT store_id, count(*), min(at), max(at) FROM event GROUP BY store_id;
CREATE TABLE dirty_hour(store_id TEXT NOT NULL, hour INTEGER NOT NULL, mark INTEGER NOT NULL,
  PRIMARY KEY(store_id, hour)) WITHOUT ROWID;
CREATE INDEX dirty_mark ON dirty_hour(mark);
INSERT INTO dirty_hour SELECT DISTINCT store_id, at / 3600000 * 3600000, 1 FROM event;
CREATE TABLE counter(k TEXT PRIMARY KEY, v INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counter VALUES('mark', 1), ('settled', -9007199254740991);
CREATE TABLE series(id INTEGER PRIMARY KEY, store_id TEXT NOT NULL, grain TEXT NOT NULL, metric TEXT NOT NULL,
  scope TEXT NOT NULL);
CREATE UNIQUE INDEX series_key ON series(store_id, grain, metric, scope);
CREATE INDEX series_chain ON series(grain, scope, metric, store_id);
CREATE TABLE rollup(series INTEGER NOT NULL, from_at INTEGER NOT NULL, value REAL, completeness REAL NOT NULL,
  PRIMARY KEY(series, from_at)) WITHOUT ROWID;
CREATE TABLE rollup_detail(series INTEGER NOT NULL, from_at INTEGER NOT NULL, to_at INTEGER NOT NULL,
  final_at INTEGER NOT NULL, revision INTEGER NOT NULL, detail TEXT NOT NULL,
  PRIMARY KEY(series, from_at)) WITHOUT ROWID;
CREATE TABLE document(kind TEXT NOT NULL, owner TEXT NOT NULL, part TEXT NOT NULL, text TEXT NOT NULL,
  at INTEGER NOT NULL, PRIMARY KEY(kind, owner, part));
CREATE TABLE audit(n INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, actor TEXT NOT NULL,
  action TEXT NOT NULL, target TEXT NOT NULL, detail TEXT NOT NULL);
`;

/** Steps of the schema; version n is reached by the first n. Steps that were released are never changed. */
const MIGRATIONS: readonly string[] = [EVENTS, FIGURES];

/** Version of the schema this program writes. */
export const SQLITE_SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Brings a file to the present schema, each step in a transaction of its own, and writes once to be sure that it can.
 * @throws STORE_VERSION when a newer version of the program wrote the file; nothing is changed then. SQLite's errors
 */
export function migrate(db: Database.Database): void {
  const found = versionOf(db);
  if (found > MIGRATIONS.length) {
    throw new GatewayError(
      "STORE_VERSION",
      `the store has schema ${found}, this program knows ${MIGRATIONS.length}`,
    );
  }
  db.exec("CREATE TABLE IF NOT EXISTS schema_version(version INTEGER NOT NULL)");
  for (let version = found + 1; version <= MIGRATIONS.length; version += 1) {
    db.transaction(() => {
      db.exec(MIGRATIONS[version - 1] ?? "");
      note(db, version);
    })();
  }
  note(db, MIGRATIONS.length);
}

function note(db: Database.Database, version: number): void {
  db.transaction(() => {
    db.exec("DELETE FROM schema_version");
    db.prepare("INSERT INTO schema_version VALUES(?)").run(version);
  })();
}

/** 0 for a new file, 1 for one written before the version was noted. */
function versionOf(db: Database.Database): number {
  const has = (table: string): boolean =>
    db.prepare("SELECT 1 FROM sqlite_master WHERE type='table' AND name=?").get(table) !==
    undefined;
  if (!has("schema_version")) return has("event") ? 1 : 0;
  const version = db.prepare("SELECT version FROM schema_version").pluck().get();
  return typeof version === "number" ? version : 0;
}

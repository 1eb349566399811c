import type Database from "better-sqlite3";
import { GatewayError } from "../../core/errors.ts";
import { STATION_TYPE } from "../named-events.ts";

/**
 * The name in an event, as the index has it: what stands between the quotes if that is 16 characters, else NULL. Texts are
 * searched and not read as JSON, which would cost a commit more than all the rest. Never changed without a migration.
 */
export const EVENT_NAME = `CASE
  WHEN type='${STATION_TYPE}' THEN substr(body, instr(body, '"pseudonym":"')+13, 16)
  WHEN instr(body, '"tagId":"')>0 AND substr(body, instr(body, '"tagId":"')+25, 1)='"'
    THEN substr(body, instr(body, '"tagId":"')+9, 16) END`;

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

/**
 * Repeats of what was set aside, clocks that were not set and what became known of them, when lost events happened, and
 * since when hours wait.
 */
const CLOCKS = `
ALTER TABLE quarantine ADD COLUMN hash TEXT;
ALTER TABLE quarantine ADD COLUMN times INTEGER NOT NULL DEFAULT 1;
ALTER TABLE quarantine ADD COLUMN last_received INTEGER;
ALTER TABLE quarantine ADD COLUMN boot TEXT;
CREATE UNIQUE INDEX quarantine_hash ON quarantine(gateway, hash) WHERE hash IS NOT NULL;
CREATE INDEX quarantine_boot ON quarantine(gateway, boot) WHERE boot IS NOT NULL;
CREATE TABLE time_fix(gateway TEXT NOT NULL, boot TEXT NOT NULL, at INTEGER NOT NULL, mono REAL NOT NULL,
  PRIMARY KEY(gateway, boot)) WITHOUT ROWID;
CREATE TABLE unsynced(gateway TEXT NOT NULL, boot TEXT NOT NULL, store_id TEXT NOT NULL, at INTEGER NOT NULL,
  id TEXT NOT NULL, PRIMARY KEY(gateway, boot, store_id, at, id)) WITHOUT ROWID;
ALTER TABLE gap ADD COLUMN first_at INTEGER;
ALTER TABLE gap ADD COLUMN last_at INTEGER;
ALTER TABLE gateway_cursor ADD COLUMN last_at INTEGER;
ALTER TABLE dirty_hour ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
UPDATE dirty_hour SET since=CAST(strftime('%s', 'now') AS INTEGER) * 1000;
`;

/** The place of what was set aside among that of its gateway, and how much of it was dropped. */
const ASIDES = `
CREATE INDEX quarantine_place ON quarantine(gateway, n);
CREATE TABLE aside_loss(gateway TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
`;

/** Whom events name, and entries of the log about members: to find them without reading everything. */
const NAMES = `
CREATE INDEX event_name ON event(${EVENT_NAME}) WHERE ${EVENT_NAME} IS NOT NULL;
CREATE INDEX audit_member ON audit(target) WHERE action LIKE 'loyalty:%';
`;

/** Steps of the schema; version n is reached by the first n. Steps that were released are never changed. */
const MIGRATIONS: readonly string[] = [EVENTS, FIGURES, CLOCKS, ASIDES, NAMES];

/**
 * Brings a file to the present schema in one transaction, and writes once to be sure that it can.
 * @throws STORE_VERSION when a newer version of the program wrote the file; nothing is changed then. SQLite's errors
 */
export function migrate(db: Database.Database): void {
  const known = MIGRATIONS.length;
  db.transaction(() => {
    const found = versionOf(db);
    if (found > known) {
      const message = `the store has schema ${found}, this program knows ${known}`;
      throw new GatewayError("STORE_VERSION", message);
    }
    db.exec("CREATE TABLE IF NOT EXISTS schema_version(version INTEGER NOT NULL)");
    for (const step of MIGRATIONS.slice(found)) db.exec(step);
    db.exec("DELETE FROM schema_version");
    db.prepare("INSERT INTO schema_version VALUES(?)").run(known);
  }).immediate();
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

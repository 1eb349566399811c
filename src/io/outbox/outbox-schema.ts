import { randomUUID } from "node:crypto";
import type Database from "better-sqlite3";
import { STREAMS, type StreamName } from "../../wire/cloud-event.ts";

/**
 * Where a stream stands. `next` survives restarts and deletes, so a number is never given twice: on the disk it is
 * written only when rows are deleted, and is otherwise read off the last row.
 */
export interface StreamPosition {
  next: number;
  acked: number;
  shed: number;
}

/** Makes the tables of an outbox file that are not there yet, and gives a new file its epoch. Errors of SQLite pass through. */
export function createSchema(db: Database.Database): void {
  db.transaction(() => {
    db.exec(`CREATE TABLE IF NOT EXISTS meta(k TEXT PRIMARY KEY, v TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS position(stream TEXT PRIMARY KEY, next INTEGER NOT NULL,
        acked INTEGER NOT NULL, shed INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS shed(stream TEXT, why TEXT, n INTEGER NOT NULL, PRIMARY KEY(stream, why)) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS receipt(n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE);`);
    for (const stream of STREAMS) {
      db.exec(`CREATE TABLE IF NOT EXISTS stream_${stream}(seq INTEGER PRIMARY KEY, last INTEGER,
          stamp INTEGER NOT NULL, body TEXT, why TEXT);
        CREATE INDEX IF NOT EXISTS gap_${stream} ON stream_${stream}(seq, last) WHERE body IS NULL;
        INSERT OR IGNORE INTO position VALUES('${stream}', 1, 0, 0);`);
    }
    db.prepare("INSERT OR IGNORE INTO meta VALUES('epoch', ?)").run(randomUUID());
  })();
}

/** Reads where a stream stands, as it was last written. */
export function loadPosition(db: Database.Database, stream: StreamName): StreamPosition {
  const row = db
    .prepare<[string], StreamPosition>("SELECT next, acked, shed FROM position WHERE stream=?")
    .get(stream);
  if (row === undefined) throw new TypeError(`no position for stream ${stream}`);
  return row;
}

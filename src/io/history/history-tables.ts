import type Database from "better-sqlite3";
import { GatewayError } from "../../core/errors.ts";

/** Steps from each version of the tables to the next; the number of steps is the version. Never change an old one. */
const STEPS: readonly string[] = [
  `CREATE TABLE meta(k TEXT PRIMARY KEY, v TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE day(day_start INTEGER PRIMARY KEY, day_end INTEGER NOT NULL, v INTEGER NOT NULL,
    body BLOB NOT NULL);
  CREATE INDEX day_end ON day(day_end);
  CREATE TABLE customer(customer TEXT NOT NULL, day_start INTEGER NOT NULL, visits INTEGER NOT NULL,
    PRIMARY KEY(customer, day_start)) WITHOUT ROWID;
  CREATE INDEX customer_day ON customer(day_start);
  CREATE TABLE term(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
  CREATE TABLE rollup(grain INTEGER NOT NULL, from_ms INTEGER NOT NULL, scope INTEGER NOT NULL,
    metric INTEGER NOT NULL, to_ms INTEGER NOT NULL, revision INTEGER NOT NULL,
    is_final INTEGER NOT NULL, definition INTEGER, own_definition TEXT, body TEXT NOT NULL,
    PRIMARY KEY(grain, from_ms, scope, metric)) WITHOUT ROWID;`,
];

/**
 * Creates the tables, or brings those of an older version up to date, in one transaction. Rows are keyed by time
 * first: what is written together lies together, so a commit touches few pages.
 * @throws HISTORY_VERSION when a newer version of the program wrote the file; it is left alone
 */
export function createTables(db: Database.Database): void {
  const version = Number(db.pragma("user_version", { simple: true }));
  if (version > STEPS.length) {
    throw new GatewayError(
      "HISTORY_VERSION",
      `the history file has version ${version}, this program knows up to ${STEPS.length}`,
      { context: { version, known: STEPS.length } },
    );
  }
  if (version === STEPS.length) return;
  db.transaction(() => {
    for (const step of STEPS.slice(version)) db.exec(step);
    db.pragma(`user_version=${STEPS.length}`);
  })();
}

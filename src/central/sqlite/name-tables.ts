import type Database from "better-sqlite3";
import { type EventChange, type NameChange, type NamedEvent, renamedAll } from "../named-events.ts";
import { EVENT_NAME } from "./schema.ts";

interface AsideText {
  readonly n: number;
  readonly reason: string;
  readonly body: string;
}

/** Rows of what was set aside that are looked through at once: of the largest, some milliseconds. */
const ASIDES_AT_ONCE = 200;

/** Names of members in what is stored. Every method that writes must run inside a transaction. */
export class NameTables {
  readonly #find: Database.Statement<[string, string, number], NamedEvent>;
  readonly #change: Database.Statement<[string, string, number, string, string]>;
  readonly #lastAside: Database.Statement<[number], { readonly n: number | null }>;
  readonly #asides: Database.Statement<[number, number, string], AsideText>;
  readonly #changeAside: Database.Statement<[string, string, number]>;
  readonly #renameAudit: Database.Statement<[string, string]>;

  constructor(db: Database.Database) {
    // Sorted by itself, lest the order of time be taken for the way to look: the name leads to a handful.
    this.#find = db.prepare(
      `SELECT store_id AS storeId, at, id, body FROM event
       WHERE ${EVENT_NAME}=? AND +store_id IN (SELECT value FROM json_each(?)) ORDER BY +at, id LIMIT ?`,
    );
    this.#change = db.prepare(
      "UPDATE event SET body=? WHERE store_id=? AND at=? AND id=? AND body=?",
    );
    this.#lastAside = db.prepare(
      `SELECT max(n) AS n FROM (SELECT n FROM quarantine WHERE n>? ORDER BY n LIMIT ${ASIDES_AT_ONCE})`,
    );
    this.#asides = db.prepare(
      `SELECT n, reason, body FROM quarantine WHERE n>? AND n<=? AND EXISTS
       (SELECT 1 FROM json_each(?) WHERE instr(body, value)>0 OR instr(reason, value)>0)`,
    );
    this.#changeAside = db.prepare("UPDATE quarantine SET reason=?, body=? WHERE n=?");
    this.#renameAudit = db.prepare(
      "UPDATE audit SET target=? WHERE target=? AND action LIKE 'loyalty:%'",
    );
  }

  find(storeIds: readonly string[], name: string, limit: number): readonly NamedEvent[] {
    return this.#find.all(name, JSON.stringify(storeIds), limit);
  }

  change(changes: readonly EventChange[]): number {
    return changes.reduce(
      (sum, { storeId, at, id, was, body }) =>
        sum + this.#change.run(body, storeId, at, id, was).changes,
      0,
    );
  }

  /** Looks through some of what was set aside behind `after`; `last` = how far, null at the end. */
  renameAsides(
    changes: readonly NameChange[],
    after: number,
  ): { readonly count: number; readonly last: number | null } {
    const last = this.#lastAside.get(after)?.n ?? null;
    if (last === null) return { count: 0, last };
    const names = JSON.stringify(changes.map(({ name }) => name));
    const rows = this.#asides
      .all(after, last, names)
      .map((row) => ({
        ...row,
        own: renamedAll(row.body, changes),
        why: renamedAll(row.reason, changes),
      }))
      .filter(({ body, reason, own, why }) => own !== body || why !== reason);
    for (const { n, own, why } of rows) this.#changeAside.run(why, own, n);
    return { count: rows.length, last };
  }

  renameAudits(target: string, to: string): number {
    return this.#renameAudit.run(to, target).changes;
  }
}

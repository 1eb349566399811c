import type Database from "better-sqlite3";
import { type EventChange, type NamedEvent, renamed } from "../named-events.ts";
import { EVENT_NAME } from "./schema.ts";

interface AsideText {
  readonly n: number;
  readonly reason: string;
  readonly body: string;
}

/** Names of members in what is stored. Every method that writes must run inside a transaction. */
export class NameTables {
  readonly #find: Database.Statement<[string, string, number], NamedEvent>;
  readonly #change: Database.Statement<[string, string, number, string, string]>;
  readonly #asides: Database.Statement<[string, string], AsideText>;
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
    this.#asides = db.prepare(
      "SELECT n, reason, body FROM quarantine WHERE instr(body, ?)>0 OR instr(reason, ?)>0",
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

  renameAsides(name: string, to: string): number {
    const rows = this.#asides
      .all(name, name)
      .map((row) => ({
        ...row,
        own: renamed(row.body, name, to),
        why: renamed(row.reason, name, to),
      }))
      .filter(({ body, reason, own, why }) => own !== body || why !== reason);
    for (const { n, own, why } of rows) this.#changeAside.run(why, own, n);
    return rows.length;
  }

  renameAudits(target: string, to: string): number {
    return this.#renameAudit.run(to, target).changes;
  }
}

import type Database from "better-sqlite3";
import type { EpochMs } from "../../core/brand.ts";
import { AUDIT_ROWS, storableText } from "../kept-text.ts";
import type { AuditEntry, DocumentChange, DocumentKey } from "../repository.ts";

interface DocumentRow extends DocumentKey {
  readonly text: string;
  readonly at: EpochMs;
}

/** A document with its key. */
export interface KeyedDocument {
  readonly key: DocumentKey;
  readonly text: string;
  readonly at: EpochMs;
}

/** Small documents by key, and the log of who did what. */
export class DocumentTables {
  readonly #db: Database.Database;

  constructor(db: Database.Database) {
    this.#db = db;
  }

  read({ kind, owner, part }: DocumentKey): { text: string; at: EpochMs } | null {
    const row = this.#db
      .prepare<[string, string, string], { text: string; at: EpochMs }>(
        "SELECT text, at FROM document WHERE kind=? AND owner=? AND part=?",
      )
      .get(kind, owner, part);
    return row ?? null;
  }

  list(kind: string, owner: string | null): readonly KeyedDocument[] {
    return this.#db
      .prepare<[string, string | null, string | null], DocumentRow>(
        `SELECT kind, owner, part, text, at FROM document WHERE kind=? AND (? IS NULL OR owner=?)
         ORDER BY owner, part`,
      )
      .all(kind, owner, owner)
      .map(({ kind: name, owner: of, part, text, at }) => ({
        key: { kind: name, owner: of, part },
        text,
        at,
      }));
  }

  save({ kind, owner, part }: DocumentKey, text: string | null, at: EpochMs): void {
    if (text === null) {
      this.#db
        .prepare("DELETE FROM document WHERE kind=? AND owner=? AND part=?")
        .run(kind, owner, part);
    } else {
      this.#db
        .prepare("INSERT OR REPLACE INTO document VALUES(?,?,?,?,?)")
        .run(kind, owner, part, storableText(text), at);
    }
  }

  /** Must run inside a transaction. */
  change(key: DocumentKey, { was, text }: DocumentChange, entry: AuditEntry): boolean {
    if ((this.read(key)?.text ?? null) !== was) return false;
    this.save(key, text, entry.at);
    this.log(entry);
    return true;
  }

  log({ at, actor, action, target, detail }: AuditEntry): void {
    const texts = [actor, action, target, detail].map(storableText);
    const row = this.#db
      .prepare("INSERT INTO audit(at, actor, action, target, detail) VALUES(?,?,?,?,?)")
      .run(at, ...texts);
    this.#db.prepare("DELETE FROM audit WHERE n<=?").run(Number(row.lastInsertRowid) - AUDIT_ROWS);
  }

  entries(before: number | null, limit: number): readonly (AuditEntry & { n: number })[] {
    return this.#db
      .prepare<[number, number], AuditEntry & { n: number }>(
        "SELECT n, at, actor, action, target, detail FROM audit WHERE n<? ORDER BY n DESC LIMIT ?",
      )
      .all(before ?? Number.MAX_SAFE_INTEGER, limit);
  }
}

import type Database from "better-sqlite3";
import type { ShownNotice } from "../../core/consent.ts";
import { shownNotice } from "../../privacy/consent/notice.ts";
import { guarded } from "./open-consent-database.ts";

/** A notice with the words that its hash is over. */
export interface KeptNotice extends ShownNotice {
  readonly text: string;
}

/**
 * The words of every notice that consents rest on, in `consent.db`. There are as many as somebody changed the words or the
 * controller; nothing about a person stands in them.
 */
export class NoticeTable {
  readonly #db: Database.Database;

  constructor(db: Database.Database) {
    this.#db = db;
  }

  /**
   * Keeps words that are about to be shown, and says what a consent notes about them. Words that were kept before have the
   * version they had; others get the next one. @throws the store's faults
   */
  number(id: string, language: string, text: string): ShownNotice {
    const { sha256 } = shownNotice(id, 1, language, text);
    const numbered = (): number => {
      // Looked for again when nobody else can write: of two processes one was first.
      const version = this.#versionOf(id, language, sha256) ?? this.#last(id, language) + 1;
      if (version > this.#last(id, language)) this.#insert({ id, version, language, sha256, text });
      return version;
    };
    const version = guarded(
      () => this.#versionOf(id, language, sha256) ?? this.#db.transaction(numbered).immediate(),
    );
    return { id, version, language, sha256 };
  }

  /** Keeps words under a version that somebody else gave them; false when that version had other words. */
  keep(notice: KeptNotice): boolean {
    return guarded(() =>
      this.#db
        .transaction(() => {
          const { id, language, version, sha256 } = notice;
          const known = this.#db
            .prepare<[string, string, number], string>(
              "SELECT sha256 FROM notice WHERE id=? AND language=? AND version=?",
            )
            .pluck()
            .get(id, language, version);
          if (known === undefined) this.#insert(notice);
          return known === undefined || known === sha256;
        })
        .immediate(),
    );
  }

  /** The words behind a hash; null when they were shown elsewhere, such as at the centre. */
  words(sha256: string): string | null {
    return guarded(
      () =>
        this.#db
          .prepare<[string], string>("SELECT text FROM notice WHERE sha256=? LIMIT 1")
          .pluck()
          .get(sha256) ?? null,
    );
  }

  #versionOf(id: string, language: string, sha256: string): number | null {
    const sql = "SELECT version FROM notice WHERE id=? AND language=? AND sha256=?";
    const found = this.#db.prepare<[string, string, string], number>(sql).pluck();
    return found.get(id, language, sha256) ?? null;
  }

  #last(id: string, language: string): number {
    const sql = "SELECT coalesce(max(version), 0) FROM notice WHERE id=? AND language=?";
    return this.#db.prepare<[string, string], number>(sql).pluck().get(id, language) ?? 0;
  }

  #insert({ sha256, id, version, language, text }: KeptNotice): void {
    this.#db
      .prepare("INSERT INTO notice(sha256, id, version, language, text) VALUES(?, ?, ?, ?, ?)")
      .run(sha256, id, version, language, text);
  }
}

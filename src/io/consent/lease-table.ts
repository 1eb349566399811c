import type Database from "better-sqlite3";
import type { GrantId } from "../../core/brand.ts";
import type { CentreChange, CentreNews, LeaseStore } from "../../privacy/consent/centre-grants.ts";
import { centreChangeSchema } from "../../wire/consent-messages.ts";
import { guarded } from "./open-consent-database.ts";

/** Where small texts are kept. */
interface Marks {
  mark(name: string): string | null;
  setMark(name: string, value: string): void;
}

interface GrantRow {
  readonly seq: number;
  readonly state: string;
  readonly body: string;
}

/** What the centre told of its register, in `consent.db`; changed and replaced, other than the ledger beside it. */
export class LeaseTable implements LeaseStore {
  readonly #db: Database.Database;
  readonly #marks: Marks;

  constructor(db: Database.Database, marks: Marks) {
    this.#db = db;
    this.#marks = marks;
  }

  /**
   * A row that cannot be read may have been a revocation: then everything is forgotten, and the centre tells it anew
   * before there is a lease again.
   */
  load(): ReturnType<LeaseStore["load"]> {
    const changes = this.#changes();
    if (changes === null) {
      this.#clear();
      return { register: null, applied: 0, changes: [] };
    }
    const applied = Number(this.#marks.mark("applied") ?? 0);
    return { register: this.#marks.mark("register"), applied, changes };
  }

  save(news: CentreNews, isAnew: boolean): void {
    const put = this.#db.prepare(
      "INSERT OR REPLACE INTO centre_grant(grant_id, seq, state, body) VALUES(?, ?, ?, ?)",
    );
    guarded(() =>
      this.#db
        .transaction(() => {
          if (isAnew) this.#db.exec("DELETE FROM centre_grant");
          for (const { seq, state, grant } of news.changes)
            put.run(grant.grantId, seq, state, JSON.stringify(grant));
          this.#marks.setMark("register", news.register);
          this.#marks.setMark("applied", String(news.to));
        })
        .immediate(),
    );
  }

  /** Forgets grants that have ended, but for those that are still needed; returns how many. */
  forgetEnded(isNeeded: (grant: GrantId) => boolean): number {
    const drop = this.#db.prepare("DELETE FROM centre_grant WHERE grant_id=?");
    return guarded(() =>
      this.#db
        .transaction(() => {
          const ended = this.#db
            .prepare<[], GrantId>("SELECT grant_id FROM centre_grant WHERE state<>'granted'")
            .pluck()
            .all()
            .filter((id) => !isNeeded(id));
          for (const id of ended) drop.run(id);
          return ended.length;
        })
        .immediate(),
    );
  }

  /** In the order of the register; null when one of them cannot be read. */
  #changes(): readonly CentreChange[] | null {
    const rows = guarded(() =>
      this.#db
        .prepare<[], GrantRow>("SELECT seq, state, body FROM centre_grant ORDER BY seq")
        .all(),
    );
    const changes: CentreChange[] = [];
    for (const { seq, state, body } of rows) {
      const outcome = centreChangeSchema.safeParse({ seq, state, grant: parsed(body) });
      if (!outcome.success) return null;
      changes.push(outcome.data);
    }
    return changes;
  }

  #clear(): void {
    guarded(() =>
      this.#db
        .transaction(() => {
          this.#db.exec("DELETE FROM centre_grant");
          this.#db.exec("DELETE FROM mark WHERE name IN ('register', 'applied')");
        })
        .immediate(),
    );
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // Text that is no JSON is reported by JSON.parse only by throwing; the schema refuses what comes instead.
    return null;
  }
}

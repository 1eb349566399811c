import type Database from "better-sqlite3";
import { type EpochMs, epochMs, type SubjectRef } from "../../core/brand.ts";
import { guarded, openMembersDatabase } from "./open-members-database.ts";

/** A member as it rests in the file: everything that says something is sealed. */
export interface SealedMember {
  readonly subject: SubjectRef;
  /** Keyed hash of what the shop calls the customer. */
  readonly index: string;
  readonly reference: string;
  /** Keys of what the member carries; null: nothing. */
  readonly carried: string | null;
  readonly registeredAt: EpochMs;
}

/** A member's reference and the number of the last change of the row. */
export interface MemberChange {
  readonly subject: SubjectRef;
  readonly change: number;
}

/** Somebody at the command line asks the running gateway what it knows of a member's visits. */
export interface Question {
  readonly n: number;
  readonly subject: SubjectRef;
}

/** Somebody of staff saw what is kept of a member. */
export interface MemberLook {
  readonly at: EpochMs;
  readonly actor: string;
  readonly action: string;
}

/** What was done with a new member. */
export type Added = "added" | "taken" | "full";

const MEMBER =
  "subject, reference_index AS 'index', reference, carried, registered_at AS registeredAt";
/** Ten thousand members need some ten megabytes, answers that wait for whoever asked some more. */
const CAP_BYTES = 2 ** 28;
/** Questions that nobody takes the answer of: whoever asked has gone. */
const QUESTIONS_KEPT = 16;
/** Looks at one member that are kept, the newest. */
const LOOKS_KEPT = 200;

/**
 * `members.db` of a shop without a centre: who the members are and what they carry, apart from the consent ledger and the
 * templates. Texts are sealed by whoever writes them. Every write is one durable transaction; several processes may have
 * the file open. All methods throw MEMBERS_DAMAGED or MEMBERS_UNAVAILABLE; nothing was written then.
 */
export class MembersFile {
  readonly #db: Database.Database;
  readonly #find: Readonly<
    Record<"subject" | "reference_index", Database.Statement<[string], SealedMember>>
  >;
  #dataVersion = -1;

  /** `capBytes`: largest size of the file; beyond it nothing is written. */
  constructor(path: string, capBytes: number = CAP_BYTES) {
    const db = openMembersDatabase(path, capBytes);
    this.#db = db;
    const by = (column: string): Database.Statement<[string], SealedMember> =>
      guarded(() => db.prepare(`SELECT ${MEMBER} FROM member WHERE ${column}=?`));
    try {
      this.#find = { subject: by("subject"), reference_index: by("reference_index") };
    } catch (error) {
      db.close();
      throw error;
    }
  }

  get count(): number {
    return guarded(() =>
      Number(this.#db.prepare("SELECT count(*) FROM member").pluck().get() ?? 0),
    );
  }

  /** Whether anything was written by another process since the last call; true at the first one. */
  hasNews(): boolean {
    const version = guarded(() => Number(this.#db.pragma("data_version", { simple: true })));
    const isNew = version !== this.#dataVersion;
    this.#dataVersion = version;
    return isNew;
  }

  /** Every member, by reference alone. */
  changes(): readonly MemberChange[] {
    return guarded(() =>
      this.#db.prepare<[], MemberChange>("SELECT subject, change FROM member").all(),
    );
  }

  /** Every member, and whether anything is kept that the member carries. */
  holders(): readonly { readonly subject: SubjectRef; readonly carries: boolean }[] {
    const read = "SELECT subject, carried IS NOT NULL AS carries FROM member";
    return guarded(() =>
      this.#db.prepare<[], { subject: SubjectRef; carries: number }>(read).all(),
    ).map(({ subject, carries }) => ({ subject, carries: carries === 1 }));
  }

  all(): readonly SealedMember[] {
    return guarded(() =>
      this.#db
        .prepare<[], SealedMember>(`SELECT ${MEMBER} FROM member ORDER BY registered_at, subject`)
        .all(),
    ).map((row) => ({ ...row, registeredAt: epochMs(row.registeredAt) }));
  }

  bySubject(subject: SubjectRef): SealedMember | null {
    return this.#one("subject", subject);
  }

  byIndex(index: string): SealedMember | null {
    return this.#one("reference_index", index);
  }

  /** Adds a member unless the reference or the subject is there already, or `cap` members are. */
  add({ subject, index, reference, carried, registeredAt }: SealedMember, cap: number): Added {
    return this.#write<Added>(() => {
      const isTaken = this.#db
        .prepare("SELECT 1 FROM member WHERE subject=? OR reference_index=?")
        .get(subject, index);
      if (isTaken !== undefined) return "taken";
      if (this.count >= cap) return "full";
      this.#db
        .prepare("INSERT INTO member VALUES(?, ?, ?, ?, ?, ?)")
        .run(subject, index, reference, carried, registeredAt, this.#nextChange());
      return "added";
    });
  }

  /** Sets what a member carries; false when there is none, or it was that already. */
  setCarried(subject: SubjectRef, carried: string | null): boolean {
    return this.#write(() => {
      const update = this.#db.prepare(
        "UPDATE member SET carried=?, change=? WHERE subject=? AND carried IS NOT ?",
      );
      return update.run(carried, this.#nextChange(), subject, carried).changes > 0;
    });
  }

  /** Forgets a member; false when there was none. What was there is overwritten in the file and in its journal. */
  remove(subject: SubjectRef): boolean {
    const isRemoved = this.#write(() => {
      this.#db.prepare("DELETE FROM question WHERE subject=?").run(subject);
      this.#db.prepare("DELETE FROM look WHERE subject=?").run(subject);
      return this.#db.prepare("DELETE FROM member WHERE subject=?").run(subject).changes > 0;
    });
    // As far as other readers let it; what is left in the journal is sealed, and goes with the next time.
    if (isRemoved) guarded(() => this.#db.pragma("wal_checkpoint(TRUNCATE)"));
    return isRemoved;
  }

  /** Notes that somebody looks; the newest 200 of a member are kept. */
  addLook(subject: SubjectRef, { at, actor, action }: MemberLook): void {
    this.#write(() => {
      const insert = "INSERT INTO look(subject, at, actor, action) VALUES(?, ?, ?, ?)";
      this.#db.prepare(insert).run(subject, at, actor, action);
      const old = "SELECT n FROM look WHERE subject=? ORDER BY n DESC LIMIT -1 OFFSET ?";
      this.#db.prepare(`DELETE FROM look WHERE n IN (${old})`).run(subject, LOOKS_KEPT);
    });
  }

  /** Who looked at a member, oldest first. */
  looksOf(subject: SubjectRef): readonly MemberLook[] {
    const read = "SELECT at, actor, action FROM look WHERE subject=? ORDER BY n";
    return guarded(() => this.#db.prepare<[string], MemberLook>(read).all(subject));
  }

  /** A small text kept under a name; null when there is none. */
  mark(name: string): string | null {
    const read = "SELECT value FROM mark WHERE name=?";
    return guarded(() => this.#db.prepare<[string], string>(read).pluck().get(name)) ?? null;
  }

  setMark(name: string, value: string): void {
    this.#write(() =>
      this.#db.prepare("INSERT OR REPLACE INTO mark(name, value) VALUES(?, ?)").run(name, value),
    );
  }

  /** Does what no other process may do at the same time; what was written is undone when it throws. */
  alone<T>(work: () => T): T {
    return this.#write(work);
  }

  /** Asks the running gateway for what it knows of a member's visits; returns the number of the question. */
  ask(subject: SubjectRef): number {
    return this.#write(() => {
      const insert = this.#db.prepare("INSERT INTO question(subject) VALUES(?)");
      const n = Number(insert.run(subject).lastInsertRowid);
      this.#db.prepare("DELETE FROM question WHERE n<=?").run(n - QUESTIONS_KEPT);
      return n;
    });
  }

  /** Questions that nobody answered yet. */
  questions(): readonly Question[] {
    return guarded(() =>
      this.#db
        .prepare<[], Question>("SELECT n, subject FROM question WHERE answer IS NULL ORDER BY n")
        .all(),
    );
  }

  answer(n: number, text: string): void {
    this.#write(() => this.#db.prepare("UPDATE question SET answer=? WHERE n=?").run(text, n));
  }

  /** The answer to a question; null while there is none. */
  answerOf(n: number): string | null {
    const read = "SELECT answer FROM question WHERE n=?";
    return guarded(() => this.#db.prepare<[number], string>(read).pluck().get(n)) ?? null;
  }

  dropQuestion(n: number): void {
    this.#write(() => this.#db.prepare("DELETE FROM question WHERE n=?").run(n));
  }

  close(): void {
    this.#db.close();
  }

  #one(column: "subject" | "reference_index", value: string): SealedMember | null {
    const row = guarded(() => this.#find[column].get(value));
    return row === undefined ? null : { ...row, registeredAt: epochMs(row.registeredAt) };
  }

  #write<T>(work: () => T): T {
    return guarded(() => this.#db.transaction(work).immediate());
  }

  #nextChange(): number {
    const next = Number(this.mark("change") ?? 0) + 1;
    this.#db.prepare("INSERT OR REPLACE INTO mark(name, value) VALUES('change', ?)").run(`${next}`);
    return next;
  }
}

import { existsSync, statSync } from "node:fs";
import type Database from "better-sqlite3";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { LedgerEntry } from "../../core/consent-ledger.ts";
import { GatewayError } from "../../core/errors.ts";
import {
  type ChainBreak,
  type ChainHead,
  EMPTY_HEAD,
  type LedgerRow,
} from "../../privacy/consent/hash-chain.ts";
import type { LedgerStore } from "../../privacy/consent/ledger-terms.ts";
import { ledgerEntrySchema } from "../../wire/consent-messages.ts";
import { HeadFile, type NotedHead } from "./head-file.ts";
import { LeaseTable } from "./lease-table.ts";
import { NoticeTable } from "./notice-table.ts";
import {
  asFault,
  guarded,
  openConsentDatabase,
  readConsentDatabase,
} from "./open-consent-database.ts";

/** What a retention job did: counts only. */
export interface RetentionReceipt {
  readonly at: EpochMs;
  readonly job: string;
  readonly counts: Readonly<Record<string, number>>;
}

/** How a ledger is opened. */
export interface FileTerms {
  /** Receipts that are kept; 2,000 when absent. */
  readonly receiptsKept?: number;
  /** To look at it alone: nothing is begun or written, and what would write throws. */
  readonly isReadOnly?: boolean;
}

/** Receipts that are kept, some years of days on which something was done. */
const RECEIPTS_KEPT = 2_000;

/** Reads the text of an entry; null when it is none. Never throws. */
export function readEntry(text: string): LedgerEntry | null {
  try {
    const outcome = ledgerEntrySchema.safeParse(JSON.parse(text));
    return outcome.success ? outcome.data : null;
  } catch {
    // Text that is no JSON is reported by JSON.parse only by throwing; that is the answer.
    return null;
  }
}

/**
 * `consent.db`: the entries of one ledger, which triggers keep from being changed or removed; beside them what the centre
 * told, how far things got, and receipts of retention. Every write is one durable transaction (WAL, synchronous FULL).
 * Several processes may have it open.
 */
export class ConsentFile implements LedgerStore {
  readonly ledgerId: string;
  readonly lease: LeaseTable;
  readonly notices: NoticeTable;
  /** Whether there was no ledger before this. */
  readonly isNew: boolean;
  readonly #db: Database.Database;
  readonly #headFile: HeadFile;
  readonly #rows: Database.Statement<[number], LedgerRow>;
  readonly #insert: Database.Statement<[number, string, string]>;
  readonly #readMark: Database.Statement<[string], string>;
  readonly #setMark: Database.Statement<[string, string]>;
  readonly #receiptsKept: number;
  #askedVersion = -1;
  #takenVersion = -1;
  #dueHead: ChainHead | null = null;

  /** Opens or begins the file. @throws CONSENT_LEDGER_DAMAGED, CONSENT_LEDGER_UNAVAILABLE */
  constructor(path: string, { receiptsKept, isReadOnly = false }: FileTerms = {}) {
    this.#receiptsKept = receiptsKept ?? RECEIPTS_KEPT;
    this.#headFile = new HeadFile(path);
    const noted = guarded(() => this.#headFile.read());
    this.isNew = !isReadOnly && guarded(() => !existsSync(path) || statSync(path).size === 0);
    if (this.isNew && noted !== null && noted.seq > 0) throw goneAfter(noted);
    const db = isReadOnly ? readConsentDatabase(path) : openConsentDatabase(path);
    this.#db = db;
    try {
      this.#rows = db.prepare("SELECT seq, text, sha256 FROM entry WHERE seq>? ORDER BY seq");
      this.#insert = db.prepare("INSERT INTO entry(seq, text, sha256) VALUES(?, ?, ?)");
      this.#readMark = db.prepare<[string], string>("SELECT value FROM mark WHERE name=?").pluck();
      this.#setMark = db.prepare("INSERT OR REPLACE INTO mark(name, value) VALUES(?, ?)");
      this.ledgerId = guarded(() => this.mark("ledger")) ?? "";
      this.lease = new LeaseTable(db, this);
      this.notices = new NoticeTable(db);
      // Before the first entry, so that later there always is one.
      if (!isReadOnly && [...this.#rowOf(1)].length === 0)
        guarded(() => this.#headFile.begin(this.ledgerId, noted));
    } catch (error) {
      db.close();
      throw asFault(error);
    }
  }

  /** Read through to the end or let go of before anything is written. @throws as the constructor */
  *rowsAfter(seq: number): Generator<LedgerRow> {
    try {
      yield* this.#rows.iterate(seq);
    } catch (error) {
      throw asFault(error);
    }
  }

  hasNews(): boolean {
    this.#askedVersion = guarded(() => Number(this.#db.pragma("data_version", { simple: true })));
    return this.#askedVersion !== this.#takenVersion;
  }

  newsTaken(): void {
    this.#takenVersion = this.#askedVersion;
  }

  *rowsOnDisk(seq: number): Generator<LedgerRow> {
    // Pages that were read before would be believed for as long as nobody writes.
    guarded(() => this.#db.pragma("shrink_memory"));
    yield* this.rowsAfter(seq);
  }

  append(after: number, work: (news: Iterable<LedgerRow>) => readonly LedgerRow[]): void {
    const end = guarded(() =>
      this.#db
        .transaction(() => {
          const rows = work(this.rowsAfter(after));
          for (const { seq, text, sha256 } of rows) {
            this.#insert.run(seq, text, sha256);
            if (readEntry(text) === null) throw unreadable(seq);
          }
          const last = rows.at(-1);
          if (last !== undefined) this.setMark("head", `${last.seq}:${last.sha256}`);
          return last;
        })
        .immediate(),
    );
    if (end === undefined) return;
    this.#dueHead = { seq: end.seq, sha256: end.sha256 };
    try {
      this.keepHead();
    } catch (error) {
      // The entry is written; its note is behind until `keepHead` can do it.
      if (!(error instanceof GatewayError)) throw error;
    }
  }

  /** Notes in `consent.head` what could not be noted with the last entry. @throws CONSENT_LEDGER_UNAVAILABLE */
  keepHead(): void {
    const head = this.#dueHead;
    if (head === null) return;
    guarded(() => {
      const noted = this.#headFile.read();
      // Another process may have put more to it since.
      const isBehind = noted === null || noted.ledgerId !== this.ledgerId || noted.seq < head.seq;
      if (isBehind) this.#headFile.write({ ledgerId: this.ledgerId, ...head });
    });
    this.#dueHead = null;
  }

  /** Takes the end of the ledger as it stands for the right one: after a backup was put back. @throws as the constructor */
  acceptHead(head: ChainHead): void {
    guarded(() => this.#headFile.write({ ledgerId: this.ledgerId, ...head }));
  }

  /**
   * Compares a ledger with where it ended at the last append, as the file itself and the one beside it note: entries that
   * were cut off at the end leave a sound chain, and so does an old copy. Others may put entries to it meanwhile. Null when
   * all agree, the first missing or changed entry else. `isCopy`: there need be no file beside it; `isRestored`:
   * one that is there is not asked.
   */
  cutOff(head: ChainHead, { isCopy = false, isRestored = false } = {}): ChainBreak | null {
    // It is written after the entry, so it is read before: what it names is there, or was taken away.
    const found = isRestored ? null : guarded(() => this.#headFile.read());
    const noted = found?.ledgerId === this.ledgerId ? found : null;
    if (noted === null && !isCopy) return { seq: head.seq, what: "head" };
    return this.inSnapshot(() => this.#missing(this.#marked(), head) ?? this.#missing(noted, head));
  }

  /** Does some reading on one state of the file, whatever others write meanwhile. @throws as the constructor */
  inSnapshot<T>(work: () => T): T {
    if (this.#db.inTransaction) return work();
    return guarded(() => this.#db.transaction(work).deferred());
  }

  #marked(): ChainHead {
    const [seq = "", sha256 = ""] = (this.mark("head") ?? `0:${EMPTY_HEAD.sha256}`).split(":");
    return { seq: Number(seq), sha256 };
  }

  #missing(noted: ChainHead | null, head: ChainHead): ChainBreak | null {
    if (noted === null || noted.seq === 0) return null;
    const [there] = Number.isSafeInteger(noted.seq) ? this.#rowOf(noted.seq) : [];
    if (there?.seq !== noted.seq) return { seq: head.seq + 1, what: "number" };
    return there.sha256 === noted.sha256 ? null : { seq: noted.seq, what: "hash" };
  }

  /** A small text kept under a name; null when there is none. */
  mark(name: string): string | null {
    return guarded(() => this.#readMark.get(name)) ?? null;
  }

  /** Keeps a small text under a name, durably. */
  setMark(name: string, value: string): void {
    guarded(() => this.#setMark.run(name, value));
  }

  /** Keeps a receipt; beyond the newest 2,000 (or as many as was asked for) the oldest go. */
  addReceipt({ at, job, counts }: RetentionReceipt): void {
    guarded(() =>
      this.#db
        .transaction(() => {
          const insert = this.#db.prepare("INSERT INTO receipt(at, job, counts) VALUES(?, ?, ?)");
          const { lastInsertRowid } = insert.run(at, job, JSON.stringify(counts));
          const oldest = Number(lastInsertRowid) - this.#receiptsKept;
          this.#db.prepare("DELETE FROM receipt WHERE n<=?").run(oldest);
        })
        .immediate(),
    );
  }

  /** The newest receipts, newest first. */
  receipts(limit: number): readonly RetentionReceipt[] {
    return guarded(() =>
      this.#db
        .prepare<[number], { at: number; job: string; counts: string }>(
          "SELECT at, job, counts FROM receipt ORDER BY n DESC LIMIT ?",
        )
        .all(limit),
    ).map(({ at, job, counts }) => ({
      at: epochMs(at),
      job,
      counts: JSON.parse(counts) as Record<string, number>,
    }));
  }

  /** Empty when the file is sound as a database, else what SQLite found. */
  check(): string {
    const found = guarded(() => String(this.#db.pragma("integrity_check(1)", { simple: true })));
    return found === "ok" ? "" : found;
  }

  close(): void {
    this.#db.close();
  }

  *#rowOf(seq: number): Generator<LedgerRow> {
    for (const row of this.rowsAfter(seq - 1)) {
      yield row;
      return;
    }
  }
}

const goneAfter = ({ seq }: NotedHead): GatewayError =>
  new GatewayError(
    "CONSENT_LEDGER_DAMAGED",
    `the ledger is gone: ${seq} entries of it are noted beside it (consent.head)`,
  );

/** What could not be read again would make the ledger a broken one at the next start. */
const unreadable = (seq: number): GatewayError =>
  new GatewayError("CONSENT_LEDGER_UNAVAILABLE", "an entry was not written: it could not be read", {
    context: { seq },
  });

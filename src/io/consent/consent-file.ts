import type Database from "better-sqlite3";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { LedgerEntry } from "../../core/consent-ledger.ts";
import type { LedgerStore } from "../../privacy/consent/consent-ledger.ts";
import {
  type ChainBreak,
  type ChainHead,
  EMPTY_HEAD,
  type LedgerRow,
} from "../../privacy/consent/hash-chain.ts";
import { ledgerEntrySchema } from "../../wire/consent-messages.ts";
import { LeaseTable } from "./lease-table.ts";
import { asFault, guarded, openConsentDatabase } from "./open-consent-database.ts";

/** What a retention job did: counts only. */
export interface RetentionReceipt {
  readonly at: EpochMs;
  readonly job: string;
  readonly counts: Readonly<Record<string, number>>;
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
  readonly #db: Database.Database;
  readonly #rows: Database.Statement<[number], LedgerRow>;
  readonly #insert: Database.Statement<[number, string, string]>;
  readonly #readMark: Database.Statement<[string], string>;
  readonly #setMark: Database.Statement<[string, string]>;
  #dataVersion = -1;

  readonly #receiptsKept: number;

  /** Opens or begins the file. @throws CONSENT_LEDGER_DAMAGED, CONSENT_LEDGER_UNAVAILABLE */
  constructor(path: string, receiptsKept: number = RECEIPTS_KEPT) {
    this.#receiptsKept = receiptsKept;
    const db = openConsentDatabase(path);
    this.#db = db;
    try {
      this.#rows = db.prepare("SELECT seq, text, sha256 FROM entry WHERE seq>? ORDER BY seq");
      this.#insert = db.prepare("INSERT INTO entry(seq, text, sha256) VALUES(?, ?, ?)");
      this.#readMark = db.prepare<[string], string>("SELECT value FROM mark WHERE name=?").pluck();
      this.#setMark = db.prepare("INSERT OR REPLACE INTO mark(name, value) VALUES(?, ?)");
      this.ledgerId = guarded(() => this.mark("ledger")) ?? "";
      this.lease = new LeaseTable(db, this);
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
    const version = guarded(() => Number(this.#db.pragma("data_version", { simple: true })));
    const isNew = version !== this.#dataVersion;
    this.#dataVersion = version;
    return isNew;
  }

  append(after: number, work: (news: Iterable<LedgerRow>) => readonly LedgerRow[]): void {
    guarded(() =>
      this.#db
        .transaction(() => {
          const rows = work(this.rowsAfter(after));
          for (const { seq, text, sha256 } of rows) this.#insert.run(seq, text, sha256);
          const last = rows.at(-1);
          if (last !== undefined) this.setMark("head", `${last.seq}:${last.sha256}`);
        })
        .immediate(),
    );
  }

  /**
   * Compares where a chain ends with what was noted at the last append: entries that were cut off at the end leave a sound
   * chain. Null when they agree, the first missing or changed entry else.
   */
  cutOff(head: ChainHead): ChainBreak | null {
    const [seq = "", sha256] = (this.mark("head") ?? `0:${EMPTY_HEAD.sha256}`).split(":");
    const noted = Number(seq);
    if (!Number.isSafeInteger(noted) || noted > head.seq)
      return { seq: head.seq + 1, what: "number" };
    const there = noted === 0 ? EMPTY_HEAD : [...this.#rowOf(noted)][0];
    return there?.sha256 === sha256 ? null : { seq: noted, what: "hash" };
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

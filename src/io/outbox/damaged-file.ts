import { existsSync } from "node:fs";
import Database from "better-sqlite3";
import type { StreamName } from "../../wire/cloud-event.ts";
import { GAP_REASONS, type GapReason } from "../../wire/envelopes.ts";
import { byStream, type ShedCounts } from "./outbox-file.ts";
import { floorsOf, type PoweredMark } from "./powered-time.ts";

/** A row as it lies in the file; nothing about it is certain. */
export interface FoundRow {
  readonly seq: number;
  readonly last: number | null;
  readonly stamp: number;
  readonly body: string | null;
  readonly why: string | null;
}

/** Which numbers of a stream a file should hold. */
export interface FoundSpan {
  /** The centre has the numbers up to this one. */
  readonly acked: number;
  /** Key of the first row, as far as it can be told. */
  readonly first: number;
  /** Highest number given. */
  readonly last: number;
  /** Whether a place was unreadable that would have told one of them, so that it had to be concluded. */
  readonly isEstimated: boolean;
}

/**
 * An outbox file that may be damaged anywhere, read as far as that goes. Everything is asked for on its own, and what
 * SQLite cannot read is not there.
 */
export class DamagedFile {
  readonly #db: Database.Database;

  /** `db` is open; see `DamagedFile.open`. */
  constructor(db: Database.Database) {
    this.#db = db;
  }

  /** Null when nothing of it can be read. Throws SQLite's error when the disk is full or another process has it. */
  static open(path: string): DamagedFile | null {
    if (!existsSync(path)) return null;
    // Exclusive first: a file in WAL mode then needs no room for a shared index.
    return openedAs(path, false) ?? openedAs(path, true);
  }

  /** A note of the file; null when there is none. */
  note(name: string): string | null {
    const sql = "SELECT v FROM meta WHERE k=?";
    const found = attempt(() => this.#db.prepare(sql).pluck().get(`note-${name}`));
    return typeof found === "string" ? found : null;
  }

  /** Events shed by stream and reason. */
  get shedCounts(): ShedCounts {
    const rows = attempt(() => this.#db.prepare<[], ShedRow>("SELECT * FROM shed").all()) ?? [];
    return byStream((name) =>
      Object.fromEntries(
        rows
          .filter(({ stream, why, n }) => stream === name && isReason(why) && isNumber(n))
          .map(({ why, n }) => [why, n]),
      ),
    );
  }

  /** Marks of powered time, oldest first. */
  get marks(): readonly PoweredMark[] {
    const sql = "SELECT ms, next FROM powered ORDER BY ms";
    const rows = attempt(() => this.#db.prepare<[], { ms: number; next: string }>(sql).all()) ?? [];
    return rows.flatMap(({ ms, next }) => {
      const floors = attempt(() => floorsOf(next));
      return isNumber(ms) && floors !== undefined ? [{ ms, next: floors }] : [];
    });
  }

  /** Which numbers of a stream should be here. */
  span(stream: StreamName): FoundSpan {
    const position = attempt(() =>
      this.#db
        .prepare<[string], { next: number; acked: number }>(
          "SELECT next, acked FROM position WHERE stream=?",
        )
        .get(stream),
    );
    const one = (sql: string): number | null | undefined =>
      attempt(() => this.#db.prepare<[], number>(sql).pluck().get() ?? null);
    const first = one(`SELECT seq FROM stream_${stream} ORDER BY seq LIMIT 1`);
    const last = one(`SELECT coalesce(last, seq) FROM stream_${stream} ORDER BY seq DESC LIMIT 1`);
    const saved = (position?.next ?? 1) - 1;
    const marked = this.marks.reduce((most, { next }) => Math.max(most, next[stream] ?? 1), 1) - 1;
    return {
      acked: position?.acked ?? Math.max(0, (first ?? 1) - 1),
      first: first ?? (position?.acked ?? 0) + 1,
      last: last === undefined ? Math.max(saved, marked) : Math.max(saved, last ?? 0),
      isEstimated: position === undefined || last === undefined,
    };
  }

  /** The rows with keys `from` to `to` that can be read, in order. */
  rows(stream: StreamName, from: number, to: number): readonly FoundRow[] {
    const rows = attempt(() =>
      this.#db
        .prepare<[number, number], FoundRow>(
          `SELECT seq, last, stamp, body, why FROM stream_${stream} WHERE seq BETWEEN ? AND ? ORDER BY seq`,
        )
        .all(from, to),
    );
    if (rows !== undefined) return rows.filter(isPlausible);
    if (from >= to) return [];
    // A damaged page fails the whole range: its halves are tried alone.
    const middle = Math.floor((from + to) / 2);
    return [...this.rows(stream, from, middle), ...this.rows(stream, middle + 1, to)];
  }

  close(): void {
    attempt(() => this.#db.close());
  }
}

interface ShedRow {
  readonly stream: string;
  readonly why: string;
  readonly n: number;
}

function openedAs(path: string, readonly: boolean): DamagedFile | null {
  let db: Database.Database | undefined;
  try {
    db = new Database(path, { readonly, fileMustExist: true, timeout: 250 });
    if (!readonly) db.pragma("locking_mode=EXCLUSIVE");
    db.pragma("schema_version");
    return new DamagedFile(db);
  } catch (error) {
    db?.close();
    if (!(error instanceof Database.SqliteError)) throw error;
    if (error.code === "SQLITE_FULL" || error.code.startsWith("SQLITE_BUSY")) throw error;
    // Whatever else it says: this file is searched for what can be read, and this way nothing can.
    return null;
  }
}

/** Undefined when SQLite cannot read it: damage is what this file is searched for. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Database.SqliteError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const isNumber = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

const isReason = (why: string | null): why is GapReason => GAP_REASONS.some((one) => one === why);

/** Whether a row can be what it says: the damage may have hit a single field. */
function isPlausible({ seq, last, stamp, body, why }: FoundRow): boolean {
  if (!isNumber(seq) || !isNumber(stamp)) return false;
  if (body !== null) return typeof body === "string" && last === null;
  return isNumber(last) && last >= seq && isReason(why);
}

import type Database from "better-sqlite3";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { StreamName } from "../../wire/cloud-event.ts";
import { type GapReason, LARGEST_PAYLOAD_BYTES } from "../../wire/envelopes.ts";

/** Rows are stamped with the time in milliseconds times this, plus a running number within the millisecond. */
export const STAMPS_PER_MS = 1024;

/** Largest event, bytes of UTF-8: what its message holds beside it has room as well. */
const LARGEST_BODY_BYTES = LARGEST_PAYLOAD_BYTES - 1024;

/** One stored row: an event (`body`), or a gap that stands for the numbers `seq` to `last`. */
export type StoredRow =
  | {
      readonly kind: "event";
      readonly seq: number;
      readonly recordedAt: EpochMs;
      readonly body: string;
    }
  | {
      readonly kind: "gap";
      readonly seq: number;
      readonly last: number;
      readonly recordedAt: EpochMs;
      readonly why: GapReason;
    };

interface RawRow {
  readonly seq: number;
  readonly last: number | null;
  readonly stamp: number;
  readonly body: string | null;
  readonly why: GapReason | null;
}

/** Which rows may be forgotten. */
export interface Forgetting {
  /** Highest number that the centre has. */
  readonly acked: number;
  /** Rows recorded before are not needed any more; a time, or anything larger. */
  readonly keepFrom: number;
  /** The present: no row was recorded later, whatever its stamp says. */
  readonly at: EpochMs;
  /** Numbers below this one were given so long ago that it was another day. */
  readonly oldBelow: () => number;
}

interface Sheddable {
  readonly from: number;
  /** Highest number the gap will cover. */
  readonly to: number;
  /** Key of the last row to remove. */
  readonly lastRow: number;
  /** Events (not gaps) among the rows. */
  readonly events: number;
}

/** One stream's table in the outbox file; every method runs inside the caller's transaction, if there is one. */
export class StreamTable {
  readonly #insertEvent: Database.Statement<[number, number, string]>;
  readonly #insertGap: Database.Statement<[number, number, number, GapReason]>;
  readonly #after: Database.Statement<[number, number], RawRow>;
  readonly #before: Database.Statement<[number], RawRow>;
  readonly #remove: Database.Statement<[number, number]>;
  readonly #since: Database.Statement<[number, number], RawRow>;
  readonly #lastNumber: Database.Statement<[], number>;
  readonly #gapSpan: Database.Statement<[number, number], number>;
  readonly #firstBefore: Database.Statement<[number], Pick<RawRow, "seq" | "stamp">>;

  constructor(db: Database.Database, stream: StreamName) {
    const name = `stream_${stream}`;
    this.#insertEvent = db.prepare(`INSERT INTO ${name}(seq, stamp, body) VALUES(?, ?, ?)`);
    this.#insertGap = db.prepare(`INSERT INTO ${name}(seq, last, stamp, why) VALUES(?, ?, ?, ?)`);
    this.#after = db.prepare(`SELECT * FROM ${name} WHERE seq>? ORDER BY seq LIMIT ?`);
    this.#lastNumber = db
      .prepare<[], number>(`SELECT COALESCE(last, seq) FROM ${name} ORDER BY seq DESC LIMIT 1`)
      .pluck();
    this.#before = db.prepare(`SELECT * FROM ${name} WHERE seq<=? ORDER BY seq DESC LIMIT 1`);
    this.#remove = db.prepare(`DELETE FROM ${name} WHERE seq BETWEEN ? AND ?`);
    this.#since = db.prepare(
      `SELECT * FROM ${name} WHERE seq>? AND stamp>=? AND body IS NOT NULL ORDER BY seq LIMIT 500`,
    );
    this.#firstBefore = db.prepare(
      `SELECT seq, stamp FROM ${name} WHERE stamp<? ORDER BY seq LIMIT 1`,
    );
    this.#gapSpan = db
      .prepare<[number, number], number>(
        `SELECT COALESCE(SUM(last-MAX(seq-1, ?)), 0) FROM ${name} WHERE body IS NULL AND last>?`,
      )
      .pluck();
  }

  /** Adds an event; `stamp` is its order of recording (see `STAMPS_PER_MS`). */
  insertEvent(seq: number, stamp: number, body: string): void {
    this.#insertEvent.run(seq, stamp, body);
  }

  /** Adds a gap that stands for the numbers `seq` to `last`. */
  insertGap(seq: number, last: number, stamp: number, why: GapReason): void {
    this.#insertGap.run(seq, last, stamp, why);
  }

  /** Removes the rows with keys `from` to `to`; returns how many there were. */
  remove(from: number, to: number): number {
    return this.#remove.run(from, to).changes;
  }

  /** Up to `limit` rows above `after`, in order; a gap that `after` falls into is cut to what is left of it. */
  rows(after: number, limit: number): StoredRow[] {
    const rows = this.#after.all(after, limit).map(storedRow);
    const before = this.#before.get(after);
    if (before === undefined || (before.last ?? before.seq) <= after) return rows;
    return [storedRow({ ...before, seq: after + 1 }), ...rows];
  }

  /** Highest number that a row stands for; 0 when the table is empty. */
  lastNumber(): number {
    return this.#lastNumber.get() ?? 0;
  }

  /** How many shed events the gaps above `after` stand for. */
  gapSpan(after: number): number {
    return this.#gapSpan.get(after, after) ?? 0;
  }

  /**
   * Last key of the oldest run of at most `limit` rows that are acknowledged and recorded before `keepFrom`. Rows stamped
   * by a clock that was ahead count as recorded before the first row behind them that is not.
   */
  forgettable(terms: Forgetting, limit: number): number | null {
    const before = terms.keepFrom * STAMPS_PER_MS;
    const oldBelow = this.#oldBelow(terms);
    let upTo: number | null = null;
    for (const row of this.#after.all(0, limit)) {
      const isOver = row.stamp < before || row.seq < oldBelow;
      if (!isOver || (row.last ?? row.seq) > terms.acked) break;
      upTo = row.seq;
    }
    return upTo;
  }

  /** Rows at the head with lower numbers are of before `keepFrom`, although they are stamped with a time to come. */
  #oldBelow({ acked, keepFrom, at, oldBelow }: Forgetting): number {
    const now = (at + 1) * STAMPS_PER_MS;
    const head = this.#after.get(0, 1);
    if (head === undefined || head.stamp < now || head.seq > acked) return 0;
    const witness = this.#firstBefore.get(now);
    if (witness !== undefined && witness.stamp < keepFrom * STAMPS_PER_MS) return witness.seq;
    return Math.min(oldBelow(), witness?.seq ?? Number.POSITIVE_INFINITY);
  }

  /** The oldest run of rows above `floor` and below `end` to shed, gaps among them included; null when no event is left. */
  sheddable(floor: number, limit: number, end: number): Sheddable | null {
    const run = this.#after.all(floor, limit).filter((row) => (row.last ?? row.seq) < end);
    const first = run[0];
    const events = run.filter((row) => row.body !== null).length;
    const last = run.at(-1);
    if (first === undefined || last === undefined || events === 0) return null;
    return {
      from: first.seq,
      to: last.last ?? last.seq,
      lastRow: last.seq,
      events,
    };
  }

  /** Events recorded at or after `from`, in order of sequence; reads in pages, so writes may go on in between. */
  *since(from: EpochMs): Generator<{ readonly stamp: number; readonly body: string }> {
    let after = 0;
    for (;;) {
      const rows = this.#since.all(after, from * STAMPS_PER_MS);
      for (const row of rows) {
        after = row.seq;
        yield { stamp: row.stamp, body: row.body ?? "" };
      }
      if (rows.length === 0) return;
    }
  }
}

function storedRow(row: RawRow): StoredRow {
  const recordedAt = epochMs(Math.floor(row.stamp / STAMPS_PER_MS));
  if (row.body !== null && isSendable(row.body))
    return { kind: "event", seq: row.seq, recordedAt, body: row.body };
  return {
    kind: "gap",
    seq: row.seq,
    last: row.last ?? row.seq,
    recordedAt,
    why: row.why ?? (row.body === null ? "cap" : "size"),
  };
}

/** Whether an event fits into a message; one that an earlier version took in is told as a gap. Pure. */
export function isSendable(body: string): boolean {
  if (body.length <= LARGEST_BODY_BYTES / 3) return true;
  return Buffer.byteLength(body) <= LARGEST_BODY_BYTES;
}

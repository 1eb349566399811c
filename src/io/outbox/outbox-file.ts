import type Database from "better-sqlite3";
import type { EpochMs } from "../../core/brand.ts";
import { STREAMS, type StreamName } from "../../wire/cloud-event.ts";
import type { GapReason } from "../../wire/envelopes.ts";
import { type Overwriting, openDatabase, overwriting } from "./open-database.ts";
import { createSchema, loadPosition, type StreamPosition } from "./outbox-schema.ts";
import { type PoweredMark, PoweredTime } from "./powered-time.ts";
import type { Refusal } from "./refusals.ts";
import { type Forgetting, STAMPS_PER_MS, StreamTable } from "./stream-table.ts";

/** One record to store. */
export interface OutboxRecord {
  readonly stream: StreamName;
  readonly body: string;
  readonly recordedAt: EpochMs;
  /** Receipt to remember in the same transaction, or null. */
  readonly receiptId: string | null;
}

/** A row of another file to take over; a gap stands for `events` numbers, and is `isNews` when it was not counted yet. */
export type TakenRow =
  | {
      readonly kind: "event";
      readonly stamp: number;
      readonly body: string;
      readonly receiptId: string | null;
    }
  | {
      readonly kind: "gap";
      readonly stamp: number;
      readonly events: number;
      readonly why: GapReason;
      readonly isNews: boolean;
    };

/** What a file takes over of another one beside its rows. */
export interface TakenAccount {
  /** Events shed before, by stream and reason. */
  readonly shed: ShedCounts;
  readonly marks: readonly PoweredMark[];
}

/**
 * Receipts remembered, a year of a busy shop; of one sent again after so many others nobody here knows that it came. The
 * figures know those of the days they keep, and the centre its ids.
 */
const REMEMBERED_RECEIPTS = 200_000;
/** How many events of each stream were shed, by reason. */
export type ShedCounts = Readonly<Record<StreamName, Readonly<Partial<Record<GapReason, number>>>>>;

/**
 * The outbox's SQLite file: one append-only table per stream, a row of positions per stream, remembered receipts.
 * Every method that writes is one durable transaction (WAL, synchronous FULL). Errors of SQLite pass through.
 */
export class OutboxFile {
  readonly epoch: string;
  readonly #db: Database.Database;
  readonly #tables: Readonly<Record<StreamName, StreamTable>>;
  readonly #positions: Readonly<Record<StreamName, StreamPosition>>;
  readonly #savePosition: Database.Statement<[number, number, number, string]>;
  readonly #addReceipt: Database.Statement<[string]>;
  readonly #dropReceipts: Database.Statement<[number]>;
  readonly #findReceipt: Database.Statement<[string], number>;
  readonly #pageCount: Database.Statement<[], number>;
  readonly #freePages: Database.Statement<[], number>;
  readonly #append: (
    records: readonly OutboxRecord[],
    refused: readonly Refusal[],
    at: EpochMs,
  ) => void;
  readonly #countShed: Database.Statement<[StreamName, GapReason, number]>;
  readonly #pageBytes: number;
  /** Time this file was in use. */
  readonly powered: PoweredTime;
  /** Streams whose position changed since it was last written. */
  readonly #dirty = new Set<StreamName>();
  #stamp = 0;

  /** Opens or creates the file. Throws SQLite's error when it is damaged, locked or the disk refuses. */
  constructor(path: string, capBytes: number) {
    this.#db = openDatabase(path);
    try {
      createSchema(this.#db);
      this.#pageBytes = Number(this.#db.pragma("page_size", { simple: true }));
      this.#db.pragma(`max_page_count=${Math.ceil(capBytes / this.#pageBytes)}`);
      this.epoch = String(
        this.#db.prepare("SELECT v FROM meta WHERE k='epoch'").pluck().get() ?? "",
      );
      this.powered = new PoweredTime(this.#db);
      this.#tables = byStream((stream) => new StreamTable(this.#db, stream));
      this.#positions = byStream((stream) => {
        const saved = loadPosition(this.#db, stream);
        return { ...saved, next: Math.max(saved.next, this.#tables[stream].lastNumber() + 1) };
      });
    } catch (error) {
      this.#db.close();
      throw error;
    }
    const db = this.#db;
    this.#savePosition = db.prepare("UPDATE position SET next=?, acked=?, shed=? WHERE stream=?");
    this.#countShed = db.prepare(
      "INSERT INTO shed VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET n=n+excluded.n",
    );
    this.#addReceipt = db.prepare("INSERT OR IGNORE INTO receipt(id) VALUES(?)");
    this.#dropReceipts = db.prepare("DELETE FROM receipt WHERE n<=?");
    this.#findReceipt = db.prepare<[string], number>("SELECT n FROM receipt WHERE id=?").pluck();
    this.#pageCount = db.prepare<[], number>("PRAGMA page_count").pluck();
    this.#freePages = db.prepare<[], number>("PRAGMA freelist_count").pluck();
    this.#append = db.transaction((records, refused, at) => this.#insert(records, refused, at));
  }

  /** An empty file in memory that takes nothing, to stand in for one that cannot be made. */
  static standIn(): OutboxFile {
    const file = new OutboxFile(":memory:", Number.MAX_SAFE_INTEGER);
    file.#db.pragma("query_only=ON");
    return file;
  }

  get isStandIn(): boolean {
    return this.#db.memory;
  }

  /** Position of a stream as committed. */
  position(stream: StreamName): Readonly<StreamPosition> {
    return this.#positions[stream];
  }

  /** Bytes in use in the file, without free pages and without the journal. */
  get usedBytes(): number {
    return ((this.#pageCount.get() ?? 0) - (this.#freePages.get() ?? 0)) * this.#pageBytes;
  }

  /** Bytes of free pages in the file. */
  get freeBytes(): number {
    return (this.#freePages.get() ?? 0) * this.#pageBytes;
  }

  /** What was shed since the file was made; of what an earlier version shed, the reason is not known. */
  get shedCounts(): ShedCounts {
    const rows = this.#db
      .prepare<[], { stream: StreamName; why: GapReason; n: number }>("SELECT * FROM shed")
      .all();
    return byStream((name) =>
      Object.fromEntries(rows.filter((row) => row.stream === name).map(({ why, n }) => [why, n])),
    );
  }

  /** A small text kept under a name in this file; null when there is none. It does not survive a new epoch. */
  note(name: string): string | null {
    const read = this.#db.prepare<[string], string>("SELECT v FROM meta WHERE k=?").pluck();
    return read.get(`note-${name}`) ?? null;
  }

  /** Keeps a small text under a name, durably. */
  saveNote(name: string, text: string): void {
    this.#db.prepare("INSERT OR REPLACE INTO meta VALUES(?, ?)").run(`note-${name}`, text);
  }

  /** Rows of one stream; reads only. */
  table(stream: StreamName): StreamTable {
    return this.#tables[stream];
  }

  hasReceipt(receiptId: string): boolean {
    return this.#findReceipt.get(receiptId) !== undefined;
  }

  /** Receipts that are remembered, and those that were and had to make room. */
  get receipts(): { readonly remembered: number; readonly forgotten: number } {
    const [first = null, last = null] = this.#db
      .prepare<[], [number | null, number | null]>("SELECT min(n), max(n) FROM receipt")
      .raw()
      .get() ?? [null, null];
    if (first === null || last === null) return { remembered: 0, forgotten: 0 };
    return { remembered: last - first + 1, forgotten: first - 1 };
  }

  /**
   * Commits records in order, then one gap per stream and reason for records that were refused, as of `at`, and the
   * acknowledgements noted since. Nothing changes when it throws. Returns the first number given per stream.
   */
  append(
    records: readonly OutboxRecord[],
    refused: readonly Refusal[],
    at: EpochMs,
  ): Record<StreamName, number> {
    const before = byStream((stream) => this.#positions[stream].next);
    this.#moving(() => this.#append(records, refused, at));
    return before;
  }

  /** Takes rows of another file over under the next numbers, and keeps a note, all in one transaction. */
  takeOver(stream: StreamName, rows: readonly TakenRow[], noteName: string, note: string): void {
    this.#moving(() => {
      this.#db.transaction(() => {
        for (const row of rows) this.#takeRow(stream, row);
        this.#saveDirty();
        this.saveNote(noteName, note);
      })();
    });
  }

  /** Adds the account of another file to this one's and takes a note away, in one transaction. */
  takeAccount({ shed, marks }: TakenAccount, noteName: string, note: string | null): void {
    this.#moving(() => {
      this.#db.transaction(() => {
        for (const stream of STREAMS) {
          for (const [why, events] of Object.entries(shed[stream]))
            this.#shedMore(stream, why as GapReason, events);
        }
        this.powered.takeOver(marks);
        this.#saveDirty();
        if (note === null) this.#db.prepare("DELETE FROM meta WHERE k=?").run(`note-${noteName}`);
        else this.saveNote(noteName, note);
      })();
    });
  }

  /** Runs a transaction that moves positions; when it throws, they are where they were. */
  #moving(run: () => void): void {
    const before = byStream((stream) => ({ ...this.#positions[stream] }));
    try {
      run();
      this.#dirty.clear();
    } catch (error) {
      for (const stream of STREAMS) Object.assign(this.#positions[stream], before[stream]);
      throw error;
    }
  }

  #takeRow(stream: StreamName, row: TakenRow): void {
    const position = this.#positions[stream];
    const first = position.next;
    if (row.kind === "event") {
      this.#tables[stream].insertEvent(first, row.stamp, row.body);
      position.next += 1;
      if (row.receiptId !== null) this.#rememberReceipt(row.receiptId);
      return;
    }
    this.#tables[stream].insertGap(first, first + row.events - 1, row.stamp, row.why);
    position.next += row.events;
    if (row.isNews) this.#shedMore(stream, row.why, row.events);
  }

  #shedMore(stream: StreamName, why: GapReason, events: number): void {
    this.#positions[stream].shed += events;
    this.#countShed.run(stream, why, events);
    this.#dirty.add(stream);
  }

  #rememberReceipt(id: string): void {
    const added = this.#addReceipt.run(id);
    this.#dropReceipts.run(Number(added.lastInsertRowid) - REMEMBERED_RECEIPTS);
  }

  /** Notes an acknowledgement; it reaches the disk with the next append or delete. False when it says nothing new. */
  acknowledge(stream: StreamName, seq: number): boolean {
    const position = this.#positions[stream];
    if (seq <= position.acked) return false;
    position.acked = seq;
    this.#dirty.add(stream);
    return true;
  }

  /** Forgets up to `limit` acknowledged rows recorded before `keepFrom`, oldest first; returns how many. */
  forget(stream: StreamName, keepFrom: number, limit: number, at: EpochMs): number {
    const table = this.#tables[stream];
    const terms: Forgetting = {
      acked: this.#positions[stream].acked,
      keepFrom,
      at,
      oldBelow: () => this.powered.daysAgo[stream] ?? 0,
    };
    const upTo = table.forgettable(terms, limit);
    if (upTo === null) return 0;
    this.#dirty.add(stream);
    const removed = this.#db.transaction(() => {
      this.#saveDirty();
      return table.remove(0, upTo);
    })();
    this.#dirty.clear();
    return removed;
  }

  /**
   * Sheds up to `limit` of the oldest rows above `floor` and below `end`: they and the gaps among them become one gap
   * row. Returns the number of events shed now; 0 when only gaps are left.
   */
  shed(
    stream: StreamName,
    floor: number,
    limit: number,
    why: GapReason,
    at: EpochMs,
    end: number = Number.POSITIVE_INFINITY,
  ): number {
    const table = this.#tables[stream];
    const floorNow = Math.max(floor, this.#positions[stream].acked);
    const found = table.sheddable(floorNow, limit, end);
    if (found === null) return 0;
    this.#moving(() => {
      this.#db.transaction(() => {
        table.remove(found.from, found.lastRow);
        table.insertGap(found.from, found.to, this.#nextStamp(at), why);
        this.#shedMore(stream, why, found.events);
        this.#saveDirty();
      })();
    });
    return found.events;
  }

  /**
   * Writes bodies that hold a text anew, in place: their numbers and times stay. `rewrite` gives the new body, null for one
   * to be left as it is. What was there before is overwritten in the file. Returns how many were written.
   */
  rewrite(containing: string, rewrite: (body: string) => string | null, how: Overwriting): number {
    return overwriting(this.#db, how, () => {
      let written = 0;
      for (const stream of STREAMS) {
        const table = `stream_${stream}`;
        const found = this.#db.prepare<[string], { readonly seq: number; readonly body: string }>(
          `SELECT seq, body FROM ${table} WHERE instr(body, ?)>0`,
        );
        const update = this.#db.prepare<[string, number]>(`UPDATE ${table} SET body=? WHERE seq=?`);
        for (const { seq, body } of found.all(containing)) {
          const anew = rewrite(body);
          if (anew !== null) written += update.run(anew, seq).changes;
        }
      }
      return written;
    });
  }

  /** Gives pages freed by deletes back to the file system, at most `pages` of them. */
  shrink(pages: number): void {
    this.#db.pragma(`incremental_vacuum(${pages})`);
  }

  /** Brings what the journal holds into the file, as far as there is room, so that the journal begins anew. */
  checkpoint(): void {
    this.#db.pragma("wal_checkpoint(PASSIVE)");
  }

  /** Empty when the file is sound, else what SQLite found. */
  check(): string {
    const found = String(this.#db.pragma("quick_check(1)", { simple: true }));
    return found === "ok" ? "" : found;
  }

  /** Writes acknowledgements not yet on the disk; losing them only means that events are sent again. */
  saveAcknowledged(): void {
    this.#db.transaction(() => this.#saveDirty())();
    this.#dirty.clear();
  }

  close(): void {
    this.#db.close();
  }

  #insert(records: readonly OutboxRecord[], refused: readonly Refusal[], at: EpochMs): void {
    for (const record of records) {
      const position = this.#positions[record.stream];
      this.#tables[record.stream].insertEvent(
        position.next,
        this.#nextStamp(record.recordedAt),
        record.body,
      );
      position.next += 1;
      if (record.receiptId !== null) this.#rememberReceipt(record.receiptId);
    }
    for (const { stream, why, events } of refused) {
      const stamp = this.#nextStamp(at);
      this.#takeRow(stream, { kind: "gap", stamp, events, why, isNews: true });
    }
    this.#saveDirty();
  }

  /** Order of recording over all streams; its whole milliseconds are the time. */
  #nextStamp(at: EpochMs): number {
    const isSameMs = Math.floor(this.#stamp / STAMPS_PER_MS) === at;
    this.#stamp = isSameMs ? this.#stamp + 1 : at * STAMPS_PER_MS;
    return this.#stamp;
  }

  #saveDirty(): void {
    for (const stream of this.#dirty) {
      const { next, acked, shed } = this.#positions[stream];
      this.#savePosition.run(next, acked, shed, stream);
    }
  }
}

/** Builds a record with one value per stream. Pure. */
export function byStream<T>(make: (stream: StreamName) => T): Record<StreamName, T> {
  return Object.fromEntries(STREAMS.map((stream) => [stream, make(stream)])) as Record<
    StreamName,
    T
  >;
}

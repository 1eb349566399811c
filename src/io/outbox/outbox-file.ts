import { randomUUID } from "node:crypto";
import Database from "better-sqlite3";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import { STREAMS, type StreamName } from "../../wire/cloud-event.ts";
import type { GapReason } from "../../wire/envelopes.ts";
import { PoweredTime } from "./powered-time.ts";
import { STAMPS_PER_MS, StreamTable } from "./stream-table.ts";

/** One record to store. */
export interface OutboxRecord {
  readonly stream: StreamName;
  readonly body: string;
  readonly recordedAt: EpochMs;
  /** Receipt to remember in the same transaction, or null. */
  readonly receiptId: string | null;
}

/**
 * Where a stream stands. `next` survives restarts and deletes, so a number is never given twice: on the disk it is
 * written only when rows are deleted, and is otherwise read off the last row.
 */
export interface StreamPosition {
  next: number;
  acked: number;
  shed: number;
}

/**
 * Receipts remembered, a year of a busy shop; of one sent again after so many others nobody here knows that it came. The
 * figures know those of the days they keep, and the centre its ids.
 */
const REMEMBERED_RECEIPTS = 200_000;
/** How many events of each stream were shed, by reason. */
export type ShedCounts = Readonly<Record<StreamName, Readonly<Partial<Record<GapReason, number>>>>>;

const JOURNAL_BYTES = 4_194_304;

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
    refused: ReadonlyMap<StreamName, number>,
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
    this.#append = db.transaction((records, refused) => this.#insert(records, refused));
  }

  /** Position of a stream as committed. */
  position(stream: StreamName): Readonly<StreamPosition> {
    return this.#positions[stream];
  }

  /** Bytes in use in the file, without free pages and without the journal. */
  get usedBytes(): number {
    return ((this.#pageCount.get() ?? 0) - (this.#freePages.get() ?? 0)) * this.#pageBytes;
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
   * Commits records in order, then one gap per stream for records that were refused while the disk was full, and
   * the acknowledgements noted since. Nothing changes when it throws. Returns the first number given per stream.
   */
  append(
    records: readonly OutboxRecord[],
    refused: ReadonlyMap<StreamName, number>,
  ): Record<StreamName, number> {
    const before = byStream((stream) => ({ ...this.#positions[stream] }));
    try {
      this.#append(records, refused);
      this.#dirty.clear();
      return byStream((stream) => before[stream].next);
    } catch (error) {
      for (const stream of STREAMS) Object.assign(this.#positions[stream], before[stream]);
      throw error;
    }
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
  forget(stream: StreamName, keepFrom: number, limit: number): number {
    const table = this.#tables[stream];
    const upTo = table.forgettable(this.#positions[stream].acked, keepFrom, limit);
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
    const position = this.#positions[stream];
    const table = this.#tables[stream];
    const found = table.sheddable(Math.max(floor, position.acked), limit, end);
    if (found === null) return 0;
    position.shed += found.events;
    this.#dirty.add(stream);
    try {
      this.#db.transaction(() => {
        table.remove(found.from, found.lastRow);
        table.insertGap(found.from, found.to, this.#nextStamp(at), why);
        this.#countShed.run(stream, why, found.events);
        this.#saveDirty();
      })();
    } catch (error) {
      position.shed -= found.events;
      throw error;
    }
    this.#dirty.clear();
    return found.events;
  }

  /**
   * Writes bodies that hold a text anew, in place: their numbers and times stay. `rewrite` gives the new body, null for one
   * to be left as it is. What was there before is overwritten in the file. Returns how many were written.
   */
  rewrite(containing: string, rewrite: (body: string) => string | null): number {
    return overwriting(this.#db, () => {
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

  #insert(records: readonly OutboxRecord[], refused: ReadonlyMap<StreamName, number>): void {
    for (const record of records) {
      const position = this.#positions[record.stream];
      this.#tables[record.stream].insertEvent(
        position.next,
        this.#nextStamp(record.recordedAt),
        record.body,
      );
      position.next += 1;
      if (record.receiptId !== null) {
        const added = this.#addReceipt.run(record.receiptId);
        this.#dropReceipts.run(Number(added.lastInsertRowid) - REMEMBERED_RECEIPTS);
      }
    }
    const at = records.at(-1)?.recordedAt ?? epochMs(0);
    for (const [stream, events] of refused) {
      const position = this.#positions[stream];
      const to = position.next + events - 1;
      this.#tables[stream].insertGap(position.next, to, this.#nextStamp(at), "disk");
      position.next += events;
      position.shed += events;
      this.#countShed.run(stream, "disk", events);
      this.#dirty.add(stream);
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

/**
 * Opens a database the way every durable store of ours does: WAL, synchronous FULL (NORMAL loses acknowledged rows
 * at a power cut), exclusive lock, bounded journal, freed pages can be given back.
 */
export function openDatabase(path: string): Database.Database {
  const db = new Database(path, { timeout: 250 });
  try {
    // First of all: then the journal's index stays in memory and no shared-memory file is made.
    db.pragma("locking_mode=EXCLUSIVE");
    db.pragma("auto_vacuum=INCREMENTAL");
    db.pragma("journal_mode=WAL");
    db.pragma("synchronous=FULL");
    db.pragma(`journal_size_limit=${JOURNAL_BYTES}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Runs a transaction after which nothing that it removed is left in the file or its journal: the file is written anew,
 * which takes a while and for that while as much room again.
 */
export function overwriting<T>(db: Database.Database, run: () => T): T {
  const outcome = db.transaction(run)();
  db.exec("VACUUM");
  db.pragma("wal_checkpoint(TRUNCATE)");
  return outcome;
}

function createSchema(db: Database.Database): void {
  db.transaction(() => {
    db.exec(`CREATE TABLE IF NOT EXISTS meta(k TEXT PRIMARY KEY, v TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS position(stream TEXT PRIMARY KEY, next INTEGER NOT NULL,
        acked INTEGER NOT NULL, shed INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS shed(stream TEXT, why TEXT, n INTEGER NOT NULL, PRIMARY KEY(stream, why)) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS receipt(n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE);`);
    for (const stream of STREAMS) {
      db.exec(`CREATE TABLE IF NOT EXISTS stream_${stream}(seq INTEGER PRIMARY KEY, last INTEGER,
          stamp INTEGER NOT NULL, body TEXT, why TEXT);
        CREATE INDEX IF NOT EXISTS gap_${stream} ON stream_${stream}(seq, last) WHERE body IS NULL;
        INSERT OR IGNORE INTO position VALUES('${stream}', 1, 0, 0);`);
    }
    db.prepare("INSERT OR IGNORE INTO meta VALUES('epoch', ?)").run(randomUUID());
  })();
}

function loadPosition(db: Database.Database, stream: StreamName): StreamPosition {
  const row = db
    .prepare<[string], StreamPosition>("SELECT next, acked, shed FROM position WHERE stream=?")
    .get(stream);
  if (row === undefined) throw new TypeError(`no position for stream ${stream}`);
  return row;
}

import { deflateRawSync, inflateRawSync } from "node:zlib";
import type Database from "better-sqlite3";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import { scopeText } from "../../core/scope-text.ts";
import { type Overwriting, openDatabase, overwriting } from "../outbox/open-database.ts";
import {
  type Forgotten,
  type HistoryStats,
  type PurgeReceipt,
  type ResumePoint,
  type Retention,
  type RollupQuery,
  SAVED_GRAINS,
  type SavedCustomerDay,
  type SavedDay,
  type SavedGrain,
  type SavedRollup,
  type Snapshot,
} from "./history-rows.ts";
import { createTables } from "./history-tables.ts";
import { type RollupColumns, readValue, writeBody } from "./rollup-text.ts";

/** Rows read at a time, so that a long report never has to fit into memory. */
const PAGE_ROWS = 1_000;
/** Words remembered as shared; a definition beyond them stands with its row. */
const MOST_TERMS = 8_192;
/** Low effort: a day record is text full of repetition, and a gateway has little time. */
const DEFLATE = { level: 3 } as const;

const FOREVER = epochMs(Number.MAX_SAFE_INTEGER);

interface DayRow {
  readonly dayStart: number;
  readonly dayEnd: number;
  readonly v: number;
  readonly body: Buffer;
}

interface RollupRow extends RollupColumns {
  readonly scopeId: number;
  readonly metricId: number;
  readonly isFinal: number;
}

interface KnownRow {
  readonly revision: number;
  readonly isFinal: number;
  readonly body: string;
}

/**
 * The history's SQLite file: records of closed trading days, customers' days, and values per slot. Every method that
 * writes is one durable transaction. WAL with synchronous FULL: the outbox lets go of a day's events once its record
 * is here, so a record must survive a power cut. Errors of SQLite pass through.
 */
export class HistoryFile {
  readonly #db: Database.Database;
  readonly #terms = new Map<string, number>();

  /** Opens or creates the file. @throws SQLite's error, and HISTORY_VERSION when a newer version wrote it */
  constructor(path: string, capBytes: number) {
    this.#db = openDatabase(path);
    try {
      // Pages that are split leave copies behind, and rows here name customers.
      this.#db.pragma("secure_delete=ON");
      const pageBytes = Number(this.#db.pragma("page_size", { simple: true }));
      this.#db.pragma(`max_page_count=${Math.ceil(capBytes / pageBytes)}`);
      createTables(this.#db);
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** Where the daybook must be read from; null before the first snapshot. */
  get base(): EpochMs | null {
    return this.#instant("base");
  }

  /** From where it must be read before that; null when nobody has said so. */
  get resume(): ResumePoint | null {
    const from = this.#instant("resume-from");
    return from === null ? null : { from, decidedUntil: this.#instant("decided-until") };
  }

  /** Writes a snapshot: all of it, or nothing when it throws. A day written before is replaced. */
  save({ base, resume, days, customers }: Snapshot): void {
    const day = this.#db.prepare<[number, number, number, Buffer]>(
      "INSERT OR REPLACE INTO day(day_start, day_end, v, body) VALUES(?, ?, ?, ?)",
    );
    const came = this.#db.prepare<[string, number, number]>(
      "INSERT OR REPLACE INTO customer(customer, day_start, visits) VALUES(?, ?, ?)",
    );
    const cameNot = this.#db.prepare<[string, number]>(
      "DELETE FROM customer WHERE customer=? AND day_start=?",
    );
    this.#db.transaction(() => {
      for (const { dayStart, dayEnd, v, body } of days)
        day.run(dayStart, dayEnd, v, deflateRawSync(body, DEFLATE));
      for (const { customer, dayStart, visits } of customers)
        if (visits > 0) came.run(customer, dayStart, visits);
        else cameNot.run(customer, dayStart);
      this.#note("base", base);
      if (resume === undefined) return;
      this.#note("resume-from", resume.from);
      this.#note("decided-until", resume.decidedUntil);
    })();
  }

  /** Beginnings of the newest `limit` days that ended by `before`, oldest first; told by an index of their own. */
  dayStarts(before: EpochMs, limit: number): readonly EpochMs[] {
    return this.#db
      .prepare<[number, number], EpochMs>(
        "SELECT day_start FROM day WHERE day_end<=? ORDER BY day_end DESC LIMIT ?",
      )
      .pluck()
      .all(before, limit)
      .reverse();
  }

  /** The record of the day that begins at `start`; null when there is none, or its text is damaged. */
  day(start: EpochMs): SavedDay | null {
    const row = this.#db
      .prepare<[number], DayRow>(
        "SELECT day_start AS dayStart, day_end AS dayEnd, v, body FROM day WHERE day_start=?",
      )
      .get(start);
    const body = row === undefined ? null : inflated(row.body);
    if (row === undefined || body === null) return null;
    return { dayStart: start, dayEnd: epochMs(row.dayEnd), v: row.v, body };
  }

  /** Customers' days from `since` on, in order of the days. */
  customers(since: EpochMs): readonly SavedCustomerDay[] {
    return this.#db
      .prepare<[number], SavedCustomerDay>(
        `SELECT customer, day_start AS dayStart, visits FROM customer WHERE day_start>=?
          ORDER BY day_start, customer`,
      )
      .all(since);
  }

  /**
   * Forgets on which days a customer came, and writes anew the records of days that name them: `rewrite` gives the text
   * without the name, null for one that has none. What was there before is overwritten in the file.
   */
  forgetCustomer(
    customer: string,
    rewrite: (body: string) => string | null,
    how: Overwriting,
  ): Forgotten {
    return overwriting(this.#db, how, () => {
      const days = this.#db.prepare("DELETE FROM customer WHERE customer=?").run(customer).changes;
      const update = this.#db.prepare<[Buffer, number]>("UPDATE day SET body=? WHERE day_start=?");
      let records = 0;
      for (const start of this.dayStarts(FOREVER, Number.MAX_SAFE_INTEGER)) {
        const body = rewrite(this.day(start)?.body ?? "");
        if (body === null) continue;
        update.run(deflateRawSync(body, DEFLATE), start);
        records += 1;
      }
      return { customerDays: days, dayRecords: records };
    });
  }

  /**
   * Writes values of slots. One that says what is there already is not written; one that corrects a final value is
   * written with a revision above it. Returns how many were written.
   */
  saveRollups(rows: readonly SavedRollup[]): number {
    try {
      return this.#db.transaction(() => this.#writeRollups(rows))();
    } catch (error) {
      // Numbers given to terms within the transaction were taken back with it.
      this.#terms.clear();
      throw error;
    }
  }

  /** Values in order of time, then scope and metric; reads in pages, so writes may go on in between. */
  *rollups(query: RollupQuery): Generator<SavedRollup> {
    const scope = query.scope === undefined ? null : this.#known(scopeText(query.scope));
    const metric = query.metric === undefined ? null : this.#known(query.metric);
    if (scope === undefined || metric === undefined) return;
    const page = this.#db.prepare<unknown[], RollupRow>(ROLLUP_PAGE);
    const grain = SAVED_GRAINS.indexOf(query.grain);
    let after: readonly [number, number, number] = [query.from, -1, -1];
    for (;;) {
      const rows = page.all(grain, ...after, query.to, scope, scope, metric, metric, PAGE_ROWS);
      for (const row of rows) {
        after = [row.from, row.scopeId, row.metricId];
        const value = readValue(row);
        yield { grain: query.grain, value, isFinal: row.isFinal === 1, sharesDefinition: false };
      }
      if (rows.length < PAGE_ROWS) return;
    }
  }

  /**
   * Removes up to `limit` rows of each kind that are past their time, counted back from the end of the newest day that
   * was saved: a wall clock that is wrong by years removes nothing.
   */
  purge(retention: Retention, limit: number): PurgeReceipt {
    const newest = this.#db.prepare<[], number>("SELECT max(day_end) FROM day").pluck().get() ?? 0;
    const rollup = this.#db.prepare<[number, number, number]>(
      `DELETE FROM rollup WHERE (grain, from_ms, scope, metric) IN (SELECT grain, from_ms, scope,
        metric FROM rollup WHERE grain=? AND from_ms<? LIMIT ?)`,
    );
    const day = this.#db.prepare<[number, number]>(
      "DELETE FROM day WHERE day_start IN (SELECT day_start FROM day WHERE day_start<? LIMIT ?)",
    );
    const customer = this.#db.prepare<[number, number]>(
      `DELETE FROM customer WHERE (customer, day_start) IN (SELECT customer, day_start FROM customer
        WHERE day_start<? LIMIT ?)`,
    );
    return this.#db.transaction(() => {
      const of = (grain: SavedGrain): number =>
        rollup.run(SAVED_GRAINS.indexOf(grain), newest - retention.rollupMs[grain], limit).changes;
      const rollups = {
        minute: of("minute"),
        quarter: of("quarter"),
        hour: of("hour"),
        day: of("day"),
      };
      const days = day.run(newest - retention.dayMs, limit).changes;
      const customers = customer.run(newest - retention.customerMs, limit).changes;
      const most = Math.max(...Object.values(rollups), days, customers);
      return { rollups, days, customers, hasMore: most >= limit };
    })();
  }

  /** Gives pages freed by deletes back to the file system, at most `pages` of them. */
  shrink(pages: number): void {
    this.#db.pragma(`incremental_vacuum(${pages})`);
  }

  stats(): HistoryStats {
    const count = (table: string): number =>
      Number(this.#db.prepare(`SELECT count(*) FROM ${table}`).pluck().get());
    const pages = Number(this.#db.pragma("page_count", { simple: true }));
    return {
      bytes: pages * Number(this.#db.pragma("page_size", { simple: true })),
      days: count("day"),
      rollups: count("rollup"),
      customers: count("customer"),
    };
  }

  /** Empty when the file is sound, else what SQLite found. */
  check(): string {
    const found = String(this.#db.pragma("quick_check(1)", { simple: true }));
    return found === "ok" ? "" : found;
  }

  close(): void {
    this.#db.close();
  }

  #instant(name: string): EpochMs | null {
    const text = this.#db.prepare("SELECT v FROM meta WHERE k=?").pluck().get(name);
    return text === undefined ? null : epochMs(Number(text));
  }

  #note(name: string, at: EpochMs | null): void {
    if (at === null) this.#db.prepare("DELETE FROM meta WHERE k=?").run(name);
    else this.#db.prepare("INSERT OR REPLACE INTO meta(k, v) VALUES(?, ?)").run(name, String(at));
  }

  #writeRollups(rows: readonly SavedRollup[]): number {
    const known = this.#db.prepare<[number, number, number, number], KnownRow>(
      `SELECT revision, is_final AS isFinal, body FROM rollup
        WHERE grain=? AND from_ms=? AND scope=? AND metric=?`,
    );
    const write = this.#db.prepare(
      `INSERT OR REPLACE INTO rollup(grain, from_ms, scope, metric, to_ms, revision, is_final,
        definition, own_definition, body) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    let written = 0;
    for (const { grain, value, isFinal, sharesDefinition } of rows) {
      const scope = this.#term(scopeText(value.scope));
      const key = [
        SAVED_GRAINS.indexOf(grain),
        value.from,
        scope,
        this.#term(value.metric),
      ] as const;
      const body = writeBody(value);
      const old = known.get(...key);
      if (old?.body === body && old.isFinal === Number(isFinal)) continue;
      const text = JSON.stringify(value.definition);
      const definition = this.#mayShare(sharesDefinition, text)
        ? [this.#term(text), null]
        : [null, text];
      const revision = revisionAfter(old, body, value.revision);
      write.run(...key, value.to, revision, Number(isFinal), ...definition, body);
      written += 1;
    }
    return written;
  }

  #mayShare(sharesDefinition: boolean, text: string): boolean {
    if (!sharesDefinition) return false;
    return this.#known(text) !== undefined || this.#terms.size < MOST_TERMS;
  }

  /** Number of a word that many rows share. Bounded by the site plan's scopes, the metrics and their definitions. */
  #term(text: string): number {
    const known = this.#known(text);
    if (known !== undefined) return known;
    const added = this.#db.prepare("INSERT INTO term(text) VALUES(?)").run(text);
    const id = Number(added.lastInsertRowid);
    this.#terms.set(text, id);
    return id;
  }

  #known(text: string): number | undefined {
    const cached = this.#terms.get(text);
    if (cached !== undefined) return cached;
    const id = this.#db
      .prepare<[string], number>("SELECT id FROM term WHERE text=?")
      .pluck()
      .get(text);
    if (id !== undefined) this.#terms.set(text, id);
    return id;
  }
}

const ROLLUP_PAGE = `SELECT r.from_ms AS "from", r.to_ms AS "to", r.scope AS scopeId,
    r.metric AS metricId, s.text AS scope, m.text AS metric, r.revision, r.is_final AS isFinal,
    COALESCE(r.own_definition, d.text) AS definition, r.body
  FROM rollup r JOIN term s ON s.id=r.scope JOIN term m ON m.id=r.metric
    LEFT JOIN term d ON d.id=r.definition
  WHERE r.grain=? AND (r.from_ms, r.scope, r.metric)>(?, ?, ?) AND r.from_ms<?
    AND (? IS NULL OR r.scope=?) AND (? IS NULL OR r.metric=?)
  ORDER BY r.from_ms, r.scope, r.metric LIMIT ?`;

/** A correction of a final value is above it, and no revision ever goes back. */
function revisionAfter(old: KnownRow | undefined, body: string, revision: number): number {
  if (old === undefined) return revision;
  const corrects = old.isFinal === 1 && old.body !== body;
  return Math.max(revision, old.revision + (corrects ? 1 : 0));
}

/** Null when the bytes are damaged: the day is then missing, and the others are not. */
function inflated(body: Buffer): string | null {
  try {
    return inflateRawSync(body).toString("utf8");
  } catch {
    // Damage within one row that SQLite does not notice; what it held cannot be had back.
    return null;
  }
}

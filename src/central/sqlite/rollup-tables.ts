import type Database from "better-sqlite3";
import type {
  DayPairQuery,
  DayPairSum,
  DirtyHour,
  DirtyState,
  RollupQuery,
  RollupRow,
  RollupSum,
} from "../repository.ts";

/** Figures of slots, and the hours they must be made of. `save` must run inside a transaction. */
export class RollupTables {
  readonly #db: Database.Database;
  readonly #dirty: Database.Statement<[string | null, string | null, number], DirtyHour>;
  readonly #clean: Database.Statement<unknown[]>;
  readonly #findSeries: Database.Statement<unknown[], number>;
  readonly #addSeries: Database.Statement<unknown[], number>;
  readonly #dropFigures: Database.Statement<unknown[]>;
  readonly #dropDetails: Database.Statement<unknown[]>;
  readonly #addFigure: Database.Statement<unknown[]>;
  readonly #addDetail: Database.Statement<unknown[]>;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#dirty = db.prepare(
      `SELECT store_id AS storeId, hour, mark, since FROM dirty_hour WHERE ? IS NULL OR store_id=?
       ORDER BY mark, store_id, hour LIMIT ?`,
    );
    this.#clean = db.prepare("DELETE FROM dirty_hour WHERE store_id=? AND hour=? AND mark<=?");
    this.#findSeries = db
      .prepare<unknown[], number>(
        "SELECT id FROM series WHERE store_id=? AND grain=? AND metric=? AND scope=?",
      )
      .pluck();
    this.#addSeries = db
      .prepare<unknown[], number>(
        "INSERT INTO series(store_id, grain, metric, scope) VALUES(?,?,?,?) RETURNING id",
      )
      .pluck();
    const ofSlot =
      "WHERE series IN (SELECT id FROM series WHERE store_id=? AND grain=?) AND from_at=?";
    this.#dropFigures = db.prepare(`DELETE FROM rollup ${ofSlot}`);
    this.#dropDetails = db.prepare(`DELETE FROM rollup_detail ${ofSlot}`);
    this.#addFigure = db.prepare("INSERT OR REPLACE INTO rollup VALUES(?,?,?,?)");
    this.#addDetail = db.prepare("INSERT OR REPLACE INTO rollup_detail VALUES(?,?,?,?,?,?)");
  }

  dirtyHours(limit: number, storeId: string | null = null): readonly DirtyHour[] {
    return this.#dirty.all(storeId, storeId, limit);
  }

  dirtyState(): DirtyState {
    const none = { hours: 0, since: null };
    const state = this.#db.prepare<[], DirtyState>(
      "SELECT count(*) AS hours, min(since) AS since FROM dirty_hour",
    );
    return state.get() ?? none;
  }

  save(storeId: string, rows: readonly RollupRow[], done: readonly DirtyHour[]): void {
    const slots = new Set(rows.map((row) => `${row.grain} ${row.from}`));
    for (const slot of slots) {
      const [grain, from] = slot.split(" ");
      this.#dropFigures.run(storeId, grain, Number(from));
      this.#dropDetails.run(storeId, grain, Number(from));
    }
    for (const row of rows) {
      const key = [storeId, row.grain, row.metric, row.scope];
      const series = this.#findSeries.get(...key) ?? this.#addSeries.get(...key);
      this.#addFigure.run(series, row.from, row.value, row.completeness);
      this.#addDetail.run(series, row.from, row.to, row.finalAt, row.revision, row.detail);
    }
    for (const { hour, mark } of done) this.#clean.run(storeId, hour, mark);
  }

  read(query: RollupQuery): readonly RollupRow[] {
    const { text, values } = seriesFilter(query);
    return this.#db
      .prepare<unknown[], RollupRow>(
        `SELECT store_id AS storeId, grain, from_at AS "from", to_at AS "to", scope, metric, value, detail,
           completeness, final_at AS finalAt, revision
         FROM (SELECT * FROM series WHERE ${text}) AS s
         JOIN rollup ON rollup.series=s.id JOIN rollup_detail USING(series, from_at)
         WHERE from_at>=? AND from_at<? ORDER BY store_id, from_at, scope, metric`,
      )
      .all(...values, query.from, query.to);
  }

  dayPairs(query: DayPairQuery): readonly DayPairSum[] {
    return this.#db
      .prepare<[DayPairQuery], DayPairSum>(
        `SELECT s.store_id AS storeId, count(*) AS days, sum(a.value) AS own, sum(b.value) AS other,
           sum(a.value*b.value) AS product, sum(a.completeness) AS completeness
         FROM series s JOIN rollup a ON a.series=s.id AND a.from_at>=@from AND a.from_at<@to
           AND a.value IS NOT NULL ${query.other === "n" ? COUNTED : OTHER_DAY}
         WHERE s.grain='day' AND s.scope='store' AND s.metric=@metric
         GROUP BY s.store_id ORDER BY s.store_id`,
      )
      .all(query);
  }

  sums(query: RollupQuery): readonly RollupSum[] {
    const { text, values } = seriesFilter(query);
    // Summed per series first: then nothing has to be sorted but the series themselves.
    return this.#db
      .prepare<unknown[], RollupSum>(
        `SELECT storeId, metric, sum(slots) AS slots, sum(total) AS "sum", sum(total)/sum(n) AS mean,
           sum(complete)/sum(slots) AS completeness
         FROM (SELECT store_id AS storeId, metric, count(*) AS slots, sum(value) AS total, count(value) AS n,
             sum(completeness) AS complete
           FROM (SELECT id, store_id, metric FROM series WHERE ${text}) AS s
           CROSS JOIN rollup WHERE rollup.series=s.id AND from_at>=? AND from_at<? GROUP BY s.id)
         GROUP BY storeId, metric ORDER BY storeId, metric`,
      )
      .all(...values, query.from, query.to);
  }
}

/** `b`: the other figure of the same day; or how many the first one counts, as its details say. */
const OTHER_DAY = `JOIN series t ON t.store_id=s.store_id AND t.grain=s.grain AND t.scope=s.scope AND t.metric=@other
  JOIN rollup b ON b.series=t.id AND b.from_at=a.from_at AND b.value IS NOT NULL`;
const COUNTED = `JOIN (SELECT series, from_at, json_extract(detail, '$.n') AS value FROM rollup_detail) b
  ON b.series=s.id AND b.from_at=a.from_at AND b.value IS NOT NULL AND @other='n'`;

/** Lists travel as one JSON array each: the number of stores may exceed what SQLite takes as parameters. */
function seriesFilter(query: RollupQuery): { readonly text: string; readonly values: unknown[] } {
  const parts = ["grain=?", "metric IN (SELECT value FROM json_each(?))"];
  const values: unknown[] = [query.grain, JSON.stringify(query.metrics)];
  if (query.scope !== null) {
    parts.push("scope=?");
    values.push(query.scope);
  }
  if (query.storeIds !== null) {
    parts.push("store_id IN (SELECT value FROM json_each(?))");
    values.push(JSON.stringify(query.storeIds));
  }
  return { text: parts.join(" AND "), values };
}

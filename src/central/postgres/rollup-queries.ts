import type {
  DayPairQuery,
  DayPairSum,
  DirtyHour,
  DirtyState,
  RollupQuery,
  RollupRow,
  RollupSum,
} from "../repository.ts";
import type { Connection, NodePool } from "./node-pool.ts";

/** Hours to make figures of, oldest mark first; null: of every store. */
export function readDirtyHours(
  pool: NodePool,
  limit: number,
  storeId: string | null,
): Promise<readonly DirtyHour[]> {
  return pool.query<DirtyHour>(
    `SELECT store_id AS "storeId", hour, mark, since FROM dirty_hour WHERE $2::text IS NULL OR store_id=$2
     ORDER BY mark, store_id, hour LIMIT $1`,
    [limit, storeId],
  );
}

/** How much waits, and since when. */
export async function readDirtyState(pool: NodePool): Promise<DirtyState> {
  const [row] = await pool.query<DirtyState>(
    "SELECT count(*) AS hours, min(since) AS since FROM dirty_hour",
  );
  return row ?? { hours: 0, since: null };
}

/** Takes or keeps a store by the server's clock, which all centres share; false while another holds it. */
export async function claimStore(
  pool: NodePool,
  storeId: string,
  holder: string,
  forMs: number,
): Promise<boolean> {
  const rows = await pool.query(
    `INSERT INTO store_claim AS c VALUES($1, $2, now()+$3*interval '1 millisecond')
     ON CONFLICT (store_id) DO UPDATE SET holder=excluded.holder, until=excluded.until
     WHERE c.holder=excluded.holder OR c.until<now() RETURNING 1`,
    [storeId, holder, forMs],
  );
  return rows.length > 0;
}

/** Gives a store back, if it is still the holder's. */
export async function releaseStore(pool: NodePool, storeId: string, holder: string): Promise<void> {
  await pool.query("DELETE FROM store_claim WHERE store_id=$1 AND holder=$2", [storeId, holder]);
}

/** Replaces the figures of the slots the rows name and clears the hours at their marks. Runs inside a transaction. */
export async function saveRollups(
  connection: Connection,
  storeId: string,
  rows: readonly RollupRow[],
  done: readonly DirtyHour[],
): Promise<void> {
  for (const grain of new Set(rows.map((row) => row.grain))) {
    const ofGrain = rows.filter((row) => row.grain === grain);
    await connection.query(
      `DELETE FROM rollup USING series s WHERE rollup.store_id=$1 AND s.store_id=$1 AND s.grain=$2
       AND rollup.series=s.id AND rollup.from_at=ANY($3::bigint[])`,
      [storeId, grain, [...new Set(ofGrain.map((row) => row.from))]],
    );
    await insertRollups(connection, storeId, grain, ofGrain);
  }
  if (done.length === 0) return;
  await connection.query(
    `DELETE FROM dirty_hour d USING unnest($2::bigint[], $3::bigint[]) AS n(hour, mark)
     WHERE d.store_id=$1 AND d.hour=n.hour AND d.mark<=n.mark`,
    [storeId, done.map(({ hour }) => hour), done.map(({ mark }) => mark)],
  );
}

async function insertRollups(
  connection: Connection,
  storeId: string,
  grain: string,
  rows: readonly RollupRow[],
): Promise<void> {
  const names = [
    storeId,
    grain,
    rows.map((row) => row.metric),
    rows.map((row) => row.scope),
  ] as const;
  await connection.query(
    `INSERT INTO series(store_id, grain, metric, scope)
     SELECT DISTINCT $1, $2, metric, scope FROM unnest($3::text[], $4::text[]) AS n(metric, scope)
     WHERE NOT EXISTS (SELECT 1 FROM series s WHERE s.store_id=$1 AND s.grain=$2 AND s.metric=n.metric
       AND s.scope=n.scope) ON CONFLICT DO NOTHING`,
    names,
  );
  await connection.query(
    `INSERT INTO rollup(store_id, series, from_at, to_at, value, completeness, final_at, revision, detail)
     SELECT $1, s.id, n.from_at, n.to_at, n.value, n.completeness, n.final_at, n.revision, n.detail
     FROM unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::float8[], $8::float8[], $9::bigint[],
       $10::int[], $11::text[])
       AS n(metric, scope, from_at, to_at, value, completeness, final_at, revision, detail)
     JOIN series s ON s.store_id=$1 AND s.grain=$2 AND s.metric=n.metric AND s.scope=n.scope
     ON CONFLICT (store_id, series, from_at) DO UPDATE SET to_at=excluded.to_at, value=excluded.value,
       completeness=excluded.completeness, final_at=excluded.final_at, revision=excluded.revision,
       detail=excluded.detail`,
    [
      ...names,
      rows.map((row) => row.from),
      rows.map((row) => row.to),
      rows.map((row) => row.value),
      rows.map((row) => row.completeness),
      rows.map((row) => row.finalAt),
      rows.map((row) => row.revision),
      rows.map((row) => row.detail),
    ],
  );
}

const SERIES = `SELECT id, store_id, grain, metric, scope FROM series
  WHERE grain=$1 AND metric=ANY($2::text[]) AND ($3::text IS NULL OR scope=$3)
  AND ($4::text[] IS NULL OR store_id=ANY($4))`;

const valuesOf = ({ grain, metrics, scope, storeIds, from, to }: RollupQuery): unknown[] => [
  grain,
  metrics,
  scope,
  storeIds,
  from,
  to,
];

/** Figures by store, slot, scope and metric. */
export function readRollups(pool: NodePool, query: RollupQuery): Promise<readonly RollupRow[]> {
  return pool.query<RollupRow>(
    `SELECT s.store_id AS "storeId", grain, from_at AS "from", to_at AS "to", scope, metric, value, detail,
       completeness, final_at AS "finalAt", revision
     FROM (${SERIES}) s JOIN rollup r ON r.store_id=s.store_id AND r.series=s.id
       AND r.from_at>=$5 AND r.from_at<$6
     ORDER BY s.store_id, from_at, scope, metric`,
    valuesOf(query),
  );
}

/** A question about all stores is asked in so many parts at once: the server gives one core to each. */
const PARTS = 4;

/** Sums per store and metric; the key of the figures holds all they need. */
export async function readSums(pool: NodePool, query: RollupQuery): Promise<readonly RollupSum[]> {
  if (query.storeIds !== null) return readPart(pool, query, 1, 0);
  const parts = Array.from({ length: PARTS }, (_, part) => readPart(pool, query, PARTS, part));
  const rows = (await Promise.all(parts)).flat();
  return rows.sort((a, b) => inOrder(a.storeId, b.storeId) || inOrder(a.metric, b.metric));
}

const inOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function readPart(
  pool: NodePool,
  query: RollupQuery,
  parts: number,
  part: number,
): Promise<readonly RollupSum[]> {
  return pool.query<RollupSum>(
    `SELECT s.store_id AS "storeId", metric, sum(f.slots)::float8 AS slots, sum(f.total) AS "sum",
       sum(f.total)/nullif(sum(f.n), 0)::float8 AS mean, sum(f.complete)/sum(f.slots)::float8 AS completeness
     FROM (${SERIES}) s CROSS JOIN LATERAL
       (SELECT count(*) AS slots, sum(value) AS total, count(value) AS n, sum(completeness) AS complete
        FROM rollup r WHERE r.store_id=s.store_id AND r.series=s.id AND r.from_at>=$5 AND r.from_at<$6) f
     WHERE f.slots>0 AND ($7=1 OR abs(hashtext(s.store_id)::bigint)%$7=$8)
     GROUP BY s.store_id, metric ORDER BY s.store_id, metric`,
    [...valuesOf(query), parts, part],
  );
}

/** The other figure of the same day; or how many the first one counts, as its details say. */
const OTHER_DAY = `JOIN series t ON t.store_id=s.store_id AND t.grain=s.grain AND t.scope=s.scope AND t.metric=$2
  JOIN rollup b ON b.store_id=t.store_id AND b.series=t.id AND b.from_at=a.from_at AND b.value IS NOT NULL`;
const COUNTED = `CROSS JOIN LATERAL (SELECT (a.detail::json->>'n')::float8 AS value WHERE $2='n') b`;

/** Two figures of the same days, summed by store. */
export function readDayPairs(
  pool: NodePool,
  { metric, other, from, to }: DayPairQuery,
): Promise<readonly DayPairSum[]> {
  return pool.query<DayPairSum>(
    `SELECT s.store_id AS "storeId", count(*)::float8 AS days, sum(a.value) AS own, sum(b.value) AS other,
       sum(a.value*b.value) AS product, sum(a.completeness) AS completeness
     FROM series s JOIN rollup a ON a.store_id=s.store_id AND a.series=s.id AND a.from_at>=$3 AND a.from_at<$4
       AND a.value IS NOT NULL ${other === "n" ? COUNTED : OTHER_DAY}
     WHERE s.grain='day' AND s.scope='store' AND s.metric=$1 AND b.value IS NOT NULL
     GROUP BY s.store_id ORDER BY s.store_id`,
    [metric, other, from, to],
  );
}

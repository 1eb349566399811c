import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { BirthMessage } from "../../wire/envelopes.ts";
import { storableText } from "../kept-text.ts";
import type { GapRow, GatewayRow, StreamAccount } from "../repository.ts";
import type { NodePool } from "./node-pool.ts";

interface GatewayTableRow {
  readonly gateway: string;
  readonly storeId: string | null;
  readonly online: boolean | null;
  readonly session: string | null;
  readonly versions: string | null;
  readonly sensors: string | null;
  readonly seen: EpochMs | null;
}

const SHOWN_GAPS = 20;
const MOST_GAPS = 5000;
const GAP = `epoch, stream, from_seq AS "from", to_seq AS "to", n, why, first_at AS "firstAt", last_at AS "lastAt",
  received AS "receivedAt"`;

/** Gaps of a store's gateways that may overlap an interval, newest first. */
export function readGapsWithin(
  pool: NodePool,
  storeId: string,
  from: EpochMs,
  to: EpochMs,
): Promise<readonly GapRow[]> {
  return pool.query<GapRow>(
    `SELECT ${GAP} FROM gap WHERE store_id=$1 AND coalesce(last_at, received)>=$2
     AND coalesce(first_at, last_at, received)<$3 ORDER BY received DESC LIMIT $4`,
    [storeId, from, to, MOST_GAPS],
  );
}

/** How many events each gateway of a node said since then that will never come. */
export function readLostSince(
  pool: NodePool,
  from: EpochMs,
): Promise<readonly { readonly gatewayId: string; readonly n: number }[]> {
  return pool.query(
    `SELECT gateway AS "gatewayId", sum(n)::float8 AS n FROM gap WHERE received>=$1 GROUP BY gateway ORDER BY gateway`,
    [from],
  );
}

/** Every gateway of a node that ever sent a birth or an event, with its accounts and latest gaps. */
export async function readGateways(pool: NodePool): Promise<readonly GatewayRow[]> {
  const [rows, cursors, gaps] = await Promise.all([
    pool.query<GatewayTableRow>(
      `SELECT gateway, coalesce(h.store_id, g.store_id, ids.store_id) AS "storeId", online, session, versions,
         sensors, seen
       FROM (SELECT gateway, min(store_id) AS store_id FROM gateway_cursor WHERE seq>0 GROUP BY gateway
         UNION SELECT gateway, store_id FROM gateway) AS ids
       LEFT JOIN gateway g USING (gateway) LEFT JOIN gateway_home h USING (gateway) ORDER BY gateway`,
    ),
    pool.query<StreamAccount & { readonly gateway: string }>(
      `SELECT gateway, epoch, stream, seq, stored, known, shed, quarantined, updated AS "updatedAt", last_at AS "lastAt"
       FROM gateway_cursor WHERE seq>0 ORDER BY gateway, updated DESC, stream`,
    ),
    pool.query<GapRow & { readonly gateway: string }>(
      `SELECT ids.gateway, ${GAP} FROM (SELECT DISTINCT gateway FROM gap) AS ids CROSS JOIN LATERAL
         (SELECT * FROM gap WHERE gap.gateway=ids.gateway ORDER BY received DESC, from_seq DESC LIMIT $1) AS latest
       ORDER BY ids.gateway, received DESC, from_seq DESC`,
      [SHOWN_GAPS],
    ),
  ]);
  const accounts = byGateway(cursors);
  const latest = byGateway(gaps);
  return rows.map((row) => {
    const streams = accounts.get(row.gateway) ?? [];
    const times = [row.seen ?? 0, ...streams.map((account) => account.updatedAt)];
    return {
      gatewayId: row.gateway,
      storeId: row.storeId,
      online: row.online === true,
      session: row.session,
      versions: JSON.parse(row.versions ?? "{}"),
      sensors: JSON.parse(row.sensors ?? "[]"),
      lastSeenAt: epochMs(Math.max(...times)),
      streams,
      gaps: latest.get(row.gateway) ?? [],
    };
  });
}

function byGateway<T>(rows: readonly (T & { readonly gateway: string })[]): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const { gateway, ...rest } of rows) {
    const known = found.get(gateway);
    // The rest of a row is the row without its gateway.
    if (known === undefined) found.set(gateway, [rest as T]);
    else known.push(rest as T);
  }
  return found;
}

/** Notes who is there; a farewell counts only for the session that is known. */
export async function writeBirth(
  pool: NodePool,
  gatewayId: string,
  birth: BirthMessage,
  at: EpochMs,
): Promise<void> {
  const { storeId, session, boot, epoch, versions, schemaHash, sensors } = birth;
  if (!birth.online) {
    await pool.query("UPDATE gateway SET online=false, seen=$1 WHERE gateway=$2 AND session=$3", [
      at,
      gatewayId,
      session,
    ]);
    return;
  }
  await pool.query(
    `INSERT INTO gateway(store_id, gateway, online, session, boot, epoch, versions, schema_hash, sensors, seen)
     VALUES(coalesce((SELECT store_id FROM gateway_home WHERE gateway=$2), $1),$2,true,$3,$4,$5,$6,$7,$8,$9)
     ON CONFLICT (store_id, gateway) DO UPDATE SET online=true, session=excluded.session, boot=excluded.boot,
       epoch=excluded.epoch, versions=excluded.versions, schema_hash=excluded.schema_hash,
       sensors=excluded.sensors, seen=excluded.seen`,
    [
      storeId,
      gatewayId,
      session,
      boot,
      epoch,
      storableText(JSON.stringify(versions)),
      schemaHash,
      JSON.stringify(sensors),
      at,
    ],
  );
}

import { type EventChange, type NameChange, type NamedEvent, renamedAll } from "../named-events.ts";
import type { Connection, NodePool } from "./node-pool.ts";
import { EVENT_NAME } from "./schema.ts";

/** Events of these stores that name somebody so, the oldest first, on one node. */
export const readNamedEvents = (
  pool: NodePool,
  storeIds: readonly string[],
  name: string,
  limit: number,
): Promise<NamedEvent[]> =>
  // Sorted on the outside, lest the order of time be taken for the way to look: the name leads to a handful.
  pool.query<NamedEvent>(
    `WITH named AS MATERIALIZED (SELECT store_id AS "storeId", at, id, body FROM event
       WHERE ${EVENT_NAME}=$2)
     SELECT * FROM named WHERE "storeId"=ANY($1::text[]) ORDER BY at, id LIMIT $3`,
    [storeIds, name, limit],
  );

/** Replaces texts of events that still are what they were; returns how many. */
export async function changeEvents(
  pool: NodePool,
  changes: readonly EventChange[],
): Promise<number> {
  if (changes.length === 0) return 0;
  // In a fixed order, so that locks never cross.
  const rows = await pool.transaction((connection) =>
    connection.query(
      `UPDATE event e SET body=n.body
       FROM (SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[])
         AS n(store_id, at, id, was, body) ORDER BY store_id, at, id) n
       WHERE e.store_id=n.store_id AND e.at=n.at AND e.id=n.id AND e.body=n.was RETURNING 1`,
      [
        changes.map(({ storeId }) => storeId),
        changes.map(({ at }) => at),
        changes.map(({ id }) => id),
        changes.map(({ was }) => was),
        changes.map(({ body }) => body),
      ],
    ),
  );
  return rows.length;
}

interface AsideText {
  readonly gateway: string;
  readonly n: number;
  readonly reason: string;
  readonly body: string;
}

/** Writes other names into what was set aside on one node, in one look; returns into how many rows. */
export async function renameAsides(
  connection: Connection,
  changes: readonly NameChange[],
): Promise<number> {
  const rows = await connection.query<AsideText>(
    `SELECT gateway, n, reason, body FROM quarantine
     WHERE EXISTS (SELECT 1 FROM unnest($1::text[]) AS name
       WHERE strpos(body, name)>0 OR strpos(reason, name)>0) ORDER BY gateway, n FOR UPDATE`,
    [changes.map(({ name }) => name)],
  );
  let count = 0;
  for (const { gateway, n, reason, body } of rows) {
    const [why, own] = [renamedAll(reason, changes), renamedAll(body, changes)];
    if (why === reason && own === body) continue;
    await connection.query("UPDATE quarantine SET reason=$1, body=$2 WHERE gateway=$3 AND n=$4", [
      ...[why, own, gateway, n],
    ]);
    count += 1;
  }
  return count;
}

/** Writes another name into entries of the log about members; returns into how many. */
export async function renameAudits(pool: NodePool, target: string, to: string): Promise<number> {
  const rows = await pool.query(
    "UPDATE audit SET target=$1 WHERE target=$2 AND action LIKE 'loyalty:%' RETURNING 1",
    [to, target],
  );
  return rows.length;
}

import type { EpochMs } from "../../core/brand.ts";
import { ASIDES_OF_ONE, keptBody, QUARANTINE_ROWS, storableText } from "../kept-text.ts";
import type { Connection } from "./node-pool.ts";

/** A text to set aside, with as much of its place as is known. */
export interface Aside {
  readonly gatewayId: string;
  readonly epoch: string | null;
  readonly stream: string | null;
  readonly seq: number | null;
  readonly reason: string;
  readonly body: string;
  readonly receivedAt: EpochMs;
  /** See `BatchRecord`; null for anything else. */
  readonly unsyncedBoot: string | null;
  /** What tells a whole message from others of its gateway; null for a record, which comes once. */
  readonly hash: string | null;
}

/**
 * Sets texts aside; a message of the same likeness is counted. Their numbers grow with time over all nodes: seconds since 2020, a count of the node, and its
 * position among the shards.
 */
export async function setAside(
  connection: Connection,
  shard: number,
  rows: readonly Aside[],
): Promise<void> {
  if (rows.length === 0) return;
  await connection.query(
    `INSERT INTO quarantine(n, gateway, epoch, stream, seq, reason, body, received, boot, hash)
     SELECT ((received/1000-1577836800)<<22)|((nextval('quarantine_number')&65535)<<6)|$8::int, n.*
     FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $9::text[],
       $10::text[]) AS n(gateway, epoch, stream, seq, reason, body, received, boot, hash)
     ON CONFLICT (gateway, hash) WHERE hash IS NOT NULL
       DO UPDATE SET times=quarantine.times+1, last_received=excluded.received`,
    [
      rows.map(({ gatewayId }) => gatewayId),
      rows.map(({ epoch }) => epoch),
      rows.map(({ stream }) => stream),
      rows.map(({ seq }) => seq),
      rows.map(({ reason }) => storableText(reason)),
      rows.map(({ body }) => keptBody(body)),
      rows.map(({ receivedAt }) => receivedAt),
      shard,
      rows.map(({ unsyncedBoot }) => unsyncedBoot),
      rows.map(({ hash }) => hash),
    ],
  );
}

/** "asid" as a number: centres on one database trim one after the other. */
const TRIM_LOCK = 0x61736964;

/** Drops what is beyond the caps and counts it: the newest of every gateway stay; when those are too many, as many of each. */
export async function trimAsides(connection: Connection): Promise<void> {
  await connection.query("SELECT pg_advisory_xact_lock($1)", [TRIM_LOCK]);
  await connection.query(
    `WITH ranked AS (SELECT ctid AS spot, n, row_number() OVER (PARTITION BY gateway ORDER BY n DESC) AS rank FROM quarantine),
       placed AS (SELECT spot, rank, row_number() OVER (ORDER BY rank, n DESC) AS place FROM ranked),
       gone AS (DELETE FROM quarantine WHERE ctid IN (SELECT spot FROM placed WHERE rank>$1 OR place>$2)
         RETURNING gateway)
     INSERT INTO aside_loss SELECT gateway, count(*) FROM gone GROUP BY gateway
     ON CONFLICT (gateway) DO UPDATE SET n=aside_loss.n+excluded.n`,
    [ASIDES_OF_ONE, QUARANTINE_ROWS],
  );
}

import { type EpochMs, epochMs } from "../../core/brand.ts";
import { SETTLED_MS } from "../kept-text.ts";
import { type Connection, type NodePool, SCHEMA } from "./node-pool.ts";
import { codeOf, isPassing } from "./pg-faults.ts";
import { FIRST_MONTH_AT } from "./schema.ts";

/** Second word of the lock under which partitions are made and dropped. */
const PARTITION_LOCK = 0x70617274;
const LOCK_WAIT = "2s";
const DROP_TRIES = 5;

/** A month of UTC, half-open. */
interface Month {
  readonly table: string;
  readonly from: number;
  readonly to: number;
}

/** The month an instant lies in, or `shift` months later; null for what is older than months of their own. Pure. */
export function monthOf(at: EpochMs, shift = 0): Month | null {
  if (at < FIRST_MONTH_AT) return null;
  const date = new Date(at);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + shift];
  const from = Date.UTC(year, month);
  const name = new Date(from).toISOString().slice(0, 7).replace("-", "");
  return { table: `event_${name}`, from, to: Date.UTC(year, month + 1) };
}

/**
 * Partitions of the events by month. They are made before the commit that needs them, that of the following month a
 * month ahead, and stand until retention drops them whole.
 */
export class Partitions {
  readonly #pool: NodePool;
  /** Bounded by the months from 2020 on: the ingest lets nothing in from the future. */
  readonly #known = new Set<string>();

  constructor(pool: NodePool) {
    this.#pool = pool;
  }

  /** Makes what is missing for events of these times. */
  async ensure(times: Iterable<EpochMs>, receivedAt: EpochMs): Promise<void> {
    const missing = new Map<string, Month>();
    const want = (month: Month | null): void => {
      if (month !== null && !this.#known.has(month.table)) missing.set(month.table, month);
    };
    want(monthOf(receivedAt));
    want(monthOf(receivedAt, 1));
    let last: Month | null = null;
    for (const at of times) {
      if (last !== null && at >= last.from && at < last.to) continue;
      last = monthOf(at);
      want(last);
    }
    if (missing.size > 0) await this.#make([...missing.values()]);
  }

  /** Whether an event of this time has a place, as far as is known here. */
  has(at: EpochMs): boolean {
    const month = monthOf(at);
    return month === null || this.#known.has(month.table);
  }

  /** Somebody else dropped a partition: look again. */
  forget(): void {
    this.#known.clear();
  }

  /** Drops whole months that ended by then; returns how many events are gone. */
  async drop(before: EpochMs): Promise<number> {
    const tables = await this.#pool.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_inherits JOIN pg_class c ON c.oid=inhrelid
       WHERE inhparent='${SCHEMA}.event'::regclass ORDER BY c.relname`,
    );
    const gone = tables.filter(({ name }) => endOf(name) <= before);
    const end = gone.reduce((latest, { name }) => Math.max(latest, endOf(name)), 0);
    if (gone.length > 0) await this.#settle(end + SETTLED_MS);
    let dropped = 0;
    for (const { name } of gone) {
      dropped += await this.#pool.alone((connection) => dropOne(connection, name));
      this.#known.delete(name);
    }
    return dropped;
  }

  async #settle(before: number): Promise<void> {
    await this.#pool.query("UPDATE shard_map SET settled=greatest(settled, $1)", [before]);
    await this.#pool.query("DELETE FROM dirty_hour WHERE hour<$1", [before]);
  }

  async #make(months: readonly Month[]): Promise<void> {
    await this.#pool.transaction(async (connection) => {
      await connection.query("SELECT pg_advisory_xact_lock($1)", [PARTITION_LOCK]);
      for (const { table, from, to } of months) {
        const [found] = await connection.query<{ oid: string | null }>(
          "SELECT to_regclass($1) AS oid",
          [`${SCHEMA}.${table}`],
        );
        if (found?.oid !== null) continue;
        // Attached, not created as a partition: that would lock out every commit until it is done.
        await connection.query(`CREATE TABLE ${table} (LIKE event INCLUDING DEFAULTS)`);
        await connection.query(
          `ALTER TABLE event ATTACH PARTITION ${table} FOR VALUES FROM (${from}) TO (${to})`,
        );
      }
    });
    for (const { table } of months) this.#known.add(table);
  }
}

function endOf(table: string): EpochMs {
  const [, year, month] = /^event_(\d{4})(\d{2})$/.exec(table) ?? [];
  return epochMs(year === undefined ? FIRST_MONTH_AT : Date.UTC(Number(year), Number(month)));
}

/** A short wait for the lock and several tries, so that commits are never held up for long. */
async function dropOne(connection: Connection, table: string): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    await connection.query("BEGIN");
    try {
      await connection.query(`SET LOCAL lock_timeout='${LOCK_WAIT}'`);
      await connection.query("SELECT pg_advisory_xact_lock($1)", [PARTITION_LOCK]);
      await connection.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
      const events = await forgetPartition(connection, table);
      await connection.query("COMMIT");
      return events;
    } catch (error) {
      await connection.query("ROLLBACK");
      const isLocked = codeOf(error) === "55P03" || isPassing(error);
      if (!isLocked || attempt === DROP_TRIES) throw error;
    }
  }
}

async function forgetPartition(connection: Connection, table: string): Promise<number> {
  const counts = await connection.query<{ store_id: string; n: number }>(
    `SELECT store_id, count(*) AS n FROM ${table} GROUP BY store_id ORDER BY store_id`,
  );
  const isLast = table === "event_before";
  await connection.query(isLast ? `TRUNCATE ${table}` : `DROP TABLE ${table}`);
  await connection.query(
    `UPDATE store SET events=events-gone.n,
       first_at=coalesce((SELECT min(at) FROM event WHERE store_id=store.store_id), first_at)
     FROM unnest($1::text[], $2::bigint[]) AS gone(store_id, n) WHERE store.store_id=gone.store_id`,
    [counts.map((row) => row.store_id), counts.map((row) => row.n)],
  );
  return counts.reduce((sum, row) => sum + row.n, 0);
}

import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { TimeFix } from "../../wire/time-fix.ts";
import {
  concernsClock,
  type Moved,
  mendEvents,
  mendTime,
  moveChanges,
  type Rescued,
  rescueEvent,
  touches,
} from "../mend-times.ts";
import { EVENT_COLUMNS } from "./event-lines.ts";
import type { Connection } from "./node-pool.ts";
import type { PlannedBatch } from "./stream-states.ts";

/** A fix of one life of one gateway, in the place where its events lie. */
interface KnownFix extends TimeFix {
  readonly storeId: string;
  readonly gatewayId: string;
}

/** Fixes that a commit brought, and all that its batches need. */
export interface FixesAtHand {
  readonly fresh: readonly KnownFix[];
  readonly known: readonly KnownFix[];
}

const NO_FIXES: FixesAtHand = { fresh: [], known: [] };
/** Events moved by one statement. */
const MOVED_AT_ONCE = 5000;

const concerns = ({ plan }: PlannedBatch): boolean =>
  concernsClock(plan.events) || plan.quarantined.some(({ unsyncedBoot }) => unsyncedBoot !== null);

/**
 * Notes the fixes among the planned events and gives events the times they really had, as far as fixes are known. Commits
 * of one gateway that concern clocks follow each other, so that none stores an event whose fix another just noted.
 * @throws MonthsMissing
 */
export async function takeFixes(
  connection: Connection,
  planned: readonly PlannedBatch[],
  hasMonth: (at: EpochMs) => boolean,
): Promise<FixesAtHand> {
  const concerned = planned.filter(concerns);
  if (concerned.length === 0) return NO_FIXES;
  const gateways = [...new Set(concerned.map(({ state }) => state.gatewayId))].sort();
  await connection.query(
    "SELECT pg_advisory_xact_lock(hashtextextended('clock '||gateway, 0)) FROM unnest($1::text[]) AS n(gateway)",
    [gateways],
  );
  const fresh = await addFixes(connection, concerned);
  const known = await connection.query<KnownFix>(
    `SELECT store_id AS "storeId", gateway AS "gatewayId", boot, at, mono AS "monoMs" FROM time_fix
     WHERE gateway=ANY($1::text[])`,
    [gateways],
  );
  for (const one of concerned) {
    const { gatewayId, storeId } = one.state;
    const fixOf = (boot: string): TimeFix | null =>
      known.find(
        (fix) => fix.boot === boot && fix.gatewayId === gatewayId && fix.storeId === storeId,
      ) ?? null;
    one.plan = { ...one.plan, events: mendEvents(one.plan.events, fixOf, one.batch.receivedAt) };
    one.fresh = one.plan.events;
  }
  const events = concerned.flatMap(({ plan }) => plan.events);
  requireMonths(
    events.map(({ record }) => record.at),
    hasMonth,
  );
  return { fresh, known };
}

function addFixes(
  connection: Connection,
  planned: readonly PlannedBatch[],
): Promise<readonly KnownFix[]> {
  const told = planned.flatMap(({ plan, state: { storeId, gatewayId } }) =>
    plan.events.flatMap(({ record: { fix } }) =>
      fix === undefined ? [] : [{ ...fix, storeId, gatewayId }],
    ),
  );
  if (told.length === 0) return Promise.resolve([]);
  return connection.query<KnownFix>(
    `INSERT INTO time_fix(store_id, gateway, boot, at, mono)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::float8[]) ON CONFLICT DO NOTHING
     RETURNING store_id AS "storeId", gateway AS "gatewayId", boot, at, mono AS "monoMs"`,
    [
      told.map(({ storeId }) => storeId),
      told.map(({ gatewayId }) => gatewayId),
      told.map(({ boot }) => boot),
      told.map(({ at }) => at),
      told.map(({ monoMs }) => monoMs),
    ],
  );
}

/** Remembers stored events whose time is still to be mended. */
export async function rememberUnsynced(
  connection: Connection,
  planned: readonly PlannedBatch[],
): Promise<void> {
  const rows = planned.flatMap(({ state, fresh }) =>
    fresh.flatMap(({ record: { unsyncedBoot, at, id } }) =>
      unsyncedBoot === undefined ? [] : [{ ...state, boot: unsyncedBoot, at, id }],
    ),
  );
  if (rows.length === 0) return;
  await connection.query(
    `INSERT INTO unsynced(store_id, gateway, boot, at, id)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[]) ON CONFLICT DO NOTHING`,
    [
      rows.map(({ storeId }) => storeId),
      rows.map(({ gatewayId }) => gatewayId),
      rows.map(({ boot }) => boot),
      rows.map(({ at }) => at),
      rows.map(({ id }) => id),
    ],
  );
}

/** Thrown to have the months made that mended events go to; the transaction is then run again. */
export class MonthsMissing extends Error {
  readonly times: readonly EpochMs[];

  constructor(times: readonly EpochMs[]) {
    super("events are to be moved to months that have no partition");
    this.times = times;
  }
}

/**
 * Mends what was stored, and what was set aside, before its fix came, and marks the hours it left and came into. Call when
 * the accounts are saved. @throws MonthsMissing
 */
export async function settleFixes(
  connection: Connection,
  { fresh, known }: FixesAtHand,
  planned: readonly PlannedBatch[],
  hasMonth: (at: EpochMs) => boolean,
): Promise<void> {
  const receivedAt = epochMs(planned.reduce((at, one) => Math.max(at, one.batch.receivedAt), 0));
  const boots = new Set(
    planned.flatMap(({ plan, state }) =>
      plan.quarantined.map(({ unsyncedBoot }) => `${state.gatewayId} ${unsyncedBoot}`),
    ),
  );
  const late = known.filter(({ gatewayId, boot }) => boots.has(`${gatewayId} ${boot}`));
  const moved = planned.flatMap(({ state, plan }) => [...touches(state.storeId, plan.gaps)]);
  // Row by row by their keys: a join could be planned as a scan of all events.
  if (fresh.length > 0)
    await connection.query(
      "SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)",
    );
  for (const fix of fresh) moved.push(...(await moveStored(connection, fix, receivedAt, hasMonth)));
  for (const fix of new Set([...fresh, ...late]))
    moved.push(...(await rescue(connection, fix, receivedAt, hasMonth)));
  await noteMoves(connection, moved, receivedAt);
}

interface StoredRow {
  readonly at: EpochMs;
  readonly id: string;
  readonly body: string;
}

async function moveStored(
  connection: Connection,
  fix: KnownFix,
  receivedAt: EpochMs,
  hasMonth: (at: EpochMs) => boolean,
): Promise<readonly Moved[]> {
  const { storeId } = fix;
  const place = [storeId, fix.gatewayId, fix.boot];
  const rows = await connection.query<StoredRow>(
    `DELETE FROM unsynced u USING event e WHERE u.store_id=$1 AND u.gateway=$2 AND u.boot=$3
     AND e.store_id=u.store_id AND e.at=u.at AND e.id=u.id RETURNING e.at, e.id, e.body`,
    place,
  );
  await connection.query(
    "DELETE FROM unsynced WHERE store_id=$1 AND gateway=$2 AND boot=$3",
    place,
  );
  const mended = rows.flatMap(({ at: from, id, body }) => {
    const one = mendTime(body, fix, receivedAt);
    return one === null ? [] : [{ from, id, to: one.at, body: one.body }];
  });
  requireMonths(
    mended.map(({ to }) => to),
    hasMonth,
  );
  const arrived = new Set<string>();
  for (let first = 0; first < mended.length; first += MOVED_AT_ONCE) {
    const part = mended.slice(first, first + MOVED_AT_ONCE);
    // What is there already, told by a clock that was set, stays; the other of the two goes.
    const rowsThere = await connection.query<{ at: EpochMs; id: string }>(
      `WITH n AS (SELECT * FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[]) AS n(was, id, at, body)),
         gone AS (DELETE FROM event e USING n WHERE e.store_id=$1 AND e.at=n.was AND e.id=n.id
           RETURNING e.store_id, n.at, e.id, e.gateway, e.epoch, e.stream, e.seq, e.type, n.body, e.received)
       INSERT INTO event(${EVENT_COLUMNS}) SELECT * FROM gone ON CONFLICT DO NOTHING RETURNING at, id`,
      [
        storeId,
        part.map(({ from }) => from),
        part.map(({ id }) => id),
        part.map(({ to }) => to),
        part.map(({ body }) => body),
      ],
    );
    for (const { at, id } of rowsThere) arrived.add(`${at} ${id}`);
  }
  return mended.map(({ from, to, id }) => {
    const isThere = arrived.delete(`${to} ${id}`);
    return { storeId, from, to: isThere ? to : null };
  });
}

interface AsideRow {
  readonly n: number;
  readonly epoch: string;
  readonly stream: string;
  readonly seq: number;
  readonly body: string;
  readonly received: EpochMs;
}

/** Events set aside only because a clock that was not set ran ahead. */
async function rescue(
  connection: Connection,
  fix: KnownFix,
  receivedAt: EpochMs,
  hasMonth: (at: EpochMs) => boolean,
): Promise<readonly Moved[]> {
  const { storeId, gatewayId, boot } = fix;
  const rows = await connection.query<AsideRow>(
    "SELECT n, epoch, stream, seq, body, received FROM quarantine WHERE gateway=$1 AND boot=$2 FOR UPDATE",
    [gatewayId, boot],
  );
  const found = rows.flatMap((row) => {
    const event = rescueEvent(row.body, fix, receivedAt, storeId);
    return event === null ? [] : [{ row, event }];
  });
  requireMonths(
    found.map(({ event }) => event.at),
    hasMonth,
  );
  const moved: Moved[] = [];
  for (const { row, event } of found)
    if (await storeRescued(connection, fix, row, event))
      moved.push({ storeId, from: null, to: event.at });
  return moved;
}

/** False when it was stored already. */
async function storeRescued(
  connection: Connection,
  { storeId, gatewayId }: KnownFix,
  { n, epoch, stream, seq, received }: AsideRow,
  { at, id, type, body }: Rescued,
): Promise<boolean> {
  const added = await connection.query(
    `INSERT INTO event(${EVENT_COLUMNS}) VALUES($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)
     ON CONFLICT DO NOTHING RETURNING 1`,
    [storeId, at, id, gatewayId, epoch, stream, seq, type, body, received],
  );
  const isNew = added.length > 0;
  await connection.query(
    `UPDATE gateway_cursor SET quarantined=quarantined-1, stored=stored+$1, known=known+$2
     WHERE store_id=$3 AND gateway=$4 AND epoch=$5 AND stream=$6`,
    [isNew ? 1 : 0, isNew ? 0 : 1, storeId, gatewayId, epoch, stream],
  );
  await connection.query("DELETE FROM quarantine WHERE gateway=$1 AND n=$2", [gatewayId, n]);
  return isNew;
}

function requireMonths(times: readonly EpochMs[], hasMonth: (at: EpochMs) => boolean): void {
  const missing = times.filter((at) => !hasMonth(at));
  if (missing.length > 0) throw new MonthsMissing(missing);
}

async function noteMoves(
  connection: Connection,
  moved: readonly Moved[],
  at: EpochMs,
): Promise<void> {
  for (const { storeId, events, hours } of moveChanges(moved)) {
    await connection.query(
      `INSERT INTO dirty_hour(store_id, hour, mark, since)
       SELECT $1, hour, (SELECT nextval('dirty_mark')), $3 FROM unnest($2::bigint[]) AS n(hour)
       WHERE hour>=(SELECT settled FROM shard_map)
       ON CONFLICT (store_id, hour) DO UPDATE SET mark=nextval('dirty_mark')`,
      [storeId, hours, at],
    );
    await connection.query(
      `UPDATE store SET events=events+$2,
         first_at=coalesce((SELECT min(at) FROM event WHERE store_id=$1), first_at),
         last_at=coalesce((SELECT max(at) FROM event WHERE store_id=$1), last_at) WHERE store_id=$1`,
      [storeId, events],
    );
  }
}

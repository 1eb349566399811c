import type { EpochMs } from "../../core/brand.ts";
import { type PlannedEvent, storeChanges } from "../plan-commit.ts";
import type { Connection } from "./node-pool.ts";
import type { PlannedBatch, StreamState } from "./stream-states.ts";

/** Writes the cursors that moved, registers new gateways, and removes streams that only ever showed a hole. */
export async function saveStates(
  connection: Connection,
  states: readonly StreamState[],
  at: EpochMs,
): Promise<void> {
  const moved = states.filter(({ before, after }) => after.seq > before.seq);
  const empty = states.filter(({ after }) => after.seq === 0);
  if (empty.length > 0) {
    await connection.query(
      `DELETE FROM gateway_cursor WHERE (store_id, gateway, epoch, stream) IN
       (SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]))`,
      placesOf(empty),
    );
  }
  if (moved.length === 0) return;
  const tally = (key: Exclude<keyof StreamState["after"], "lastAt">): number[] =>
    moved.map(({ after }) => after[key]);
  await connection.query(
    `UPDATE gateway_cursor c SET seq=n.seq, stored=n.stored, known=n.known, shed=n.shed,
       quarantined=n.quarantined, updated=$10, last_at=n.last_at
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
       $8::bigint[], $9::bigint[], $11::bigint[])
       AS n(store_id, gateway, epoch, stream, seq, stored, known, shed, quarantined, last_at)
     WHERE c.store_id=n.store_id AND c.gateway=n.gateway AND c.epoch=n.epoch AND c.stream=n.stream`,
    [
      ...placesOf(moved),
      tally("seq"),
      tally("stored"),
      tally("known"),
      tally("shed"),
      tally("quarantined"),
      at,
      moved.map(({ after }) => after.lastAt),
    ],
  );
  const begun = moved.filter(({ before }) => before.seq === 0);
  if (begun.length === 0) return;
  await connection.query(
    `INSERT INTO gateway_home(gateway, store_id)
     SELECT DISTINCT ON (gateway) * FROM unnest($1::text[], $2::text[]) AS n(gateway, store_id)
     WHERE store_id<>'' ORDER BY gateway ON CONFLICT DO NOTHING`,
    [begun.map(({ gatewayId }) => gatewayId), begun.map(({ storeId }) => storeId)],
  );
}

function placesOf(states: readonly StreamState[]): readonly string[][] {
  return [
    states.map(({ storeId }) => storeId),
    states.map(({ gatewayId }) => gatewayId),
    states.map(({ epoch }) => epoch),
    states.map(({ stream }) => stream),
  ];
}

/** Marks the hours of new events and counts them to their stores; stores and hours in a fixed order. */
export async function noteEvents(
  connection: Connection,
  fresh: readonly PlannedEvent[],
  at: EpochMs,
): Promise<void> {
  if (fresh.length === 0) return;
  const changes = storeChanges(fresh);
  const hours = changes.flatMap((change) =>
    change.hours.map((hour) => ({ storeId: change.storeId, hour })),
  );
  await connection.query(
    `INSERT INTO dirty_hour(store_id, hour, mark, since)
     SELECT store_id, hour, (SELECT nextval('dirty_mark')), $3 FROM unnest($1::text[], $2::bigint[]) AS n(store_id, hour)
     WHERE hour>=(SELECT settled FROM shard_map)
     ON CONFLICT (store_id, hour) DO UPDATE SET mark=nextval('dirty_mark')`,
    [hours.map(({ storeId }) => storeId), hours.map(({ hour }) => hour), at],
  );
  await connection.query(
    `INSERT INTO store(store_id, events, first_at, last_at)
     SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[])
     ON CONFLICT (store_id) DO UPDATE SET events=store.events+excluded.events,
       first_at=least(store.first_at, excluded.first_at), last_at=greatest(store.last_at, excluded.last_at)`,
    [
      changes.map(({ storeId }) => storeId),
      changes.map(({ events }) => events),
      changes.map(({ firstAt }) => firstAt),
      changes.map(({ lastAt }) => lastAt),
    ],
  );
}

/** Writes what was shed. */
export async function saveGaps(
  connection: Connection,
  planned: readonly PlannedBatch[],
): Promise<void> {
  const rows = planned.flatMap(({ batch, state, plan }) =>
    plan.gaps.map((gap) => ({ ...gap, state, at: batch.receivedAt })),
  );
  if (rows.length === 0) return;
  await connection.query(
    `INSERT INTO gap(store_id, gateway, epoch, stream, from_seq, to_seq, n, why, received,
       first_at, last_at)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
       $8::text[], $9::bigint[], $10::bigint[], $11::bigint[])`,
    [
      ...placesOf(rows.map(({ state }) => state)),
      rows.map(({ from }) => from),
      rows.map(({ to }) => to),
      rows.map(({ n }) => n),
      rows.map(({ why }) => why),
      rows.map(({ at }) => at),
      rows.map(({ firstAt }) => firstAt),
      rows.map(({ lastAt }) => lastAt),
    ],
  );
}

import {
  type CommitPlan,
  type EventRecord,
  lastRepeated,
  NO_TALLY,
  type PlannedEvent,
  planCommit,
  settle,
  storeOf,
  strayPlan,
  type Tally,
} from "../plan-commit.ts";
import type { CommitBatch } from "../repository.ts";
import type { Connection } from "./node-pool.ts";

/** A stream of an outbox inside a transaction that has locked it. */
export interface StreamState {
  readonly storeId: string;
  readonly gatewayId: string;
  readonly epoch: string;
  readonly stream: string;
  /** The gateway is known under another epoch too. */
  readonly hasPast: boolean;
  readonly before: Tally;
  after: Tally;
}

/** A batch inside a transaction. */
export interface PlannedBatch {
  readonly batch: CommitBatch;
  readonly state: StreamState;
  plan: CommitPlan;
  /** See `CommitOutcome`. */
  readonly isStray: boolean;
  /** Events of the plan that were not stored before. */
  fresh: readonly PlannedEvent[];
}

/** Streams of all outboxes of some batches, locked, with the batches planned one after the other. */
export interface LockedBatches {
  readonly states: readonly StreamState[];
  readonly planned: readonly PlannedBatch[];
}

type Outbox = Pick<StreamState, "storeId" | "gatewayId" | "epoch">;

interface CursorRow extends Tally, Omit<StreamState, "before" | "after"> {}

// Line breaks occur in none of the parts.
const outboxKey = ({ storeId, gatewayId, epoch }: Outbox): string =>
  `${storeId}\n${gatewayId}\n${epoch}`;
const streamKey = (place: Outbox & { readonly stream: string }): string =>
  `${outboxKey(place)}\n${place.stream}`;

/** Locks every stream of the outboxes concerned, making those that are new, and plans the batches in their order. */
export async function lockBatches(
  connection: Connection,
  batches: readonly CommitBatch[],
): Promise<LockedBatches> {
  const places = batches.map((batch) => ({ ...batch, storeId: storeOf(batch) ?? "" }));
  const states = await lockStates(connection, new Map(places.map((at) => [streamKey(at), at])));
  const repeated = places.map((place) => {
    const before = states.get(streamKey(place))?.before;
    return before === undefined ? null : lastRepeated(place, before);
  });
  const missing = await missingOf(connection, repeated);
  const planned = places.map((place, index): PlannedBatch => {
    const state = states.get(streamKey(place));
    if (state === undefined) throw new TypeError("a stream was not locked");
    const isStray = missing.has(index);
    const plan = isStray ? strayPlan(state.after) : planCommit(place, state.after);
    state.after = plan.after;
    return { batch: place, state, plan, isStray, fresh: plan.events };
  });
  return { states: [...states.values()], planned };
}

/** Positions of the events that are not stored. */
async function missingOf(
  connection: Connection,
  events: readonly (EventRecord | null)[],
): Promise<ReadonlySet<number>> {
  const asked = events.flatMap((event, n) => (event === null ? [] : [{ ...event, n }]));
  if (asked.length === 0) return new Set();
  const rows = await connection.query<{ n: number }>(
    `SELECT a.n FROM unnest($1::text[], $2::bigint[], $3::text[], $4::int[]) AS a(store_id, at, id, n)
     WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.store_id=a.store_id AND e.at=a.at AND e.id=a.id)`,
    [
      asked.map(({ storeId }) => storeId),
      asked.map(({ at }) => at),
      asked.map(({ id }) => id),
      asked.map(({ n }) => n),
    ],
  );
  return new Set(rows.map(({ n }) => Number(n)));
}

/** In the order of their keys, so that two centres never wait for each other in a ring. */
async function lockStates(
  connection: Connection,
  wanted: ReadonlyMap<string, Outbox & { readonly stream: string }>,
): Promise<ReadonlyMap<string, StreamState>> {
  const places = [...wanted.keys()].sort().flatMap((key) => wanted.get(key) ?? []);
  const columns = [
    places.map((place) => place.storeId),
    places.map((place) => place.gatewayId),
    places.map((place) => place.epoch),
  ];
  await connection.query(
    `INSERT INTO gateway_cursor(store_id, gateway, epoch, stream)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING`,
    [...columns, places.map((place) => place.stream)],
  );
  const rows = await connection.query<CursorRow>(
    `SELECT store_id AS "storeId", gateway AS "gatewayId", epoch, stream, seq, stored, known, shed, quarantined, last_at AS "lastAt",
       EXISTS(SELECT 1 FROM gateway_cursor o WHERE o.store_id=c.store_id AND o.gateway=c.gateway
         AND o.epoch<>c.epoch) AS "hasPast"
     FROM gateway_cursor c
     WHERE (store_id, gateway, epoch) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))
     ORDER BY store_id, gateway, epoch, stream FOR UPDATE OF c`,
    columns,
  );
  return new Map(rows.map((row) => [streamKey(row), stateOf(row)]));
}

function stateOf(row: CursorRow): StreamState {
  const { storeId, gatewayId, epoch, stream, hasPast } = row;
  const { seq, stored, known, shed, quarantined, lastAt } = row;
  const before = seq === 0 ? NO_TALLY : { seq, stored, known, shed, quarantined, lastAt };
  return { storeId, gatewayId, epoch, stream, hasPast, before, after: before };
}

/** Corrects the accounts for the events that were stored already. */
export function settleStates(planned: readonly PlannedBatch[]): void {
  for (const { state, plan, fresh } of planned)
    state.after = settle(state.after, plan.events.length - fresh.length);
}

/** Cursors of every stream by outbox; streams that have not begun are left out. Pure. */
export function positionsByOutbox(
  states: readonly StreamState[],
): (outbox: Outbox) => Readonly<Record<string, number>> {
  const all = new Map<string, Record<string, number>>();
  for (const state of states) {
    const key = outboxKey(state);
    const positions = all.get(key) ?? {};
    positions[state.stream] = state.after.seq;
    all.set(key, positions);
  }
  return (outbox) => all.get(outboxKey(outbox)) ?? {};
}

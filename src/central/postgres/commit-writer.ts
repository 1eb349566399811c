import { BoundedMap } from "../../core/bounded-map.ts";
import { type EpochMs, epochMs, type MonoMs, monoMs } from "../../core/brand.ts";
import { TRIM_EVERY } from "../kept-text.ts";
import { outcomeOf } from "../plan-commit.ts";
import type { CommitBatch, CommitOutcome } from "../repository.ts";
import { noteEvents, saveGaps, saveStates } from "./account-statements.ts";
import { type Aside, setAside, trimAsides } from "./aside-statements.ts";
import { MonthsMissing, rememberUnsynced, settleFixes, takeFixes } from "./clock-fixes.ts";
import { EVENT_COLUMNS, eventLines } from "./event-lines.ts";
import type { Connection, NodePool } from "./node-pool.ts";
import type { Partitions } from "./partitions.ts";
import { codeOf } from "./pg-faults.ts";
import {
  lockBatches,
  type PlannedBatch,
  positionsByOutbox,
  settleStates,
} from "./stream-states.ts";

/** Gateways remembered as sending events again that are stored already. */
const SUSPECTS = 10_000;
const UNIQUE_VIOLATION = "23505";
const NO_PARTITION = "23514";

/**
 * Commits batches on one node: one transaction that locks the cursors of their outboxes in a fixed order, copies the
 * events straight into their table, and moves the cursors. The unique key of the events stops the copy when one of
 * them is stored already, under another epoch; then, and at once for gateways that did so lately, they go through a
 * staging table, from which only the new ones are taken.
 */
export class CommitWriter {
  readonly #pool: NodePool;
  readonly #partitions: Partitions;
  readonly #shard: number;
  readonly #suspects = new BoundedMap<string, true>({ cap: SUSPECTS, idleMs: Number.MAX_VALUE });
  /** Order of use for the map of suspects; no time. */
  #turn = 0;
  #untrimmed = TRIM_EVERY;

  /** `shard` is the position of the node, 0..63, part of the numbers of what is set aside. */
  constructor(pool: NodePool, partitions: Partitions, shard: number) {
    this.#pool = pool;
    this.#partitions = partitions;
    this.#shard = shard;
  }

  /** @throws coded faults; then nothing was changed, or everything was and only the answer is lost */
  async commit(batches: readonly CommitBatch[]): Promise<readonly CommitOutcome[]> {
    if (batches.length === 0) return [];
    let mendedTo: readonly EpochMs[] = [];
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#partitions.ensure([...timesOf(batches), ...mendedTo], newest(batches));
        const outcomes = await this.#pool.transaction((connection) =>
          this.#take(connection, batches),
        );
        await this.#trim(outcomes.reduce((sum, one) => sum + one.quarantined, 0));
        return outcomes;
      } catch (error) {
        const cause = error instanceof Error ? error.cause : null;
        if (cause instanceof MonthsMissing && mendedTo.length === 0) {
          mendedTo = cause.times;
          continue;
        }
        if (codeOf(cause) !== NO_PARTITION || attempt > 1) throw error;
        // Another process dropped a month that somebody still sends.
        this.#partitions.forget();
      }
    }
  }

  /** Sets a whole message aside. */
  async setAside(aside: Aside): Promise<void> {
    await this.#pool.transaction((connection) => setAside(connection, this.#shard, [aside]));
    await this.#trim(1);
  }

  async #take(
    connection: Connection,
    batches: readonly CommitBatch[],
  ): Promise<readonly CommitOutcome[]> {
    const { states, planned } = await lockBatches(connection, batches);
    const hasMonth = (at: EpochMs): boolean => this.#partitions.has(at);
    const fixes = await takeFixes(connection, planned, hasMonth);
    await this.#storeEvents(connection, planned);
    settleStates(planned);
    await saveStates(connection, states, newest(batches));
    const fresh = planned.flatMap((one) => one.fresh);
    await noteEvents(connection, fresh, newest(batches));
    await rememberUnsynced(connection, planned);
    await saveGaps(connection, planned);
    await setAside(connection, this.#shard, planned.flatMap(asidesOf));
    await settleFixes(connection, fixes, planned, hasMonth);
    const positions = positionsByOutbox(states);
    return planned.map(({ plan, fresh: added, state, isStray }) => ({
      ...outcomeOf(plan, plan.events.length - added.length, positions(state)),
      ...(isStray ? { isStray } : {}),
    }));
  }

  async #storeEvents(connection: Connection, planned: readonly PlannedBatch[]): Promise<void> {
    const doubtful: PlannedBatch[] = [];
    const plain: PlannedBatch[] = [];
    for (const one of planned) {
      if (one.plan.events.length === 0) continue;
      const { hasPast, before, gatewayId } = one.state;
      const isDoubtful = (hasPast && before.seq === 0) || this.#suspects.peek(gatewayId) === true;
      (isDoubtful ? doubtful : plain).push(one);
    }
    if (!(await copyPlainly(connection, plain))) doubtful.push(...plain);
    if (doubtful.length === 0) return;
    await copyExactly(connection, doubtful);
    for (const { state, plan, fresh } of doubtful) {
      if (fresh.length < plan.events.length)
        this.#suspects.set(state.gatewayId, true, this.#nextTurn());
      else this.#suspects.delete(state.gatewayId);
    }
  }

  #nextTurn(): MonoMs {
    this.#turn += 1;
    return monoMs(this.#turn);
  }

  async #trim(added: number): Promise<void> {
    this.#untrimmed += added;
    if (added === 0 || this.#untrimmed < TRIM_EVERY) return;
    this.#untrimmed = 0;
    await this.#pool.transaction((connection) => trimAsides(connection));
  }
}

/** False when an event is stored already; then nothing was stored. */
async function copyPlainly(
  connection: Connection,
  planned: readonly PlannedBatch[],
): Promise<boolean> {
  if (planned.length === 0) return true;
  await connection.query("SAVEPOINT plain");
  try {
    await connection.copy(`event(${EVENT_COLUMNS})`, linesOf(planned));
    return true;
  } catch (error) {
    if (codeOf(error) !== UNIQUE_VIOLATION) throw error;
    await connection.query("ROLLBACK TO SAVEPOINT plain");
    return false;
  }
}

/** Stores what is not stored yet and notes per batch which events those were. */
async function copyExactly(
  connection: Connection,
  planned: readonly PlannedBatch[],
): Promise<void> {
  await connection.query(
    "CREATE TEMP TABLE IF NOT EXISTS staging (LIKE event) ON COMMIT DELETE ROWS",
  );
  await connection.copy(`pg_temp.staging(${EVENT_COLUMNS})`, linesOf(planned));
  // The unique key decides, row by row: a join could be planned as a scan of all events.
  const added = await connection.query<Record<"gateway" | "epoch" | "stream" | "seq", unknown>>(
    `INSERT INTO event(${EVENT_COLUMNS}) SELECT ${EVENT_COLUMNS} FROM pg_temp.staging
     ORDER BY store_id, at, id, seq ON CONFLICT DO NOTHING RETURNING gateway, epoch, stream, seq`,
  );
  const isAdded = new Set(
    added.map((row) => `${row.gateway} ${row.epoch} ${row.stream} ${row.seq}`),
  );
  for (const one of planned) {
    const { gatewayId, epoch, stream } = one.state;
    one.fresh = one.plan.events.filter(({ seq }) =>
      isAdded.has(`${gatewayId} ${epoch} ${stream} ${seq}`),
    );
  }
}

const linesOf = (planned: readonly PlannedBatch[]): readonly string[] =>
  planned.map(({ batch, plan }) => eventLines(batch, plan.events));

const newest = (batches: readonly CommitBatch[]): EpochMs =>
  epochMs(batches.reduce((latest, { receivedAt }) => Math.max(latest, receivedAt), 0));

function* timesOf(batches: readonly CommitBatch[]): Generator<EpochMs> {
  for (const { records } of batches)
    for (const record of records) if (record.kind === "event") yield record.at;
}

function asidesOf({ batch, plan }: PlannedBatch): readonly Aside[] {
  const { gatewayId, epoch, stream, receivedAt } = batch;
  const origin = { gatewayId, epoch, stream, receivedAt, hash: null };
  return plan.quarantined.map((aside) => ({ ...aside, ...origin }));
}

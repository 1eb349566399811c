import type { EpochMs } from "../../core/brand.ts";
import type { BirthMessage } from "../../wire/envelopes.ts";
import { asideHash } from "../kept-text.ts";
import type { EventChange, NameChange, NamedEvent } from "../named-events.ts";
import type {
  AsideLoss,
  AuditEntry,
  CentralStore,
  CommitBatch,
  CommitOutcome,
  DayPairQuery,
  DayPairSum,
  DirtyHour,
  DirtyState,
  DocumentChange,
  DocumentKey,
  EventQuery,
  GapRow,
  GatewayRow,
  QuarantineRow,
  RollupQuery,
  RollupRow,
  RollupSum,
  StoredEvent,
  StorePart,
  StoreRow,
} from "../repository.ts";
import { CommitWriter } from "./commit-writer.ts";
import { DocumentQueries, type KeyedDocument } from "./document-queries.ts";
import { readGapsWithin, readGateways, readLostSince, writeBirth } from "./gateway-queries.ts";
import { changeEvents, readNamedEvents, renameAsides, renameAudits } from "./name-queries.ts";
import type { NodePool } from "./node-pool.ts";
import { Partitions } from "./partitions.ts";
import {
  claimStore,
  readDayPairs,
  readDirtyHours,
  readDirtyState,
  readRollups,
  readSums,
  releaseStore,
  saveRollups,
} from "./rollup-queries.ts";

/** Every message of a gateway not known yet waits for this. */
const LOOK_UP_MS = 2000;

/** The central store on one PostgreSQL node, which is all of it or one shard. The node must have been prepared. */
export class PostgresNode implements CentralStore {
  readonly lanes = 1;
  readonly #pool: NodePool;
  readonly #partitions: Partitions;
  readonly #writer: CommitWriter;
  readonly #documents: DocumentQueries;

  /** `shard` is its position among the nodes, from 0. */
  constructor(pool: NodePool, shard: number) {
    this.#pool = pool;
    this.#partitions = new Partitions(pool);
    this.#writer = new CommitWriter(pool, this.#partitions, shard);
    this.#documents = new DocumentQueries(pool);
  }

  parts(): readonly StorePart[] {
    return [this];
  }

  laneOf(_storeId: string): number {
    return 0;
  }

  commit(batches: readonly CommitBatch[]): Promise<readonly CommitOutcome[]> {
    return this.#writer.commit(batches);
  }

  async positions(gatewayId: string, epoch: string): Promise<Readonly<Record<string, number>>> {
    const rows = await this.#pool.query<{ stream: string; seq: number }>(
      `SELECT stream, seq FROM gateway_cursor WHERE gateway=$1 AND epoch=$2 AND seq>0
       AND store_id=(SELECT store_id FROM gateway_home WHERE gateway=$1)`,
      [gatewayId, epoch],
    );
    return Object.fromEntries(rows.map(({ stream, seq }) => [stream, seq]));
  }

  async home(gatewayId: string): Promise<string | null> {
    const [row] = await this.#pool.query<{ store_id: string }>(
      "SELECT store_id FROM gateway_home WHERE gateway=$1",
      [gatewayId],
      LOOK_UP_MS,
    );
    return row?.store_id ?? null;
  }

  async claimHome(gatewayId: string, storeId: string): Promise<string> {
    await this.#pool.query(
      "INSERT INTO gateway_home(gateway, store_id) VALUES($1, $2) ON CONFLICT DO NOTHING",
      [gatewayId, storeId],
    );
    return (await this.home(gatewayId)) ?? storeId;
  }

  async recordBirth(gatewayId: string, birth: BirthMessage, at: EpochMs): Promise<void> {
    if (birth.online) await this.claimHome(gatewayId, birth.storeId);
    await writeBirth(this.#pool, gatewayId, birth, at);
  }

  quarantine(
    gatewayId: string,
    reason: string,
    body: string,
    at: EpochMs,
    likeness?: string,
  ): Promise<void> {
    const nowhere = { epoch: null, stream: null, seq: null, unsyncedBoot: null };
    const hash = asideHash(reason, likeness ?? body);
    return this.#writer.setAside({ ...nowhere, gatewayId, reason, body, receivedAt: at, hash });
  }

  quarantined(before: number | null, limit: number): Promise<readonly QuarantineRow[]> {
    return this.#pool.query<QuarantineRow>(
      `SELECT n, gateway AS "gatewayId", epoch, stream, seq, reason, body, received AS "receivedAt", times,
         coalesce(last_received, received) AS "lastReceivedAt"
       FROM quarantine WHERE n<$1 ORDER BY n DESC LIMIT $2`,
      [before ?? Number.MAX_SAFE_INTEGER, limit],
    );
  }

  asideLosses(): Promise<readonly AsideLoss[]> {
    return this.#pool.query<AsideLoss>(
      `SELECT gateway AS "gatewayId", n AS dropped FROM aside_loss ORDER BY gateway`,
    );
  }

  gateways(): Promise<readonly GatewayRow[]> {
    return readGateways(this.#pool);
  }

  stores(): Promise<readonly StoreRow[]> {
    return this.#pool.query<StoreRow>(
      `SELECT store_id AS "storeId", events, first_at AS "firstAt", last_at AS "lastAt"
       FROM store WHERE events>0 ORDER BY store_id`,
    );
  }

  events(query: EventQuery): Promise<readonly StoredEvent[]> {
    const { storeId, from, to, type, limit, after } = query;
    const [at, id] = after === null || after.at < from ? [from, ""] : [after.at, after.id];
    // The plain bound on `at` is what tells the planner which months it may leave out.
    return this.#pool.query<StoredEvent>(
      `SELECT at, id, body FROM event WHERE store_id=$1 AND at>=$2 AND (at, id)>($2, $3) AND at<$4
       AND ($5::text IS NULL OR type=$5) ORDER BY at, id LIMIT $6`,
      [storeId, at, id, to, type, limit],
    );
  }

  async retain(eventsFrom: EpochMs): Promise<number> {
    const dropped = await this.#partitions.drop(eventsFrom);
    await this.#pool.query("DELETE FROM gap WHERE received<$1", [eventsFrom]);
    await this.#pool.query("DELETE FROM unsynced WHERE at<$1", [eventsFrom]);
    await this.#pool.query("DELETE FROM quarantine WHERE coalesce(last_received, received)<$1", [
      eventsFrom,
    ]);
    return dropped;
  }

  dirtyHours(limit: number, storeId?: string): Promise<readonly DirtyHour[]> {
    return readDirtyHours(this.#pool, limit, storeId ?? null);
  }

  dirtyState(): Promise<DirtyState> {
    return readDirtyState(this.#pool);
  }

  claimStore(storeId: string, holder: string, forMs: number): Promise<boolean> {
    return claimStore(this.#pool, storeId, holder, forMs);
  }

  releaseStore(storeId: string, holder: string): Promise<void> {
    return releaseStore(this.#pool, storeId, holder);
  }

  lostSince(from: EpochMs): ReturnType<typeof readLostSince> {
    return readLostSince(this.#pool, from);
  }

  gapsWithin(storeId: string, from: EpochMs, to: EpochMs): Promise<readonly GapRow[]> {
    return readGapsWithin(this.#pool, storeId, from, to);
  }

  saveRollups(
    storeId: string,
    rows: readonly RollupRow[],
    done: readonly DirtyHour[],
  ): Promise<void> {
    return this.#pool.transaction((connection) => saveRollups(connection, storeId, rows, done));
  }

  rollups(query: RollupQuery): Promise<readonly RollupRow[]> {
    return readRollups(this.#pool, query);
  }

  sums(query: RollupQuery): Promise<readonly RollupSum[]> {
    return readSums(this.#pool, query);
  }

  dayPairs(query: DayPairQuery): Promise<readonly DayPairSum[]> {
    return readDayPairs(this.#pool, query);
  }

  document(key: DocumentKey): Promise<{ text: string; at: EpochMs } | null> {
    return this.#documents.read(key);
  }

  documents(kind: string, owner: string | null): Promise<readonly KeyedDocument[]> {
    return this.#documents.list(kind, owner);
  }

  saveDocument(key: DocumentKey, text: string | null, at: EpochMs): Promise<void> {
    return this.#documents.save(key, text, at);
  }

  changeDocument(key: DocumentKey, change: DocumentChange, entry: AuditEntry): Promise<boolean> {
    return this.#documents.change(key, change, entry);
  }

  audit(entry: AuditEntry): Promise<void> {
    return this.#documents.log(entry);
  }

  audits(before: number | null, limit: number): Promise<readonly (AuditEntry & { n: number })[]> {
    return this.#documents.entries(before, limit);
  }

  namedEvents(
    storeIds: readonly string[],
    name: string,
    limit: number,
  ): Promise<readonly NamedEvent[]> {
    return readNamedEvents(this.#pool, storeIds, name, limit);
  }

  changeEvents(changes: readonly EventChange[]): Promise<number> {
    return changeEvents(this.#pool, changes);
  }

  renameAsides(changes: readonly NameChange[]): Promise<number> {
    return this.#pool.transaction((connection) => renameAsides(connection, changes));
  }

  renameAudits(target: string, to: string): Promise<number> {
    return renameAudits(this.#pool, target, to);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

import { BoundedMap } from "../../core/bounded-map.ts";
import { type EpochMs, epochMs, type MonoMs, monoMs } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import type { BirthMessage } from "../../wire/envelopes.ts";
import { homeOfKind } from "../kept-text.ts";
import type { EventChange, NameChange, NamedEvent } from "../named-events.ts";
import { storeOf } from "../plan-commit.ts";
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
import type { KeyedDocument } from "./document-queries.ts";
import type { PostgresNode } from "./postgres-node.ts";
import { shardOf } from "./shard-map.ts";

/** Homes of gateways remembered; those longest unasked are forgotten first. */
const HOMES = 20_000;

/** One node of several; `ready` must resolve before it is used and is cheap once it did. */
export interface Shard {
  readonly node: PostgresNode;
  ready(): Promise<void>;
}

/**
 * The central store on several PostgreSQL nodes. Everything of a store lives on the node its id hashes to, with the
 * cursors of its gateways and what these tell of themselves; messages set aside whole are on the node that the id of their
 * gateway hashes to, other documents and the audit log on the first. Questions
 * about the whole chain go to all nodes at once and fail when one of them does: a sum without some shops would be wrong.
 */
export class ShardedStore implements CentralStore {
  readonly lanes: number;
  readonly #shards: readonly Shard[];
  readonly #homes = new BoundedMap<string, string>({ cap: HOMES, idleMs: Number.MAX_VALUE });
  /** Order of use for the map of homes; no time. */
  #turn = 0;

  constructor(shards: readonly Shard[]) {
    this.#shards = shards;
    this.lanes = shards.length;
  }

  parts(): readonly StorePart[] {
    return this.#shards.map((_, lane): StorePart => {
      const node = (): Promise<PostgresNode> => this.#node(lane);
      return {
        gateways: async () => (await node()).gateways(),
        documents: async (kind, owner) => (await node()).documents(kind, owner),
        sums: async (query) => (await node()).sums(query),
        dirtyState: async () => (await node()).dirtyState(),
        asideLosses: async () => (await node()).asideLosses(),
      };
    });
  }

  laneOf(storeId: string): number {
    return shardOf(storeId, this.lanes);
  }

  async commit(batches: readonly CommitBatch[]): Promise<readonly CommitOutcome[]> {
    const groups = new Map<number, { batch: CommitBatch; index: number }[]>();
    for (const [index, batch] of batches.entries()) {
      const storeId = storeOf(batch);
      if (storeId === null) throw new TypeError("a batch without events must name its store");
      const lane = this.laneOf(storeId);
      const group = groups.get(lane) ?? [];
      group.push({ batch, index });
      groups.set(lane, group);
    }
    const outcomes: CommitOutcome[] = [];
    const failures: unknown[] = [];
    await Promise.all(
      [...groups].map(async ([lane, group]) => {
        const done = await this.#commitOn(lane, group, failures);
        for (const [place, { index }] of group.entries()) {
          const outcome = done[place];
          if (outcome !== undefined) outcomes[index] = outcome;
        }
      }),
    );
    if (groups.size > 0 && failures.length === groups.size) throw failures[0];
    return outcomes;
  }

  async positions(gatewayId: string, epoch: string): Promise<Readonly<Record<string, number>>> {
    const storeId = await this.home(gatewayId);
    return storeId === null ? {} : (await this.#of(storeId)).positions(gatewayId, epoch);
  }

  /**
   * Asks every node, once for each gateway that has a home, since that never changes; a node that does not answer matters
   * only when no other knows the gateway.
   */
  async home(gatewayId: string): Promise<string | null> {
    const known = this.#homes.get(gatewayId, this.#nextTurn());
    if (known !== undefined) return known;
    const storeId = await this.#askHome(gatewayId);
    if (storeId !== null) this.#homes.set(gatewayId, storeId, this.#nextTurn());
    return storeId;
  }

  #nextTurn(): MonoMs {
    this.#turn += 1;
    return monoMs(this.#turn);
  }

  #askHome(gatewayId: string): Promise<string | null> {
    return new Promise((resolve, reject) => {
      const ask = async (node: PostgresNode): Promise<void> => {
        const storeId = await node.home(gatewayId);
        if (storeId !== null) resolve(storeId);
      };
      this.#settled(ask).then((answers) => {
        for (const answer of answers) if (answer.status === "rejected") reject(answer.reason);
        resolve(null);
      }, reject);
    });
  }

  async claimHome(gatewayId: string, storeId: string): Promise<string> {
    const found = await this.home(gatewayId);
    return found ?? (await this.#of(storeId)).claimHome(gatewayId, storeId);
  }

  async recordBirth(gatewayId: string, birth: BirthMessage, at: EpochMs): Promise<void> {
    const storeId = birth.online
      ? await this.claimHome(gatewayId, birth.storeId)
      : await this.home(gatewayId);
    if (storeId !== null) await (await this.#of(storeId)).recordBirth(gatewayId, birth, at);
  }

  async quarantine(
    gatewayId: string,
    reason: string,
    body: string,
    at: EpochMs,
    likeness?: string,
  ): Promise<void> {
    await (await this.#of(gatewayId)).quarantine(gatewayId, reason, body, at, likeness);
  }

  async quarantined(before: number | null, limit: number): Promise<readonly QuarantineRow[]> {
    const rows = await this.#everywhere((node) => node.quarantined(before, limit));
    return rows.sort((a, b) => b.n - a.n).slice(0, limit);
  }

  async asideLosses(): Promise<readonly AsideLoss[]> {
    const sums = new Map<string, number>();
    for (const { gatewayId, dropped } of await this.#everywhere((node) => node.asideLosses()))
      sums.set(gatewayId, (sums.get(gatewayId) ?? 0) + dropped);
    const losses = [...sums].map(([gatewayId, dropped]) => ({ gatewayId, dropped }));
    return losses.sort((a, b) => inOrder(a.gatewayId, b.gatewayId));
  }

  async gateways(): Promise<readonly GatewayRow[]> {
    const rows = await this.#everywhere((node) => node.gateways());
    return rows.sort((a, b) => inOrder(a.gatewayId, b.gatewayId));
  }

  async stores(): Promise<readonly StoreRow[]> {
    return byStore(await this.#everywhere((node) => node.stores()));
  }

  async events(query: EventQuery): Promise<readonly StoredEvent[]> {
    return (await this.#of(query.storeId)).events(query);
  }

  async retain(eventsFrom: EpochMs): Promise<number> {
    const counts = await this.#everywhere(async (node) => [await node.retain(eventsFrom)]);
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Of the nodes that answer, taken in turns: marks of different nodes cannot be compared. */
  async dirtyHours(limit: number, storeId?: string): Promise<readonly DirtyHour[]> {
    if (storeId !== undefined) return (await this.#of(storeId)).dirtyHours(limit, storeId);
    const answers = await this.#settled((node) => node.dirtyHours(limit));
    const lists = answers.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const [failure] = answers.filter((one) => one.status === "rejected");
    if (lists.length === 0 && failure !== undefined) throw failure.reason;
    const mixed: DirtyHour[] = [];
    for (let at = 0; mixed.length < limit && lists.some((list) => at < list.length); at += 1)
      for (const list of lists) mixed.push(...list.slice(at, at + 1));
    return mixed.slice(0, limit);
  }

  async dirtyState(): Promise<DirtyState> {
    const states = await this.#everywhere(async (node) => [await node.dirtyState()]);
    const since = states.flatMap((state) => state.since ?? []);
    return {
      hours: states.reduce((sum, { hours }) => sum + hours, 0),
      since: since.length === 0 ? null : epochMs(Math.min(...since)),
    };
  }

  async claimStore(storeId: string, holder: string, forMs: number): Promise<boolean> {
    return (await this.#of(storeId)).claimStore(storeId, holder, forMs);
  }

  async releaseStore(storeId: string, holder: string): Promise<void> {
    await (await this.#of(storeId)).releaseStore(storeId, holder);
  }

  async lostSince(from: EpochMs): Promise<readonly { gatewayId: string; n: number }[]> {
    // A gateway stands on the node of its store only.
    return await this.#everywhere((node) => node.lostSince(from));
  }

  async gapsWithin(storeId: string, from: EpochMs, to: EpochMs): Promise<readonly GapRow[]> {
    return (await this.#of(storeId)).gapsWithin(storeId, from, to);
  }

  async saveRollups(
    storeId: string,
    rows: readonly RollupRow[],
    done: readonly DirtyHour[],
  ): Promise<void> {
    await (await this.#of(storeId)).saveRollups(storeId, rows, done);
  }

  async rollups(query: RollupQuery): Promise<readonly RollupRow[]> {
    return byStore(await this.#lanesOf(query, (node, part) => node.rollups(part)));
  }

  async sums(query: RollupQuery): Promise<readonly RollupSum[]> {
    return byStore(await this.#lanesOf(query, (node, part) => node.sums(part)));
  }

  async dayPairs(query: DayPairQuery): Promise<readonly DayPairSum[]> {
    return byStore(await this.#everywhere((node) => node.dayPairs(query)));
  }

  async document(key: DocumentKey): Promise<{ text: string; at: EpochMs } | null> {
    return (await this.#holding(key.kind, key.owner)).document(key);
  }

  async documents(kind: string, owner: string | null): Promise<readonly KeyedDocument[]> {
    if (owner !== null || homeOfKind(kind) === "first")
      return (await this.#holding(kind, owner ?? "")).documents(kind, owner);
    const found = await this.#everywhere((node) => node.documents(kind, null));
    return found.sort(
      (a, b) => inOrder(a.key.owner, b.key.owner) || inOrder(a.key.part, b.key.part),
    );
  }

  async saveDocument(key: DocumentKey, text: string | null, at: EpochMs): Promise<void> {
    await (await this.#holding(key.kind, key.owner)).saveDocument(key, text, at);
  }

  async changeDocument(
    key: DocumentKey,
    change: DocumentChange,
    entry: AuditEntry,
  ): Promise<boolean> {
    if (homeOfKind(key.kind) !== "first") throw new TypeError("not a document of the first node");
    return (await this.#node(0)).changeDocument(key, change, entry);
  }

  async audit(entry: AuditEntry): Promise<void> {
    await (await this.#node(0)).audit(entry);
  }

  async audits(
    before: number | null,
    limit: number,
  ): Promise<readonly (AuditEntry & { n: number })[]> {
    return (await this.#node(0)).audits(before, limit);
  }

  async namedEvents(
    storeIds: readonly string[],
    name: string,
    limit: number,
  ): Promise<readonly NamedEvent[]> {
    const lanes = [...new Set(storeIds.map((storeId) => this.laneOf(storeId)))];
    const answers = lanes.map(async (lane) => {
      const own = storeIds.filter((storeId) => this.laneOf(storeId) === lane);
      return (await this.#node(lane)).namedEvents(own, name, limit);
    });
    const found = (await Promise.all(answers)).flat();
    return found.sort((a, b) => a.at - b.at || inOrder(a.id, b.id)).slice(0, limit);
  }

  async changeEvents(changes: readonly EventChange[]): Promise<number> {
    const lanes = [...new Set(changes.map(({ storeId }) => this.laneOf(storeId)))];
    const counts = lanes.map(async (lane) => {
      const own = changes.filter(({ storeId }) => this.laneOf(storeId) === lane);
      return (await this.#node(lane)).changeEvents(own);
    });
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  async renameAsides(changes: readonly NameChange[]): Promise<number> {
    const counts = await this.#everywhere(async (node) => [await node.renameAsides(changes)]);
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async renameAudits(target: string, to: string): Promise<number> {
    return (await this.#node(0)).renameAudits(target, to);
  }

  async close(): Promise<void> {
    await Promise.all(this.#shards.map(({ node }) => node.close()));
  }

  async #commitOn(
    lane: number,
    group: readonly { readonly batch: CommitBatch }[],
    failures: unknown[],
  ): Promise<readonly CommitOutcome[]> {
    try {
      return await (await this.#node(lane)).commit(group.map(({ batch }) => batch));
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      failures.push(error);
      const nothing = { need: null, positions: {}, stored: 0, known: 0, shed: 0, quarantined: 0 };
      return group.map(() => ({ ...nothing, failed: error.code }));
    }
  }

  async #node(lane: number): Promise<PostgresNode> {
    const shard = this.#shards[lane];
    if (shard === undefined) throw new RangeError(`there is no shard ${lane}`);
    await shard.ready();
    return shard.node;
  }

  #of(storeId: string): Promise<PostgresNode> {
    return this.#node(this.laneOf(storeId));
  }

  async #holding(kind: string, owner: string): Promise<PostgresNode> {
    const home = homeOfKind(kind);
    const storeId = home === "gateway" ? await this.home(owner) : owner;
    return home === "first" || storeId === null ? this.#node(0) : this.#of(storeId);
  }

  #settled<T>(ask: (node: PostgresNode) => Promise<T>): Promise<PromiseSettledResult<T>[]> {
    return Promise.allSettled(this.#shards.map(async (_, lane) => ask(await this.#node(lane))));
  }

  async #everywhere<T>(ask: (node: PostgresNode) => Promise<readonly T[]>): Promise<T[]> {
    const answers = this.#shards.map(async (_, lane) => ask(await this.#node(lane)));
    return (await Promise.all(answers)).flat();
  }

  /** Only the nodes whose stores are asked for. */
  async #lanesOf<T>(
    query: RollupQuery,
    ask: (node: PostgresNode, part: RollupQuery) => Promise<readonly T[]>,
  ): Promise<T[]> {
    const { storeIds } = query;
    if (storeIds === null) return this.#everywhere((node) => ask(node, query));
    const lanes = [...new Set(storeIds.map((storeId) => this.laneOf(storeId)))];
    const answers = lanes.map(async (lane) => {
      const own = storeIds.filter((storeId) => this.laneOf(storeId) === lane);
      return ask(await this.#node(lane), { ...query, storeIds: own });
    });
    return (await Promise.all(answers)).flat();
  }
}

const inOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Stable: rows of one store keep their order. */
function byStore<T extends { readonly storeId: string }>(rows: T[]): T[] {
  return rows.sort((a, b) => inOrder(a.storeId, b.storeId));
}

import { GatewayError } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { CentralStore } from "../repository.ts";
import type { StoreRole } from "../sqlite/central-file.ts";
import { buildChainViews } from "./chain-views.ts";
import { NodePool } from "./node-pool.ts";
import { PostgresNode } from "./postgres-node.ts";
import { migrate } from "./schema.ts";
import {
  agreedNodes,
  checkShard,
  readShardRow,
  type ShardRow,
  writeShardRow,
} from "./shard-map.ts";
import { type Shard, ShardedStore } from "./sharded-store.ts";

/** Their position is part of the numbers of what is set aside, six bits of it. */
const MOST_SHARDS = 64;
/** Connections to each node. */
const CONNECTIONS: Readonly<Record<StoreRole, number>> = { centre: 8, command: 2, figures: 2 };

/**
 * Opens one PostgreSQL database, or several as shards in this order, and brings their schema up to date; the centre also
 * builds the views of the chain. A shard that does not answer is left for later, unless it is the only one or the shards are new.
 * @throws CONFIG_INVALID, STORE_UNREACHABLE, STORE_REFUSED, STORE_VERSION, STORE_EXTENSION, STORE_SHARDS, DISK_FULL
 */
export async function openPostgres(
  urls: readonly string[],
  log: Log,
  role: StoreRole,
): Promise<CentralStore> {
  if (urls.length > MOST_SHARDS)
    throw new GatewayError("CONFIG_INVALID", `--store names more than ${MOST_SHARDS} nodes`);
  const pools: NodePool[] = [];
  try {
    for (const url of urls) pools.push(new NodePool(url, log, CONNECTIONS[role]));
    return await openAll(pools, urls, log, role);
  } catch (error) {
    await Promise.all(pools.map((pool) => pool.close()));
    throw error;
  }
}

async function openAll(
  pools: readonly NodePool[],
  urls: readonly string[],
  log: Log,
  role: StoreRole,
): Promise<CentralStore> {
  const rows = await Promise.all(pools.map((pool) => prepareIfThere(pool)));
  const isMissing = rows.map((row) => row instanceof GatewayError);
  const missing = rows.find((row) => row instanceof GatewayError);
  if (missing !== undefined && isMissing.every(Boolean)) throw missing;
  const found = rows.map((row) => (row instanceof GatewayError ? null : row));
  const nodes = agreedNodes(found);
  await Promise.all(
    pools.map((pool, index) =>
      found[index]?.nodes === null ? writeShardRow(pool, nodes, index) : undefined,
    ),
  );
  const [first] = pools;
  if (pools.length === 1 && first !== undefined) return new PostgresNode(first, 0);
  if (role === "centre" && missing === undefined && first !== undefined)
    await first.alone((connection) => buildChainViews(connection, urls, log));
  return new ShardedStore(
    pools.map((pool, index) => shardOn(pool, index, nodes, found[index] ?? null, log)),
  );
}

async function prepare(pool: NodePool): Promise<ShardRow> {
  await pool.alone(migrate);
  return readShardRow(pool);
}

async function prepareIfThere(pool: NodePool): Promise<ShardRow | GatewayError> {
  try {
    return await prepare(pool);
  } catch (error) {
    if (error instanceof GatewayError && error.code === "STORE_UNREACHABLE") return error;
    throw error;
  }
}

/** A shard that was away at the start is checked and brought up to date when it is first reached. */
function shardOn(
  pool: NodePool,
  position: number,
  nodes: readonly string[],
  row: ShardRow | null,
  log: Log,
): Shard {
  let ready: Promise<void> | null = row === null ? null : Promise.resolve();
  if (row === null)
    log.warn(
      { event: "store.shard-away", code: "STORE_UNREACHABLE", shard: position + 1 },
      "a shard does not answer; its shops wait",
    );
  const check = async (): Promise<void> => {
    const late = await prepare(pool);
    checkShard(late, position, nodes);
    if (late.nodes === null) await writeShardRow(pool, nodes, position);
  };
  return {
    node: new PostgresNode(pool, position),
    ready: () => {
      ready ??= check().catch((error: unknown) => {
        ready = null;
        throw error;
      });
      return ready;
    },
  };
}

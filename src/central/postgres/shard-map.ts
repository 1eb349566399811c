import { createHash } from "node:crypto";
import { GatewayError } from "../../core/errors.ts";
import type { NodePool } from "./node-pool.ts";

/**
 * How stores are spread: the first 32 bits of SHA-256 of the id, modulo the number of nodes. In SQL:
 * `('x'||encode(substring(sha256(convert_to(store_id,'UTF8')) for 4),'hex'))::bit(32)::bigint % n`.
 */
const HASH = "sha256-32";

/** What a node knows of the shards; `nodes` is null until it was told. */
export interface ShardRow {
  readonly nodeId: string;
  readonly nodes: readonly string[] | null;
  readonly position: number | null;
  readonly hash: string | null;
}

/** Which of `count` nodes a store lives on, from 0. Pure, and never changes. */
export function shardOf(storeId: string, count: number): number {
  if (count === 1) return 0;
  return createHash("sha256").update(storeId).digest().readUInt32BE(0) % count;
}

/** Reads what a node knows. */
export async function readShardRow(pool: NodePool): Promise<ShardRow> {
  const [row] = await pool.query<ShardRow>(
    `SELECT node_id AS "nodeId", nodes, position, hash FROM shard_map`,
  );
  if (row === undefined) throw new GatewayError("STORE_SHARDS", "a node has lost its own name");
  return row;
}

/** Tells a node which one it is among which. */
export async function writeShardRow(
  pool: NodePool,
  nodes: readonly string[],
  position: number,
): Promise<void> {
  await pool.query("UPDATE shard_map SET nodes=$1, position=$2, hash=$3 WHERE nodes IS NULL", [
    nodes,
    position,
    HASH,
  ]);
}

/**
 * The list of nodes the data are distributed by, from what the nodes say in the order of the URLs; null for one that
 * does not answer. New nodes agree on the order given, if all of them answer. Pure.
 * @throws STORE_SHARDS when number, order or a node differ; STORE_UNREACHABLE when new nodes are not all there
 */
export function agreedNodes(rows: readonly (ShardRow | null)[]): readonly string[] {
  const ids = rows.map((row) => row?.nodeId ?? null);
  const known = ids.filter((id) => id !== null);
  if (new Set(known).size < known.length)
    throw new GatewayError("STORE_SHARDS", "two URLs of --store lead to the same database");
  const told = rows.find((row) => row?.nodes != null);
  if (told?.nodes == null) {
    if (known.length === rows.length) return known;
    throw new GatewayError("STORE_UNREACHABLE", "new shards must all answer before they are used");
  }
  for (const [position, row] of rows.entries())
    if (row !== null) checkShard(row, position, told.nodes);
  if (told.nodes.length !== rows.length) {
    throw new GatewayError(
      "STORE_SHARDS",
      `the data are spread over ${told.nodes.length} nodes, --store names ${rows.length}`,
    );
  }
  return told.nodes;
}

/** Checks that a node stands where it belongs. Pure. @throws STORE_SHARDS */
export function checkShard(row: ShardRow, position: number, nodes: readonly string[]): void {
  const expected = row.nodes ?? nodes;
  const isSame =
    expected.length === nodes.length && expected.every((id, index) => id === nodes[index]);
  if (!isSame)
    throw new GatewayError("STORE_SHARDS", "the nodes of --store belong to different sets");
  if (nodes[position] !== row.nodeId) {
    const place = nodes.indexOf(row.nodeId);
    throw new GatewayError(
      "STORE_SHARDS",
      place < 0
        ? `node ${position + 1} of --store is a new database in the place of one with data`
        : `node ${position + 1} of --store belongs in place ${place + 1}`,
    );
  }
  if (row.hash !== null && row.hash !== HASH)
    throw new GatewayError("STORE_SHARDS", `the data are spread by ${row.hash}, not by ${HASH}`);
}

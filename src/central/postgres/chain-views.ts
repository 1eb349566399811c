import { GatewayError } from "../../core/errors.ts";
import { type Connection, SCHEMA } from "./node-pool.ts";
import { codeOf } from "./pg-faults.ts";

/** What can be read over all shards in SQL on the first node, in the schema `chain`. */
const RELATIONS = ["store", "gateway", "gateway_cursor", "gap", "figure"];
const LOCK_WAIT = "5s";
/** "chai" as a number: centres that start together build one after the other. */
const VIEWS_LOCK = 0x63686169;

/**
 * Builds on the first node, with stock postgres_fdw, views over all shards for people and reporting tools; the centre
 * itself asks every shard at once. `urls` are those of all nodes, the first one's own first, as the first node sees them.
 * @throws STORE_EXTENSION; the server's errors
 */
export async function buildChainViews(
  connection: Connection,
  urls: readonly string[],
): Promise<void> {
  await requireExtension(connection);
  await connection.query("BEGIN");
  await connection.query(`SET LOCAL lock_timeout='${LOCK_WAIT}'`);
  await connection.query("SELECT pg_advisory_xact_lock($1)", [VIEWS_LOCK]);
  await connection.query("DROP SCHEMA IF EXISTS chain CASCADE");
  for (const [index, url] of urls.entries()) if (index > 0) await addServer(connection, index, url);
  await connection.query("CREATE SCHEMA chain");
  for (const relation of RELATIONS) {
    const parts = urls.map((_, index) => (index === 0 ? SCHEMA : serverName(index)));
    const selects = parts.map(
      (schema, shard) => `SELECT ${shard} AS shard, * FROM ${schema}.${relation}`,
    );
    await connection.query(`CREATE VIEW chain.${relation} AS ${selects.join(" UNION ALL ")}`);
  }
  await connection.query("COMMIT");
}

const serverName = (index: number): string => `vitrine_shard_${index}`;

async function requireExtension(connection: Connection): Promise<void> {
  try {
    await connection.query("CREATE EXTENSION IF NOT EXISTS postgres_fdw");
  } catch (error) {
    if (!/^(58P01|0A000|42501)$/.test(codeOf(error))) throw error;
    throw new GatewayError("STORE_EXTENSION", "the first node has no postgres_fdw", {
      cause: error,
    });
  }
}

async function addServer(connection: Connection, index: number, url: string): Promise<void> {
  const name = serverName(index);
  const { hostname, port, pathname, username, password } = new URL(url);
  const place = options({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? "5432" : port,
    dbname: decodeURIComponent(pathname.slice(1)),
    fetch_size: "10000",
    async_capable: "true",
    connect_timeout: "5",
  });
  const user = options({
    user: decodeURIComponent(username),
    ...(password === "" ? {} : { password: decodeURIComponent(password) }),
  });
  await connection.query(`DROP SERVER IF EXISTS ${name} CASCADE`);
  await connection.query(`DROP SCHEMA IF EXISTS ${name} CASCADE`);
  await connection.query(
    `CREATE SERVER ${name} FOREIGN DATA WRAPPER postgres_fdw OPTIONS (${place})`,
  );
  await connection.query(`CREATE USER MAPPING FOR CURRENT_USER SERVER ${name} OPTIONS (${user})`);
  await connection.query(`CREATE SCHEMA ${name}`);
  await connection.query(
    `IMPORT FOREIGN SCHEMA ${SCHEMA} LIMIT TO (${RELATIONS.join(", ")}) FROM SERVER ${name} INTO ${name}`,
  );
}

/** Options cannot be parameters: they are quoted as SQL texts. */
function options(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key} ${quoted(value)}`)
    .join(", ");
}

function quoted(text: string): string {
  const doubled = text.replaceAll("'", "''");
  return doubled.includes("\\") ? `E'${doubled.replaceAll("\\", "\\\\")}'` : `'${doubled}'`;
}

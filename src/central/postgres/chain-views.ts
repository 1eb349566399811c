import { createHash } from "node:crypto";
import { GatewayError } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import { type Connection, SCHEMA } from "./node-pool.ts";
import { codeOf } from "./pg-faults.ts";

/** What can be read over all shards in SQL on the first node, in the schema `chain`. */
const RELATIONS = ["store", "gateway", "gateway_cursor", "gap", "figure"];
const LOCK_WAIT = "5s";
/** "chai" as a number: centres that start together build one after the other. */
const VIEWS_LOCK = 0x63686169;
/** Before the hash of what the views were built of, in the comment on their schema. */
const MADE = "vitrine views ";

/** Columns of a relation in their order, each `name type`. */
interface Relation {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

/**
 * Builds on the first node, with stock postgres_fdw, views over all shards for people and reporting tools; the centre
 * itself asks every shard at once. They are changed only when the nodes or the relations did, and replaced in place, so
 * that rights and views upon them stay. What hinders that is a warning: the views are as they were.
 * `urls` are those of all nodes, the first one's own first, as the first node sees them. @throws STORE_EXTENSION
 */
export async function buildChainViews(
  connection: Connection,
  urls: readonly string[],
  log: Log,
): Promise<void> {
  await requireExtension(connection);
  try {
    await connection.query("BEGIN");
    await connection.query(`SET LOCAL lock_timeout='${LOCK_WAIT}'`);
    await connection.query("SELECT pg_advisory_xact_lock($1)", [VIEWS_LOCK]);
    for (const [index, url] of urls.entries())
      if (index > 0) await keepServer(connection, index, url);
    await keepViews(connection, urls);
    await connection.query("COMMIT");
  } catch (error) {
    // Errors of the server alone: they hold no address and no password.
    if (codeOf(error) === "" || !(error instanceof Error)) throw error;
    await connection.query("ROLLBACK");
    log.warn(
      { event: "store.views-kept", code: codeOf(error), reason: error.message },
      "the views of the chain could not be brought up to date; they are as they were",
    );
  }
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

/** Makes a server and its user, or changes what is different about them. */
async function keepServer(connection: Connection, index: number, url: string): Promise<void> {
  const name = serverName(index);
  const { hostname, port, pathname, username, password } = new URL(url);
  const place = {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? "5432" : port,
    dbname: decodeURIComponent(pathname.slice(1)),
    fetch_size: "10000",
    async_capable: "true",
    connect_timeout: "5",
  };
  const user = {
    user: decodeURIComponent(username),
    ...(password === "" ? {} : { password: decodeURIComponent(password) }),
  };
  const [server] = await connection.query<{ given: string[] | null }>(
    "SELECT srvoptions AS given FROM pg_foreign_server WHERE srvname=$1",
    [name],
  );
  if (server === undefined)
    await connection.query(
      `CREATE SERVER ${name} FOREIGN DATA WRAPPER postgres_fdw OPTIONS (${added(place)})`,
    );
  else await alter(connection, `SERVER ${name}`, server.given, place);
  const [mapping] = await connection.query<{ given: string[] | null }>(
    "SELECT umoptions AS given FROM pg_user_mappings WHERE srvname=$1 AND usename=current_user",
    [name],
  );
  const whose = `USER MAPPING FOR CURRENT_USER SERVER ${name}`;
  if (mapping === undefined) await connection.query(`CREATE ${whose} OPTIONS (${added(user)})`);
  else await alter(connection, whose, mapping.given, user);
}

/** Changes the options of something to the wanted ones; nothing when they are. */
async function alter(
  connection: Connection,
  what: string,
  given: readonly string[] | null,
  wanted: Readonly<Record<string, string>>,
): Promise<void> {
  const now = new Map((given ?? []).map((text) => [text.split("=", 1)[0] ?? "", text]));
  const changes = Object.entries(wanted).flatMap(([key, value]) => {
    if (now.get(key) === `${key}=${value}`) return [];
    return [`${now.has(key) ? "SET" : "ADD"} ${key} ${quoted(value)}`];
  });
  for (const key of now.keys()) if (!Object.hasOwn(wanted, key)) changes.push(`DROP ${key}`);
  if (changes.length > 0) await connection.query(`ALTER ${what} OPTIONS (${changes.join(", ")})`);
}

async function keepViews(connection: Connection, urls: readonly string[]): Promise<void> {
  const relations = await readRelations(connection);
  const nodes = urls.map((_, index) => (index === 0 ? SCHEMA : serverName(index)));
  const made =
    MADE +
    createHash("sha256")
      .update(JSON.stringify([nodes, relations]))
      .digest("hex");
  const [schema] = await connection.query<{ comment: string | null }>(
    "SELECT obj_description(oid, 'pg_namespace') AS comment FROM pg_namespace WHERE nspname='chain'",
  );
  if (schema?.comment === made) return;
  await connection.query("CREATE SCHEMA IF NOT EXISTS chain");
  for (const [index, name] of nodes.entries())
    if (index > 0) await keepForeignTables(connection, name, relations);
  for (const { name, columns } of relations) {
    const list = columns.map((column) => column.name).join(", ");
    const selects = nodes.map(
      (node, shard) => `SELECT ${shard} AS shard, ${list} FROM ${node}.${name}`,
    );
    await connection.query(
      `CREATE OR REPLACE VIEW chain.${name} AS ${selects.join(" UNION ALL ")}`,
    );
  }
  await connection.query(`COMMENT ON SCHEMA chain IS ${quoted(made)}`);
}

async function readRelations(connection: Connection): Promise<readonly Relation[]> {
  const rows = await connection.query<{ relation: string; name: string; type: string }>(
    `SELECT c.relname AS relation, quote_ident(a.attname) AS name, format_type(a.atttypid, a.atttypmod)
       || coalesce((SELECT ' COLLATE ' || quote_ident(l.collname) FROM pg_collation l
         WHERE l.oid=a.attcollation AND l.collname<>'default'), '') AS type
     FROM pg_class c JOIN pg_namespace s ON s.oid=c.relnamespace JOIN pg_attribute a ON a.attrelid=c.oid
     WHERE s.nspname=$1 AND c.relname=ANY($2) AND a.attnum>0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [SCHEMA, RELATIONS],
  );
  return RELATIONS.map((name) => ({
    name,
    columns: rows
      .filter(({ relation }) => relation === name)
      .map((row) => ({ name: row.name, type: row.type })),
  }));
}

/** Makes the foreign tables of a node, or gives them the columns they lack. */
async function keepForeignTables(
  connection: Connection,
  name: string,
  relations: readonly Relation[],
): Promise<void> {
  await connection.query(`CREATE SCHEMA IF NOT EXISTS ${name}`);
  for (const relation of relations) {
    const table = `${name}.${relation.name}`;
    const columns = relation.columns.map((column) => `${column.name} ${column.type}`);
    await connection.query(
      `CREATE FOREIGN TABLE IF NOT EXISTS ${table} (${columns.join(", ")}) SERVER ${name}
       OPTIONS (schema_name ${quoted(SCHEMA)}, table_name ${quoted(relation.name)})`,
    );
    const more = columns.map((column) => `ADD COLUMN IF NOT EXISTS ${column}`);
    await connection.query(`ALTER FOREIGN TABLE ${table} ${more.join(", ")}`);
  }
}

/** Options cannot be parameters: they are quoted as SQL texts. */
const added = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([key, value]) => `${key} ${quoted(value)}`)
    .join(", ");

function quoted(text: string): string {
  const doubled = text.replaceAll("'", "''");
  return doubled.includes("\\") ? `E'${doubled.replaceAll("\\", "\\\\")}'` : `'${doubled}'`;
}

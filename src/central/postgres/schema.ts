import { GatewayError } from "../../core/errors.ts";
import { STATION_TYPE } from "../named-events.ts";
import { type Connection, SCHEMA } from "./node-pool.ts";

/** Texts compare by bytes, as in SQLite: the order of a page of events must not depend on the server's language. */
const TEXT = 'text COLLATE "C" NOT NULL';

/** First instant that has months of its own; what claims to be older shares one partition. */
export const FIRST_MONTH_AT = Date.UTC(2020, 0, 1);

/**
 * The tables of one node. `store_id` leads every key of what belongs to a store, so the same schema can be spread over
 * nodes by it.
 */
const TABLES = `
CREATE TABLE shard_map(only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), node_id ${TEXT},
  nodes text[], position int, hash text, settled bigint NOT NULL DEFAULT -9007199254740991);
INSERT INTO shard_map(node_id) VALUES(gen_random_uuid()::text);
CREATE TABLE event(store_id ${TEXT}, at bigint NOT NULL, id ${TEXT}, gateway ${TEXT}, epoch ${TEXT},
  stream ${TEXT}, seq bigint NOT NULL, type ${TEXT}, body ${TEXT}, received bigint NOT NULL)
  PARTITION BY RANGE(at);
CREATE UNIQUE INDEX event_key ON event(store_id, at, id);
CREATE INDEX event_received ON event USING brin(received);
CREATE TABLE event_before PARTITION OF event FOR VALUES FROM (MINVALUE) TO (${FIRST_MONTH_AT});
CREATE TABLE gateway_home(gateway ${TEXT} PRIMARY KEY, store_id ${TEXT});
CREATE TABLE gateway(store_id ${TEXT}, gateway ${TEXT}, online boolean NOT NULL, session ${TEXT}, boot ${TEXT},
  epoch ${TEXT}, versions ${TEXT}, schema_hash ${TEXT}, sensors ${TEXT}, seen bigint NOT NULL,
  PRIMARY KEY(store_id, gateway));
CREATE TABLE gateway_cursor(store_id ${TEXT}, gateway ${TEXT}, epoch ${TEXT}, stream ${TEXT},
  seq bigint NOT NULL DEFAULT 0, stored bigint NOT NULL DEFAULT 0, known bigint NOT NULL DEFAULT 0,
  shed bigint NOT NULL DEFAULT 0, quarantined bigint NOT NULL DEFAULT 0, updated bigint NOT NULL DEFAULT 0,
  PRIMARY KEY(store_id, gateway, epoch, stream)) WITH (fillfactor=50);
CREATE TABLE gap(store_id ${TEXT}, gateway ${TEXT}, epoch ${TEXT}, stream ${TEXT}, from_seq bigint NOT NULL,
  to_seq bigint NOT NULL, n bigint NOT NULL, why ${TEXT}, received bigint NOT NULL,
  PRIMARY KEY(store_id, gateway, epoch, stream, from_seq));
CREATE INDEX gap_newest ON gap(gateway, received);
CREATE TABLE store(store_id ${TEXT} PRIMARY KEY, events bigint NOT NULL, first_at bigint NOT NULL,
  last_at bigint NOT NULL) WITH (fillfactor=50);
CREATE SEQUENCE dirty_mark;
CREATE TABLE dirty_hour(store_id ${TEXT}, hour bigint NOT NULL, mark bigint NOT NULL,
  PRIMARY KEY(store_id, hour)) WITH (fillfactor=50);
CREATE INDEX dirty_hour_mark ON dirty_hour(mark);
CREATE TABLE series(store_id ${TEXT}, id bigint GENERATED ALWAYS AS IDENTITY, grain ${TEXT}, metric ${TEXT},
  scope ${TEXT}, PRIMARY KEY(store_id, id), UNIQUE(store_id, grain, metric, scope));
CREATE INDEX series_chain ON series(grain, scope, metric, store_id);
CREATE TABLE rollup(store_id ${TEXT}, series bigint NOT NULL, from_at bigint NOT NULL, to_at bigint NOT NULL,
  value double precision, completeness double precision NOT NULL, final_at bigint NOT NULL, revision int NOT NULL,
  detail ${TEXT});
CREATE UNIQUE INDEX rollup_key ON rollup(store_id, series, from_at) INCLUDE (value, completeness);
CREATE VIEW figure AS SELECT r.store_id, s.grain, s.scope, s.metric, r.from_at, r.to_at, r.value, r.completeness,
  r.final_at, r.revision FROM series s JOIN rollup r ON r.store_id=s.store_id AND r.series=s.id;
CREATE TABLE document(kind ${TEXT}, owner ${TEXT}, part ${TEXT}, text ${TEXT}, at bigint NOT NULL,
  PRIMARY KEY(kind, owner, part));
CREATE SEQUENCE quarantine_number;
CREATE TABLE quarantine(n bigint NOT NULL, gateway ${TEXT}, epoch text, stream text, seq bigint,
  reason ${TEXT}, body ${TEXT}, received bigint NOT NULL);
CREATE INDEX quarantine_n ON quarantine(n);
CREATE TABLE audit(n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at bigint NOT NULL, actor ${TEXT},
  action ${TEXT}, target ${TEXT}, detail ${TEXT});
`;

/**
 * Repeats of what was set aside, clocks that were not set and what became known of them, when lost events happened, since
 * when hours wait, and which centre makes the figures of a store.
 */
const CLOCKS = `
ALTER TABLE quarantine ADD COLUMN hash text, ADD COLUMN times bigint NOT NULL DEFAULT 1,
  ADD COLUMN last_received bigint, ADD COLUMN boot text;
CREATE UNIQUE INDEX quarantine_hash ON quarantine(gateway, hash) WHERE hash IS NOT NULL;
CREATE INDEX quarantine_boot ON quarantine(gateway, boot) WHERE boot IS NOT NULL;
CREATE TABLE time_fix(store_id ${TEXT}, gateway ${TEXT}, boot ${TEXT}, at bigint NOT NULL,
  mono double precision NOT NULL, PRIMARY KEY(store_id, gateway, boot));
CREATE TABLE unsynced(store_id ${TEXT}, gateway ${TEXT}, boot ${TEXT}, at bigint NOT NULL, id ${TEXT},
  PRIMARY KEY(store_id, gateway, boot, at, id));
ALTER TABLE gap ADD COLUMN first_at bigint, ADD COLUMN last_at bigint;
ALTER TABLE gateway_cursor ADD COLUMN last_at bigint;
ALTER TABLE dirty_hour ADD COLUMN since bigint NOT NULL DEFAULT 0;
UPDATE dirty_hour SET since=(extract(epoch FROM now())*1000)::bigint;
CREATE TABLE store_claim(store_id ${TEXT} PRIMARY KEY, holder ${TEXT}, until timestamptz NOT NULL);
`;

/** The place of what was set aside among that of its gateway, and how much of it was dropped. */
const ASIDES = `
CREATE INDEX quarantine_place ON quarantine(gateway, n);
CREATE TABLE aside_loss(gateway ${TEXT} PRIMARY KEY, n bigint NOT NULL);
`;

/**
 * The name in an event, as the index has it: what stands between the quotes if that is 16 characters, else NULL. Texts are
 * searched and not read as JSON or by a pattern, which would cost a commit more than all the rest. Never changed without a
 * migration.
 */
export const EVENT_NAME = `(CASE
  WHEN type='${STATION_TYPE}' THEN substr(body, strpos(body, '"pseudonym":"')+13, 16)
  WHEN strpos(body, '"tagId":"')>0 AND substr(body, strpos(body, '"tagId":"')+25, 1)='"'
    THEN substr(body, strpos(body, '"tagId":"')+9, 16) END)`;

/** Whom events name, and entries of the log about members: to find them without reading everything. */
const NAMES = `
CREATE INDEX event_name ON event(${EVENT_NAME}) WHERE ${EVENT_NAME} IS NOT NULL;
CREATE INDEX audit_member ON audit(target) WHERE action LIKE 'loyalty:%';
`;

/** Steps of the schema; version n is reached by the first n. Steps that were released are never changed. */
const MIGRATIONS: readonly string[] = [TABLES, CLOCKS, ASIDES, NAMES];

/** Oldest server the statements are tried on, as it states its version. */
const OLDEST_SERVER = 150_000;

/** "vitr" as a number: centres that start together migrate one after the other. */
const MIGRATION_LOCK = 0x76697472;

/**
 * Brings a node to the present schema, all in one transaction.
 * @throws STORE_VERSION when a newer version of the program wrote it, or the server is too old; nothing is changed then.
 * The server's errors
 */
export async function migrate(connection: Connection): Promise<void> {
  await requireServer(connection);
  await connection.query("BEGIN");
  await connection.query("SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK]);
  await connection.query(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`);
  await connection.query("CREATE TABLE IF NOT EXISTS schema_version(version int NOT NULL)");
  const [row] = await connection.query<{ version: number }>("SELECT version FROM schema_version");
  const found = row?.version ?? 0;
  if (found > MIGRATIONS.length) {
    throw new GatewayError(
      "STORE_VERSION",
      `the store has schema ${found}, this program knows ${MIGRATIONS.length}`,
    );
  }
  for (const step of MIGRATIONS.slice(found)) await connection.query(step);
  await connection.query("DELETE FROM schema_version");
  await connection.query("INSERT INTO schema_version VALUES($1)", [MIGRATIONS.length]);
  await connection.query("COMMIT");
}

async function requireServer(connection: Connection): Promise<void> {
  const [row] = await connection.query<{ n: number; name: string }>(
    "SELECT current_setting('server_version_num')::int AS n, current_setting('server_version') AS name",
  );
  if (row === undefined || row.n >= OLDEST_SERVER) return;
  throw new GatewayError(
    "STORE_VERSION",
    `the server is PostgreSQL ${row.name}, at least ${OLDEST_SERVER / 10_000} is needed`,
  );
}

import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { GatewayError } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import { codedFault, isPassing } from "./pg-faults.ts";

/** Schema in which all tables of the centre stand. */
export const SCHEMA = "vitrine";

const CONNECT_MS = 5000;
/** Longest a single statement of the running centre may take; migrations and retention have no such limit. */
const STATEMENT_MS = 60_000;
const TRIES = 5;
const INT8 = 20;

/** One connection: rows of a query, and rows into a table. */
export interface Connection {
  query<T>(text: string, values?: readonly unknown[]): Promise<T[]>;
  /** Copies pieces of whole lines in PostgreSQL's text format into a table. */
  copy(into: string, pieces: readonly string[]): Promise<void>;
}

/** Connections to one PostgreSQL node. Every method rejects with a coded fault. */
export class NodePool {
  readonly #pool: pg.Pool;
  readonly #config: pg.ClientConfig;

  /** Connects on first use. @throws CONFIG_INVALID for a text that is no URL; the URL is never repeated */
  constructor(url: string, log: Log, connections: number) {
    this.#config = configOf(url);
    this.#pool = new pg.Pool({
      ...this.#config,
      max: connections,
      query_timeout: STATEMENT_MS,
    });
    this.#pool.on("error", (error) => {
      log.debug({ event: "store.idle-lost", reason: error.message }, "an idle connection was lost");
    });
  }

  /** `limitMs`: longest time for this statement, if shorter than that of all. */
  async query<T>(
    text: string,
    values: readonly unknown[] = [],
    limitMs = STATEMENT_MS,
  ): Promise<T[]> {
    try {
      const config: pg.QueryConfig & { query_timeout: number } = {
        ...{ text, values: [...values], query_timeout: limitMs },
      };
      return (await this.#pool.query(config)).rows;
    } catch (error) {
      throw codedFault(error);
    }
  }

  /** Runs a transaction, again when it met a deadlock; `run` may be called several times. */
  async transaction<T>(run: (connection: Connection) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#once(run);
      } catch (error) {
        if (!isPassing(error) || attempt === TRIES) throw codedFault(error);
      }
    }
  }

  /** Runs something on a connection of its own without a time limit, for migrations and retention. */
  async alone<T>(run: (connection: Connection) => Promise<T>): Promise<T> {
    const client = new pg.Client(this.#config);
    // Without a listener a connection lost between two statements would end the process; the statement reports it.
    client.on("error", () => undefined);
    try {
      await client.connect();
      return await run(connectionOf(client));
    } catch (error) {
      throw codedFault(error);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #once<T>(run: (connection: Connection) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let lost: Error | undefined;
    const onError = (error: Error): void => {
      lost = error;
    };
    client.on("error", onError);
    try {
      await client.query("BEGIN");
      const result = await run(connectionOf(client));
      await client.query("COMMIT");
      return result;
    } catch (error) {
      await client.query("ROLLBACK").catch((failure: Error) => {
        lost = failure;
      });
      throw error;
    } finally {
      client.off("error", onError);
      client.release(lost);
    }
  }
}

function connectionOf(client: pg.ClientBase): Connection {
  return {
    query: async (text, values = []) => (await client.query(text, [...values])).rows,
    copy: (into, pieces) =>
      new Promise((resolve, reject) => {
        const stream = client.query(copyFrom(`COPY ${into} FROM STDIN`));
        stream.on("error", reject);
        stream.on("finish", resolve);
        for (const piece of pieces) stream.write(piece);
        stream.end();
      }),
  };
}

function configOf(url: string): pg.ClientConfig {
  if (!URL.canParse(url)) {
    // Not repeated, and without the parser's error: either may hold the password.
    throw new GatewayError("CONFIG_INVALID", "the store is not a URL: postgres://USER@HOST/NAME");
  }
  return {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    application_name: "vitrine central",
    options: `-c search_path=${SCHEMA},public`,
    types: {
      // Numbers beyond 2^53 do not occur: times are milliseconds, sequence numbers are bounded by the wire contract.
      getTypeParser: (oid: number, format?: "text" | "binary") =>
        oid === INT8 ? Number : pg.types.getTypeParser(oid, format as "text"),
    } as pg.CustomTypesConfig,
  };
}

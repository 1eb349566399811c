import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import pg from "pg";
import { openRepository } from "../../src/central/open-repository.ts";
import type { Log } from "../../src/core/lifecycle.ts";
import { batch, event, gap, numbers } from "./batches.ts";
import { hasPostgres } from "./postgres-programs.ts";
import { PostgresServer } from "./postgres-server.ts";

describe("the views of the chain", { skip: !hasPostgres() }, () => {
  let server: PostgresServer;
  let urls: string[];
  let warned: unknown[];
  const silent = (): void => undefined;
  const warn = (fields: object): void => void warned.push("event" in fields ? fields.event : null);
  const log = { error: silent, warn, info: silent, debug: silent } as unknown as Log;
  before(async () => {
    server = await PostgresServer.create(["fsync=off", "max_connections=60"]);
    await server.query(server.url(), "CREATE ROLE report");
  });
  after(() => server.remove());
  beforeEach(async () => {
    warned = [];
    urls = [await server.createDatabase(), await server.createDatabase()];
    await reopen();
  });

  async function reopen(of = urls): Promise<void> {
    const store = await openRepository(of.join(","), log);
    await store.close();
  }
  const ask = <T>(text: string): Promise<T[]> => server.query<T>(urls[0] ?? "", text);
  const oids = async (): Promise<string> =>
    JSON.stringify(
      await ask(`SELECT c.oid, c.xmin FROM pg_class c JOIN pg_namespace s ON s.oid=c.relnamespace
        WHERE s.nspname IN ('chain', 'vitrine_shard_1') ORDER BY 1`),
    );
  const count = async (relation: string): Promise<number> =>
    Number((await ask<{ n: string }>(`SELECT count(*) AS n FROM ${relation}`))[0]?.n);

  test("a start that finds them up to date touches nothing: rights and views upon them stay", async () => {
    await ask(`GRANT USAGE ON SCHEMA chain TO report; GRANT SELECT ON ALL TABLES IN SCHEMA chain TO report;
      CREATE VIEW public.mine AS SELECT * FROM chain.store`);
    const before = await oids();
    await reopen();
    assert.equal(await oids(), before);
    const [row] = await ask(
      "SELECT has_table_privilege('report', 'chain.gap', 'select') AS granted",
    );
    assert.deepEqual(row, { granted: true });
    assert.equal(await count("public.mine"), 0);
  });

  test("a relation that got a column, and another node, change them in place", async () => {
    await ask(
      "GRANT SELECT ON chain.gap TO report; CREATE VIEW public.mine AS SELECT * FROM chain.gap",
    );
    for (const url of urls)
      await server.query(url, "ALTER TABLE vitrine.gap ADD COLUMN extra bigint");
    const second = urls[1] ?? "";
    await reopen();
    const [row] = await ask(
      "SELECT has_table_privilege('report', 'chain.gap', 'select') AS granted",
    );
    assert.deepEqual(row, { granted: true });
    const store = await openRepository(urls.join(","), log);
    const shops = numbers(1, 8).map((n) => `shop${n}`);
    await store.commit(
      shops.map((storeId) =>
        batch(1, [gap(1, 2), event(3, storeId)], { storeId, gatewayId: storeId }),
      ),
    );
    await store.close();
    assert.equal(await count("public.mine"), shops.length);
    assert.equal(await count("chain.gap WHERE extra IS NULL"), shops.length);
    await ask("ALTER SERVER vitrine_shard_1 OPTIONS (SET port '1')");
    await assert.rejects(count("chain.gap"));
    await reopen();
    assert.equal(await count("chain.gap"), shops.length, `${new URL(second).port} is asked again`);
    assert.deepEqual(warned, []);
  });

  test("a report that holds them stops no start, and what hinders their change is a warning", async () => {
    for (const url of urls)
      await server.query(url, "ALTER TABLE vitrine.gap ADD COLUMN extra bigint");
    const report = new pg.Client(urls[0] ?? "");
    await report.connect();
    await report.query("BEGIN; SELECT * FROM chain.gap");
    await reopen();
    assert.deepEqual(warned, ["store.views-kept"]);
    await report.query("COMMIT");
    await report.end();
    assert.equal(await count("chain.gap"), 0);
    await reopen();
    assert.equal(warned.length, 1);
    assert.equal(await count("chain.gap WHERE extra IS NULL"), 0);
  });

  test("views of an older program that dropped and made them are taken over", async () => {
    await ask(`DROP SCHEMA chain CASCADE; DROP SCHEMA vitrine_shard_1 CASCADE; CREATE SCHEMA vitrine_shard_1;
      IMPORT FOREIGN SCHEMA vitrine LIMIT TO (store, gateway, gateway_cursor, gap, figure)
        FROM SERVER vitrine_shard_1 INTO vitrine_shard_1; CREATE SCHEMA chain;
      CREATE VIEW chain.gap AS SELECT 0 AS shard, * FROM vitrine.gap UNION ALL SELECT 1 AS shard, * FROM vitrine_shard_1.gap;
      CREATE VIEW public.mine AS SELECT * FROM chain.gap`);
    await reopen();
    for (const relation of ["chain.store", "chain.figure", "public.mine"])
      assert.equal(await count(relation), 0);
    assert.deepEqual(warned, []);
  });
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import Database from "better-sqlite3";
import type { Connection } from "../../src/central/postgres/node-pool.ts";
import { migrate } from "../../src/central/postgres/schema.ts";
import { epochMs } from "../../src/core/brand.ts";
import { GatewayError } from "../../src/core/errors.ts";
import { freePort, tempDir } from "../e2e/delivery-rig.ts";
import { account, batch, EPOCH, event, gap, ids, numbers } from "./batches.ts";
import { open } from "./engines.ts";
import { hasPostgres } from "./postgres-programs.ts";
import { PostgresServer } from "./postgres-server.ts";

async function refusal(store: string): Promise<string> {
  try {
    await (await open(store)).close();
    return "opened";
  } catch (error) {
    assert.ok(error instanceof GatewayError, String(error));
    assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /s3cret/);
    return error.code;
  }
}

/** A file as the first version of the program wrote it. */
function writeOldFile(path: string): void {
  const db = new Database(path);
  db.exec(`CREATE TABLE event(n INTEGER PRIMARY KEY, store_id TEXT NOT NULL, at INTEGER NOT NULL, id TEXT NOT NULL,
      gateway TEXT NOT NULL, epoch TEXT NOT NULL, stream TEXT NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL,
      body TEXT NOT NULL, received INTEGER NOT NULL);
    CREATE UNIQUE INDEX event_key ON event(store_id, at, id);
    CREATE TABLE gateway_cursor(gateway TEXT NOT NULL, epoch TEXT NOT NULL, stream TEXT NOT NULL, seq INTEGER NOT NULL,
      stored INTEGER NOT NULL, known INTEGER NOT NULL, shed INTEGER NOT NULL, quarantined INTEGER NOT NULL,
      updated INTEGER NOT NULL, PRIMARY KEY(gateway, epoch, stream)) WITHOUT ROWID;
    CREATE TABLE gap(gateway TEXT NOT NULL, epoch TEXT NOT NULL, stream TEXT NOT NULL, from_seq INTEGER NOT NULL,
      to_seq INTEGER NOT NULL, n INTEGER NOT NULL, why TEXT NOT NULL, received INTEGER NOT NULL,
      PRIMARY KEY(gateway, epoch, stream, from_seq)) WITHOUT ROWID;
    CREATE TABLE gateway(gateway TEXT PRIMARY KEY, store_id TEXT NOT NULL, online INTEGER NOT NULL,
      session TEXT NOT NULL, boot TEXT NOT NULL, epoch TEXT NOT NULL, versions TEXT NOT NULL,
      schema_hash TEXT NOT NULL, sensors TEXT NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE quarantine(n INTEGER PRIMARY KEY AUTOINCREMENT, gateway TEXT NOT NULL, epoch TEXT,
      stream TEXT, seq INTEGER, reason TEXT NOT NULL, body TEXT NOT NULL, received INTEGER NOT NULL);
    INSERT INTO event VALUES(1,'shop1',1778414401000,'shop1-000001','gw1','${EPOCH}','journey',1,'vitrine.entered','{}',5);
    INSERT INTO gateway_cursor VALUES('gw1','${EPOCH}','journey',1,1,0,0,0,5);`);
  db.close();
}

/** Takes away what later versions of the schema added. */
const FIRST_VERSION = `SET search_path=vitrine;
  DROP TABLE time_fix, unsynced, store_claim, aside_loss;
  DROP INDEX quarantine_place, event_name, audit_member;
  ALTER TABLE quarantine DROP COLUMN hash, DROP COLUMN times, DROP COLUMN last_received, DROP COLUMN boot;
  ALTER TABLE gap DROP COLUMN first_at, DROP COLUMN last_at;
  ALTER TABLE gateway_cursor DROP COLUMN last_at;
  ALTER TABLE dirty_hour DROP COLUMN since;
  UPDATE schema_version SET version=1`;

test("a file of the first version is brought up to date with all it holds", async () => {
  const dir = tempDir();
  const path = join(dir.path, "central.db");
  writeOldFile(path);
  const store = await open(`sqlite:${path}`);
  assert.equal(await store.home("gw1"), "shop1");
  assert.deepEqual(
    (await store.stores()).map(({ events }) => events),
    [1],
  );
  assert.equal((await store.dirtyHours(9)).length, 1);
  await store.commit([batch(2, [event(2)])]);
  assert.deepEqual(await account(store), { seq: 2, stored: 2, known: 0, shed: 0, quarantined: 0 });
  await store.close();
  assert.equal(await refusal(`sqlite:${path}`), "opened");
  dir.remove();
});

test("a file that is newer, damaged, a folder or held by another process is a coded fault, and stays as it is", async () => {
  const dir = tempDir();
  const path = (name: string): string => join(dir.path, name);
  const newer = new Database(path("newer.db"));
  newer.exec("CREATE TABLE schema_version(version INTEGER); INSERT INTO schema_version VALUES(99)");
  newer.close();
  writeFileSync(path("noise.db"), "no database at all ".repeat(100));
  mkdirSync(path("folder.db"));
  writeFileSync(path("file"), "");
  const held = await open(`sqlite:${path("held.db")}`);
  assert.deepEqual(
    await Promise.all(
      ["newer.db", "noise.db", "folder.db", "file/under.db", "held.db"].map((name) =>
        refusal(`sqlite:${path(name)}`),
      ),
    ),
    ["STORE_VERSION", "STORE_UNREADABLE", "STORE_UNREADABLE", "STORE_UNREADABLE", "STORE_FAILED"],
  );
  await held.close();
  const same = new Database(path("newer.db"));
  assert.deepEqual(same.prepare("SELECT name FROM sqlite_master").pluck().all(), [
    "schema_version",
  ]);
  same.close();
  dir.remove();
});

test("a store of no known kind and a URL that is none are refused without repeating it", async () => {
  for (const store of ["mysql://u:s3cret@h/d", "postgres://u:s3cret@h:port/d", "sqlite:", ""])
    assert.equal(await refusal(store), "CONFIG_INVALID");
});

describe("opening PostgreSQL", { skip: !hasPostgres() }, () => {
  let server: PostgresServer;
  before(async () => {
    server = await PostgresServer.create(["fsync=off"]);
    await server.query(server.url(), "CREATE ROLE clerk LOGIN PASSWORD 's3cret'");
  });
  after(() => server.remove());

  test("a server that is not there, a database that is not, a user without privilege are coded faults", async () => {
    const port = await freePort();
    const own = await server.createDatabase();
    assert.equal(await refusal(`postgres://u:s3cret@127.0.0.1:${port}/d`), "STORE_UNREACHABLE");
    assert.equal(await refusal("postgres://u:s3cret@nowhere.invalid/d"), "STORE_UNREACHABLE");
    assert.equal(await refusal(server.url("nothing")), "STORE_REFUSED");
    assert.equal(await refusal(own.replace("vitrine@", "nobody:s3cret@")), "STORE_REFUSED");
    assert.equal(await refusal(own.replace("vitrine@", "clerk:s3cret@")), "STORE_REFUSED");
  });

  test("several centres may start at once on an empty database", async () => {
    const url = await server.createDatabase();
    const stores = await Promise.all([open(url), open(url), open(url)]);
    await Promise.all(
      stores.map((store, n) =>
        store.commit([batch(1, [event(n)], { gatewayId: `gw${n}`, storeId: "shop1" })]),
      ),
    );
    for (const store of stores) assert.equal((await ids(store)).length, 3);
    await Promise.all(stores.map((store) => store.close()));
  });

  test("a database of a newer version is left alone", async () => {
    const url = await server.createDatabase();
    await (await open(url)).close();
    await server.query(url, "UPDATE vitrine.schema_version SET version=99");
    assert.equal(await refusal(url), "STORE_VERSION");
  });

  test("a database of the first version is brought up to date with all it holds", async () => {
    const url = await server.createDatabase();
    const old = await open(url);
    await old.commit([batch(1, [event(1), gap(2, 3)])]);
    await old.quarantine("gw1", "unreadable", "{", epochMs(0));
    await old.close();
    await server.query(url, FIRST_VERSION);
    const store = await open(url);
    await store.commit([batch(4, [event(4)])]);
    assert.deepEqual(await account(store), {
      ...{ seq: 4, stored: 2, known: 0, shed: 2, quarantined: 0 },
    });
    await store.quarantine("gw1", "unreadable", "{", epochMs(0));
    const rows = await store.quarantined(null, 9);
    assert.deepEqual(
      rows.map(({ times, lastReceivedAt }) => [times, lastReceivedAt]),
      [
        [1, 0],
        [1, 0],
      ],
    );
    assert.ok((await store.dirtyHours(9)).every(({ since }) => since > 0));
    await store.close();
  });

  test("a server that is too old is named, and nothing is changed in it", async () => {
    const asked: string[] = [];
    const oldServer: Connection = {
      query: async <T>(text: string) => {
        asked.push(text);
        return [{ n: 130_014, name: "13.14" }] as T[];
      },
      copy: () => Promise.reject(new Error("nothing is to be written")),
    };
    await assert.rejects(
      migrate(oldServer),
      (error) =>
        error instanceof GatewayError &&
        error.code === "STORE_VERSION" &&
        error.message === "the server is PostgreSQL 13.14, at least 15 is needed",
    );
    assert.equal(asked.length, 1);
  });

  test("shards in another order, in another number, mixed or named twice are refused", async () => {
    const [a, b, c] = [
      await server.createDatabase(),
      await server.createDatabase(),
      await server.createDatabase(),
    ];
    const away = `postgres://vitrine@127.0.0.1:${await freePort()}/t`;
    assert.equal(
      await refusal(`${a},${away}`),
      "STORE_UNREACHABLE",
      "new shards must all be there",
    );
    assert.equal(await refusal(`${a},${b}`), "opened");
    const refused = [`${b},${a}`, `${a},${b},${c}`, a, b, `${a},${c}`, `${c},${b}`, `${a},${a}`];
    assert.deepEqual(
      await Promise.all(refused.map(refusal)),
      refused.map(() => "STORE_SHARDS"),
    );
    assert.equal(await refusal(`${a},${b}`), "opened");
    assert.equal(await refusal(`${a},${away}`), "opened", "one that is away is left for later");
    assert.equal(await refusal(c), "opened");
    assert.equal(await refusal(`${c},${b}`), "STORE_SHARDS", "one database is not a shard of two");
  });

  test("without the extension for several shards the start says so", async () => {
    const [a, b] = [await server.createDatabase(), await server.createDatabase()];
    await server.query(a, `ALTER DATABASE ${a.split("/").at(-1)} OWNER TO clerk`);
    await server.query(b, `ALTER DATABASE ${b.split("/").at(-1)} OWNER TO clerk`);
    const asClerk = (url: string): string => url.replace("vitrine@", "clerk:s3cret@");
    assert.equal(await refusal(`${asClerk(a)},${asClerk(b)}`), "STORE_EXTENSION");
    assert.equal(await refusal(asClerk(await freshFor(server))), "opened");
  });

  test("the chain can be read in SQL on the first node", async () => {
    const urls = [await server.createDatabase(), await server.createDatabase()];
    const store = await open(urls.join(","));
    const shops = Array.from({ length: 8 }, (_, n) => `shop${n}`);
    await store.commit(
      shops.map((storeId) => batch(1, [event(1, storeId)], { storeId, gatewayId: storeId })),
    );
    const rows = await server.query<{ store_id: string; shard: number; n: string }>(
      urls[0] ?? "",
      `SELECT store_id, shard, ('x'||encode(substring(sha256(convert_to(store_id,'UTF8')) for 4),'hex'))::bit(32)::bigint % 2
       AS n FROM chain.store ORDER BY store_id`,
    );
    assert.deepEqual(
      rows.map((row) => [row.store_id, row.shard, Number(row.n)]),
      shops.map((storeId) => [storeId, store.laneOf(storeId), store.laneOf(storeId)]),
    );
    assert.equal(new Set(rows.map(({ shard }) => shard)).size, 2);
    await store.close();
  });
});

async function freshFor(server: PostgresServer): Promise<string> {
  const url = await server.createDatabase();
  await server.query(url, `ALTER DATABASE ${url.split("/").at(-1)} OWNER TO clerk`);
  return url;
}

test("a full disk is a coded fault at the start, and one while running changes nothing", {
  skip: process.getuid?.() !== 0,
}, async () => {
  const dir = tempDir();
  chmodSync(dir.path, 0o755);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", dir.path]);
  try {
    assert.equal(mounted.status, 0, String(mounted.stderr));
    const url = `sqlite:${join(dir.path, "central.db")}`;
    const store = await open(url);
    const body = { ...event(1), body: "x".repeat(40_000) };
    let seq = 0;
    const fill = async (): Promise<void> => {
      for (;;) {
        const id = `e${seq + 1}`;
        await store.commit([batch(seq + 1, [{ ...body, id } as ReturnType<typeof event>])]);
        seq += 1;
      }
    };
    await assert.rejects(
      fill(),
      (error) => error instanceof GatewayError && error.code === "DISK_FULL",
    );
    assert.deepEqual(await store.positions("gw1", EPOCH), { journey: seq });
    await store.close();
    writeFileSync(join(dir.path, "rest"), "");
    spawnSync("dd", ["if=/dev/zero", `of=${join(dir.path, "rest")}`, "bs=1k"]);
    assert.equal(await refusal(`sqlite:${join(dir.path, "other.db")}`), "DISK_FULL");
  } finally {
    spawnSync("umount", [dir.path]);
    dir.remove();
  }
});

test("a full disk of the server is a coded fault at the start and while running, and passes with it", {
  skip: process.getuid?.() !== 0 || !hasPostgres(),
}, async () => {
  const server = await PostgresServer.create(["fsync=off"]);
  const dir = tempDir();
  chmodSync(dir.path, 0o755);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=48m", "tmpfs", dir.path]);
  try {
    assert.equal(mounted.status, 0, String(mounted.stderr));
    const place = await server.createTablespace(join(dir.path, "small"));
    const [url, other] = [await server.createDatabase(place), await server.createDatabase(place)];
    const store = await open(url);
    let seq = 0;
    const fill = async (): Promise<void> => {
      for (;;) {
        const body = randomBytes(40_000).toString("base64");
        const records = numbers(seq + 1, 20).map((n) => ({ ...event(n), body: `${n}${body}` }));
        await store.commit([batch(seq + 1, records as ReturnType<typeof event>[])]);
        seq += 20;
      }
    };
    await assert.rejects(fill(), { code: "DISK_FULL" });
    assert.deepEqual(await store.positions("gw1", EPOCH), { journey: seq });
    assert.equal(await refusal(other), "DISK_FULL");
    spawnSync("mount", ["-o", "remount,size=96m", dir.path]);
    await store.commit([batch(seq + 1, [event(seq + 1)])]);
    assert.deepEqual(await store.positions("gw1", EPOCH), { journey: seq + 1 });
    await store.close();
    assert.equal(await refusal(other), "opened");
  } finally {
    await server.remove();
    spawnSync("umount", ["-l", dir.path]);
    dir.remove();
  }
});

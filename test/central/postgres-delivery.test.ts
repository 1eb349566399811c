import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import {
  crossing,
  freePort,
  hasMosquitto,
  QUICK_RETRY,
  startCentral,
  startGateway,
  startMosquitto,
  tempDir,
  until,
} from "../e2e/delivery-rig.ts";
import { ids } from "./batches.ts";
import { open } from "./engines.ts";
import { hasPostgres } from "./postgres-programs.ts";
import { PostgresServer } from "./postgres-server.ts";

const EVENTS = 3000;

test("two centres share a stream into PostgreSQL, which is killed in between: every event is there once", {
  skip: !hasPostgres() || !hasMosquitto(),
}, async () => {
  const dir = tempDir();
  const server = await PostgresServer.create();
  const store = await server.createDatabase();
  const broker = await startMosquitto(dir.path, await freePort());
  const centres = await Promise.all(
    ["one", "two"].map((clientId) =>
      startCentral("", broker.url, {
        ...{ store, share: "centres", mqtt: { retry: QUICK_RETRY, clientId } },
      }),
    ),
  );
  const gateways = await Promise.all(
    ["gw1", "gw2"].map((id) =>
      startGateway({ path: join(dir.path, `${id}.db`), url: broker.url, boot: "b1", id }),
    ),
  );
  try {
    const record = (from: number, to: number): void => {
      for (let n = from; n < to; n += 1)
        for (const { delivery } of gateways) delivery.record(crossing(n, "r1"));
    };
    record(0, 1000);
    await until("something is stored", () => centres.some(({ counts }) => counts.stored > 0));
    await server.kill();
    record(1000, 2000);
    await until("batches are put off", () => centres.some(({ counts }) => counts.deferred > 0));
    await server.start();
    record(2000, EVENTS);
    await until(
      "all is acknowledged",
      () => gateways.every(({ delivery }) => delivery.status().outboxEvents === 0),
      60_000,
    );
    const reader = await open(store);
    const found = await ids(reader);
    assert.equal(found.length, 2 * EVENTS);
    assert.equal(new Set(found).size, 2 * EVENTS);
    for (const { streams } of await reader.gateways()) {
      const sum = (key: "seq" | "stored" | "known"): number =>
        streams.reduce((total, account) => total + account[key], 0);
      assert.deepEqual([sum("seq"), sum("stored"), sum("known")], [EVENTS, EVENTS, 0]);
    }
    await reader.close();
    assert.ok(
      centres.every(({ counts }) => counts.batches > 0),
      "both took a share",
    );
  } finally {
    for (const gateway of gateways) await gateway.stop();
    for (const central of centres) await central[Symbol.asyncDispose]();
    await broker.stop();
    await server.remove();
    dir.remove();
  }
});

import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SqliteStore } from "../../src/central/sqlite/sqlite-store.ts";
import { epochMs } from "../../src/core/brand.ts";
import {
  crossing,
  startAedes,
  startCentral,
  startGateway,
  tempDir,
  until,
} from "./delivery-rig.ts";

const NOWHERE = "mqtt://127.0.0.1:1";

/** Events of a run in the store, however they came. */
async function storedOf(path: string, run: string): Promise<number> {
  const store = new SqliteStore(path);
  const range = { from: epochMs(0), to: epochMs(9e12), type: null, after: null };
  const events = await store.events({ storeId: "shop1", ...range, limit: 5000 });
  await store.close();
  return events.filter(({ body }) => body.includes(`"boot":"${run}"`)).length;
}

for (const recorded of ["without a line", "with a line"] as const) {
  test(`what a gateway records ${recorded} on a backup of its outbox reaches the centre`, async () => {
    const dir = tempDir();
    const path = join(dir.path, "o.db");
    const centre = join(dir.path, "central.db");
    const server = await startAedes();
    const central = await startCentral(centre, server.url);
    /** Lives once: records some events and, where there is a line, waits until all are acknowledged. */
    const live = async (boot: string, events: number, url = server.url): Promise<void> => {
      const gateway = await startGateway({ path, url, boot });
      for (let n = 0; n < events; n += 1) gateway.delivery.record(crossing(n, boot));
      const isDone = (): boolean => gateway.delivery.status().outboxEvents === 0;
      if (url === server.url) await until(`${boot} is acknowledged`, isDone);
      await gateway.stop();
    };
    try {
      await live("b1", 100);
      copyFileSync(path, join(dir.path, "backup"));
      await live("b2", 50);
      copyFileSync(join(dir.path, "backup"), path);
      if (recorded === "without a line") {
        await live("b3", 30, NOWHERE);
        await live("b4", 30, NOWHERE);
        await live("b5", 0);
      } else await live("b3", 60);
      await central[Symbol.asyncDispose]();
      const runs = recorded === "without a line" ? { b3: 30, b4: 30 } : { b3: 60 };
      for (const [run, n] of Object.entries({ b1: 100, b2: 50, ...runs }))
        assert.equal(await storedOf(centre, run), n, run);
    } finally {
      await central[Symbol.asyncDispose]();
      await server.stop();
      dir.remove();
    }
  });
}

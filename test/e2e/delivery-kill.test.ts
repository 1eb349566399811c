import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import Database from "better-sqlite3";
import { build } from "esbuild";
import { seededRandom } from "../../src/core/random.ts";
import { freePort, startAedes, stopped, tempDir } from "./delivery-rig.ts";

const GATEWAY_KILLS = 20;
const CENTRAL_KILL_EVERY = 5;
const BROKER_AMNESIA_AT = new Set([7, 14]);

/** Bundles the two children once: some thirty starts through tsx would take longer than the test. */
async function bundleChildren(dir: string): Promise<void> {
  symlinkSync(join(import.meta.dirname, "../../node_modules"), join(dir, "node_modules"));
  await build({
    entryPoints: ["gateway", "central"].map((name) =>
      join(import.meta.dirname, `delivery-${name}-child.ts`),
    ),
    outdir: dir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    logLevel: "error",
  });
}

async function launch(file: string, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [file, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr?.on("data", (chunk) => (errors += String(chunk)));
  const ready = once(child.stdout ?? child, "data");
  const left = once(child, "exit").then(() => assert.fail(`${file} left early: ${errors}`));
  await Promise.race([ready, left]);
  left.catch(() => undefined);
  return child;
}

interface CursorRow {
  readonly stream: string;
  readonly seq: number;
  readonly stored: number;
  readonly known: number;
}

test("20 times kill -9 of the gateway, 4 of the centre, 2 of the broker: everything accepted is stored exactly once", async (t) => {
  const dir = tempDir();
  await bundleChildren(dir.path);
  const gatewayFile = join(dir.path, "delivery-gateway-child.mjs");
  const centralFile = join(dir.path, "delivery-central-child.mjs");
  const port = await freePort();
  const random = seededRandom(20);
  const outboxPath = join(dir.path, "outbox.db");
  const centralPath = join(dir.path, "central.db");
  let broker = await startAedes(port);
  const { url } = broker;
  let central = await launch(centralFile, [centralPath, url]);
  try {
    for (let kill = 1; kill <= GATEWAY_KILLS; kill += 1) {
      const gateway = await launch(gatewayFile, [outboxPath, url, `b${kill}`]);
      await new Promise((resolve) => setTimeout(resolve, 100 + 200 * random()));
      if (BROKER_AMNESIA_AT.has(kill)) {
        await broker.stop();
        broker = await startAedes(port);
      }
      await stopped(gateway, "SIGKILL");
      if (kill % CENTRAL_KILL_EVERY === 0) {
        await stopped(central, "SIGKILL");
        central = await launch(centralFile, [centralPath, url]);
      }
    }
    const last = await launch(gatewayFile, [outboxPath, url, "end", "drain"]);
    if (last.exitCode === null) await once(last, "exit");
  } finally {
    await stopped(central, "SIGTERM");
    await broker.stop();
  }
  const outbox = new Database(outboxPath, { readonly: true });
  const store = new Database(centralPath, { readonly: true });
  const produced = Number(outbox.prepare("SELECT max(seq) FROM stream_journey").pluck().get());
  const cursors = store
    .prepare<[], CursorRow>("SELECT stream, seq, stored, known FROM gateway_cursor")
    .all();
  const rows = store
    .prepare("SELECT count(*), count(DISTINCT id), count(DISTINCT seq), max(seq) FROM event")
    .raw()
    .get();
  const kept = outbox.prepare("SELECT count(*) FROM stream_journey").pluck().get();
  t.diagnostic(`${produced} events`);
  assert.ok(produced > GATEWAY_KILLS * 20, `${produced} events are enough to mean something`);
  assert.deepEqual(cursors, [{ stream: "journey", seq: produced, stored: produced, known: 0 }]);
  assert.deepEqual(rows, [produced, produced, produced, produced]);
  assert.equal(kept, produced, "the day's record is complete");
  for (const db of [outbox, store]) {
    assert.equal(db.pragma("integrity_check", { simple: true }), "ok");
    db.close();
  }
  dir.remove();
});

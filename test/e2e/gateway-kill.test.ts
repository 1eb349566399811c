import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, symlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import Database from "better-sqlite3";
import { build } from "esbuild";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { createCentral } from "../../src/central/central.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { seededRandom } from "../../src/core/random.ts";
import { createEmbeddedBroker } from "../../src/io/mqtt/embedded-broker.ts";
import { MqttLink } from "../../src/io/mqtt/mqtt-link.ts";

const KILLS = 20;

/** Bundled once: twenty starts through tsx would take longer than the test. */
async function bundleGateway(folder: string): Promise<string> {
  symlinkSync(join(import.meta.dirname, "../../node_modules"), join(folder, "node_modules"));
  const outfile = join(folder, "test/fakes/gateway-child.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "../fakes/gateway-child.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    logLevel: "error",
  });
  cpSync(join(import.meta.dirname, "../../config"), join(folder, "config"), { recursive: true });
  return outfile;
}

function start(file: string, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [file, ...args], { stdio: ["ignore", "pipe", "inherit"] });
}

/** First line a child prints; fails when it leaves without one. */
async function firstLine(gateway: ChildProcess): Promise<string> {
  assert.ok(gateway.stdout !== null);
  const left = once(gateway, "exit").then(([code]) => assert.fail(`left with ${code} in silence`));
  const [chunk] = (await Promise.race([once(gateway.stdout, "data"), left])) as [Buffer];
  left.catch(() => undefined);
  return chunk.toString();
}

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 1200; tries += 1) {
    if (isTrue()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.fail(`timed out: ${what}`);
}

/** A till that never stops selling; returns the function that stops it and tells how many receipts the broker took. */
async function startTill(url: string): Promise<() => Promise<number>> {
  const clock = createSystemClock();
  const common = { clock, log: SILENT_LOG, random: seededRandom(3) };
  const link = new MqttLink({
    url,
    clientId: "till",
    clean: true,
    boot: "t",
    will: null,
    ...common,
  });
  await link.start(new AbortController().signal);
  await until(() => link.state.kind === "connected", "the till connects");
  let sent = 0;
  let taken = 0;
  const timer = setInterval(() => {
    sent += 1;
    const paidAt = new Date().toISOString();
    const receipt = { receiptId: `r-${sent}`, kind: "sale", paidAt, netMinor: 100, units: 1 };
    const text = JSON.stringify(receipt);
    link.publish("vitrine/v1/doomed/in/pos", text, { qos: 1, retain: false }, (error) => {
      if (error === null) taken += 1;
    });
  }, 100);
  return async () => {
    clearInterval(timer);
    await until(() => taken === sent, "the broker takes every receipt");
    await link[Symbol.asyncDispose]();
    return taken;
  };
}

interface Report {
  readonly produced: number;
  readonly shed: number;
  readonly refused: number;
  readonly figures: Readonly<Record<string, number | null>>;
}

async function firstReceiptsMayCome(
  file: string,
  folder: string,
  brokerUrl: string,
  rows: () => number,
): Promise<void> {
  const gateway = start(file, folder, brokerUrl, "work");
  await firstLine(gateway);
  await until(() => rows() > 0, "the gateway is known to the broker");
  gateway.kill("SIGKILL");
  await once(gateway, "exit");
}

test("20 x kill -9 of a gateway at work: what it accepted is at the centre, once, and its figures survive", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-kill-"));
  const clock = createSystemClock();
  const random = seededRandom(20);
  const log = SILENT_LOG;
  const { signal } = new AbortController();
  const broker = createEmbeddedBroker({ port: 0, log });
  await broker.start(signal);
  const centralPath = join(folder, "central.db");
  const store = `sqlite:${centralPath}`;
  const http = { host: "127.0.0.1", port: 0 };
  const central = createCentral({
    store,
    mqttUrl: broker.url,
    root: "vitrine",
    http,
    clock,
    log,
    random,
  });
  await central.start(signal);
  const rows = (): number => central.counts.stored;
  try {
    const file = await bundleGateway(folder);
    // The broker knows the gateway from its first connection on; receipts then wait there while it is away.
    await firstReceiptsMayCome(file, folder, broker.url, rows);
    const stopTill = await startTill(broker.url);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const before = rows();
      const gateway = start(file, folder, broker.url, "work");
      await firstLine(gateway);
      // Half of the kills come while events arrive, half at once: while it connects, catches up, rebuilds its day.
      if (kill % 2 === 0) await until(() => rows() > before + 20, "events arrive");
      await new Promise((done) => setTimeout(done, random() * 150));
      gateway.kill("SIGKILL");
      await once(gateway, "exit");
    }
    const receipts = await stopTill();
    const drain = start(file, folder, broker.url, "drain", String(receipts));
    const report = JSON.parse(await firstLine(drain)) as Report;
    assert.ok(receipts > 50, `${receipts} receipts are too few to prove anything`);
    assert.equal(report.figures["transactions"], receipts);
    assert.ok(report.produced > 200, `${report.produced} events are too few to prove anything`);
    assert.deepEqual({ shed: report.shed, refused: report.refused }, { shed: 0, refused: 0 });
    await central[Symbol.asyncDispose]();
    const reader = new Database(centralPath, { readonly: true });
    const count = (sql: string): unknown => reader.prepare(`SELECT ${sql}`).pluck().get();
    assert.equal(count("count(*) FROM event"), report.produced);
    assert.equal(count("count(DISTINCT id) FROM event"), report.produced);
    assert.equal(
      count("count(*) FROM event WHERE type = 'vitrine.exited'"),
      report.figures["exits"],
    );
    assert.equal(count("count(*) FROM event WHERE type = 'vitrine.transacted'"), receipts);
    assert.equal(reader.pragma("integrity_check", { simple: true }), "ok");
    reader.close();
  } finally {
    await central[Symbol.asyncDispose]();
    await broker[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
});

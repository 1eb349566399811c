import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { symlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import Database from "better-sqlite3";
import { build } from "esbuild";
import { seededRandom } from "../../src/core/random.ts";

const KILLS = 8;

/** Bundled once: so many starts through tsx would take longer than the test. */
async function bundleChild(folder: string): Promise<string> {
  symlinkSync(join(import.meta.dirname, "../../node_modules"), join(folder, "node_modules"));
  const outfile = join(folder, "history-child.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "../fakes/history-child.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    logLevel: "error",
  });
  return outfile;
}

const start = (file: string, ...args: string[]): ChildProcess =>
  spawn(process.execPath, [file, ...args], { stdio: ["ignore", "pipe", "inherit"] });

/** Waits until so many visitors came, then kills within some milliseconds. */
async function killAfter(child: ChildProcess, visitors: number, delayMs: number): Promise<void> {
  let seen = 0;
  const enough = new Promise<void>((done, failed) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      seen += chunk.length;
      if (seen >= visitors) done();
    });
    child.once("exit", (code) => failed(new Error(`left by itself with ${code}`)));
  });
  await enough;
  await new Promise((done) => setTimeout(done, delayMs));
  child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

interface Checked {
  readonly days: number;
  readonly records: number;
  readonly known: readonly unknown[];
  readonly truth: readonly unknown[];
}

async function checked(file: string, folder: string, boot: string): Promise<Checked> {
  let text = "";
  for await (const chunk of start(file, folder, boot, "check").stdout ?? []) text += String(chunk);
  assert.notEqual(text, "", "it left in silence");
  return JSON.parse(text) as Checked;
}

test("a gateway killed at any moment shows the figures of closed days and today as before, each event once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-history-kill-"));
  const random = seededRandom(5);
  try {
    const file = await bundleChild(folder);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const gateway = start(file, folder, `life-${kill}`, "work", String(kill));
      await killAfter(gateway, 1 + Math.floor(random() * 60), random() * 40);
    }
    const first = await checked(file, folder, "check-1");
    assert.ok(first.days >= 4, `${first.days} days are too few to prove anything`);
    assert.ok(first.records >= first.days - 1, "a record of every closed day");
    assert.deepEqual(first.known, first.truth);
    // The start itself wrote nothing twice.
    const second = await checked(file, folder, "check-2");
    assert.deepEqual(second.known.slice(0, first.days - 1), first.known.slice(0, -1));
    const reader = new Database(join(folder, "history.db"), { readonly: true });
    assert.equal(reader.pragma("integrity_check", { simple: true }), "ok");
    reader.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

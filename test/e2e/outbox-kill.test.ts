import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, openSync, statSync, symlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { seededRandom } from "../../src/core/random.ts";
import { type Outbox, openOutbox } from "../../src/io/outbox/outbox.ts";
import { clock, tempDir } from "./delivery-rig.ts";

const EVENTS = 60_000;
const KILLS = 12;

async function bundled(folder: string): Promise<string> {
  symlinkSync(join(import.meta.dirname, "../../node_modules"), join(folder, "node_modules"));
  const outfile = join(folder, "outbox-child.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "../fakes/outbox-child.ts")],
    ...{ outfile, bundle: true, platform: "node", format: "esm" },
    ...{ packages: "external", logLevel: "error" },
  });
  return outfile;
}

function open(path: string): Outbox {
  const common = { commitMs: 250, clock, log: SILENT_LOG, random: () => 0.5 };
  return openOutbox({ path, capBytes: 1e9, ...common });
}

/** Starts a gateway's outbox and kills it after so many steps of its work; returns how many it did. */
function killedAfter(file: string, path: string, steps: number): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [file, path], { stdio: ["ignore", "pipe", "inherit"] });
    let done = 0;
    child.stdout.on("data", (chunk) => {
      done += String(chunk).split("step\n").length - 1;
      if (done >= steps) child.kill("SIGKILL");
    });
    child.once("exit", () => resolve(done));
  });
}

test("killed again and again while it takes over a damaged file, the outbox has every readable event once", async () => {
  const dir = tempDir();
  const path = join(dir.path, "outbox.db");
  try {
    const file = await bundled(dir.path);
    const before = open(path);
    before.together(() => {
      for (let n = 0; n < EVENTS; n += 1) {
        const body = JSON.stringify({ n, pad: "x".repeat(300) });
        before.append({ stream: "journey", body, urgent: false, receiptId: null });
      }
    });
    before.close();
    const page = Math.floor(statSync(path).size / 4096 / 2);
    const handle = openSync(path, "r+");
    writeSync(handle, Buffer.alloc(4096, 0x5a), 0, 4096, page * 4096);
    closeSync(handle);
    const random = seededRandom(8);
    let steps = 0;
    for (let kill = 0; kill < KILLS; kill += 1)
      steps += await killedAfter(file, path, Math.floor(random() * 12));
    assert.ok(steps > KILLS, `${steps} steps were cut off`);
    const outbox = open(path);
    const found = new Set<number>();
    let gone = 0;
    let events = 0;
    for (let after = 0; after < outbox.committed("journey"); ) {
      for (const row of outbox.read("journey", after, 4_000_000)) {
        after = row.kind === "gap" ? row.last : row.seq;
        if (row.kind === "gap") gone += row.last - row.seq + 1;
        else {
          events += 1;
          found.add((JSON.parse(row.body) as { n: number }).n);
        }
      }
    }
    assert.equal(found.size, events, "nothing twice");
    assert.equal(events + gone, EVENTS, "nothing lost in silence");
    assert.ok(gone > 0 && gone < 50, `${gone} on the damaged page`);
    assert.equal(outbox.stats().shed, gone);
    outbox.close();
  } finally {
    dir.remove();
  }
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const CHILD = join(import.meta.dirname, "../fakes/dead-radio-child.ts");

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a gateway with two radios whose hours last three seconds. */
async function run(fate: "dies" | "absent" | "lives", restartAfterMs: number): Promise<Ended> {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-dead-"));
  const receiver = (id: string) => ({ id, name: id, xM: 1, yM: 2, zM: 2.3 });
  const site = {
    v: 1,
    store: { id: "s1", name: "Shop", timeZone: "UTC", dayCutover: "04:00", currency: "EUR" },
    cameras: [],
    receivers: [receiver("door"), receiver("till")],
    tags: [],
  };
  const radios = [
    { id: "door", adapter: 0, restartAfterMs },
    { id: "till", adapter: 1, restartAfterMs },
  ];
  const config = { gateway: { id: "g1" }, site: "site.json", radios, web: { enabled: false } };
  await writeFile(join(folder, "site.json"), JSON.stringify(site));
  await writeFile(join(folder, "gateway.yaml"), JSON.stringify(config));
  const args = ["--import", "tsx", CHILD, join(folder, "gateway.yaml"), fate];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => (out += String(chunk)));
  child.stderr.on("data", (chunk) => (err += String(chunk)));
  const [code] = (await once(child, "close")) as [number | null];
  await rm(folder, { recursive: true, force: true });
  return { code, out, err };
}

test("a radio that died makes the gateway leave with 1 for its supervisor, not before an hour, in good order", async () => {
  const { code, out, err } = await run("dies", 600_000);
  assert.equal(code, 1, err + out);
  assert.match(err, /^RADIO_DEAD: receiver door has heard nothing for \d+ min/m);
  const lines = out.split("\n").filter((line) => line.startsWith("{"));
  const leaving = lines.findIndex((line) => line.includes('"gateway.leaving"'));
  assert.ok(leaving >= 0, out);
  assert.ok(Number(/up=(\d+)/.exec(out)?.[1]) >= 60, out);
  assert.doesNotMatch(out + err, /c1.?02.?03.?04.?05.?06/i);
});

test("a radio that was never heard, one that lives, and a switched-off restart keep the gateway running", async () => {
  const ended = await Promise.all([run("absent", 600_000), run("lives", 600_000), run("dies", 0)]);
  for (const { code, out, err } of ended) {
    assert.equal(code, 0, err + out);
    assert.doesNotMatch(out, /gateway\.leaving/);
  }
});

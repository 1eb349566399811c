import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

interface Tile {
  readonly metric: string;
  readonly value: number | null;
  readonly reason: { readonly text: string } | null;
}

const root = join(import.meta.dirname, "../..");
let temp = "";
let demo: ChildProcess;
let output = "";

async function until<T>(read: () => Promise<T | null>, what: string): Promise<T> {
  for (let tries = 0; tries < 600; tries += 1) {
    const found = await read();
    if (found !== null) return found;
    await new Promise((done) => setTimeout(done, 100));
  }
  return assert.fail(`timed out: ${what}\n${output}`);
}

async function json<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}

const address = (name: string): string | null =>
  new RegExp(`${name} +(http://127\\.0\\.0\\.1:\\d+)`).exec(output)?.[1] ?? null;

before(async () => {
  temp = await mkdtemp(join(tmpdir(), "vitrine-demo-test-"));
  const args = [
    "--import",
    "tsx",
    join(root, "src/app/main.ts"),
    "demo",
    "--generated",
    "--port",
    "0",
  ];
  demo = spawn(process.execPath, args, { cwd: root, env: { ...process.env, TMPDIR: temp } });
  for (const stream of [demo.stdout, demo.stderr]) {
    stream?.on("data", (chunk) => {
      output += String(chunk);
    });
  }
  await until(async () => address("Dashboard"), "the dashboard's address");
});
after(async () => {
  demo.kill("SIGKILL");
  await rm(temp, { recursive: true, force: true });
});

test("the demo shows people, hears tags and confirms delivery, without camera, adapter or broker", async () => {
  const page = address("Dashboard");
  interface Status {
    readonly sensors: readonly { readonly kind: string; readonly state: string }[];
    readonly delivery: { readonly state: string };
  }
  await until(async () => {
    const { sensors, delivery } = await json<Status>(`${page}/api/status`);
    // One camera and the eight receivers of the demonstration's plan.
    const allSee = sensors.length === 9 && sensors.every(({ state }) => state === "seeing");
    return allSee && delivery.state === "acked" ? true : null;
  }, "all sensors see and the centre confirms");
  const passing = await until(async () => {
    const { tiles } = await json<{ tiles: readonly Tile[] }>(`${page}/api/today`);
    const tile = tiles.find(({ metric }) => metric === "passing-traffic");
    return tile !== undefined && (tile.value ?? 0) > 0 ? tile : null;
  }, "somebody passes");
  assert.ok((passing.value ?? 0) > 0);
});

test("the demo's radio can be recorded: packets of its tags, with no address but stand-ins", async () => {
  const answer = await fetch(`${address("Dashboard")}/api/radio/packets`);
  assert.equal(answer.status, 200);
  let text = "";
  for await (const chunk of answer.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.split("\n").length > 20) break;
  }
  const lines = text.split("\n").slice(0, -1);
  const packets = lines.map((line) => (JSON.parse(line) as { hci: string }).hci);
  const ofTags = packets.filter((hci) => hci !== "043e020200");
  assert.ok(ofTags.length > 0);
  for (const hci of ofTags) assert.match(hci, /^043e..02010301......ffffc0/);
});

test("what the gateway counted is what the centre computes from its rows", async () => {
  const [page, centre] = [address("Dashboard"), address("Centre")];
  const figure = async (url: string): Promise<number | null> => {
    const { tiles } = await json<{ tiles: readonly Tile[] }>(url);
    return tiles.find(({ metric }) => metric === "passing-traffic")?.value ?? null;
  };
  await until(async () => {
    const here = await figure(`${page}/api/today`);
    const there = await figure(`${centre}/api/v1/stores/demo-shop/today`);
    return here !== null && here > 0 && here === there ? true : null;
  }, "both agree");
});

test("a bounce rate is not invented: it is null and says why", async () => {
  const { tiles } = await json<{ tiles: readonly Tile[] }>(`${address("Dashboard")}/api/today`);
  const bounce = tiles.find(({ metric }) => metric === "bounce-rate");
  assert.equal(bounce?.value, null);
  assert.ok((bounce?.reason?.text ?? "").length > 20);
});

test("Ctrl-C drains, leaves with 0 and leaves nothing behind", async () => {
  const exited = once(demo, "exit");
  demo.kill("SIGINT");
  demo.kill("SIGINT");
  const [code] = (await exited) as [number | null];
  assert.equal(code, 0, output);
  const left = (await readdir(temp)).filter((name) => name.startsWith("vitrine-demo-"));
  assert.deepEqual(left, []);
  assert.ok(!/([0-9a-f]{2}:){5}[0-9a-f]{2}/i.test(output), "no radio address in any line");
});

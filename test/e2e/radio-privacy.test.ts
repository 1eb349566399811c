import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connectAsync, type MqttClient } from "mqtt";
import { runRecord } from "../../src/app/commands/record.ts";
import { loadSiteFile } from "../../src/app/config-files.ts";
import { createSystemClock } from "../../src/app/system-clock.ts";
import type { Terminal } from "../../src/app/terminal.ts";
import { epochMs } from "../../src/core/brand.ts";
import type { SensorEvent } from "../../src/core/events.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { createSteppedClock } from "../../src/core/stepped-clock.ts";
import { createEmbeddedBroker, type EmbeddedBroker } from "../../src/io/mqtt/embedded-broker.ts";
import { replayRadio } from "../../src/io/radio/radio-replay.ts";
import { openRecording } from "../../src/io/radio/recording.ts";
import { PLANTED, traces } from "../fakes/planted-addresses.ts";

/** Everything that left the gateway, by where it came out. */
interface Output {
  readonly where: string;
  readonly bytes: Buffer;
}

const outputs: Output[] = [];
const stopping = new AbortController();
let dir = "";
let child: ChildProcess;
let broker: EmbeddedBroker;
let client: MqttClient;
let base = "";
let devices: { devices: number | null; minGroup: number } | null = null;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function until(isTrue: () => Promise<boolean> | boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await isTrue()) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.fail(`timed out: ${what}`);
}

const receiver = (id: string, xM: number, yM: number): object => ({
  id,
  name: id,
  xM,
  yM,
  zM: 2.3,
});

const SITE = {
  v: 1,
  store: { id: "shop", name: "Shop", timeZone: "Europe/Copenhagen", currency: "EUR" },
  receivers: [
    receiver("till", 1, 1),
    receiver("door", 9, 1),
    receiver("back", 5, 7),
    receiver("attic", 5, 4),
    receiver("cellar", 2, 6),
  ],
  floor: {
    outline: [
      [0, 0],
      [10, 0],
      [10, 8],
      [0, 8],
    ],
    zones: [
      {
        id: "left",
        name: "Left",
        polygon: [
          [0, 0],
          [5, 0],
          [5, 8],
          [0, 8],
        ],
      },
      {
        id: "right",
        name: "Right",
        polygon: [
          [5, 0],
          [10, 0],
          [10, 8],
          [5, 8],
        ],
      },
    ],
  },
  tags: [
    {
      id: "basket-1",
      kind: "basket",
      beacon: {
        format: "ibeacon",
        uuid: "40414243-4445-4647-4849-4a4b4c4d4e4f",
        major: 0x5051,
        minor: 0x5253,
      },
    },
  ],
};

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "vitrine-privacy-"));
  broker = createEmbeddedBroker({ port: 0, log: SILENT_LOG });
  await broker.start(stopping.signal);
  client = await connectAsync(broker.url);
  client.on("message", (topic, payload) => {
    if (/^(espresense|home)\//.test(topic)) return;
    outputs.push({ where: `mqtt ${topic}`, bytes: Buffer.concat([Buffer.from(topic), payload]) });
    if (topic.endsWith("/live/devices")) devices = JSON.parse(payload.toString());
  });
  await client.subscribeAsync("#");
  const port = await freePort();
  base = `http://127.0.0.1:${port}`;
  const config = {
    gateway: { id: "gw" },
    site: "site.json",
    stateDir: "state",
    radios: ["till", "door", "back"].map((id, adapter) => ({ id, adapter })),
    scanners: [
      { id: "attic", via: "espresense", room: "attic" },
      { id: "cellar", via: "theengs" },
    ],
    positioning: { lagMs: 1000 },
    unknownDevices: { count: true, minGroup: 5 },
    mqtt: { url: broker.url },
    web: { port },
    log: { level: "debug" },
  };
  await writeFile(join(dir, "site.json"), JSON.stringify(SITE));
  await writeFile(join(dir, "gateway.yaml"), JSON.stringify(config));
  const script = join(import.meta.dirname, "../fakes/planted-radio-child.ts");
  child = spawn(process.execPath, ["--import", "tsx", script, join(dir, "gateway.yaml")]);
  for (const name of ["stdout", "stderr"] as const)
    child[name]?.on("data", (bytes: Buffer) => outputs.push({ where: name, bytes }));
});
after(async () => {
  stopping.abort();
  if (child.exitCode === null) child.kill("SIGKILL");
  await client.endAsync(true);
  await broker[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

/** What scanners on the network say, with an address wherever such messages have one. */
async function talkRemotely(): Promise<void> {
  const mac = PLANTED.remote;
  const colons = mac.match(/../g)?.join(":") ?? "";
  const heard = { id: mac, mac, rssi: -70, raw: 2.1, distance: 2, name: `phone ${colons}` };
  await client.publishAsync(`espresense/devices/${mac}/attic`, JSON.stringify(heard));
  const seen = { id: colons.toUpperCase(), rssi: -66, name: "x", manufacturerdata: `3412${mac}` };
  const topic = `home/TheengsGateway/BTtoMQTT/${mac.toUpperCase()}`;
  await client.publishAsync(topic, JSON.stringify(seen));
  await client.publishAsync(topic, `{"id":"${colons}","rssi":"strong"}`);
  await client.publishAsync(topic, `not json ${colons}`);
  await client.publishAsync("vitrine/v1/gw/in/pos", "{}");
}

async function read(path: string, forMs: number): Promise<void> {
  const answer = await fetch(`${base}${path}`, { signal: AbortSignal.timeout(forMs) });
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of answer.body ?? []) chunks.push(chunk);
  } catch (error) {
    // An endless answer is read for a while and left.
    assert.ok(error instanceof DOMException && error.name === "TimeoutError");
  }
  outputs.push({ where: path, bytes: Buffer.concat(chunks) });
}

/** A recording made by the command line, replayed: the tag is in the same zone. */
async function recordAndReplay(): Promise<void> {
  const terminal: Terminal = {
    print: (text) => outputs.push({ where: "record", bytes: Buffer.from(text) }),
    note: (text) => outputs.push({ where: "record", bytes: Buffer.from(text) }),
    progress: () => undefined,
    environment: {},
    signal: stopping.signal,
  };
  const out = join(dir, "recorded");
  const flags = { url: base, camera: [], out, minutes: 0.15, radio: true };
  await runRecord(flags, terminal, createSystemClock());
  const site = await loadSiteFile(join(dir, "site.json"));
  const events: SensorEvent[] = [];
  await replayRadio({
    tags: site.tags,
    plan: site,
    run: "recorded",
    clock: createSteppedClock(epochMs(0)),
    log: SILENT_LOG,
    onEvent: (event) => events.push(event),
    recordings: [openRecording(join(out, "radio.jsonl"))],
  });
  const zones = events.flatMap((e) => (e.kind === "tag-zone-entered" ? [e.zoneId] : []));
  assert.deepEqual(zones, [liveZone()]);
}

/** The zone the gateway itself told last. */
function liveZone(): string {
  const told = outputs.filter(({ where }) => where.endsWith("/event/tag-zone-entered"));
  const text = told.at(-1)?.bytes.toString() ?? "";
  return (JSON.parse(text.slice(text.indexOf("{"))) as { data: { zoneId: string } }).data.zoneId;
}

test("no address of a device is in any message, file, log line or answer of a gateway", async () => {
  const isUp = () =>
    fetch(`${base}/healthz`).then(
      (answer) => answer.ok,
      () => false,
    );
  await until(isUp, "the dashboard answers");
  await talkRemotely();
  await read("/api/radio/packets", 3000);
  const told = (kind: string) => outputs.some(({ where }) => where.endsWith(`/event/${kind}`));
  await until(() => told("tag-zone-entered"), "the tag is in a zone");
  await recordAndReplay();
  await talkRemotely();
  await until(() => devices !== null, "the count of unknown devices is published");
  await read("/api/stream", 2000);
  for (const path of ["/api/today", "/api/status", "/api/site", "/api/tags", "/api/definitions"])
    await read(path, 5000);
  child.kill("SIGTERM");
  if (child.exitCode === null) await once(child, "exit");
  for (const name of await readdir(dir, { recursive: true })) {
    const bytes = await readFile(join(dir, name)).catch(() => null);
    if (bytes !== null) outputs.push({ where: `file ${name}`, bytes });
  }
  const places = new Map<string, number>();
  for (const { where, bytes } of outputs)
    places.set(where, (places.get(where) ?? 0) + bytes.length);
  for (const place of ["stdout", "/api/radio/packets", "/api/stream", "/api/status"])
    assert.ok((places.get(place) ?? 0) > 200, `${place} says something to search`);
  assert.ok(
    [...places.keys()].some((place) => place.startsWith("file state")),
    "state is searched",
  );
  const found = outputs.flatMap(({ where, bytes }) =>
    traces()
      .filter((trace) => bytes.includes(trace))
      .map((trace) => `${where}: ${trace.toString("latin1")}`),
  );
  assert.deepEqual([...new Set(found)], []);
});

test("unknown devices are only a count, and the search would have found an address", () => {
  assert.deepEqual([devices?.devices, devices?.minGroup], [PLANTED.strangers.length, 5]);
  const planted = Buffer.from(`x ${PLANTED.tag.match(/../g)?.join(":")} y`);
  assert.ok(traces().some((trace) => planted.includes(trace)));
});

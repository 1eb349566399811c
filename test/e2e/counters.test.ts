import assert from "node:assert/strict";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { composeGateway } from "../../src/app/compose.ts";
import { loadCounterUnits } from "../../src/app/counter-units.ts";
import { Supervisor } from "../../src/app/supervisor.ts";
import { parseGatewayConfig } from "../../src/config/gateway.ts";
import { parseSitePlan } from "../../src/config/site.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { MqttLink } from "../../src/io/mqtt/mqtt-link.ts";
import { openOutbox } from "../../src/io/outbox/outbox.ts";
import {
  COUNTER_SITE,
  RECORDING_START,
  type RecordedMessage,
  recording,
} from "../fakes/recorded-counter.ts";
import {
  clock,
  freePort,
  hasMosquitto,
  QUICK_RETRY,
  startAedes,
  startMosquitto,
  type TestBroker,
  tempDir,
  until,
} from "./delivery-rig.ts";

/** The recordings play this many times faster than they were: their times shrink with them. */
const SPEED = 3;

/** A whole gateway without cameras, as `vitrine run` composes it, with one third-party counter. */
async function startGateway(dir: string, url: string | null, counter: Record<string, unknown>) {
  const parsed = parseGatewayConfig({
    gateway: { id: "gw1" },
    site: "site.json",
    ...(url === null ? {} : { mqtt: { url } }),
    counters: [{ id: "shop_front", delayMs: 300, ...counter }],
  });
  const site = parseSitePlan(COUNTER_SITE);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  assert.ok(site.ok);
  const common = { clock, log: SILENT_LOG, random: () => 0.5 };
  const path = join(dir, "outbox.db");
  const outbox = openOutbox({ path, capBytes: 2 ** 24, commitMs: 20, ...common });
  const counters = await loadCounterUnits({ config: parsed.value, site: site.value, ...common });
  const gateway = composeGateway({
    gatewayId: parsed.value.gateway.id,
    site: site.value,
    outbox,
    broker: url === null ? null : { url },
    topicRoot: "vitrine",
    boot: "boot1",
    version: "test",
    notices: [],
    sensors: counters.units,
    attach: counters.attach,
    anchor: () => ({ mono: clock.mono(), epoch: clock.now(), clock: "synced" }),
    ...common,
  });
  const services = [...gateway.sources, ...gateway.sinks];
  const supervisor = new Supervisor({ services, ...common });
  await supervisor.start();
  const sensor = () => gateway.dashboard.status().sensors[0];
  const tile = (metric: string) =>
    gateway.dashboard.today().tiles.find((value) => value.metric === metric)?.value;
  const fact = (label: string) => sensor()?.facts.find(([name]) => name === label)?.[1];
  const stop = async (): Promise<void> => {
    await supervisor.stop();
    outbox.close();
  };
  return { gateway, sensor, tile, fact, stop };
}

/** Times of a message as if it had been sent now; counters write them in seconds, milliseconds or as text. */
function retimed(payload: unknown, startMs: number): unknown {
  const moved = (ms: number): number => startMs + (ms - RECORDING_START) / SPEED;
  return JSON.parse(JSON.stringify(payload), (key, value: unknown) => {
    if (typeof value === "number" && value > 1.7e9 && value < 1.9e9)
      return moved(value * 1000) / 1000;
    if (typeof value === "number" && value > 1.7e12 && value < 1.9e12 && key !== "id")
      return Math.round(moved(value));
    return value;
  });
}

/** Sends a recording in its own time, sped up. */
async function send(
  messages: readonly RecordedMessage[],
  push: (message: RecordedMessage) => void | Promise<void>,
): Promise<void> {
  const startMs = clock.now();
  for (const { atMs, topic, payload } of messages) {
    const waitMs = startMs + atMs / SPEED - clock.now();
    // The recording's own pace, not synchronisation: what follows waits for conditions.
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    await push({
      atMs,
      ...(topic === undefined ? {} : { topic }),
      payload: retimed(payload, startMs),
    });
  }
}

async function publisher(url: string): Promise<MqttLink> {
  const link = new MqttLink({
    url,
    clientId: "counter-under-test",
    clean: true,
    boot: "counter",
    will: null,
    retry: QUICK_RETRY,
    clock,
    log: SILENT_LOG,
    random: () => 0.5,
  });
  await link.start(new AbortController().signal);
  await until("the publisher is connected", () => link.state.kind === "connected");
  return link;
}

async function countsFrigate(broker: TestBroker, dir: string): Promise<void> {
  const mirrored: string[] = [];
  const link = await publisher(broker.url);
  const listener = await listen(broker.url, (topic) =>
    mirrored.push(topic.split("/").at(-1) ?? ""),
  );
  const rig = await startGateway(dir, broker.url, {
    format: "frigate",
    via: { kind: "mqtt", topic: "frigate/events" },
    picture: { widthPx: 1280, heightPx: 720 },
    silenceMs: 4000,
    delayMs: 3500,
  });
  try {
    await until(
      "the gateway is connected",
      () => rig.gateway.dashboard.status().delivery.state !== "offline",
    );
    const qos1 = { qos: 1, retain: false } as const;
    await send(recording("frigate"), ({ topic, payload }) =>
      link.publish(topic ?? "", JSON.stringify(payload), qos1),
    );
    await until("two went in", () => rig.tile("entrants") === 2);
    await until("one went out", () => mirrored.includes("exited"));
    await until("the stay at the window is over", () => mirrored.includes("zone-exited"));
    assert.deepEqual(mirrored.filter((kind) => !/^(sensor|zone-app|group)/.test(kind)).sort(), [
      "entered",
      "entered",
      "exited",
      "zone-entered",
      "zone-exited",
    ]);
    await until("blind after silence", () => rig.sensor()?.code === "COUNTER_SILENT");
    assert.equal(rig.sensor()?.state, "blind");
    assert.equal(rig.fact("parts dropped"), "2");
  } finally {
    await rig.stop();
    await listener[Symbol.asyncDispose]();
    await link[Symbol.asyncDispose]();
  }
}

async function listen(url: string, onTopic: (topic: string) => void): Promise<MqttLink> {
  const link = new MqttLink({
    url,
    clientId: "mirror-reader",
    clean: true,
    boot: "mirror",
    will: null,
    retry: QUICK_RETRY,
    clock,
    log: SILENT_LOG,
    random: () => 0.5,
  });
  link.subscribe("vitrine/v1/gw1/event/+", ({ topic }) => onTopic(topic));
  await link.start(new AbortController().signal);
  await until("the reader is connected", () => link.state.kind === "connected");
  return link;
}

test("a Frigate on the gateway's broker (aedes) is counted, and blind when it falls silent", async () => {
  const dir = tempDir();
  const broker = await startAedes();
  try {
    await countsFrigate(broker, dir.path);
  } finally {
    await broker.stop();
    dir.remove();
  }
});

test("a Frigate on mosquitto is counted the same", { skip: !hasMosquitto() }, async () => {
  const dir = tempDir();
  const broker = await startMosquitto(dir.path, await freePort());
  try {
    await countsFrigate(broker, dir.path);
  } finally {
    await broker.stop();
    dir.remove();
  }
});

test("the generic form on in/track/<source> becomes metrics of the day", async () => {
  const dir = tempDir();
  const broker = await startAedes();
  const link = await publisher(broker.url);
  const rig = await startGateway(dir.path, broker.url, {
    format: "generic",
    via: { kind: "mqtt" },
  });
  try {
    await until(
      "the gateway is connected",
      () => rig.gateway.dashboard.status().delivery.state !== "offline",
    );
    const qos1 = { qos: 1, retain: false } as const;
    await send(recording("generic"), ({ payload }) =>
      link.publish("vitrine/v1/gw1/in/track/shop_front", JSON.stringify(payload), qos1),
    );
    await until("two went in", () => rig.tile("entrants") === 2);
    assert.equal(rig.sensor()?.state, "seeing");
    assert.equal(rig.fact("clock"), "in step");
    assert.equal(rig.fact("ids joined"), "1");
  } finally {
    await rig.stop();
    await link[Symbol.asyncDispose]();
    await broker.stop();
    dir.remove();
  }
});

const XOVIS = { format: "xovis", area: { xMinM: -4, xMaxM: 4, yMinM: -3, yMaxM: 3 } };

test("a Xovis that pushes by HTTP, with a token, counts its own line", async () => {
  const dir = tempDir();
  const tokenFile = join(dir.path, "token");
  writeFileSync(tokenFile, "s3cret\n");
  const via = { kind: "http", port: 0, tokenFile };
  const rig = await startGateway(dir.path, null, { ...XOVIS, via, lines: { 2: "door" } });
  try {
    const url = `http://${rig.fact("listens on")}/push`;
    const statuses = new Set<number>();
    await send(recording("xovis"), async ({ payload }) => {
      const headers = { authorization: "Bearer s3cret" };
      const body = JSON.stringify(payload);
      statuses.add((await fetch(url, { method: "POST", body, headers })).status);
    });
    assert.deepEqual([...statuses], [200]);
    assert.equal((await fetch(url, { method: "POST", body: "{}" })).status, 401);
    await until("two went in", () => rig.tile("entrants") === 2);
    assert.equal(rig.fact("counted by the counter itself"), "door");
    assert.equal(rig.fact("connections turned away"), "1");
  } finally {
    await rig.stop();
    dir.remove();
  }
});

test("a Xovis that pushes undelimited JSON by TCP is counted from its tracks", async () => {
  const dir = tempDir();
  const rig = await startGateway(dir.path, null, { ...XOVIS, via: { kind: "tcp", port: 0 } });
  try {
    const [host = "", port] = rig.fact("listens on")?.split(":") ?? [];
    const socket = connect(Number(port), host);
    await once(socket, "connect");
    await send(recording("xovis"), ({ payload }) => {
      const bytes = Buffer.from(JSON.stringify(payload));
      socket.write(bytes.subarray(0, 97));
      socket.write(bytes.subarray(97));
    });
    await until("two went in", () => rig.tile("entrants") === 2);
    assert.equal(rig.sensor()?.state, "seeing");
    socket.destroy();
  } finally {
    await rig.stop();
    rmSync(dir.path, { recursive: true, force: true });
  }
});

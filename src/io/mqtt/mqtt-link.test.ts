import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import { Aedes } from "aedes";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { createSystemClock } from "../../app/system-clock.ts";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/lifecycle.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { MqttLink } from "./mqtt-link.ts";

const RETRY = { baseMs: 10, capMs: 50, factor: 2, jitterRatio: 0 };
/** The packet's type on the line. */
const SUBSCRIBE = 8;
const FOREIGN = "frigate/available";

/** A real broker that lets nobody read the foreign topic. */
async function strictBroker() {
  const broker = await Aedes.createBroker();
  broker.authorizeSubscribe = (_client, subscription, done) =>
    done(null, subscription.topic === FOREIGN ? null : subscription);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    broker.handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const close = async (): Promise<void> => {
    await new Promise<void>((resolve) => broker.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { broker, url: `mqtt://127.0.0.1:${port}`, close };
}

/** A link, and the nodes it says it has connected to. */
function linkOn(
  url: readonly string[],
  clock: Clock = createSystemClock(),
): { link: MqttLink; connected: unknown[] } {
  const connected: unknown[] = [];
  const log: Log = {
    ...SILENT_LOG,
    info: ({ event, broker }) => {
      if (event === "mqtt.connected") connected.push(`mqtt://${String(broker)}`);
    },
  };
  const link = new MqttLink({
    ...{ url, clientId: "gateway", clean: true, boot: "b", will: null, retry: RETRY },
    ...{ clock, log, random: () => 0 },
  });
  return { link, connected };
}

/** A node that notes the MQTT version it is asked for and hangs up. */
async function rudeNode(): Promise<{ url: string; asked: number[]; close: () => void }> {
  const asked: number[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", (packet) => {
      // Fixed header, remaining length in one byte, "MQTT" with its length, then the version.
      asked.push(packet[8] ?? 0);
      socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return { url: `mqtt://127.0.0.1:${port}`, asked, close: () => server.close() };
}

/** A node that takes a session and then says nothing more. */
async function muteNode(): Promise<{ url: string; heard: number[]; close: () => void }> {
  const heard: number[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", (packet) => {
      heard.push((packet[0] ?? 0) >> 4);
      // CONNACK of MQTT 5: no session, accepted, no properties.
      if (heard.length === 1) socket.write(Buffer.from([0x20, 3, 0, 0, 0]));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return { url: `mqtt://127.0.0.1:${port}`, heard, close: () => server.close() };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test("a wished subscription that the broker refuses is told and costs nothing else", async () => {
  const { broker, url, close } = await strictBroker();
  const warnings: Record<string, unknown>[] = [];
  const log: Log = { ...SILENT_LOG, warn: (fields) => warnings.push({ ...fields }) };
  const heard: string[] = [];
  const link = new MqttLink({
    url,
    clientId: "gateway",
    clean: true,
    boot: "b",
    will: null,
    clock: createSystemClock(),
    log,
    random: () => 0.5,
  });
  link.subscribe("own/in/pos", ({ text }) => void heard.push(text));
  link.subscribe(FOREIGN, ({ text }) => void heard.push(text), "wished");
  link.subscribe("axis/frames", ({ text }) => void heard.push(text), "wished");
  await link.start(new AbortController().signal);
  await until(() => link.state.kind === "connected");
  for (const topic of ["own/in/pos", "axis/frames"])
    broker.publish(
      { cmd: "publish", topic, payload: topic, qos: 0, retain: false, dup: false },
      () => undefined,
    );
  await until(() => heard.length === 2);
  await until(() => warnings.length === 1);
  assert.deepEqual(
    [warnings[0]?.["event"], warnings[0]?.["filter"]],
    ["mqtt.subscribe-refused", FOREIGN],
  );
  assert.equal(link.state.kind, "connected");
  await link[Symbol.asyncDispose]();
  await close();
});

test("of several addresses each dead one means the next, also when the connection is lost later", async () => {
  const [gone, first, second] = [await strictBroker(), await strictBroker(), await strictBroker()];
  await gone.close();
  const { link, connected } = linkOn([gone.url, first.url, second.url]);
  await link.start(new AbortController().signal);
  await until(() => connected.length === 1);
  await first.close();
  await until(() => connected.length === 2);
  assert.deepEqual(connected, [first.url, second.url]);
  await link[Symbol.asyncDispose]();
  await second.close();
});

test("a node that hangs up is asked in both versions before the next node is", async () => {
  const [rude, polite] = [await rudeNode(), await strictBroker()];
  const { link, connected } = linkOn([rude.url, polite.url]);
  await link.start(new AbortController().signal);
  await until(() => connected.length === 1);
  assert.deepEqual([rude.asked, connected], [[5, 4], [polite.url]]);
  await link[Symbol.asyncDispose]();
  rude.close();
  await polite.close();
});

test("a node that takes the session but answers no subscription is given up for the next one", async () => {
  const [mute, sound] = [await muteNode(), await strictBroker()];
  const clock = new FakeClock();
  const { link, connected } = linkOn([mute.url, sound.url], clock);
  link.subscribe("own/in/pos", () => undefined);
  await link.start(new AbortController().signal);
  await until(() => mute.heard.includes(SUBSCRIBE));
  clock.advance(14_900);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual([link.state.kind, connected], ["offline", []]);
  await until(() => {
    clock.advance(10);
    return connected.length > 0;
  });
  assert.deepEqual(connected, [sound.url]);
  await link[Symbol.asyncDispose]();
  mute.close();
  await sound.close();
});

import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import { Aedes } from "aedes";
import { createSystemClock } from "../../app/system-clock.ts";
import type { Log } from "../../core/lifecycle.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { MqttLink } from "./mqtt-link.ts";

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

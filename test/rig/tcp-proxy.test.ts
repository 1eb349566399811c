import assert from "node:assert/strict";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { freePorts } from "../brokers/node-process.ts";
import { until } from "../e2e/delivery-rig.ts";
import { startTcpProxy } from "./tcp-proxy.ts";

/** A server that answers every byte with the same. */
async function startEcho(port: number) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", () => resolve()));
  return async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
}

function talk(port: number) {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  let isClosed = false;
  socket.on("data", (chunk) => (text += String(chunk)));
  socket.on("error", () => undefined);
  socket.on("close", () => (isClosed = true));
  return { socket, heard: () => text, isClosed: () => isClosed };
}

test("a line passes everything on in order while it is slow, and nothing after a cut until it heals", async () => {
  const [port = 0, dead = 0, alive = 0] = await freePorts(3);
  const stopEcho = await startEcho(alive);
  const targets = [dead, alive].map((target) => `mqtt://127.0.0.1:${target}`);
  const line = await startTcpProxy(port, targets);
  const first = talk(port);
  line.slow(20, 60_000);
  for (let n = 0; n < 50; n += 1) first.socket.write(`${n};`);
  const all = Array.from({ length: 50 }, (_, n) => `${n};`).join("");
  await until("all came back, past the node that is away", () => first.heard() === all);
  line.cut(60_000);
  await until("it is cut", first.isClosed);
  const refused = talk(port);
  await until("it is refused", refused.isClosed);
  line.heal();
  const second = talk(port);
  second.socket.write("again");
  await until("it is healed", () => second.heard() === "again");
  line.freeze(200);
  second.socket.write("lost");
  await until("a frozen line ends in a reset", second.isClosed);
  assert.equal(second.heard(), "again");
  await line.close();
  await stopEcho();
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { counterConfig, counterPlan, recording } from "../../../test/fakes/recorded-counter.ts";
import type { InputFault } from "../../core/errors.ts";
import type { SensorEvent } from "../../core/events.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { seededRandom } from "../../core/random.ts";
import { createHttpListener } from "./http-listener.ts";
import { PUSH_LIMITS, type PushListener } from "./push-listener.ts";
import { createTcpListener } from "./tcp-listener.ts";
import { TrackCounter } from "./track-counter.ts";

const LOOPBACK = "127.0.0.1";

interface Heard {
  readonly texts: string[];
  readonly faults: InputFault[];
}

async function listening(listener: PushListener): Promise<Heard & { readonly port: number }> {
  const texts: string[] = [];
  const faults: InputFault[] = [];
  await listener.start({
    take: (text) => texts.push(text) > 0,
    refuse: (fault) => void faults.push(fault),
  });
  return { texts, faults, port: Number(listener.address?.split(":").at(-1)) };
}

/** Waits until a condition holds, looked at after every turn of the event loop. */
async function until(what: string, isTrue: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error(`it never happened: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, LOOPBACK);
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

test("TCP: a recording cut anywhere, also inside characters, comes out whole", async () => {
  await using listener = createTcpListener({ host: LOOPBACK, port: 0, from: null });
  const heard = await listening(listener);
  const texts = recording("xovis").map(({ payload }) => JSON.stringify(payload));
  const bytes = Buffer.from(texts.join(""));
  const random = seededRandom(8);
  const socket = await dial(heard.port);
  socket.setNoDelay(true);
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + Math.floor(random() * 700);
    if (!socket.write(bytes.subarray(at, at + length))) await once(socket, "drain");
    at += length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until("all documents", () => heard.texts.length >= texts.length);
  assert.deepEqual(heard.texts, texts);
  assert.deepEqual(heard.faults, []);
  socket.destroy();
});

test("TCP: a document without end closes the connection, and the next one works", async () => {
  await using listener = createTcpListener({ host: LOOPBACK, port: 0, from: null });
  const heard = await listening(listener);
  const first = await dial(heard.port);
  const closed = once(first, "close");
  first.write(`{"a":"${"x".repeat(PUSH_LIMITS.documentBytes + 1)}`);
  first.resume();
  await closed;
  assert.equal(heard.faults.length, 1);
  assert.match(heard.faults[0]?.expected ?? "", /at most/);
  const second = await dial(heard.port);
  second.write('{"ok":1}');
  await until("the document", () => heard.texts.length === 1);
  second.destroy();
});

test("TCP: only the addresses that may connect are heard, and dead connections make room", async () => {
  await using closed = createTcpListener({ host: LOOPBACK, port: 0, from: ["192.0.2.7"] });
  const nobody = await listening(closed);
  const stranger = await dial(nobody.port);
  stranger.resume();
  await once(stranger, "close");
  assert.equal(closed.turnedAway, 1);

  await using listener = createTcpListener({ host: LOOPBACK, port: 0, from: ["127.0.0.1"] });
  const heard = await listening(listener);
  const sockets: Socket[] = [];
  for (let i = 0; i < PUSH_LIMITS.connections + 2; i += 1) {
    const socket = await dial(heard.port);
    socket.resume();
    sockets.push(socket);
  }
  sockets.at(-1)?.write('{"last":1}');
  await until("the newest connection is heard", () => heard.texts.length === 1);
  await until("the oldest are gone", () => listener.turnedAway === 2);
  for (const socket of sockets) socket.destroy();
});

const post = (port: number, body: string, headers: Record<string, string> = {}) =>
  fetch(`http://${LOOPBACK}:${port}/push`, { method: "POST", body, headers });

test("HTTP: one document or several a request; what is no JSON is told", async () => {
  await using listener = createHttpListener({ host: LOOPBACK, port: 0, token: null });
  const heard = await listening(listener);
  assert.equal((await post(heard.port, '{"a":"Tür"}')).status, 200);
  assert.equal((await post(heard.port, '{"b":1} {"c":2}')).status, 200);
  assert.deepEqual(heard.texts, ['{"a":"Tür"}', '{"b":1}', '{"c":2}']);
  assert.equal((await post(heard.port, "hello")).status, 400);
  assert.equal((await post(heard.port, '{"cut":')).status, 400);
  assert.equal(heard.faults.length, 2);
  assert.equal((await fetch(`http://${LOOPBACK}:${heard.port}/`)).status, 405);
});

test("HTTP: the token is wanted as Bearer or as password, and nothing is heard without it", async () => {
  await using listener = createHttpListener({ host: LOOPBACK, port: 0, token: "s3cret" });
  const heard = await listening(listener);
  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
  const tries: readonly (readonly [Record<string, string>, number])[] = [
    [{}, 401],
    [{ authorization: "Bearer wrong" }, 401],
    [{ authorization: basic("xovis:wrong") }, 401],
    [{ authorization: "Bearer s3cret" }, 200],
    [{ authorization: basic("xovis:s3cret") }, 200],
  ];
  for (const [headers, status] of tries)
    assert.equal((await post(heard.port, "{}", headers)).status, status);
  assert.equal(heard.texts.length, 2);
  assert.equal(listener.turnedAway, 3);
});

test("HTTP: a body beyond the limit is refused", async () => {
  await using listener = createHttpListener({ host: LOOPBACK, port: 0, token: null });
  const heard = await listening(listener);
  const body = `{"a":"${"x".repeat(PUSH_LIMITS.documentBytes)}"}`;
  // The connection is closed under a sender that goes on writing: it sees the answer or the close.
  const status = await post(heard.port, body).then(
    (response) => response.status,
    () => 413,
  );
  assert.equal(status, 413);
  assert.deepEqual(heard.texts, []);
  assert.equal(heard.faults.length, 1);
  assert.equal((await post(heard.port, "{}")).status, 200);
});

test("a port that is taken makes the counter blind, and it listens when the port is free", async () => {
  const other = createServer();
  other.listen(0, LOOPBACK);
  await once(other, "listening");
  const address = other.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const clock = new FakeClock();
  const events: SensorEvent[] = [];
  const listener = createTcpListener({ host: LOOPBACK, port, from: null });
  const counter = new TrackCounter({
    config: counterConfig("generic", { via: { kind: "tcp", port } }),
    plan: counterPlan(),
    clock,
    log: SILENT_LOG,
    random: () => 0.5,
    listener,
    onEvent: (event) => events.push(event),
    onPeople: () => undefined,
  });
  await counter.start(new AbortController().signal);
  const codes = () =>
    events.flatMap((e) => (e.kind === "sensor-changed" ? [`${e.state} ${e.code ?? "-"}`] : []));
  assert.deepEqual(codes(), ["starting -", "blind PORT_IN_USE"]);
  other.close();
  await once(other, "close");
  clock.advance(30_000);
  await until("it listens", () => listener.address !== null);
  const socket = await dial(port);
  socket.write('{"v":1,"people":[]}');
  await until("it sees", () => codes().at(-1) === "seeing -");
  socket.destroy();
  await counter[Symbol.asyncDispose]();
  assert.equal(clock.pending, 0);
});

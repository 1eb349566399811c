import assert from "node:assert/strict";
import { get, type IncomingMessage } from "node:http";
import { after, test } from "node:test";
import fastify from "fastify";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { FakeDashboard } from "../../test/fakes/fake-dashboard.ts";
import { SILENT_LOG } from "../core/lifecycle.ts";
import type { RecordingHandle, RecordingWish } from "./dashboard-source.ts";
import { RECORDING_LIMITS, type RecordingLimits, RecordingStreams } from "./recording-streams.ts";

const undo: (() => Promise<unknown>)[] = [];
after(async () => {
  for (const step of undo.reverse()) await step();
});

/** A dashboard whose camera `door` writes what the test says. */
class RecordedDashboard extends FakeDashboard {
  readonly wishes: RecordingWish[] = [];
  readonly ended: string[] = [];

  record(cameraId: string, wish: RecordingWish): RecordingHandle | null {
    if (cameraId !== "door") return null;
    this.wishes.push(wish);
    let isOver = false;
    const finish = (line: string): void => {
      if (isOver) return;
      isOver = true;
      this.ended.push(line);
      wish.onLine(line);
    };
    return { end: () => finish('{"end":1}'), cut: () => finish('{"cut":{"t":1}}') };
  }
}

async function serve(limits: RecordingLimits = RECORDING_LIMITS) {
  const source = new RecordedDashboard();
  const clock = new FakeClock();
  const streams = new RecordingStreams(source, clock, SILENT_LOG, limits);
  const server = fastify({ forceCloseConnections: true });
  streams.route(server);
  await server.listen({ port: 0, host: "127.0.0.1" });
  undo.push(() => server.close());
  const { port } = server.server.address() as { port: number };
  const open = (path: string): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      get(`http://127.0.0.1:${port}/api/cameras/${path}`, resolve).on("error", reject);
    });
  return { source, streams, open, clock };
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of answer.setEncoding("utf8")) text += chunk;
  return text;
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};

test("lines reach the reader one by one, and a stop of the gateway ends them in good order", async () => {
  const { source, streams, open } = await serve();
  const answer = await open("door/detections?events=1");
  assert.equal(answer.headers["content-type"], "application/x-ndjson; charset=utf-8");
  const [wish] = source.wishes;
  assert.deepEqual([wish?.startsNow, wish?.withEvents], [false, true]);
  wish?.onLine('{"v":1}');
  await streams[Symbol.asyncDispose]();
  assert.equal(await textOf(answer), '{"v":1}\n{"end":1}\n');
  await until(() => streams.readers === 0);
});

test("a reader that leaves ends its recording", async () => {
  const { source, streams, open } = await serve();
  const answer = await open("door/detections?now=1");
  assert.equal(source.wishes[0]?.startsNow, true);
  answer.destroy();
  await until(() => streams.readers === 0);
  assert.deepEqual(source.ended, ['{"end":1}']);
});

test("a reader that lags is cut off instead of filling the memory, and is told so", async () => {
  const { source, open } = await serve({ ...RECORDING_LIMITS, maxWaitingBytes: 1000 });
  const answer = await open("door/detections");
  answer.pause();
  const line = JSON.stringify({ t: 1, d: "x".repeat(100_000) });
  for (let i = 0; i < 1000 && source.ended.length === 0; i += 1) source.wishes[0]?.onLine(line);
  assert.deepEqual(source.ended, ['{"cut":{"t":1}}']);
  answer.resume();
  const lines = (await textOf(answer)).trimEnd().split("\n");
  assert.equal(lines.at(-1), '{"cut":{"t":1}}');
});

test("a reader that was cut off and never reads again loses its place", async () => {
  const limits = { maxReaders: 1, maxWaitingBytes: 1000 };
  const { source, streams, open, clock } = await serve(limits);
  const answer = await open("door/detections");
  answer.pause();
  const line = JSON.stringify({ t: 1, d: "x".repeat(1_000_000) });
  for (let i = 0; i < 20 && source.ended.length === 0; i += 1) source.wishes[0]?.onLine(line);
  assert.equal(streams.readers, 1);
  clock.advance(60_000);
  await until(() => streams.readers === 0);
  assert.equal((await open("door/detections")).statusCode, 200);
  assert.equal(clock.pending, 0);
});

test("there are only so many recordings at once, and only of cameras that can be recorded", async () => {
  const { open, streams } = await serve({ ...RECORDING_LIMITS, maxReaders: 1 });
  assert.equal((await open("roof/detections")).statusCode, 404);
  const first = await open("door/detections");
  const second = await open("door/detections");
  assert.equal(second.statusCode, 503);
  assert.match(await textOf(second), /TOO_MANY_READERS/);
  first.destroy();
  await until(() => streams.readers === 0);
  assert.equal((await open("door/detections")).statusCode, 200);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { connectAsync } from "mqtt";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { MqttLink } from "../../src/io/mqtt/mqtt-link.ts";
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

const MESSAGES = 40;
const OVERLAP = 8;

/** A link whose handler waits until the test lets each message go. */
function slowLink(url: string, overlap: number) {
  const open: { readonly text: string; readonly free: () => void; readonly fail: () => void }[] =
    [];
  const link = new MqttLink({
    ...{ url, clientId: "slow", clean: false, boot: "b", will: null, retry: QUICK_RETRY },
    ...{ clock, log: SILENT_LOG, random: () => 0.5, overlap },
  });
  link.subscribe("jobs/+", ({ text }) => {
    return new Promise((free, reject) => {
      open.push({ text, free, fail: () => reject(new Error("not now")) });
    });
  });
  return { link, open };
}

const brokers: readonly {
  name: string;
  skip: boolean;
  start: (dir: string) => Promise<TestBroker>;
}[] = [
  { name: "aedes", skip: false, start: () => startAedes() },
  {
    name: "mosquitto",
    skip: !hasMosquitto(),
    start: async (dir) => startMosquitto(dir, await freePort()),
  },
];

for (const { name, skip, start } of brokers) {
  test(`${name}: so many messages are in the handlers at once, and one not freed comes again after a broken line`, {
    skip,
  }, async () => {
    const dir = tempDir();
    const broker = await start(dir.path);
    const { link, open } = slowLink(broker.url, OVERLAP);
    await link.start(new AbortController().signal);
    await until("connected", () => link.state.kind === "connected");
    const sender = await connectAsync(broker.url);
    const send = Array.from({ length: MESSAGES }, (_, n) =>
      sender.publishAsync(`jobs/${n}`, String(n), { qos: 1 }),
    );
    await until("as many as may are under way", () => open.length === OVERLAP);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(open.length, OVERLAP, "no more than that");
    assert.deepEqual(
      open.map(({ text }) => Number(text)),
      Array.from({ length: OVERLAP }, (_, n) => n),
    );
    open[1]?.free();
    open[2]?.free();
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(open.length, OVERLAP, "the first holds the line until it is freed");
    open[0]?.free();
    await until("three more came", () => open.length === OVERLAP + 3);
    open[3]?.fail();
    await until("those not freed came again", () =>
      open.slice(OVERLAP + 3).some(({ text }) => text === "3"),
    );
    const isFreed = new Set<number>();
    await until("all are handled", () => {
      for (let n = 0; n < open.length; n += 1)
        if (!isFreed.has(n)) {
          isFreed.add(n);
          open[n]?.free();
        }
      return new Set(open.map(({ text }) => text)).size === MESSAGES;
    });
    const texts = open.map(({ text }) => text);
    for (const acked of ["0", "1", "2"])
      assert.equal(texts.filter((text) => text === acked).length, 1);
    await Promise.all(send);
    await sender.endAsync();
    await link[Symbol.asyncDispose]();
    await broker.stop();
    dir.remove();
  });
}

test("mosquitto: links of one shared subscription divide the messages between them", {
  skip: !hasMosquitto(),
}, async () => {
  const dir = tempDir();
  const broker = await startMosquitto(dir.path, await freePort());
  const taken: string[][] = [[], []];
  const links = taken.map((list, n) => {
    const link = new MqttLink({
      ...{ url: broker.url, clientId: `worker-${n}`, clean: false, boot: "b", will: null },
      ...{ retry: QUICK_RETRY, clock, log: SILENT_LOG, random: () => 0.5, overlap: OVERLAP },
    });
    link.subscribe("$share/centres/jobs/+", ({ text }) => {
      list.push(text);
    });
    return link;
  });
  for (const link of links) await link.start(new AbortController().signal);
  await until("both are connected", () => links.every(({ state }) => state.kind === "connected"));
  const sender = await connectAsync(broker.url);
  for (let n = 0; n < MESSAGES; n += 1)
    await sender.publishAsync(`jobs/${n}`, String(n), { qos: 1 });
  await until("all came", () => taken.flat().length === MESSAGES);
  assert.equal(new Set(taken.flat()).size, MESSAGES);
  assert.ok(taken.every((list) => list.length > 0));
  await sender.endAsync();
  for (const link of links) await link[Symbol.asyncDispose]();
  await broker.stop();
  dir.remove();
});

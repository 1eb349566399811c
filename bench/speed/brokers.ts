import { join } from "node:path";
import { connectAsync } from "mqtt";
import { GatewayError } from "../../src/core/errors.ts";
import {
  BROKERS,
  type BrokerName,
  missingProgram,
  startBroker,
  type TestBroker,
} from "../../test/brokers/test-broker.ts";
import { crossing, startGateway, tempDir, until } from "../../test/e2e/delivery-rig.ts";
import { bundleChildren, launch } from "../../test/rig/children.ts";
import { readTexts } from "./flags.ts";

export const usage =
  "npm run bench -- brokers [--only NAME,NAME] [--events N] --json   events from an outbox to committed and acknowledged, over each broker, and the ratio to bare mqtt.js with the same bytes";

const WARM_UP_EVENTS = 1000;
const ROUNDS = 3;
const BARE_AT_ONCE = 32;
const LIMIT_MS = 60_000;
const LOOK_MS = 2;
const NOWHERE = "mqtt://127.0.0.1:9";

interface BrokerSpeed {
  readonly nodes: number;
  readonly eventsPerSecond: number;
  readonly bareEventsPerSecond: number;
  readonly ratioToBareBroker: number;
  /** Messages the events were sent in. */
  readonly messages: number;
}

interface Drained {
  readonly perSecond: number;
  /** Messages as they were sent. */
  readonly texts: readonly string[];
}

/** Fills an outbox while no broker is there, then connects and waits until the centre has acknowledged the last event. */
async function drain(folder: string, broker: TestBroker, events: number): Promise<Drained> {
  const path = join(folder, `outbox-${performance.now()}.db`);
  const id = `gw-${Math.round(performance.now() * 1000)}`;
  const away = await startGateway({ path, url: NOWHERE, boot: "b0", id });
  // Entrances only: each exit would be a commit of its own.
  for (let n = 0; n < events; n += 1) away.delivery.record(crossing(3 * n, "run"));
  await away.stop();
  const texts: string[] = [];
  let startMs = 0;
  const gateway = await startGateway({
    ...{ path, url: broker.urls[0] ?? "", boot: "b1", id },
    attach: (link) => {
      const publish = link.publish.bind(link);
      link.publish = (topic, text, options, onDone) => {
        if (topic.endsWith("/up/ev")) texts.push(text);
        publish(topic, text, options, onDone);
      };
      link.onState(({ kind }) => {
        if (kind === "connected") startMs = performance.now();
      });
    },
  });
  const endMs = performance.now() + LIMIT_MS;
  while (gateway.outbox.acked("journey") < events) {
    if (performance.now() > endMs)
      throw new Error(`${broker.name}: not acknowledged within a minute`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  const seconds = (performance.now() - startMs) / 1000;
  await gateway.stop();
  return { perSecond: events / seconds, texts };
}

/** The same messages from one bare client to another: events per second until the last one was received. */
async function bare(
  { urls, protocolVersion }: TestBroker,
  { texts }: Drained,
  events: number,
): Promise<number> {
  const reader = await connectAsync(urls.at(-1) ?? "", { protocolVersion });
  const writer = await connectAsync(urls[0] ?? "", { protocolVersion });
  await reader.subscribeAsync("bare", { qos: 1 });
  let received = 0;
  reader.on("message", () => (received += 1));
  const startMs = performance.now();
  let sent = 0;
  const lane = async (): Promise<void> => {
    for (let text = texts[sent]; text !== undefined; text = texts[sent]) {
      sent += 1;
      await writer.publishAsync("bare", text, { qos: 1 });
    }
  };
  await Promise.all(Array.from({ length: BARE_AT_ONCE }, lane));
  await until("the bare broker passed everything on", () => received >= texts.length, LIMIT_MS);
  const perSecond = (events * 1000) / (performance.now() - startMs);
  await Promise.all([reader.endAsync(), writer.endAsync()]);
  return perSecond;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Both in turn, so that what else the machine does meets both. */
async function measure(
  folder: string,
  broker: TestBroker,
  events: number,
): Promise<Omit<BrokerSpeed, "nodes">> {
  const own: number[] = [];
  const plain: number[] = [];
  let messages = 0;
  // The first one also waits until the centre has subscribed.
  await bare(broker, await drain(folder, broker, WARM_UP_EVENTS), WARM_UP_EVENTS);
  for (let round = 0; round < ROUNDS; round += 1) {
    const drained = await drain(folder, broker, events);
    messages = drained.texts.length;
    own.push(drained.perSecond);
    plain.push(await bare(broker, drained, events));
  }
  const ratio = median(own) / median(plain);
  return {
    eventsPerSecond: Math.round(median(own)),
    bareEventsPerSecond: Math.round(median(plain)),
    ratioToBareBroker: Math.round(ratio * 1000) / 1000,
    messages,
  };
}

async function measureBroker(name: BrokerName, events: number): Promise<BrokerSpeed> {
  const dir = tempDir();
  const broker = await startBroker(name, join(dir.path, "broker"));
  await bundleChildren(dir.path, ["central-child"]);
  const store = `sqlite:${join(dir.path, "central.db")}`;
  const central = launch(dir.path, "central-child", { store, url: broker.urls.at(-1) ?? "" });
  try {
    await central.ready;
    return { nodes: broker.urls.length, ...(await measure(dir.path, broker, events)) };
  } finally {
    await central.end("SIGTERM");
    await broker.stop();
    dir.remove();
  }
}

function namesIn(text: string | undefined): readonly BrokerName[] {
  if (text === undefined) return BROKERS;
  return text.split(",").map((name) => {
    const found = BROKERS.find((one) => one === name);
    if (found !== undefined) return found;
    throw new GatewayError("USAGE", `--only: expected ${BROKERS.join(", ")}, found ${name}`);
  });
}

/**
 * The way of an event over each broker: outbox on the disk, link, broker (a process, or three), centre on SQLite (a
 * process), commit, acknowledgement, off the outbox. Beside it the same messages with QoS 1 from one plain client of
 * mqtt.js to another. `eventsPerSecond` and `ratioToBareBroker` without a broker's name are the lowest.
 */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { only, events: count } = readTexts(
    args.filter((arg) => arg !== "--json"),
    ["only", "events"],
  );
  const events = Number(count ?? 20_000);
  if (!Number.isInteger(events) || events < 1)
    throw new GatewayError("USAGE", `--events: expected a whole number above 0, found ${count}`);
  const brokers: Partial<Record<BrokerName, BrokerSpeed | string>> = {};
  for (const name of namesIn(only)) {
    const missing = missingProgram(name);
    brokers[name] = missing === false ? await measureBroker(name, events) : missing;
  }
  const speeds = Object.values(brokers).filter((one) => typeof one !== "string");
  if (speeds.length === 0) throw new GatewayError("USAGE", Object.values(brokers).join("; "));
  return {
    eventsPerSecond: Math.min(...speeds.map((one) => one.eventsPerSecond)),
    ratioToBareBroker: Math.min(...speeds.map((one) => one.ratioToBareBroker)),
    ...{ events, rounds: ROUNDS, brokers },
  };
}

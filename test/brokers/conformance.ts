import assert from "node:assert/strict";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import Database from "better-sqlite3";
import type { IClientOptions, MqttClient } from "mqtt";
import { gatewayId, storeId } from "../../src/core/brand.ts";
import { type Log, SILENT_LOG } from "../../src/core/lifecycle.ts";
import { gatewayWill } from "../../src/io/mqtt/delivery.ts";
import { type LastWill, MqttLink } from "../../src/io/mqtt/mqtt-link.ts";
import { NAMED_CHANNELS, namedTopic, PLAIN_CHANNELS, plainTopic } from "../../src/wire/topics.ts";
import {
  clock,
  crossing,
  startCentral,
  startGateway,
  type TestGateway,
  tempDir,
  until,
} from "../e2e/delivery-rig.ts";
import { Leftovers } from "./leftovers.ts";
import { connectOnce } from "./node-process.ts";
import {
  type BrokerName,
  CLUSTERS,
  missingProgram,
  startBroker,
  type TestBroker,
} from "./test-broker.ts";

const ROOT = "vitrine";
const BACKLOG = 66_000;
/** More than MQTT has message numbers. */
const MESSAGES = 66_000;
const UNANSWERED = 64;
const RECOVERY_MS = 60_000;
/** Far more than any statement takes: one that waits for ever fails by its name, and the next ones are still held. */
const STATEMENT_MS = 10 * 60_000;
/** A node of a cluster has caught up by then. */
const RESTART_MS = 4 * 60_000;

/** What the centre's file holds of one gateway. */
function storedRows(path: string, gateway: string): { rows: number; ids: number; last: number } {
  const db = new Database(path, { readonly: true });
  const row = db
    .prepare<[string], { rows: number; ids: number; last: number }>(
      "SELECT count(*) AS rows, count(DISTINCT id) AS ids, max(seq) AS last FROM event WHERE gateway=?",
    )
    .get(gateway);
  db.close();
  return row ?? { rows: 0, ids: 0, last: 0 };
}

/** The statements every broker is held to: the same words, the same code, one broker after the other. */
export function holdToContract(name: BrokerName): void {
  describe(name, { skip: missingProgram(name) }, () => {
    const dir = tempDir();
    let broker: TestBroker;
    let statement = 0;
    before(async () => {
      broker = await startBroker(name, join(dir.path, "broker"));
    });
    after(async () => {
      await broker?.stop();
      dir.remove();
    });
    const leftovers = new Leftovers();
    afterEach(() => leftovers.end());

    function hold(statement: string, act: () => Promise<void>): void {
      test(`${name}: ${statement}`, { timeout: STATEMENT_MS }, act);
    }

    /** Kills a node; the function it returns starts it again. */
    async function kill(node: number): Promise<() => Promise<void>> {
      const restart = leftovers.add(`node ${node}`, () => broker.restart(node), RESTART_MS);
      await broker.kill(node);
      return restart;
    }

    /** A gateway on the first node and a centre on the last, with names and files of their own. */
    async function chain(recordFirst = 0, nodes: Nodes = "far apart") {
      statement += 1;
      const id = `gw-${statement}_A`;
      const centralId = `central-${statement}`;
      const centralPath = join(dir.path, `central-${statement}.db`);
      const outboxPath = join(dir.path, `outbox-${statement}.db`);
      const connected: string[] = [];
      const log: Log = {
        ...SILENT_LOG,
        info: ({ event, broker: host }) => {
          if (event === "mqtt.connected") connected.push(`mqtt://${String(host)}`);
        },
      };
      const gatewayOn = (url: string | readonly string[], boot: string): Promise<TestGateway> =>
        startGateway({ path: outboxPath, url, boot, id, log });
      const isAll = nodes === "all";
      if (recordFirst > 0) {
        const away = await gatewayOn("mqtt://127.0.0.1:9", "b0");
        const endAway = leftovers.add("gateway that was away", () => away.stop());
        // Entrances only: each exit would be a commit of its own.
        for (let n = 0; n < recordFirst; n += 1) away.delivery.record(crossing(3 * n, "run"));
        await endAway();
      }
      const last = broker.urls.at(-1) ?? "";
      const central = await startCentral(centralPath, isAll ? broker.urls : last, {
        mqtt: {
          clientId: centralId,
          retry: { baseMs: 50, capMs: 300, factor: 2, jitterRatio: 0.5 },
        },
      });
      const endCentral = leftovers.add("centre", () => central[Symbol.asyncDispose]());
      await until("the centre is connected", () => central.linkState.kind === "connected");
      const gateway = await gatewayOn(isAll ? broker.urls : (broker.urls[0] ?? ""), "b1");
      const endGateway = leftovers.add("gateway", () => gateway.stop());
      const drained = (limitMs = RECOVERY_MS): Promise<void> =>
        until("drained", () => gateway.delivery.status().outboxEvents === 0, limitMs);
      const end = async (): Promise<{ rows: number; ids: number; last: number }> => {
        await endGateway();
        await endCentral();
        for (const one of [id, centralId]) await endSession(one);
        return storedRows(centralPath, id);
      };
      /** The node the gateway is on. */
      const node = (): number => broker.urls.indexOf(connected.at(-1) ?? "");
      return { id, gateway, central, drained, end, node };
    }

    async function client(url: string, more: IClientOptions = {}): Promise<MqttClient> {
      const client = await connectOnce(url, more);
      leftovers.add("client", () => client.endAsync(true));
      return client;
    }

    /** A cluster would carry what it keeps for a client through all statements to come. */
    async function endSession(clientId: string): Promise<void> {
      const last = await client(broker.urls[0] ?? "", { clientId, clean: true }).catch(() => null);
      await last?.endAsync();
    }

    async function listener(filter: string, url = broker.urls[0] ?? ""): Promise<Listener> {
      const one = await client(url);
      const heard: { topic: string; text: string; retained: boolean }[] = [];
      one.on("message", (topic, payload, { retain }) => {
        heard.push({ topic, text: payload.toString("utf8"), retained: retain });
      });
      await one.subscribeAsync(filter, { qos: 1 });
      return { client: one, heard };
    }

    hold("events are stored once each, in order, over the version the broker offers", async () => {
      const { gateway, drained, end } = await chain();
      for (let n = 0; n < 1000; n += 1) gateway.delivery.record(crossing(n, "run"));
      await drained();
      const { state } = gateway.link;
      assert.equal(state.kind === "connected" && state.protocolVersion, broker.protocolVersion);
      assert.deepEqual(await end(), { rows: 1000, ids: 1000, last: 1000 });
    });

    hold("birth and acknowledgement are kept for whoever asks for that topic later", async () => {
      const { id, gateway, drained, end } = await chain();
      gateway.delivery.record(crossing(0, "run"));
      await drained();
      for (const [channel, field, wanted] of [
        ["down/ack", "seq", { journey: 1 }],
        ["up/birth", "online", true],
      ] as const) {
        // The centre is on the last node: where retained messages stay with their node, they are there.
        const url = channel === "down/ack" ? broker.urls.at(-1) : broker.urls[0];
        const { client: asker, heard } = await listener(
          plainTopic(ROOT, gatewayId(id), channel),
          url,
        );
        await until(`${channel} came`, () => heard.length > 0);
        assert.deepEqual(
          [heard[0]?.retained, JSON.parse(heard[0]?.text ?? "{}")[field]],
          [true, wanted],
        );
        await asker.endAsync(true);
      }
      const all = await listener(`${ROOT}/v1/+/up/birth`);
      const last = plainTopic(ROOT, gatewayId("sentinel"), "up/birth");
      await all.client.publishAsync(last, "", { qos: 1 });
      await until("the last one came", () => all.heard.some(({ topic }) => topic === last));
      assert.equal(
        all.heard.some(({ topic }) => topic.includes(id)),
        broker.hasRetainedByWildcard,
        "what is kept comes by a filter with wildcards where the broker can do that",
      );
      await all.client.endAsync(true);
      await end();
    });

    hold("the last will tells of the session that ended, not of a newer one", async () => {
      const { id, gateway, central, drained, end } = await chain();
      gateway.delivery.record(crossing(0, "run"));
      await drained();
      const online = async (): Promise<boolean | undefined> => {
        const body = (await (await fetch(`${central.url}/api/v1/gateways`)).json()) as {
          gateways: { gatewayId: string; online: boolean }[];
        };
        return body.gateways.find((row) => row.gatewayId === id)?.online;
      };
      await until("online", async () => (await online()) === true);
      const will = (session: string): LastWill =>
        gatewayWill(
          {
            root: ROOT,
            gatewayId: gatewayId(id),
            storeId: storeId("shop1"),
            boot: "b1",
            versions: {},
          },
          gateway.outbox.epoch,
          session,
        );
      const { state } = gateway.link;
      const session = state.kind === "connected" ? state.session : "";
      const old = will("b1-0");
      const watcher = await listener(plainTopic(ROOT, gatewayId(id), "up/birth"));
      await watcher.client.publishAsync(old.topic, old.text, { qos: 1, retain: true });
      await until("the late will went round", () =>
        watcher.heard.some(({ text }) => text === old.text),
      );
      gateway.delivery.record(crossing(1, "run"));
      await drained();
      assert.equal(await online(), true, "a will of an older session changes nothing");
      await gateway.link[Symbol.asyncDispose]();
      const ghost = await client(broker.urls[0] ?? "", {
        clientId: id,
        will: {
          topic: old.topic,
          payload: Buffer.from(will(session).text),
          qos: 1,
          retain: true,
        },
      });
      ghost.stream.destroy();
      await until("offline", async () => (await online()) === false, RECOVERY_MS);
      await watcher.client.endAsync(true);
      await end();
    });

    hold("every topic of the grammar is carried as it is", async () => {
      const gateway = gatewayId("gw-Zz_09");
      const topics = [
        ...PLAIN_CHANNELS.map((channel) => plainTopic(ROOT, gateway, channel)),
        ...NAMED_CHANNELS.map((channel) => namedTopic(ROOT, gateway, channel, "a-B_0")),
      ];
      const { heard } = await listener(`${ROOT}/v1/+/#`, broker.urls.at(-1));
      const sender = await client(broker.urls[0] ?? "");
      for (const topic of topics) await sender.publishAsync(topic, topic, { qos: 1 });
      const mine = (): string[] =>
        heard.filter(({ topic }) => topic.includes(gateway)).map(({ topic }) => topic);
      await until("all came", () => mine().length >= topics.length);
      assert.deepEqual(mine(), topics);
    });

    hold("after a kill of the node both sides are connected to, the stream goes on", async () => {
      const { gateway, drained, end } = await chain();
      for (let n = 0; n < 200; n += 1) gateway.delivery.record(crossing(n, "run"));
      await drained();
      for (const node of broker.urls.keys()) {
        const restart = await kill(node);
        for (let n = 0; n < 100; n += 1)
          gateway.delivery.record(crossing(200 + 100 * node + n, "run"));
        await restart();
        await drained();
      }
      const all = 200 + 100 * broker.urls.length;
      assert.deepEqual(await end(), { rows: all, ids: all, last: all });
    });

    const holdOfCluster = CLUSTERS.includes(name) ? hold : () => undefined;
    holdOfCluster("who knows all nodes goes on over another one", async () => {
      const { gateway, drained, end, node } = await chain(0, "all");
      let n = 0;
      const more = (): void => {
        for (const until = n + 100; n < until; n += 1) gateway.delivery.record(crossing(n, "run"));
      };
      more();
      await drained();
      for (let round = 0; round < 2; round += 1) {
        const dead = node();
        const restart = await kill(dead);
        more();
        await drained();
        assert.notEqual(node(), dead, "its own is still dead");
        await restart();
        more();
        await drained();
      }
      assert.deepEqual(await end(), { rows: n, ids: n, last: n });
    });

    hold(`a backlog of ${BACKLOG} events is drained exactly`, async () => {
      const { drained, end } = await chain(BACKLOG);
      await drained();
      assert.deepEqual(await end(), { rows: BACKLOG, ids: BACKLOG, last: BACKLOG });
    });

    hold(
      "more messages than MQTT has numbers for pass one connection, none is lost and all are in order",
      async () => {
        const common = { clock, log: SILENT_LOG, random: () => 0.5, will: null };
        const url = broker.urls.at(-1) ?? "";
        const centre = { url, clientId: "numbers-to", clean: false, boot: "c", overlap: 256 };
        const receiver = new MqttLink({ ...common, ...centre });
        const wrong: string[] = [];
        let [received, repeated] = [0, 0];
        receiver.subscribe(`${ROOT}/v1/numbers/up/ev`, ({ text }) => {
          const number = Number(text);
          if (number < received) repeated += 1;
          else if (number === received) received += 1;
          else wrong.push(`${text} instead of ${received}`);
        });
        const own = { url: broker.urls[0] ?? "", clientId: "numbers-from", clean: true, boot: "g" };
        const sender = new MqttLink({ ...common, ...own });
        const connections: string[] = [];
        for (const link of [receiver, sender]) {
          leftovers.add("link", () => link[Symbol.asyncDispose]());
          link.onState((state) => state.kind === "connected" && connections.push(state.session));
          await link.start(new AbortController().signal);
          await until("connected", () => link.state.kind === "connected");
        }
        await sendNumbers(sender, MESSAGES);
        const isOver = (): boolean => received >= MESSAGES || wrong.length > 0;
        await until("all came", isOver, RECOVERY_MS);
        assert.deepEqual(wrong.slice(0, 5), []);
        // Nodes that miss each other's heartbeats for seconds choose a new leader, which may send some again.
        if (!CLUSTERS.includes(name)) assert.equal(repeated, 0, "each came once");
        assert.equal(connections.length, 2, "neither side connected again");
      },
    );

    hold("a broker that forgets everything costs nothing", async () => {
      const { gateway, drained, end } = await chain();
      for (let n = 0; n < 500; n += 1) gateway.delivery.record(crossing(n, "run"));
      await broker.forget();
      for (let n = 500; n < 700; n += 1) gateway.delivery.record(crossing(n, "run"));
      await drained();
      assert.deepEqual(await end(), { rows: 700, ids: 700, last: 700 });
    });
  });
}

/** Sends 0, 1, 2..., a window at a time, and is done when the broker has acknowledged them all. */
function sendNumbers(link: MqttLink, count: number): Promise<void> {
  let [sent, answered] = [0, 0];
  return new Promise((resolve, reject) => {
    const stall = setTimeout(
      () => reject(new Error(`${answered} acknowledged, then none for ${RECOVERY_MS} ms`)),
      RECOVERY_MS,
    );
    const pump = (): void => {
      for (; sent < count && sent - answered < UNANSWERED; sent += 1)
        link.publish(`${ROOT}/v1/numbers/up/ev`, `${sent}`, { qos: 1, retain: false }, (error) => {
          if (error !== null) reject(error);
          answered += 1;
          stall.refresh();
          if (answered < count) return pump();
          clearTimeout(stall);
          resolve();
        });
    };
    pump();
  });
}

/** Which nodes gateway and centre know: the first and the last, or all of them. */
type Nodes = "far apart" | "all";

interface Listener {
  readonly client: MqttClient;
  readonly heard: { readonly topic: string; readonly text: string; readonly retained: boolean }[];
}

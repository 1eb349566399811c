import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { type CertificateFiles, makeAuthority, tlsOptions } from "../brokers/authority.ts";
import { type SecureBroker, startMosquittoTls } from "../brokers/mosquitto-tls.ts";
import { missingProgram } from "../brokers/test-broker.ts";
import {
  crossing,
  QUICK_RETRY,
  startCentral,
  startGateway,
  type TestGateway,
  tempDir,
  until,
} from "./delivery-rig.ts";

const ROOT = "vitrine/v1";
/** What a client is told that may not publish. */
const NOT_AUTHORIZED = 135;
/** What a gateway may send here: the flood must be beyond it even on a slow machine. */
const QUOTA = { bytesPerSecond: 100_000, burstBytes: 2_000_000 };
const FLOOD_MESSAGES = 1000;
/** Who looks on and sends in the centre's place: one certificate is one connection. */
const DESK_RIGHTS = `user desk\ntopic read ${ROOT}/+/up/#\ntopic write ${ROOT}/+/down/#`;

describe("abuse", { skip: missingProgram("mosquitto") }, () => {
  const dir = tempDir();
  const authority = makeAuthority(join(dir.path, "authority"));
  const files = new Map<string, CertificateFiles>();
  let broker: SecureBroker;
  let central: Awaited<ReturnType<typeof startCentral>>;
  const certificate = (id: string): CertificateFiles =>
    files.get(id) ?? assert.fail(`no certificate of ${id}`);
  before(async () => {
    for (const id of ["central", "desk", "gw-a", "gw-b", "gw-stolen"])
      files.set(id, authority.client(id));
    broker = await startMosquittoTls(join(dir.path, "broker"), authority, DESK_RIGHTS);
    central = await startCentral(join(dir.path, "central.db"), broker.url, {
      mqtt: { ...certificate("central"), retry: QUICK_RETRY },
      quota: QUOTA,
    });
    await until("the centre is connected", () => central.linkState.kind === "connected");
  });
  after(async () => {
    await central[Symbol.asyncDispose]();
    await broker.stop();
    dir.remove();
  });

  let boots = 0;
  const gatewayOf = (id: string): Promise<TestGateway> => {
    boots += 1;
    const path = join(dir.path, `${id}.db`);
    return startGateway({ path, url: broker.url, boot: `b${boots}`, id, tls: certificate(id) });
  };
  const drained = (gateway: TestGateway): Promise<void> =>
    until("drained", () => gateway.delivery.status().outboxEvents === 0, 60_000);

  /** A client that is no gateway of ours, with a certificate that is. */
  async function intruder(id: string, extra: Partial<IClientOptions> = {}): Promise<Intruder> {
    const client = await connectAsync(
      broker.url,
      {
        ...tlsOptions(certificate(id)),
        protocolVersion: 5,
        reconnectPeriod: 0,
        clientId: `intruder-${id}`,
        ...extra,
      },
      false,
    );
    client.on("error", () => undefined);
    const heard: { topic: string; text: string }[] = [];
    client.on("message", (topic, payload) => heard.push({ topic, text: payload.toString("utf8") }));
    return { client, heard };
  }

  async function totals(id: string): Promise<Record<string, number> | undefined> {
    const body = (await (await fetch(`${central.url}/api/v1/gateways`)).json()) as {
      gateways: { gatewayId: string; totals: Record<string, number> }[];
    };
    return body.gateways.find((row) => row.gatewayId === id)?.totals;
  }

  /** The latest batch a gateway sent, as the centre sees it. */
  async function captured(id: string, act: () => Promise<void>): Promise<string> {
    const { client, heard } = await intruder("desk");
    await client.subscribeAsync(`${ROOT}/${id}/up/ev`, { qos: 1 });
    await act();
    await until("a batch was seen", () => heard.length > 0);
    await client.endAsync();
    return heard[0]?.text ?? "";
  }

  test("a gateway that gives another one's id is refused, and nothing of it is stored", async () => {
    const gateway = await gatewayOf("gw-b");
    const batch = await captured("gw-b", async () => {
      gateway.delivery.record(crossing(0, "run"));
      await drained(gateway);
    });
    const next = batch.replace(/"first":\d+/, '"first":2').replace(/"id":"\w+"/, '"id":"forged"');
    const { client } = await intruder("gw-a");
    const error: unknown = await client.publishAsync(`${ROOT}/gw-b/up/ev`, next, { qos: 1 }).then(
      () => null,
      (reason: unknown) => reason,
    );
    assert.equal((error as { code?: number } | null)?.code, NOT_AUTHORIZED);
    gateway.delivery.record(crossing(1, "run"));
    await drained(gateway);
    assert.equal((await totals("gw-b"))?.["stored"], 2, "the number was still free for its owner");
    await client.endAsync(true);
    await gateway.stop();
  });

  test("a message for one gateway never reaches another one, whatever it subscribes to", async () => {
    const spy = await intruder("gw-a");
    for (const filter of ["#", "vitrine/#", `${ROOT}/+/down/#`, `${ROOT}/gw-b/#`])
      await spy.client.subscribeAsync(filter, { qos: 1 }).catch(() => undefined);
    const owner = await intruder("gw-b");
    await owner.client.subscribeAsync(`${ROOT}/gw-b/down/#`, { qos: 1 });
    const sender = await intruder("desk");
    await sender.client.publishAsync(`${ROOT}/gw-b/down/cmd`, "canary", { qos: 1 });
    await sender.client.publishAsync(`${ROOT}/gw-a/down/cmd`, "own", { qos: 1 });
    await until("both have what is theirs", () =>
      [owner, spy].every(({ heard }) => heard.length > 0),
    );
    assert.ok(owner.heard.some(({ text }) => text === "canary"));
    assert.deepEqual([...new Set(spy.heard.map(({ topic }) => topic.split("/")[2]))], ["gw-a"]);
    for (const { client } of [spy, owner, sender]) await client.endAsync(true);
  });

  test("a gateway that calls itself by another one's client id does not cut that one off", async () => {
    const gateway = await gatewayOf("gw-b");
    await until("connected", () => gateway.link.state.kind === "connected");
    const { session } = gateway.link.state as { session: string };
    const { client } = await intruder("gw-a", { clientId: "gw-b" });
    await client.publishAsync(`${ROOT}/gw-a/up/log`, "here", { qos: 1 });
    gateway.delivery.record(crossing(0, "cut off"));
    await drained(gateway);
    assert.equal((gateway.link.state as { session?: string }).session, session);
    await client.endAsync(true);
    await gateway.stop();
  });

  test("without a certificate of the authority there is no connection", async () => {
    const { ca } = tlsOptions(certificate("central"));
    const bare = { ca, protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 3000 } as const;
    await assert.rejects(connectAsync(broker.url, bare, false));
    const foreign = makeAuthority(join(dir.path, "foreign"));
    const forged = { ...tlsOptions(foreign.client("gw-a")), ca };
    await assert.rejects(connectAsync(broker.url, { ...bare, ...forged }, false));
  });

  test("a revoked certificate is refused after a restart of the broker; the others go on", async () => {
    const stolen = tlsOptions(certificate("gw-stolen"));
    const before = await intruder("gw-stolen");
    const gateway = await gatewayOf("gw-a");
    authority.revoke("gw-stolen");
    await broker.restart();
    await until("its connection has ended", () => !before.client.connected);
    await before.client.endAsync(true);
    await until("it is refused", async () => {
      const options = {
        ...stolen,
        protocolVersion: 5,
        reconnectPeriod: 0,
        connectTimeout: 3000,
      } as const;
      const client = await connectAsync(broker.url, options, false).catch(() => null);
      // TLS 1.3 lets the client believe in the connection for a moment: only a round trip proves it.
      if (client === null) return true;
      client.on("error", () => undefined);
      const isAlive = await client.subscribeAsync("x").then(
        () => true,
        () => false,
      );
      await client.endAsync(true);
      return !isAlive;
    });
    gateway.delivery.record(crossing(0, "after"));
    await drained(gateway);
    await gateway.stop();
  });

  test("a batch that is played back leaves no row behind", async () => {
    const gateway = await gatewayOf("gw-a");
    const batch = await captured("gw-a", async () => {
      for (let n = 0; n < 50; n += 1) gateway.delivery.record(crossing(n, "replayed"));
      await drained(gateway);
    });
    await gateway.stop();
    const rows = await totals("gw-a");
    const { repeated } = central.counts;
    const { client } = await intruder("gw-a");
    for (let n = 0; n < 5; n += 1)
      await client.publishAsync(`${ROOT}/gw-a/up/ev`, batch, { qos: 1 });
    await until("the centre knows them", () => central.counts.repeated === repeated + 5);
    assert.deepEqual(await totals("gw-a"), rows);
    await client.endAsync(true);
  });

  test("a message beyond the limit costs its sender the connection and nobody else anything", async () => {
    const gateway = await gatewayOf("gw-b");
    await until("connected", () => gateway.link.state.kind === "connected");
    const { session } = gateway.link.state as { session: string };
    const { client } = await intruder("gw-a");
    const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
    client.publish(`${ROOT}/gw-a/up/ev`, Buffer.alloc(1_000_000), { qos: 1 });
    await closed;
    gateway.delivery.record(crossing(0, "calm"));
    await drained(gateway);
    assert.equal((gateway.link.state as { session: string }).session, session);
    await client.endAsync(true);
    await gateway.stop();
  });

  test("a gateway that floods is asked to pause, then dropped unread; the others are served", async (t) => {
    const noisy = await gatewayOf("gw-a");
    const batch = await captured("gw-a", async () => {
      for (let n = 0; n < 120; n += 1) noisy.delivery.record(crossing(3 * n, "noise"));
      await drained(noisy);
    });
    await noisy.stop();
    const quiet = await gatewayOf("gw-b");
    const alone = await acknowledgedIn(quiet, "alone");
    const { client, heard } = await intruder("gw-a");
    await client.subscribeAsync(`${ROOT}/gw-a/down/ack`, { qos: 1 });
    const flood = Array.from({ length: FLOOD_MESSAGES }, () =>
      client.publishAsync(`${ROOT}/gw-a/up/ev`, batch, { qos: 1 }),
    );
    const flooded = await acknowledgedIn(quiet, "flooded");
    await Promise.all(flood);
    await until("the rest was dropped", () => central.counts.flooded > 0, 60_000);
    const asked = heard.filter(({ text }) => (JSON.parse(text) as { pauseMs: number }).pauseMs > 0);
    assert.ok(asked.length > 0, "it was asked to pause");
    t.diagnostic(`acknowledged after ${alone} ms alone, ${flooded} ms beside the flood`);
    await client.endAsync(true);
    await quiet.stop();
  });

  /** Median time from an event to its acknowledgement, ms. */
  async function acknowledgedIn(gateway: TestGateway, run: string): Promise<number> {
    const times: number[] = [];
    for (let n = 0; n < 21; n += 1) {
      const startMs = performance.now();
      gateway.delivery.record(crossing(3 * n + 2, run));
      while (gateway.delivery.status().outboxEvents > 0)
        await new Promise((resolve) => setTimeout(resolve, 1));
      times.push(performance.now() - startMs);
    }
    return Math.round(times.sort((a, b) => a - b)[10] ?? Number.NaN);
  }
});

interface Intruder {
  readonly client: MqttClient;
  readonly heard: { readonly topic: string; readonly text: string }[];
}

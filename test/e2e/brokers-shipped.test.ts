import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { connectAsync, type IClientOptions } from "mqtt";
import { type CertificateFiles, makeAuthority, tlsOptions } from "../brokers/authority.ts";
import { startShippedNats, startShippedRabbitmq } from "../brokers/shipped-cluster.ts";
import { missingProgram } from "../brokers/test-broker.ts";
import {
  crossing,
  QUICK_RETRY,
  startCentral,
  startGateway,
  tempDir,
  until,
} from "./delivery-rig.ts";

const CLUSTERS = [
  { name: "nats", start: startShippedNats },
  { name: "rabbitmq", start: startShippedRabbitmq },
] as const;

/** Whatever a stolen gateway may ask for; the last ones are where the servers keep messages themselves. */
const STOLEN_FILTERS = [
  "vitrine/v1/gw-a/down/ack",
  "vitrine/#",
  "#",
  "$MQTT/#",
  "$MQTT/msgs/#",
  "$MQTT/sub/#",
  "$SYS/#",
];

const OWN_TOPIC = "vitrine/v1/gw-b/down/cmd";

const thiefOptions = (files: CertificateFiles): IClientOptions => ({
  ...tlsOptions(files),
  protocolVersion: 4,
  reconnectPeriod: 0,
  clientId: "gw-b",
});

/** What of others' messages reaches a gateway that asks for `filter`, until it has got its own sent last. */
async function heardByThief(
  url: string,
  files: CertificateFiles,
  filter: string,
  act: () => Promise<void>,
): Promise<readonly string[]> {
  const asking = await connectAsync(url, thiefOptions(files), false);
  asking.on("error", () => undefined);
  const heard: string[] = [];
  const isOwn = (topic: string): boolean => topic.startsWith("vitrine/v1/gw-b/");
  asking.on("message", (topic) => heard.push(topic));
  await asking.subscribeAsync(OWN_TOPIC, { qos: 1 });
  const isGranted = await asking.subscribeAsync(filter, { qos: 1 }).then(
    () => asking.connected,
    () => false,
  );
  await act();
  // A broker that answers such a wish by closing the connection has refused it as well.
  await until(
    "its own message or the end",
    () => heard.some(isOwn) || !asking.connected || !isGranted,
  );
  await asking.endAsync(true);
  return heard.filter((topic) => !isOwn(topic));
}

/** What reaches a gateway that takes the client id, and with it the kept session, of another one; if it may at all. */
async function heardUnderName(
  url: string,
  files: CertificateFiles,
  clientId: string,
  act: () => Promise<void>,
): Promise<readonly string[]> {
  const heard: string[] = [];
  const options = { ...thiefOptions(files), clientId, clean: false, connectTimeout: 5000 };
  const double = await connectAsync(url, options, false).catch(() => null);
  double?.on("error", () => undefined);
  double?.on("message", (topic) => heard.push(topic));
  await act();
  await double?.endAsync(true);
  return heard;
}

for (const { name, start } of CLUSTERS) {
  test(`${name} as it is shipped: certificates log in, each gateway reaches its own topics only`, {
    skip: missingProgram(name),
  }, async () => {
    const dir = tempDir();
    const authority = makeAuthority(join(dir.path, "authority"));
    const [own, other, centre] = ["gw-a", "gw-b", "central"].map((id) => authority.client(id));
    assert.ok(own && other && centre);
    const node = await start(join(dir.path, "broker"), authority, ["gw-a", "gw-b"]);
    const central = await startCentral(join(dir.path, "central.db"), node.url, {
      mqtt: { ...centre, retry: QUICK_RETRY },
    });
    const path = join(dir.path, "outbox.db");
    const gateway = await startGateway({ path, url: node.url, boot: "b1", id: "gw-a", tls: own });
    for (let n = 0; n < 100; n += 1) gateway.delivery.record(crossing(n, "run"));
    await until("drained", () => gateway.delivery.status().outboxEvents === 0, 60_000);
    assert.equal(central.counts.stored, 100);
    const forger = await connectAsync(node.url, thiefOptions(other), false);
    forger.on("error", () => undefined);
    await forger.publishAsync("vitrine/v1/gw-a/up/ev", "forged").catch(() => undefined);
    await forger.endAsync(true);
    const desk = await connectAsync(node.url, { ...thiefOptions(centre), clientId: "desk" }, false);
    for (const [n, filter] of STOLEN_FILTERS.entries()) {
      const heard = await heardByThief(node.url, other, filter, async () => {
        gateway.delivery.record(crossing(100 + n, "run"));
        await until("drained again", () => gateway.delivery.status().outboxEvents === 0, 60_000);
        await desk.publishAsync(OWN_TOPIC, "own", { qos: 1 });
      });
      assert.deepEqual(heard, [], `${filter}: what is for one gateway does not reach another one`);
    }
    await desk.endAsync(true);
    const disturbed = await heardUnderName(node.url, other, "gw-a", async () => {
      gateway.delivery.record(crossing(200, "run"));
      await until("drained beside its double", () => gateway.delivery.status().outboxEvents === 0);
    });
    assert.deepEqual(disturbed, [], "who takes the client id of another gets none of its messages");
    const all = 101 + STOLEN_FILTERS.length;
    assert.deepEqual([central.counts.stored, central.counts.quarantined], [all, 0]);
    const { ca } = tlsOptions(own);
    await assert.rejects(
      connectAsync(
        node.url,
        { ca, protocolVersion: 4, reconnectPeriod: 0, connectTimeout: 3000 },
        false,
      ),
    );
    await gateway.stop();
    await central[Symbol.asyncDispose]();
    await node.stop();
    dir.remove();
  });
}

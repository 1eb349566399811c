import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connectAsync, type MqttClient } from "mqtt";
import { type CertificateFiles, makeAuthority, tlsOptions } from "../brokers/authority.ts";
import { startMosquittoTls } from "../brokers/mosquitto-tls.ts";
import {
  type ShippedNode,
  startShippedNats,
  startShippedRabbitmq,
} from "../brokers/shipped-cluster.ts";
import { missingProgram } from "../brokers/test-broker.ts";
import { tempDir, until } from "./delivery-rig.ts";

const BROKERS = [
  { name: "mosquitto", start: (folder, authority) => startMosquittoTls(folder, authority) },
  { name: "nats", start: startShippedNats },
  { name: "rabbitmq", start: startShippedRabbitmq },
] as const satisfies readonly { name: string; start: typeof startShippedNats }[];

const UP = ["loyalty", "key-request"] as const;
const DOWN = ["consent", "erase", "loyalty", "loyalty-part", "key"] as const;
const ROOT = "vitrine/v1";
/** What a gateway listens to: each topic by its name, as the product does. */
const OWN = DOWN.map((channel) => `${ROOT}/gw-a/down/${channel}`);

interface Ear {
  readonly client: MqttClient;
  readonly heard: string[];
}

for (const { name, start } of BROKERS)
  describe(`messages about members over ${name} as it is shipped`, {
    skip: missingProgram(name),
  }, () => {
    const dir = tempDir();
    const authority = makeAuthority(join(dir.path, "authority"));
    const files = new Map<string, CertificateFiles>();
    const open: Ear[] = [];
    let node: ShippedNode;
    before(async () => {
      for (const id of ["central", "gw-a", "gw-b"]) files.set(id, authority.client(id));
      node = await start(join(dir.path, "broker"), authority, ["gw-a", "gw-b"]);
    });
    after(async () => {
      for (const { client } of open) await client.endAsync(true);
      await node.stop();
      dir.remove();
    });

    /** Logs in with a certificate and asks for a topic; a broker may end the connection of who may not have it. */
    async function login(id: string, ...filters: readonly string[]): Promise<Ear> {
      const client = await connectAsync(node.url, {
        ...tlsOptions(files.get(id) ?? assert.fail(id)),
        ...{ protocolVersion: 4, reconnectPeriod: 0, clientId: id },
      });
      const heard: string[] = [];
      client.on("error", () => undefined);
      client.on("message", (topic, payload) => heard.push(`${topic} ${payload.toString()}`));
      for (const filter of filters)
        await client.subscribeAsync(filter, { qos: 1 }).catch(() => undefined);
      const ear = { client, heard };
      open.push(ear);
      return ear;
    }
    const leave = async ({ client }: Ear): Promise<void> => void (await client.endAsync(true));

    test("what the centre sends to one gateway reaches that one, and no other one that asks for it", async () => {
      const centre = await login("central");
      const owner = await login("gw-a", ...OWN);
      for (const filter of [...OWN, `${ROOT}/gw-a/down/#`, `${ROOT}/+/down/+`]) {
        owner.heard.length = 0;
        const thief = await login("gw-b", `${ROOT}/gw-b/down/key`, filter);
        for (const gateway of ["gw-a", "gw-b"])
          for (const channel of DOWN)
            await centre.client.publishAsync(`${ROOT}/${gateway}/down/${channel}`, "x", { qos: 1 });
        await until("the owner has all", () => owner.heard.length === DOWN.length);
        await until(
          "the thief has what is its own, or is thrown out",
          () => thief.heard.length > 0 || !thief.client.connected,
        );
        const stolen = thief.heard.filter((text) => !text.startsWith(`${ROOT}/gw-b/`));
        assert.deepEqual(stolen, [], filter);
        await leave(thief);
      }
      await leave(owner);
      await leave(centre);
    });

    test("a gateway asks in its own name only, and says nothing in the centre's place", async () => {
      const centre = await login("central", ...UP.map((channel) => `${ROOT}/+/up/${channel}`));
      const owner = await login("gw-a", ...OWN);
      const forged = [
        ...UP.map((channel) => `${ROOT}/gw-a/up/${channel}`),
        ...OWN,
        `${ROOT}/gw-b/down/key`,
      ];
      for (const topic of forged) {
        const forger = await login("gw-b");
        centre.heard.length = 0;
        forger.client.publish(topic, "forged", { qos: 0 });
        // What follows on the same connection shows that the broker is done with it.
        for (const channel of UP)
          forger.client.publish(`${ROOT}/gw-b/up/${channel}`, "own", { qos: 0 });
        await until(
          "the rest came, or the forger is thrown out",
          () => centre.heard.length >= UP.length || !forger.client.connected,
        );
        assert.ok(!centre.heard.some((text) => text.endsWith("forged")), topic);
        await leave(forger);
      }
      for (const channel of UP)
        await owner.client.publishAsync(`${ROOT}/gw-a/up/${channel}`, "asked", { qos: 1 });
      const asked = (): string[] => centre.heard.filter((text) => text.endsWith("asked"));
      await until("the owner is heard", () => asked().length === UP.length);
      await centre.client.publishAsync(`${ROOT}/gw-a/down/key`, "last", { qos: 1 });
      await until("the owner hears", () => owner.heard.length > 0);
      assert.deepEqual(owner.heard, [`${ROOT}/gw-a/down/key last`]);
    });
  });

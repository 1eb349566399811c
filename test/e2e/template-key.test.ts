import assert from "node:assert/strict";
import { randomBytes, randomFillSync } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connectAsync, type MqttClient } from "mqtt";
import { TemplateStore } from "../../src/app/station/template-store.ts";
import { gatewayId, type SubjectRef, subjectRef, tenantId } from "../../src/core/brand.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { KeyAsker } from "../../src/io/vault/key-asker.ts";
import { missingProgram, startBroker, type TestBroker } from "../brokers/test-broker.ts";
import { FaceGrants } from "../fakes/face-grants.ts";
import { loyaltySetting } from "../fakes/loyalty-centre.ts";
import { clock, startCentral, startGateway, tempDir, until } from "./delivery-rig.ts";

const ACME = tenantId("acme");
const CHAIN = { profile: "clean", version: "a".repeat(64) } as const;
const KEY_TOPIC = /\/(up\/key-request|down\/key)$/;

for (const name of ["aedes", "mosquitto"] as const)
  describe(`the key of templates over ${name}`, { skip: missingProgram(name) }, () => {
    const dir = tempDir();
    let broker: TestBroker;
    let central: Awaited<ReturnType<typeof startCentral>>;
    let spy: MqttClient;
    const heard: { topic: string; text: string }[] = [];
    before(async () => {
      broker = await startBroker(name, join(dir.path, "broker"));
      const [url = ""] = broker.urls;
      central = await startCentral(join(dir.path, "central.db"), url, {
        loyalty: loyaltySetting(dir.path),
      });
      spy = await connectAsync(url);
      spy.on("message", (topic, payload) => heard.push({ topic, text: payload.toString() }));
      await spy.subscribeAsync("#", { qos: 1 });
    });
    after(async () => {
      await spy.endAsync(true);
      await central[Symbol.asyncDispose]();
      await broker.stop();
      dir.remove();
    });

    let boots = 0;
    /** A start of a gateway with the vault that the product has; what it was sent of keys is kept. */
    async function openGateway(id: string, grants = new FaceGrants(ACME)) {
      boots += 1;
      const stateDir = join(dir.path, id);
      mkdirSync(stateDir, { recursive: true });
      const store = new TemplateStore({
        ...{ stateDir, credentials: undefined, log: SILENT_LOG, consent: () => grants },
        loyalty: { tenantId: ACME, jurisdiction: "kiosk-verify", keyLevel: "centre" },
      });
      const { centreKey } = store;
      assert.ok(centreKey !== null);
      const key = { bytes: Buffer.alloc(0) };
      const asker = new KeyAsker({
        ...{ root: "vitrine", gatewayId: gatewayId(id), clock, log: SILENT_LOG },
        ...{ random: () => 0.05, fill: (bytes) => void randomFillSync(bytes) },
        key: {
          deliver: (found) => {
            key.bytes = Buffer.from(found ?? []);
            centreKey.deliver(found);
          },
        },
      });
      const gateway = await startGateway({
        ...{ path: join(dir.path, `${id}.db`), url: broker.urls, boot: `b${boots}`, id },
        attach: (link) => asker.attach(link),
      });
      const put = (subject: SubjectRef): boolean => {
        const terms = { tenantId: ACME, chain: CHAIN, expiresAtMs: grants.epoch + 1_000_000 };
        const values = new Float32Array(128).map(() => Math.random());
        return store.vault?.put(grants.permitOf(subject), terms, values).ok ?? false;
      };
      const open = (subject: SubjectRef) =>
        store.vault?.open(grants.permitOf(subject), CHAIN) ?? assert.fail("no vault");
      const close = async (): Promise<void> => {
        asker.close();
        await gateway.stop();
        store.close();
      };
      return { asker, key, grants, put, open, close, link: gateway.link };
    }
    const newSubject = (): SubjectRef => subjectRef(randomBytes(16).toString("base64url"));
    const counts = async (): Promise<Record<string, number>> => {
      const answer = await fetch(`${central.url}/api/v1/loyalty`);
      return ((await answer.json()) as { templateKeys: Record<string, number> }).templateKeys;
    };
    const destroy = (gateway: string): Promise<Response> =>
      fetch(`${central.url}/api/v1/loyalty/destroyed-keys`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ tenantId: "acme", gatewayId: gateway }),
      });

    test("a gateway gets its key at every start, opens what it kept, and nobody who listens finds the key", async () => {
      const first = await openGateway("gw-k1");
      const subject = newSubject();
      await until("the key came", () => first.asker.hasKey);
      assert.ok(first.put(subject));
      await first.close();
      const second = await openGateway("gw-k1", first.grants);
      assert.equal(second.open(subject).ok, false, "without the key nothing opens");
      await until("the key came again", () => second.asker.hasKey);
      assert.deepEqual(second.key.bytes, first.key.bytes);
      assert.equal(second.open(subject).ok, true);
      await second.close();
      assert.ok(heard.filter(({ topic }) => topic.endsWith("gw-k1/down/key")).length >= 2);
      const raw = heard.map(({ text }) => text).join("\n");
      for (const form of ["hex", "base64", "base64url", "latin1"] as const)
        assert.ok(!raw.includes(first.key.bytes.toString(form).replace(/=+$/, "")), form);
      for (const { text } of heard.filter(({ topic }) => KEY_TOPIC.test(topic)))
        for (const value of Object.values(JSON.parse(text) as object))
          assert.ok(!Buffer.from(String(value), "base64url").includes(first.key.bytes));
    });

    test("an answer that is played back, or that is for another question, is refused", async () => {
      const first = await openGateway("gw-k2");
      await until("the key came", () => first.asker.hasKey);
      const played = heard.findLast(({ topic }) => topic.endsWith("gw-k2/down/key"));
      assert.ok(played !== undefined);
      await spy.publishAsync(played.topic, played.text, { qos: 1 });
      await until("refused", () => first.asker.refused.unasked === 1);
      await first.close();
      const second = await openGateway("gw-k2", first.grants);
      await until("it listens", () => second.link.state.kind === "connected");
      await spy.publishAsync(played.topic, played.text, { qos: 1 });
      await until("the key came", () => second.asker.hasKey);
      await until("the old answer is refused", () => {
        const { unasked = 0, "other-request": other = 0 } = second.asker.refused;
        return unasked + other === 1;
      });
      assert.deepEqual(second.key.bytes, first.key.bytes);
      await second.close();
    });

    test("a gateway that belongs to nobody is not answered", async () => {
      const { foreign = 0 } = await counts();
      const ask = { v: 1, at: new Date().toISOString(), request: "A".repeat(22) };
      const body = JSON.stringify({ ...ask, publicKey: "A".repeat(43) });
      await spy.publishAsync("vitrine/v1/gw-nobody/up/key-request", body, { qos: 1 });
      await until("it is counted", async () => (await counts())["foreign"] === foreign + 1);
      assert.ok(!heard.some(({ topic }) => topic === "vitrine/v1/gw-nobody/down/key"));
    });

    test("of a gateway whose key was destroyed nothing can be read any more, and its replacement has another key", async () => {
      const thief = await openGateway("gw-k3");
      const subject = newSubject();
      await until("the key came", () => thief.asker.hasKey);
      assert.ok(thief.put(subject));
      await thief.close();
      assert.equal((await destroy("gw-other")).status, 404);
      const answer = await destroy("gw-k3");
      assert.deepEqual(await answer.json(), { gatewayId: "gw-k3", isDestroyed: true });
      const stolen = await openGateway("gw-k3", thief.grants);
      await until("it asked", async () => (await counts())["destroyed"] === 1);
      assert.deepEqual([stolen.asker.hasKey, stolen.open(subject).ok], [false, false]);
      await stolen.close();
      const replacement = await openGateway("gw-k4", thief.grants);
      await until("the replacement has a key", () => replacement.asker.hasKey);
      assert.notDeepEqual(replacement.key.bytes, thief.key.bytes);
      await replacement.close();
    });
  });

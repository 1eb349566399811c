import assert from "node:assert/strict";
import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Central } from "../../src/central/central.ts";
import { gatewayId, tenantId } from "../../src/core/brand.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { SealedTemplates } from "../../src/io/vault/sealed-templates.ts";
import { askForKey, type SealedKey } from "../../src/privacy/vault/key-handover.ts";
import { isoTime } from "../../src/wire/cloud-event.ts";
import { FaceGrants } from "../fakes/face-grants.ts";
import { faceOf } from "../fakes/fake-face-chain.ts";
import { apiConsent, loyaltySetting } from "../fakes/loyalty-centre.ts";
import { addressTraces } from "../fakes/planted-addresses.ts";
import {
  clock,
  startAedes,
  startCentral,
  type TestBroker,
  tempDir,
  until,
} from "./delivery-rig.ts";
import { airOf, Listener, LoyalGateway, spellings, untilSaid } from "./loyal-gateway-rig.ts";

const ADDRESS = "d3c2b1a09f8e";
const CUSTOMER = { tenantId: "acme", customer: "kunde-4711" };
const PATIENCE_MS = 90_000;
const dir = tempDir();
let broker: TestBroker;
let central: Central;
let gateway: LoyalGateway;
let listener: Listener;
let appKey: Uint8Array<ArrayBuffer>;
let codes: { readonly walkIn: string; readonly other: string };

before(async () => {
  broker = await startAedes();
  listener = await Listener.on(broker.url);
  central = await startCentral(join(dir.path, "central.db"), broker.url, {
    loyalty: loyaltySetting(join(dir.path, "centre")),
  });
  gateway = await LoyalGateway.write(join(dir.path, "gateway"), broker.url, {
    ...{ authority: "centre", keyLevel: "centre", jurisdiction: "kiosk-verify" },
    switchedOnBy: "Ada Holm, manager",
    station: { cameraId: "station", source: "/dev/video9" },
  });
  await gateway.start();
});
after(async () => {
  await gateway.stop();
  await listener.client.endAsync(true);
  await central[Symbol.asyncDispose]();
  await broker.stop();
  dir.remove();
});

async function api(path: string, body: object): Promise<Record<string, unknown>> {
  const answer = await fetch(`${central.url}/api/v1/loyalty${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as Record<string, unknown>;
}

const onAir = async (): Promise<void> => gateway.order(await airOf(appKey, ADDRESS));

const tells = async (code: string): Promise<string> => {
  const { kind, reason } = await gateway.ask("/recognise", { code });
  return `${kind} ${reason ?? ""}`.trim();
};

test("a member of the chain is found by the app's identifiers, under the pseudonym of the group", async () => {
  const registered = await api("/members", { ...CUSTOMER, withApp: true, consent: apiConsent() });
  appKey = new Uint8Array(Buffer.from(String(registered["appKey"]), "base64url"));
  assert.equal(appKey.length, 16, JSON.stringify(registered));
  await onAir();
  const air = setInterval(() => void onAir(), 2_000);
  await until(
    "the member is heard inside",
    () => listener.events("tag-presence").some(({ data }) => data["state"] === "inside"),
    PATIENCE_MS,
  );
  clearInterval(air);
});

test("the key of the templates comes from the centre, for the one request alone; then a face can be enrolled and confirmed", async () => {
  codes = { walkIn: await gateway.join(), other: await gateway.join() };
  await until("the key came", () => gateway.said().includes("vault.key-came"), PATIENCE_MS);
  const enrolled = await gateway.enrol(codes.walkIn);
  assert.deepEqual(enrolled, { kind: "enrolled" });
  const verified = await gateway.ask("/verify", { code: codes.walkIn });
  assert.deepEqual(verified, { kind: "recognised", method: "face" });
  const sealed = listener.heard.filter(({ topic }) => topic.endsWith("/down/key")).at(-1);
  assert.ok(sealed !== undefined);
  await listener.client.publishAsync("vitrine/v1/gw1/down/key", sealed.bytes, { qos: 1 });
  await until("the replay is refused", () => gateway.said().includes('"reason":"unasked"'));
  assert.deepEqual(await gateway.ask("/verify", { code: codes.walkIn }), verified);
});

test("what the API takes back is matched no more, and the shop's erasing is answered", async (t) => {
  const { subjectRef } = await api("/exports", CUSTOMER);
  assert.match(String(subjectRef), /^[A-Za-z0-9_-]{22}$/);
  await onAir();
  const from = clock.mono();
  assert.deepEqual((await api("/revocations", CUSTOMER))["ended"], ["loyalty-beacon"]);
  await until(
    "the member is gone",
    () => listener.events("tag-presence").at(-1)?.data["state"] === "outside",
    PATIENCE_MS,
  );
  t.diagnostic(`API to no member on the floor: ${(clock.mono() - from).toFixed(0)} ms`);
  await until("the erasing is answered", () => listener.events("erasure-answered").length > 0);
});

test("a recognition at the station is told to the centre under the pseudonym that its tables have", async () => {
  const isTold = async (): Promise<boolean> => {
    assert.equal(await tells(codes.other), "recognised");
    return listener.events("shopper-recognised").length > 0;
  };
  await untilSaid("it is told", isTold);
});

test("after a restart consents, templates and the centre's key are there again", async () => {
  await gateway.stop();
  await gateway.start();
  const verified = { kind: "recognised", method: "face" };
  const look = async (): Promise<boolean> =>
    (await gateway.ask("/verify", { code: codes.walkIn }))["kind"] === "recognised";
  await untilSaid("key and lease are there", look);
  assert.deepEqual(await gateway.ask("/verify", { code: codes.walkIn }), verified);
  assert.equal(await tells(codes.other), "recognised");
});

test("forget me: no match and no template at once", async (t) => {
  const from = clock.mono();
  assert.deepEqual(await gateway.ask("/forget", { code: codes.walkIn }), {
    kind: "forgotten",
    state: "done",
  });
  const { reason } = await gateway.ask("/verify", { code: codes.walkIn });
  t.diagnostic(`asked to be forgotten, no match ${(clock.mono() - from).toFixed(0)} ms later`);
  assert.match(String(reason), /^(no-grant|grant-revoked)$/);
  assert.equal((await tells(codes.walkIn)).startsWith("refused"), true);
});

test("no address, key, face or template is in any message, file, log line or answer of the gateway", async () => {
  assert.deepEqual(
    await gateway.enrol(codes.other),
    { kind: "enrolled" },
    "a template is kept now",
  );
  const key = await templateKey();
  await gateway.page("/api/status");
  await gateway.page("/api/today");
  await gateway.stop();
  const secrets = {
    address: addressTraces(ADDRESS),
    "key of the app": spellings(appKey),
    "key of the templates": spellings(key),
    faces: facesSeen(key),
  };
  const said = listener.heard.map(({ topic, bytes }) => ({ where: `mqtt ${topic}`, bytes }));
  const outputs = [...(await gateway.searched()), ...said];
  const places = new Set(outputs.map(({ where }) => where));
  for (const place of [
    "stdout",
    "mqtt vitrine/v1/gw1/up/ev",
    "/api/status",
    "file state/templates.bin",
  ])
    assert.ok(places.has(place), place);
  const found = outputs.flatMap(({ where, bytes }) =>
    Object.entries(secrets).flatMap(([name, traces]) =>
      traces.some((trace) => bytes.includes(trace)) ? [`${where}: ${name}`] : [],
    ),
  );
  assert.deepEqual([...new Set(found)], []);
  const planted = Buffer.from(`x ${ADDRESS.match(/../g)?.join(":")} ${faceOf(1, 1)[0]} y`);
  for (const traces of [secrets.address, secrets.faces])
    assert.ok(
      traces.some((trace) => planted.includes(trace)),
      "the search would find it",
    );
  await gateway.start();
});

test("without its centre a gateway recognises nobody once the lease is over, and goes on counting", async () => {
  const isBack = async (): Promise<boolean> => (await tells(codes.other)) === "recognised";
  await untilSaid("it heard the centre", isBack);
  await broker.stop();
  assert.equal(await tells(codes.other), "recognised", "granted while the lease lasts");
  gateway.order({ skipMs: 61_000 });
  await untilSaid("it refuses", async () => (await tells(codes.other)) === "refused lease-lost");
  const status = await gateway.page("/api/status");
  assert.match(status, /The centre is not heard/);
});

/** What the centre would send the gateway: whoever may speak as the gateway gets it, which is for the broker to guard. */
async function templateKey(): Promise<Uint8Array> {
  const question = askForKey(gatewayId("gw1"), (bytes) => void randomFillSync(bytes));
  const text = JSON.stringify({ v: 1, at: isoTime(clock.now()), ...question.ask });
  await listener.client.publishAsync("vitrine/v1/gw1/up/key-request", text, { qos: 1 });
  let key: Uint8Array | null = null;
  await until("the centre answers", () => {
    for (const { topic, bytes } of listener.heard) {
      if (!topic.endsWith("/down/key")) continue;
      const opened = question.open(JSON.parse(bytes.toString()) as SealedKey);
      if (opened.ok) key = opened.value;
    }
    return key !== null;
  });
  return key ?? new Uint8Array();
}

/** Every face that the station saw, as it was and as the vault turned it, four numbers at a time and as text. */
function facesSeen(key: Uint8Array): readonly Buffer[] {
  const vault = new SealedTemplates({
    ...{ folder: gateway.stateDir, tenantId: tenantId("acme"), log: SILENT_LOG },
    key: { take: () => Uint8Array.from(key) },
    consent: () => new FaceGrants(tenantId("acme")),
  });
  const faces = Array.from({ length: 60 }, (_, noise) => faceOf(1, noise + 1)).flatMap((face) => {
    const turned = vault.project(face);
    assert.ok(turned.ok);
    return [face, turned.value];
  });
  vault.close();
  return faces.flatMap((values) => [
    ...[0, 128, 384].map((from) => Buffer.from(values.buffer, values.byteOffset + from, 16)),
    Buffer.from(String(values[0])),
    Buffer.from(values.slice(0, 3).join(",")),
  ]);
}

import assert from "node:assert/strict";
import { randomFillSync } from "node:crypto";
import { afterEach, beforeEach, test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { type GatewayId, gatewayId, type TenantId, tenantId } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { LoyaltyKeys } from "../../privacy/loyalty/loyalty-keys.ts";
import { askForKey, type KeyQuestion } from "../../privacy/vault/key-handover.ts";
import { isoTime } from "../../wire/cloud-event.ts";
import { keyAnswerSchema } from "../../wire/key-messages.ts";
import { SqliteStore } from "../sqlite/sqlite-store.ts";
import { KeyDesk } from "./key-desk.ts";
import { destroyKey, keptKeys } from "./key-shelf.ts";

const ACME = tenantId("acme");
const GW = gatewayId("gw-1");
const fill = (bytes: Uint8Array): void => void randomFillSync(bytes);

let store: SqliteStore;
let clock: FakeClock;
let sent: { topic: string; text: string }[];
let tenants: Map<GatewayId, TenantId>;
let desk: KeyDesk;

const deskWith = (master: number): KeyDesk =>
  new KeyDesk({
    ...{ root: "vitrine", store, clock, log: SILENT_LOG, fill },
    keys: new LoyaltyKeys(new Uint8Array(32).fill(master)),
    tenantOf: (id) => tenants.get(id) ?? null,
    link: { publish: (topic, text) => void sent.push({ topic, text }), subscribe: () => undefined },
  });
beforeEach(() => {
  store = new SqliteStore(":memory:");
  clock = new FakeClock({ epoch: 1_780_000_000_000 });
  sent = [];
  tenants = new Map([
    [GW, ACME],
    [gatewayId("gw-2"), ACME],
  ]);
  desk = deskWith(7);
});
afterEach(() => store.close());

async function put(question: KeyQuestion, gateway = GW, change: object = {}): Promise<void> {
  const message = { v: 1, at: isoTime(clock.now()), ...question.ask, ...change };
  await desk.answer(`vitrine/v1/${gateway}/up/key-request`, JSON.stringify(message));
}

/** The key that a gateway is given; null: it hears nothing. */
async function given(gateway = GW): Promise<string | null> {
  const question = askForKey(gateway, fill);
  await put(question, gateway);
  const answer = sent.find(({ text }) => text.includes(`"${question.ask.request}"`));
  if (answer === undefined) return null;
  assert.equal(answer.topic, `vitrine/v1/${gateway}/down/key`);
  const opened = question.open(keyAnswerSchema.parse(JSON.parse(answer.text)));
  assert.ok(opened.ok);
  return Buffer.from(opened.value).toString("hex");
}
const audited = async (): Promise<readonly (readonly string[])[]> =>
  (await store.audits(null, 100))
    .map(({ actor, action, target, detail }) => [actor, action, target, detail])
    .reverse();

test("a gateway is given the same key whenever it asks, also after a restart of the centre, and each has its own", async () => {
  const key = await given();
  assert.equal(await given(), key);
  desk = deskWith(7);
  assert.equal(await given(), key);
  const other = await given(gatewayId("gw-2"));
  assert.ok(key !== null && other !== null && key !== other);
  assert.equal(key.length, 64);
});

test("two first questions at once are given one key", async () => {
  const [one, other] = await Promise.all([given(), given()]);
  assert.equal((await keptKeys(store, ACME)).length, 1);
  assert.ok(one !== null);
  assert.deepEqual([other, await given()], [one, one]);
});

test("every hand-over is noted, and neither the notes nor the store hold the key", async () => {
  const key = (await given()) ?? "";
  await given();
  assert.deepEqual(await audited(), [
    ["centre", "loyalty:template-key-made", "gw-1", "acme"],
    ["gw-1", "loyalty:template-key-handed", "gw-1", "acme"],
    ["gw-1", "loyalty:template-key-handed", "gw-1", "acme"],
  ]);
  const rows = JSON.stringify([
    await store.audits(null, 100),
    await store.documents("loyalty-template-key", null),
    sent,
  ]);
  for (const form of ["hex", "base64", "base64url"] as const)
    assert.ok(!rows.includes(Buffer.from(key, "hex").toString(form)), form);
});

test("a key leaves only after it was noted: who cannot be noted gets nothing", async () => {
  await given();
  store.audit = () => Promise.reject(new GatewayError("STORE_FAILED", "full"));
  assert.equal(await given(), null);
  assert.equal(desk.countsOf(ACME).failed, 1);
});

test("a gateway of nobody is refused and counted, and no key is made for it", async () => {
  assert.equal(await given(gatewayId("gw-foreign")), null);
  assert.equal(desk.countsOf(null).foreign, 1);
  assert.deepEqual([await keptKeys(store, null), await audited()], [[], []]);
});

test("a gateway that comes to another tenant is given another key", async () => {
  const key = await given();
  tenants.set(GW, tenantId("other"));
  assert.notEqual(await given(), key);
});

test("what is no request is refused and counted, and keys that a newer gateway adds are left out", async () => {
  const topic = "vitrine/v1/gw-1/up/key-request";
  for (const text of ["", "{}", `{"v":1,"at":"now"}`, "x".repeat(2_000)])
    await desk.answer(topic, text);
  await put(askForKey(GW, fill), GW, { publicKey: Buffer.alloc(32).toString("base64url") });
  assert.deepEqual([desk.countsOf(ACME).unreadable, sent.length], [5, 0]);
  await put(askForKey(GW, fill), GW, { newer: true });
  assert.equal(sent.length, 1);
});

test("one request is answered once, and who asks without end is answered now and then", async () => {
  const question = askForKey(GW, fill);
  await put(question);
  await put(question);
  assert.deepEqual([sent.length, desk.countsOf(ACME).repeated], [1, 1]);
  for (let i = 0; i < 20; i += 1) await given();
  assert.deepEqual([sent.length, desk.countsOf(ACME).flooded], [8, 13]);
  assert.notEqual(await given(gatewayId("gw-2")), null, "others are served");
  clock.advance(15_000);
  assert.notEqual(await given(), null);
  assert.equal(await given(), null);
});

test("a destroyed key is given to nobody any more and never made anew; who asks for it is noted", async () => {
  await given();
  const by = { actor: "crm", at: clock.now() };
  const whose = { tenantId: ACME, gatewayId: GW };
  assert.equal(await destroyKey(store, whose, by), true);
  assert.equal(await destroyKey(store, whose, by), false);
  assert.equal(await destroyKey(store, { ...whose, gatewayId: gatewayId("gw-9") }, by), false);
  assert.equal(await given(), null);
  desk = deskWith(7);
  assert.equal(await given(), null);
  assert.equal(desk.countsOf(ACME).destroyed, 1);
  assert.deepEqual(
    (await keptKeys(store, null)).map(({ gatewayId: id, isDestroyed }) => [id, isDestroyed]),
    [["gw-1", true]],
  );
  assert.deepEqual((await audited()).slice(-3), [
    ["crm", "loyalty:template-key-destroyed", "gw-1", "acme"],
    ["gw-1", "loyalty:template-key-refused", "gw-1", "acme"],
    ["gw-1", "loyalty:template-key-refused", "gw-1", "acme"],
  ]);
});

test("a key that was sealed with another master key is not handed out", async () => {
  await given();
  desk = deskWith(8);
  assert.equal(await given(), null);
  assert.equal(desk.countsOf(ACME).failed, 1);
});

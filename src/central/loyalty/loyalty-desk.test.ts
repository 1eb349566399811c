import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { afterEach, beforeEach, test } from "node:test";
import {
  apiConsent,
  HOOK_SECRET,
  type HookReceiver,
  visit,
} from "../../../test/fakes/loyalty-centre.ts";
import { type LoyaltyDeskRig, openToldDesk, START } from "../../../test/fakes/loyalty-desk-rig.ts";
import { epochMs, monoMs, tagId, tenantId, visitId, zoneId } from "../../core/brand.ts";
import type { JourneyEvent } from "../../core/events.ts";

const DAY_MS = 86_400_000;
const ADA = { tenantId: "acme", customer: "ada" };
let receiver: HookReceiver;
let rig: LoyaltyDeskRig;

beforeEach(async () => {
  ({ rig, receiver } = await openToldDesk());
});
afterEach(async () => {
  await rig.close();
  await receiver.stop();
});

const head = { source: "tags#1", atMono: monoMs(1), clock: "synced" } as const;
const enteredZone = (card: string, at = START, seq = 1): JourneyEvent => ({
  ...{ kind: "tag-zone-entered", ...head, seq, at: epochMs(at) },
  ...{ tagId: tagId(card), tagKind: "loyalty-card", zoneId: zoneId("shoes"), confidence: 0.9 },
});
const kinds = (): string[] =>
  receiver.received.map(({ body }) => String((JSON.parse(body) as { type: string }).type));

test("registration needs a consent, names the app's key once, and is refused for a minor without a trace", async () => {
  const { json } = await rig.ask("/members", { ...ADA, withApp: true, consent: apiConsent() });
  assert.equal(Buffer.from(String(json["appKey"]), "base64url").length, 16);
  const again = await rig.ask("/members", { ...ADA, consent: apiConsent() });
  assert.deepEqual([again.status, again.json["error"]], [409, "MEMBER_EXISTS"]);
  const eve = { tenantId: "acme", customer: "eve" };
  assert.equal((await rig.ask("/members", eve)).status, 400);
  const minor = await rig.ask("/members", { ...eve, consent: apiConsent("loyalty-beacon", true) });
  assert.deepEqual([minor.status, minor.json["error"]], [409, "CONSENT_REFUSED"]);
  assert.equal((await rig.ask("/exports", eve)).status, 404);
  assert.equal((await rig.store.documents("loyalty-member", null)).length, 1);
});

test("a key acts for its own tenants and within its scopes alone", async () => {
  await rig.member();
  for (const path of ["/profiles", "/exports", "/revocations", "/erasures"])
    assert.equal((await rig.ask(path, ADA, "rival")).status, 403, path);
  assert.equal((await rig.ask("/revocations", ADA, "reader")).status, 403);
  assert.equal((await rig.ask("/profiles", ADA, "reader")).status, 403);
  assert.equal((await rig.ask("/profiles", { ...ADA, tenantId: "nobody" })).status, 403);
  const { json } = await rig.ask("", null, "rival");
  const tenants = json["tenants"] as { tenantId: string }[];
  assert.deepEqual(
    tenants.map(({ tenantId }) => tenantId),
    ["other"],
  );
});

test("a visit of a member is told, signed, and seen in the profile; each look is noted", async () => {
  const { card, name } = await rig.member();
  await rig.send("shop1", enteredZone(card), visit(card));
  await rig.tell();
  assert.deepEqual(kinds().sort(), ["shopper.recognised", "visit.completed"]);
  for (const { body, signature } of receiver.received) {
    const [, time, key, found] = /^t=(\d+),kid=(\w+),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
    const wanted = createHmac("sha256", HOOK_SECRET).update(`${time}.${body}`).digest("hex");
    assert.deepEqual([key, found], ["k1", wanted]);
    assert.equal((JSON.parse(body) as { member: string }).member, name);
    assert.ok(!body.includes(card) && !body.includes("ada") && !body.includes("visit-1"));
  }
  const { json } = await rig.ask("/profiles", ADA);
  assert.deepEqual(json["visits"], { count: 1, firstAt: START - 600_000, lastAt: START - 600_000 });
  assert.deepEqual(json["stores"], [{ storeId: "shop1", visits: 1 }]);
  const looks = (await rig.store.audits(null, 50)).filter(({ action }) =>
    action.endsWith("profile"),
  );
  assert.deepEqual(
    looks.map(({ actor, target }) => [actor, target]),
    [["crm", name]],
  );
  const exported = (await rig.ask("/exports", ADA)).json;
  assert.equal((exported["looks"] as unknown[]).length, 2);
  assert.equal((exported["journeys"] as unknown[]).length, 1);
  assert.equal((exported["grants"] as unknown[]).length, 1);
});

test("of a stranger's card and of another tenant's member nothing is kept or told", async () => {
  const rival = await rig.member("ada", "loyalty-beacon", "other", "rival");
  await rig.send("shop1", enteredZone("AAAABBBBCCCCDDDD"), visit("AAAABBBBCCCCDDDD"));
  await rig.send("shop1", enteredZone(rival.card, START + 1, 2), visit(rival.card, { seq: 2 }));
  await rig.tell();
  assert.deepEqual(receiver.received, []);
  assert.deepEqual(await rig.store.documents("loyalty-visit", null), []);
  assert.equal((await rig.ask("/profiles", { ...ADA, customer: "nobody" })).status, 404);
});

test("the same person is called otherwise by each tenant", async () => {
  const [one, two] = [
    await rig.member(),
    await rig.member("ada", "loyalty-beacon", "other", "rival"),
  ];
  assert.notEqual(one.name, two.name);
  await rig.send("shop1", enteredZone(one.card));
  await rig.send("shop9", enteredZone(two.card));
  await rig.tell();
  const told = receiver.received.map(
    ({ body }) => JSON.parse(body) as { tenantId: string; member: string },
  );
  assert.deepEqual(told.map(({ tenantId, member }) => [tenantId, member]).sort(), [
    ["acme", one.name],
    ["other", two.name],
  ]);
});

test("what waits is not told any more once the consent is taken back, and the customer is forgotten", async () => {
  const { card, subject } = await rig.member();
  receiver.statuses.push(500, 500);
  await rig.send("shop1", enteredZone(card), visit(card));
  await rig.tell();
  assert.equal(rig.desk.queue.countsOf(tenantId("acme")).waiting, 2);
  const { json } = await rig.ask("/revocations", ADA);
  assert.deepEqual([json["ended"], json["isForgotten"]], [["loyalty-beacon"], true]);
  assert.equal(rig.desk.queue.countsOf(tenantId("acme")).waiting, 1);
  rig.clock.advance(DAY_MS);
  await rig.tell();
  assert.equal(receiver.received.length, 3);
  assert.equal(kinds().at(-1), "member.erased");
  for (const kind of ["loyalty-member", "loyalty-identity", "loyalty-visit", "loyalty-look"])
    assert.deepEqual(await rig.store.documents(kind, null), [], kind);
  await rig.send("shop1", visit(card, { visitId: visitId("visit-2"), seq: 5 }));
  assert.deepEqual(await rig.store.documents("loyalty-visit", subject), []);
});

test("a receiver that fails is tried again with growing pauses; a redirection is not followed", async () => {
  const { card } = await rig.member();
  receiver.statuses.push(503, 302);
  await rig.send("shop1", enteredZone(card));
  await rig.tell();
  await rig.tell();
  assert.equal(receiver.received.length, 1);
  rig.clock.advance(4_000);
  await rig.tell();
  assert.equal(receiver.received.length, 2);
  rig.clock.advance(4_000);
  await rig.tell();
  assert.equal(receiver.received.length, 2);
  rig.clock.advance(4_000);
  await rig.tell();
  assert.deepEqual(
    receiver.received.map(({ path }) => path),
    ["/hook", "/hook", "/hook"],
  );
  assert.equal(new Set(receiver.received.map(({ delivery }) => delivery)).size, 1);
  assert.equal(rig.desk.queue.countsOf(tenantId("acme")).waiting, 0);
});

test("an event that comes again is told once; a member who stays is announced once", async () => {
  const { card } = await rig.member();
  await rig.send("shop1", enteredZone(card), enteredZone(card, START + 60_000, 2));
  await rig.send("shop1", enteredZone(card), visit(card));
  await rig.send("shop1", visit(card));
  await rig.tell();
  assert.deepEqual(kinds().sort(), ["shopper.recognised", "visit.completed"]);
  const { json } = await rig.ask("/profiles", ADA);
  assert.equal((json["visits"] as { count: number }).count, 1);
});

test("a member in two shops that are far apart is raised to people, without a name", async () => {
  const { card, name } = await rig.member();
  await rig.send("shop1", enteredZone(card));
  await rig.send("shop2", enteredZone(card, START + 600_000));
  const { json } = await rig.ask("", null);
  const found = json["anomalies"] as { member: string; stores: string[]; apartM: number }[];
  assert.deepEqual(
    found.map(({ member, stores }) => [member, stores]),
    [[name, ["shop1", "shop2"]]],
  );
  assert.ok(Math.abs((found[0]?.apartM ?? 0) - 156_000) < 2_000, String(found[0]?.apartM));
});

test("a consent ends twelve months after the last visit: a visit moves it on, and then all is forgotten", async () => {
  const { card } = await rig.member();
  const expiry = async (): Promise<number> => {
    const { json } = await rig.ask("/profiles", ADA);
    return (json["grants"] as { expiresAt: number }[])[0]?.expiresAt ?? 0;
  };
  const first = await expiry();
  rig.clock.advance(100 * DAY_MS);
  const at = epochMs(START + 100 * DAY_MS);
  await rig.send("shop1", visit(card, { at, exitedAt: at, enteredAt: at, seq: 9 }));
  assert.ok((await expiry()) >= first + 99 * DAY_MS);
  rig.clock.advance(466 * DAY_MS);
  assert.equal((await rig.ask("/profiles", ADA)).status, 404);
  await rig.desk.sweep();
  assert.equal((await rig.ask("/exports", ADA)).status, 404);
  assert.deepEqual(await rig.store.documents("loyalty-visit", null), []);
});

test("a key of the app and tags need the consent to what a member carries", async () => {
  await rig.member("ada", "messages");
  const tags = [
    {
      ...{ key: Buffer.alloc(16, 3).toString("base64url"), rotation: 10, counter: 0 },
      counterAt: new Date(START).toISOString(),
    },
  ];
  assert.equal((await rig.ask("/tags", { ...ADA, tags }, "crm", "PUT")).status, 409);
  assert.equal((await rig.ask("/app-keys", ADA)).status, 409);
  assert.equal((await rig.ask("/profiles", ADA)).status, 404);
  await rig.ask("/consents", { ...ADA, consent: apiConsent() });
  assert.equal((await rig.ask("/tags", { ...ADA, tags }, "crm", "PUT")).json["tags"], 1);
  assert.equal((await rig.ask("/app-keys", ADA)).status, 200);
  assert.equal((await rig.ask("/tag-clock", { ...ADA, eid: "00".repeat(8) })).status, 404);
});

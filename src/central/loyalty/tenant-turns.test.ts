import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { apiConsent, HookReceiver, visit } from "../../../test/fakes/loyalty-centre.ts";
import { LoyaltyDeskRig, START } from "../../../test/fakes/loyalty-desk-rig.ts";
import { epochMs, monoMs, type SubjectRef, tagId, tenantId, zoneId } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import type { JourneyEvent } from "../../core/events.ts";
import { type Log, SILENT_LOG } from "../../core/lifecycle.ts";

const DAY_MS = 86_400_000;
const ACME = tenantId("acme");
const ADA = { tenantId: "acme", customer: "ada" };
const head = { source: "tags#1", atMono: monoMs(1), clock: "synced" } as const;
let receiver: HookReceiver;
let errors: unknown[];
let rig: LoyaltyDeskRig;

beforeEach(async () => {
  receiver = new HookReceiver();
  const url = await receiver.start();
  errors = [];
  const log = {
    ...SILENT_LOG,
    error: (fields: { event: string }) => void errors.push(fields.event),
  };
  rig = await LoyaltyDeskRig.open(
    [{ id: "crm", url, keyId: "k1", secretFile: "x", allowPrivate: true }],
    log as Log,
  );
});
afterEach(async () => {
  await rig.close();
  await receiver.stop();
});

const entered = (card: string, seq: number): JourneyEvent => ({
  ...{ kind: "tag-zone-entered", ...head, seq, at: epochMs(START) },
  ...{ tagId: tagId(card), tagKind: "loyalty-card", zoneId: zoneId("shoes"), confidence: 0.9 },
});
const desk = () => {
  const found = rig.desk.desk(ACME);
  assert.ok(found !== null);
  return found;
};
const live = (subject: SubjectRef): number => desk().consents.register.liveOf(subject).length;
const rounds = async (n: number): Promise<void> => {
  for (let i = 0; i < n; i += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** Holds what a part of the store is asked next, until it is let go; `held` resolves once it is asked. */
function holdNext(name: "saveDocument" | "audit", isMeant: (...args: never[]) => boolean) {
  const store = rig.bare as unknown as Record<string, (...args: never[]) => Promise<unknown>>;
  const real = store[name]?.bind(rig.bare);
  assert.ok(real !== undefined);
  let letGo = (): void => undefined;
  let isHeld = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const held = new Promise<void>((resolve) => {
    isHeld = resolve;
  });
  store[name] = async (...args) => {
    if (isMeant(...args)) {
      store[name] = real;
      isHeld();
      await gate;
    }
    return await real(...args);
  };
  return { held, letGo };
}
const isOf =
  (kind: string) =>
  (key: { kind: string }, text: string | null): boolean =>
    key.kind === kind && text === null;

test("a consent that is given while the member is being erased is refused: nobody is left that no request can name", async () => {
  const { card, subject } = await rig.member();
  await rig.send("shop1", visit(card));
  const erasing = holdNext("saveDocument", isOf("loyalty-visit"));
  const erased = rig.ask("/erasures", ADA);
  await erasing.held;
  const given = rig.ask("/consents", { ...ADA, consent: apiConsent() });
  await Promise.race([given, rounds(3_000)]);
  assert.equal(live(subject), 0, "it waits for its turn");
  erasing.letGo();
  assert.equal((await erased).json["isForgotten"], true);
  assert.deepEqual([(await given).status, live(subject)], [404, 0]);
  assert.equal(desk().memberNamed("north", card), null);
});

test("a consent that a station tells of while the member is being erased keeps the member, and can be taken back", async () => {
  const { card, subject } = await rig.member();
  await rig.send("shop1", visit(card));
  const erasing = holdNext("saveDocument", isOf("loyalty-visit"));
  const erased = rig.ask("/erasures", ADA);
  await erasing.held;
  const { purpose, notice, proof } = apiConsent("loyalty-face");
  const request = { tenantId: ACME, subjectRef: subject, notice, proof, isMinor: false };
  assert.ok(desk().consents.grant({ ...request, purpose } as never).ok);
  erasing.letGo();
  const { status, json } = await erased;
  assert.deepEqual([status, json["isForgotten"]], [200, false]);
  assert.equal(live(subject), 1);
  assert.deepEqual(
    await rig.store.documents("loyalty-visit", subject),
    [],
    "what came before went",
  );
  const taken = await rig.ask("/erasures", ADA);
  assert.deepEqual([taken.status, taken.json["isForgotten"], live(subject)], [200, true, 0]);
});

test("a look that is noted while the member is erased leaves neither a note nor a name", async () => {
  const { name, subject } = await rig.member();
  const looking = holdNext(
    "audit",
    ({ action }: { action: string }) => action === "loyalty:profile",
  );
  const looked = rig.ask("/profiles", ADA);
  await looking.held;
  const erased = rig.ask("/erasures", ADA);
  await rounds(50);
  looking.letGo();
  await looked;
  assert.equal((await erased).json["isForgotten"], true);
  assert.deepEqual(await rig.store.documents("loyalty-look", subject), []);
  assert.ok(!JSON.stringify(await rig.store.audits(null, 50)).includes(name));
});

test("an act that is noted after the member was erased does not name the member", async () => {
  const { name } = await rig.member();
  const erasing = holdNext("saveDocument", isOf("loyalty-identity"));
  const consented = rig.ask("/consents", { ...ADA, consent: apiConsent("messages") });
  const erased = rig.ask("/erasures", ADA);
  await erasing.held;
  erasing.letGo();
  await Promise.all([consented, erased]);
  assert.equal(rig.desk.members.byCustomer(ACME, "ada"), null);
  assert.ok(!JSON.stringify(await rig.store.audits(null, 50)).includes(name));
});

test("one member whose erasing fails keeps no other tenant's and no other member's from being erased", async () => {
  const people = [
    { ...(await rig.member("ada")), who: "acme", shop: "shop1" },
    { ...(await rig.member("eve")), who: "acme", shop: "shop1" },
    {
      ...(await rig.member("bob", "loyalty-beacon", "other", "rival")),
      who: "other",
      shop: "shop9",
    },
  ];
  for (const [index, { card, shop }] of people.entries())
    await rig.send(shop, entered(card, index + 1));
  const [ada] = people;
  const real = rig.bare.namedEvents.bind(rig.bare);
  rig.bare.namedEvents = (stores, name, limit) =>
    name === ada?.card
      ? Promise.reject(new GatewayError("STORE_FAILED", "away"))
      : real(stores, name, limit);
  for (const { who, subject } of people)
    rig.desk.desk(tenantId(who))?.revoke({ subject, by: "controller", ref: "r" });
  await rig.desk.sweep();
  const known = people.map(({ subject }) => rig.desk.members.bySubject(subject) !== null);
  assert.deepEqual(known, [true, false, false]);
  rig.bare.namedEvents = real;
  await rig.desk.sweep();
  assert.equal(rig.desk.members.size, 0);
});

test("the sweep looks again for a name that figures wrote back ten minutes after it was taken out", async () => {
  const { card } = await rig.member();
  await rig.send("shop1", entered(card, 1));
  await rig.ask("/erasures", ADA);
  const place = { kind: "day-record", owner: "shop1", part: String(START) };
  await rig.bare.saveDocument(place, `{"tagId":"${card}"}`, rig.clock.now());
  await rig.desk.sweep();
  assert.ok((await rig.bare.document(place))?.text.includes(card), "not before");
  rig.clock.advance(10 * 60_000);
  await rig.desk.sweep();
  const text = (await rig.bare.document(place))?.text ?? "";
  assert.ok(!text.includes(card) && text.includes("gone-"), text);
});

test("the sweep forgets names of erased members once no event can hold them any more", async () => {
  const { card } = await rig.member();
  await rig.send("shop1", entered(card, 1));
  await rig.ask("/erasures", ADA);
  assert.ok(rig.desk.gone.size > 0);
  rig.clock.advance(10 * 60_000);
  await rig.desk.sweep();
  rig.clock.advance(430 * DAY_MS);
  await rig.desk.sweep();
  assert.ok(rig.desk.gone.size > 0);
  rig.clock.advance(2 * DAY_MS);
  await rig.desk.sweep();
  assert.equal(rig.desk.gone.size, 0);
  assert.deepEqual(await rig.store.documents("loyalty-gone", null), []);
});

test("a receiver whose queue had no room for a request to erase is asked when it has", async () => {
  await rig.member();
  const { queue } = rig.desk;
  const real = queue.add.bind(queue);
  queue.add = (jobs) => jobs;
  await rig.ask("/erasures", ADA);
  queue.add = real;
  await rig.tell();
  assert.equal(receiver.received.length, 0);
  rig.desk.repeat();
  await rig.tell();
  assert.equal(receiver.received.length, 1);
  assert.deepEqual(rig.desk.openErasures(), []);
});

test("names of erased members that fell out too early are an error in the log, once for each time, and are shown", async () => {
  let forgotten = 0;
  Object.defineProperty(rig.desk.gone, "forgotten", { get: () => forgotten });
  await rig.desk.sweep();
  assert.deepEqual(errors, []);
  forgotten = 3;
  for (let i = 0; i < 2; i += 1) await rig.desk.sweep();
  assert.deepEqual(errors, ["loyalty.gone-full"]);
  const { json } = await rig.ask("", null, "t0p");
  assert.deepEqual(json["goneNames"], { remembered: 0, forgotten: 3 });
});

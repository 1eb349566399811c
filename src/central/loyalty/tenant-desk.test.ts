import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { idOf, member, NOTICE } from "../../../test/fakes/consent-rig.ts";
import type { HookReceiver } from "../../../test/fakes/loyalty-centre.ts";
import { type LoyaltyDeskRig, openToldDesk, START } from "../../../test/fakes/loyalty-desk-rig.ts";
import { epochMs, grantId, monoMs, type SubjectRef, tagId, tenantId } from "../../core/brand.ts";
import type { Purpose } from "../../core/consent.ts";
import type { EntryBody, LedgerEntry } from "../../core/consent-ledger.ts";
import type { JourneyEvent } from "../../core/events.ts";
import { rowOf } from "../../privacy/consent/hash-chain.ts";
import { addKey } from "../api/api-keys.ts";

const ACME = tenantId("acme");
const DAY_MS = 86_400_000;
const head = { atMono: monoMs(1), clock: "synced", at: epochMs(START) } as const;
let receiver: HookReceiver;
let rig: LoyaltyDeskRig;

beforeEach(async () => {
  ({ rig, receiver } = await openToldDesk());
});
afterEach(async () => {
  await rig.close();
  await receiver.stop();
});

/** The ledger of a gateway, as it tells of itself. */
class TellingLedger {
  readonly #id: string;
  #seq = 0;
  #previous = "0".repeat(64);

  constructor(digit: string) {
    this.#id = digit.repeat(32);
  }

  tell(body: EntryBody): JourneyEvent {
    this.#seq += 1;
    const terms = { v: 1, ledgerId: this.#id, seq: this.#seq, previous: this.#previous } as const;
    const entry: LedgerEntry = { ...terms, at: epochMs(START), isTimeSure: true, ...body };
    const { sha256 } = rowOf(entry);
    this.#previous = sha256;
    const source = `consent:${this.#id}`;
    return { kind: "consent-recorded", ...head, source, seq: this.#seq, sha256, entry };
  }
}

const granted = (name: string, purpose: Purpose = "loyalty-beacon"): EntryBody => ({
  kind: "granted",
  grant: {
    ...{ grantId: grantId(idOf(`${name} ${purpose}`)), tenantId: ACME, subjectRef: member(name) },
    ...{ purpose, jurisdiction: "kiosk-verify", notice: NOTICE, grantedAt: epochMs(START) },
    proof: { kind: "screen", ref: "station" },
    expiresAt: epochMs(START + 300 * DAY_MS),
  },
});
const revoked = (name: string): EntryBody => ({
  ...{ kind: "revoked", grantId: grantId(idOf(`${name} loyalty-beacon`)), by: "shopper" },
  ref: "station",
});
const answered = (erasureId: string, consumer: string, seq: number): JourneyEvent => ({
  ...{ kind: "erasure-answered", ...head, source: `erasure:${seq}`, seq, erasureId, consumer },
  ...{ outcome: "erased", erased: {} },
});
const may = (subject: SubjectRef): boolean =>
  rig.desk.desk(ACME)?.consents.mayRecognise(subject) === true;
const open = () => rig.desk.desk(ACME)?.erasures.shown(rig.clock.now()) ?? [];

test("a gateway of another tenant neither gives nor takes back a consent of this one", async () => {
  const foreign = new TellingLedger("1");
  await rig.send("shop9", foreign.tell(granted("m")));
  assert.equal(may(member("m")), false);
  assert.equal(rig.desk.desk(tenantId("other"))?.consents.register.seq, 0);
  await rig.send("shop1", new TellingLedger("2").tell(granted("m")));
  assert.equal(may(member("m")), true);
  await rig.send("shop9", foreign.tell(revoked("m")));
  assert.equal(may(member("m")), true);
});

test("a request to erase stays open, with its age, until each gateway and receiver answered for itself", async () => {
  const [one, two] = [new TellingLedger("1"), new TellingLedger("2")];
  await rig.send("shop1", one.tell(granted("m")));
  await rig.send("shop2", two.tell(granted("n")));
  await rig.send("shop1", one.tell(revoked("m")));
  await rig.desk.sweep();
  rig.clock.advance(DAY_MS);
  const everyone = ["webhook-crm", "gw-shop1", "gw-shop2"];
  assert.deepEqual([open()[0]?.waiting, open()[0]?.isOverdue], [everyone, false]);
  rig.clock.advance(1);
  assert.deepEqual([open()[0]?.ageMs, open()[0]?.isOverdue], [DAY_MS + 1, true]);
  await rig.tell();
  const [first] = open();
  assert.deepEqual(first?.waiting, ["gw-shop1", "gw-shop2"]);
  const id = first?.erasureId ?? "";
  await rig.send("shop1", answered(id, "gw-shop2", 1));
  assert.deepEqual(open()[0]?.waiting, ["gw-shop1", "gw-shop2"]);
  await rig.send("shop1", answered(id, "gw-shop1", 2));
  assert.deepEqual(open()[0]?.waiting, ["gw-shop2"]);
  await rig.send("shop2", answered(id, "gw-shop2", 3));
  assert.deepEqual(open(), []);
});

test("a revocation told twice asks to erase once; a changed entry gives no consent and still takes one back", async () => {
  const ledger = new TellingLedger("1");
  const given = ledger.tell(granted("m"));
  const taken = ledger.tell(revoked("m"));
  assert.ok(given.kind === "consent-recorded" && taken.kind === "consent-recorded");
  await rig.send("shop1", { ...given, sha256: "0".repeat(64) });
  assert.equal(may(member("m")), false);
  await rig.send("shop1", given);
  assert.equal(may(member("m")), true);
  await rig.send("shop1", { ...taken, sha256: "0".repeat(64) });
  assert.equal(may(member("m")), false);
  await rig.send("shop1", taken);
  assert.equal(open().length, 1);
});

test("who shows themselves at a station is told of each time; a face only with the consent for faces", async () => {
  const ledger = new TellingLedger("1");
  await rig.send("shop1", ledger.tell(granted("m")));
  const pseudonym = tagId(rig.cardOf(member("m")));
  const seen = (method: "code" | "face", seq: number): JourneyEvent => ({
    ...{ kind: "shopper-recognised", ...head, source: "station#1", seq, pseudonym, method },
    stationId: "station",
  });
  await rig.send("shop1", seen("code", 1), seen("face", 2), seen("code", 3));
  await rig.tell();
  assert.equal(receiver.received.length, 2);
  await rig.send("shop1", ledger.tell(granted("m", "loyalty-face")), seen("face", 4));
  await rig.tell();
  const last = JSON.parse(receiver.received.at(-1)?.body ?? "{}") as Record<string, unknown>;
  assert.deepEqual([last["method"], last["stationId"]], ["face", "station"]);
});

test("somebody who agreed at a station is given a customer's name, once, and by their own tenant", async () => {
  await rig.send("shop1", new TellingLedger("1").tell(granted("m")));
  const wish = { tenantId: "acme", customer: "ada", subjectRef: member("m") };
  const stranger = await rig.ask("/members", { ...wish, subjectRef: member("nobody") });
  assert.equal(stranger.status, 404);
  const foreign = { ...wish, tenantId: "other" };
  assert.equal((await rig.ask("/members", foreign, "rival")).status, 404);
  assert.equal((await rig.ask("/members", wish)).status, 200);
  assert.equal((await rig.ask("/members", { ...wish, customer: "eve" })).status, 409);
  const { json } = await rig.ask("/profiles", { tenantId: "acme", customer: "ada" });
  assert.equal((json["grants"] as unknown[]).length, 1);
});

test("whoever reads events without the scope for loyalty learns no reference and no name of a member", async () => {
  const name = rig.cardOf(member("m"));
  const seen: JourneyEvent = {
    ...{ kind: "shopper-recognised", ...head, source: "station#1", seq: 1, method: "code" },
    ...{ pseudonym: tagId(name), stationId: "station" },
  };
  await rig.send("shop1", new TellingLedger("1").tell(granted("m")), seen);
  const key = await addKey(rig.store, "figures", ["read"], rig.clock.now());
  const url = "/api/v1/stores/shop1/events";
  const answer = await rig.api.inject({ url, headers: { authorization: `Bearer ${key}` } });
  assert.equal((answer.json() as { events: unknown[] }).events.length, 2);
  for (const secret of [member("m"), name, idOf("m loyalty-beacon")])
    assert.ok(!answer.payload.includes(secret), secret);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY_MS, LedgerRig, member, request } from "../../../test/fakes/consent-rig.ts";
import type { Purpose } from "../../core/consent.ts";
import type { ConsentLedger } from "./consent-ledger.ts";

const grant = (ledger: ConsentLedger, name: string, purpose: Purpose = "loyalty-beacon") => {
  const outcome = ledger.grant(request(name, purpose));
  assert.ok(outcome.ok);
  return outcome.value;
};
const revoke = (ledger: ConsentLedger, name: string): string | null =>
  ledger.revoke({
    ...{ subjectRef: member(name), by: "shopper", ref: "station-1" },
    grants: ledger.book.liveOf(member(name)),
  });

test("purposes are kept apart: one is taken back and the other stays", () => {
  const rig = new LedgerRig();
  const ledger = rig.open();
  const face = grant(ledger, "m", "loyalty-face");
  const beacon = grant(ledger, "m", "loyalty-beacon");
  assert.ok(
    ledger.revoke({ subjectRef: member("m"), grants: [face], by: "shopper", ref: "s" }) !== null,
  );
  assert.equal(ledger.book.byId(face.grantId)?.isRevoked, true);
  assert.equal(ledger.book.byId(beacon.grantId)?.isRevoked, false);
  assert.equal(ledger.book.find(member("m"), "messages"), null);
});

test("a second consent for the same purpose ends the first", () => {
  const ledger = new LedgerRig().open();
  const first = grant(ledger, "m");
  const second = grant(ledger, "m");
  assert.equal(ledger.book.byId(first.grantId)?.isRevoked, true);
  assert.equal(ledger.book.find(member("m"), "loyalty-beacon")?.grant.grantId, second.grantId);
});

test("a request to erase closes with the last answer, and a failure is no answer", () => {
  const rig = new LedgerRig();
  const ledger = rig.open({ consumers: () => ["gw-1", "gw-2", "crm"] });
  grant(ledger, "m");
  const id = revoke(ledger, "m");
  assert.ok(id !== null);
  assert.ok(ledger.answer(id, "gw-2", "failed"));
  assert.ok(ledger.answer(id, "gw-1", "erased"));
  assert.equal(ledger.answer(id, "gw-1", "erased"), false, "answered already");
  assert.equal(ledger.answer(id, "stranger", "erased"), false, "nobody asked it");
  assert.deepEqual(ledger.book.openErasures()[0]?.waiting, ["gw-2", "crm"]);
  assert.deepEqual(ledger.book.openErasures()[0]?.failed, ["gw-2"]);
  assert.ok(ledger.answer(id, "crm", "held-nothing"));
  assert.ok(ledger.answer(id, "gw-2", "erased"));
  assert.deepEqual(ledger.book.openErasures(), []);
  assert.match(rig.store.rows.at(-1)?.text ?? "", /"erasure-closed"/);
});

test("who will never answer is written off by a named person, which closes the request when nobody else is waited for", () => {
  const rig = new LedgerRig();
  const ledger = rig.open({ consumers: () => ["gw-1", "gw-2"] });
  grant(ledger, "m");
  const id = revoke(ledger, "m") ?? "";
  const how = { by: "Ada Holm, head of shops", reason: "stolen" };
  assert.ok(ledger.answer(id, "gw-1", "failed"));
  assert.equal(ledger.writeOff(id, "stranger", how), false, "nobody asked it");
  assert.ok(ledger.writeOff(id, "gw-1", how));
  assert.equal(ledger.writeOff(id, "gw-1", how), false, "written off already");
  assert.equal(ledger.answer(id, "gw-1", "erased"), false);
  const again = rig.open({ consumers: () => ["gw-1", "gw-2"] });
  const [open] = again.book.openErasures();
  assert.deepEqual([open?.waiting, open?.failed], [["gw-2"], []], "after a restart too");
  assert.ok(again.writeOff(id, "gw-2", how));
  assert.deepEqual(again.book.openErasures(), []);
  assert.match(rig.store.rows.at(-1)?.text ?? "", /"erasure-closed"/);
  assert.match(rig.store.rows.at(-2)?.text ?? "", /"erasure-written-off".*"reason":"stolen"/);
});

test("an open request to erase names nobody where it is shown", () => {
  const ledger = new LedgerRig().open();
  grant(ledger, "m");
  revoke(ledger, "m");
  assert.ok(!JSON.stringify(ledger.book.openErasures()).includes(member("m")));
});

test("what has expired is written once, and everyone is asked to erase", () => {
  const rig = new LedgerRig();
  const ledger = rig.open();
  for (const name of ["a", "b"]) grant(ledger, name);
  rig.hand.pass(200 * DAY_MS);
  grant(ledger, "late");
  rig.hand.pass(166 * DAY_MS);
  assert.equal(ledger.expireDue(), 2);
  assert.equal(ledger.expireDue(), 0);
  assert.equal(ledger.book.openErasures().length, 2);
  assert.deepEqual(ledger.book.counts, {
    live: 1,
    ended: 2,
    forgotten: 0,
    openErasures: 2,
    dropped: 0,
  });
});

test("a ledger that is read again says what it said before", () => {
  const rig = new LedgerRig();
  const ledger = rig.open();
  ledger.switchTo("kiosk-verify", "Ada Holm, store manager");
  for (const name of ["a", "b", "c"]) grant(ledger, name);
  revoke(ledger, "b");
  rig.hand.pass(100 * DAY_MS);
  ledger.visited(member("a"));
  const again = rig.open();
  assert.deepEqual(again.head, ledger.head);
  assert.deepEqual(again.book.counts, ledger.book.counts);
  assert.deepEqual([...again.book.live()], [...ledger.book.live()]);
  assert.equal(again.book.jurisdiction, "kiosk-verify");
  assert.deepEqual(again.book.openErasures(), ledger.book.openErasures());
});

test("two processes on one ledger: each decides on the newest entries, and the chain stays one", () => {
  const rig = new LedgerRig();
  const gateway = rig.open();
  const staff = rig.open();
  const given = grant(gateway, "m");
  staff.refresh();
  assert.ok(revoke(staff, "m") !== null);
  assert.equal(gateway.book.byId(given.grantId)?.isRevoked, false, "not heard yet");
  assert.equal(revoke(gateway, "m"), null, "the other was faster");
  assert.equal(gateway.book.byId(given.grantId)?.isRevoked, true);
  grant(staff, "n");
  gateway.refresh();
  assert.ok(gateway.book.find(member("n"), "loyalty-beacon") !== null);
  rig.open();
  assert.deepEqual(rig.breaks, []);
});

test("a consent taken back holds at once although the disk refuses, and is written when it can be", () => {
  const rig = new LedgerRig();
  const ledger = rig.open();
  const given = grant(ledger, "m");
  rig.store.failure = new Error("disk full");
  assert.throws(() => revoke(ledger, "m"), /disk full/);
  assert.equal(ledger.book.byId(given.grantId)?.isRevoked, true);
  assert.equal(ledger.owed, 1);
  assert.throws(() => ledger.settle(), /disk full/);
  rig.store.failure = null;
  ledger.settle();
  assert.equal(ledger.owed, 0);
  assert.equal(rig.open().book.byId(given.grantId)?.isRevoked, true);
  assert.equal(rig.store.rows.length, 3);
});

test("a consent that the disk refuses does not exist", () => {
  const rig = new LedgerRig();
  const ledger = rig.open();
  rig.store.failure = new Error("disk full");
  assert.throws(() => grant(ledger, "m"), /disk full/);
  rig.store.failure = null;
  assert.equal(ledger.book.find(member("m"), "loyalty-beacon"), null);
  assert.equal(rig.store.rows.length, 0);
});

test("after a broken entry nothing is granted, extended, expired or answered", () => {
  const rig = new LedgerRig();
  const ledger = rig.open();
  grant(ledger, "m");
  const row = rig.store.rows[0];
  assert.ok(row !== undefined);
  rig.store.rows.push({ ...row, seq: 2 });
  ledger.refresh();
  assert.deepEqual(rig.breaks, [{ seq: 2, what: "number" }]);
  assert.ok(ledger.isBroken);
  assert.deepEqual(ledger.grant(request("n")), { ok: false, error: "ledger-damaged" });
  rig.hand.pass(400 * DAY_MS);
  assert.equal(ledger.expireDue() + ledger.visited(member("m")), 0);
  assert.equal(ledger.switchTo("off", "Ada Holm"), false);
  assert.equal(rig.store.rows.length, 2);
});

test("a full book refuses new members, makes room by forgetting ended ones and never forgets a live one", () => {
  const ledger = new LedgerRig().open({ cap: 3 });
  const [a] = ["a", "b", "c"].map((name) => grant(ledger, name));
  assert.deepEqual(ledger.grant(request("d")), { ok: false, error: "ledger-full" });
  revoke(ledger, "a");
  assert.ok(grant(ledger, "d"));
  assert.ok(a !== undefined);
  assert.equal(ledger.book.byId(a.grantId), null, "as if it had never been given");
  assert.deepEqual(ledger.book.counts.live, 3);
  assert.equal(ledger.book.counts.forgotten, 1);
});

test("a switch is written once, with the name of who answers for it", () => {
  const rig = new LedgerRig();
  const ledger = rig.open();
  assert.equal(ledger.switchTo("off", "Ada Holm"), false, "it is off already");
  assert.ok(ledger.switchTo("kiosk-verify", "Ada Holm, store manager"));
  assert.equal(ledger.switchTo("kiosk-verify", "somebody else"), false);
  assert.match(rig.store.rows[0]?.text ?? "", /"by":"Ada Holm, store manager"/);
});

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { DeskRig } from "../../../test/fakes/consent-desk-rig.ts";
import { DAY_MS, idOf, member, request, TENANT } from "../../../test/fakes/consent-rig.ts";
import { epochMs, grantId } from "../../core/brand.ts";
import type { Grant } from "../../core/consent.ts";
import { ConsentFile } from "../../io/consent/consent-file.ts";
import { Permit } from "../../privacy/consent/consent-gate.ts";
import { healthSchema } from "../../wire/health-message.ts";
import { consentHealth } from "./consent-health.ts";

const forget = (rig: DeskRig, name: string) =>
  rig.desk.revoke({ subjectRef: member(name), by: "shopper", ref: "station-1" });

test("forget me: at once no permit, nothing held, and the ledger says who erased what", () => {
  const rig = new DeskRig();
  const kept = rig.enrol("m");
  assert.equal(forget(rig, "m").ended.length, 1);
  assert.equal(kept.refusal, "grant-revoked");
  assert.equal(rig.vault.held.size, 0);
  assert.equal(rig.desk.status().openErasures, 0);
  assert.deepEqual(rig.kinds(), [
    ...["switched", "granted", "revoked"],
    ...["erasure-asked", "erasure-answered", "erasure-closed"],
  ]);
  const answered = rig.events.find(
    (event) => event.kind === "consent-recorded" && event.entry.kind === "erasure-answered",
  );
  assert.match(JSON.stringify(answered), /"outcome":"erased"/);
  rig.desk.close();
});

test("somebody without a consent who asks to be forgotten is forgotten too", () => {
  const rig = new DeskRig();
  rig.vault.held.add(member("ghost"));
  assert.deepEqual(forget(rig, "ghost"), {
    ...{ ended: [], isWritten: true, isKept: true, isErased: true },
  });
  assert.equal(rig.vault.held.size, 0);
  rig.desk.close();
});

test("what could not be erased stays open, is told once as failed and tried again until it is done", () => {
  const rig = new DeskRig();
  rig.enrol("m");
  rig.vault.failure = new Error("disk");
  forget(rig, "m");
  for (let n = 0; n < 3; n += 1) rig.desk.sweep();
  rig.clock.advance(1_000);
  assert.equal(rig.desk.status().openErasures, 1);
  assert.ok((rig.desk.status().oldestErasureAgeMs ?? -1) >= 0);
  assert.equal(rig.kinds().filter((kind) => kind === "erasure-answered").length, 1);
  rig.vault.failure = null;
  rig.desk.sweep();
  assert.equal(rig.desk.status().openErasures, 0);
  assert.equal(rig.vault.held.size, 0);
  rig.desk.close();
});

test("retention ends what expired and what nobody agrees to, and its receipts count and name nobody", () => {
  const rig = new DeskRig();
  rig.enrol("m");
  rig.vault.held.add(member("orphan"));
  rig.desk.sweep();
  assert.deepEqual([...rig.vault.held], [member("m")]);
  rig.hand.pass(366 * DAY_MS);
  rig.desk.sweep();
  assert.equal(rig.vault.held.size, 0);
  rig.desk.close();
  const file = new ConsentFile(rig.path);
  const receipts = file.receipts(10);
  file.close();
  assert.deepEqual(
    receipts.map(({ job, counts }) => [job, counts]),
    [
      ["erasures", { answered: 1, templates: 1 }],
      ["expiry", { expired: 1 }],
      ["orphans", { templates: 1 }],
    ],
  );
});

test("staff who revoke beside a running gateway are heard within its second, and the template goes", () => {
  const rig = new DeskRig();
  const kept = rig.enrol("m");
  const other = new ConsentFile(rig.path);
  const staff = rig.open();
  staff.revoke({ subjectRef: member("m"), by: "staff", ref: "staff-17" });
  rig.vault.held.add(member("m"));
  assert.equal(kept.refusal, null);
  for (const chore of rig.desk.chores()) if (chore.periodMs <= 1_000) chore.run();
  assert.equal(kept.refusal, "grant-revoked");
  rig.desk.sweep();
  assert.equal(rig.vault.held.size, 0);
  for (const open of [staff, rig.desk, other]) open.close();
});

test("every entry is told once the outbox takes it, also what was written before a crash", () => {
  const rig = new DeskRig();
  rig.isOutboxFull = true;
  rig.enrol("m");
  rig.restart();
  rig.isOutboxFull = false;
  rig.desk.refresh();
  rig.restart();
  rig.desk.refresh();
  assert.deepEqual(rig.kinds(), ["switched", "granted"]);
  rig.desk.close();
});

test("with a changed byte nothing is permitted or granted, templates wait, and forget me still works", () => {
  const rig = new DeskRig();
  rig.enrol("m");
  rig.enrol("n");
  rig.desk.close();
  const bytes = readFileSync(rig.path);
  const at = bytes.indexOf("loyalty-face");
  bytes[at] = "x".charCodeAt(0);
  writeFileSync(rig.path, bytes);
  rig.desk = rig.open();
  const { desk } = rig;
  assert.deepEqual(desk.gate.permit(member("m"), "loyalty-face"), {
    ok: false,
    error: "ledger-damaged",
  });
  assert.deepEqual(desk.grant(request("o")), { ok: false, error: "ledger-damaged" });
  assert.equal(desk.status().code, "CONSENT_LEDGER_DAMAGED");
  assert.match(desk.notices()[0] ?? "", /CONSENT_LEDGER_DAMAGED/);
  desk.sweep();
  assert.equal(rig.vault.held.size, 2, "a backup of the ledger may still be brought back");
  forget(rig, "m");
  assert.deepEqual([...rig.vault.held], [member("n")]);
  assert.deepEqual(readFileSync(rig.path), bytes, "nothing was written to it");
  desk.close();
});

test("a clock set back while the power was off is found by the time that was kept", () => {
  const rig = new DeskRig();
  rig.enrol("m");
  rig.hand.pass(100 * DAY_MS);
  rig.desk.gate.permit(member("m"), "loyalty-face");
  rig.desk.close();
  rig.hand.epoch -= 60 * DAY_MS;
  rig.desk = rig.open();
  assert.deepEqual(rig.desk.gate.permit(member("m"), "loyalty-face"), {
    ok: false,
    error: "clock-unsure",
  });
  assert.equal(rig.desk.status().refusal, "clock-unsure");
  rig.desk.close();
});

const CENTRE = { authority: "centre" } as const;
const TOPIC = "vitrine/v1/gw-1/down";

function grantOf(rig: DeskRig, name: string): Grant {
  const { isMinor: _m, ...rest } = request(name, "loyalty-face");
  const grantedAt = epochMs(rig.hand.epoch);
  const times = { grantedAt, expiresAt: epochMs(grantedAt + 300 * DAY_MS) };
  return {
    ...rest,
    grantId: grantId(idOf(`centre ${name}`)),
    jurisdiction: "kiosk-verify",
    ...times,
  };
}

test("under a centre: permits as long as it is heard, none a minute after its last word", async () => {
  const rig = new DeskRig(CENTRE);
  const grant = grantOf(rig, "m");
  assert.deepEqual(rig.desk.gate.permit(member("m"), "loyalty-face"), {
    ok: false,
    error: "no-grant",
  });
  await rig.link.receive(`${TOPIC}/consent`, rig.news(0, [{ seq: 1, state: "granted", grant }]));
  const permit = rig.desk.gate.permit(member("m"), "loyalty-face");
  assert.ok(permit.ok);
  assert.deepEqual(rig.events.at(-1)?.kind, "consent-applied");
  rig.hand.pass(60_001);
  assert.equal(permit.value.refusal, "lease-lost");
  const health = healthSchema.shape.consent.parse(consentHealth(rig.desk.status()));
  assert.deepEqual([health?.refusal, health?.register, health?.applied], ["lease-lost", "r1", 1]);
  await rig.link.receive(`${TOPIC}/consent`, rig.news(1));
  assert.equal(permit.value.refusal, null);
  rig.restart();
  assert.deepEqual(rig.desk.gate.permit(member("m"), "loyalty-face"), {
    ok: false,
    error: "lease-lost",
  });
  rig.desk.close();
});

test("under a centre: what it revokes ends here at once, in the ledger too, and the template goes", async () => {
  const rig = new DeskRig(CENTRE);
  await rig.link.receive(`${TOPIC}/consent`, rig.news(0));
  const kept = rig.enrol("m");
  const own = rig.desk.gate.permit(member("m"), "loyalty-face");
  assert.ok(own.ok);
  const { isMinor: _m, ...rest } = request("m", "loyalty-face");
  const grant = { ...grantOf(rig, "m"), ...rest, grantId: kept.grantId };
  await rig.link.receive(`${TOPIC}/consent`, rig.news(0, [{ seq: 1, state: "granted", grant }]));
  await rig.link.receive(`${TOPIC}/consent`, rig.news(1, [{ seq: 2, state: "revoked", grant }]));
  assert.equal(kept.refusal, "grant-revoked");
  assert.equal(rig.vault.held.size, 0);
  assert.deepEqual(rig.kinds().slice(-4), [
    ...["revoked", "erasure-asked", "erasure-answered", "erasure-closed"],
  ]);
  assert.match(JSON.stringify(rig.events.at(-2)), /"outcome":"erased"/);
  assert.equal(rig.desk.status().openErasures, 0);
  rig.desk.close();
});

test("under a centre that is silent nobody's template is taken for an orphan", async () => {
  const rig = new DeskRig(CENTRE);
  rig.vault.held.add(member("not-told-yet"));
  rig.desk.sweep();
  assert.equal(rig.vault.held.size, 1);
  await rig.link.receive(`${TOPIC}/consent`, rig.news(0));
  rig.desk.sweep();
  assert.equal(rig.vault.held.size, 0);
  rig.desk.close();
});

test("a request of the centre to erase is done and answered, however often it comes", async () => {
  const rig = new DeskRig(CENTRE);
  rig.vault.held.add(member("m"));
  const ask = {
    ...{ v: 1, erasureId: idOf("erasure"), tenantId: TENANT, subjectRef: member("m") },
    ...{ aliases: ["m-4711"], purposes: ["loyalty-face"], askedAt: "2026-09-01T09:00:00Z" },
  };
  await rig.link.receive(`${TOPIC}/erase`, ask);
  await rig.link.receive(`${TOPIC}/erase`, ask);
  const answers = rig.events.filter((event) => event.kind === "erasure-answered");
  assert.deepEqual(
    answers.map(({ outcome, erased }) => [outcome, erased]),
    [
      ["erased", { templates: 1 }],
      ["held-nothing", {}],
    ],
  );
  assert.deepEqual(rig.vault.wishes[0]?.aliases, ["m-4711"]);
  rig.desk.close();
});

test("messages that cannot be read change nothing and are never logged with what stood in them", async () => {
  const rig = new DeskRig(CENTRE);
  const secret = "planted-4711";
  for (const text of ["", "{", secret, JSON.stringify({ v: 1, subjectRef: secret })])
    for (const channel of ["consent", "erase"]) await rig.link.receive(`${TOPIC}/${channel}`, text);
  const news = rig.news(0, [{ seq: 1, state: "granted", grant: { ...grantOf(rig, "m"), secret } }]);
  await rig.link.receive(`${TOPIC}/consent`, news);
  assert.equal(rig.desk.status().live, 0);
  assert.ok(rig.log.includes("consent.message-invalid"));
  assert.ok(!rig.log.includes(secret), rig.log);
  rig.desk.close();
});

test("no line of the log says whose consent it was", async () => {
  const rig = new DeskRig(CENTRE);
  await rig.link.receive(`${TOPIC}/consent`, rig.news(0));
  const kept = rig.enrol("m");
  rig.vault.failure = new Error("cannot erase");
  forget(rig, "m");
  rig.vault.failure = null;
  rig.hand.pass(400 * DAY_MS);
  rig.desk.sweep();
  assert.ok(rig.log.length > 0);
  for (const secret of [member("m"), kept.grantId, "Ada Holm"])
    assert.ok(!rig.log.includes(secret), rig.log);
  assert.ok(Permit.isGenuine(kept));
  rig.desk.close();
});

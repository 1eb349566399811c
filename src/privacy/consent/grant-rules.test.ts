import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DAY_MS, LedgerRig, NOTICE, request } from "../../../test/fakes/consent-rig.ts";
import { epochMs, tenantId } from "../../core/brand.ts";
import { capOf, expiryOf, type GrantRequest, monthsLater } from "./grant-rules.ts";
import { shownNotice } from "./notice.ts";

const utc = (text: string) => epochMs(Date.parse(text));

test("months are those of the calendar; a shorter month ends with its last day", () => {
  const cases = [
    ["2026-08-31T10:00:00.000Z", 6, "2027-02-28T10:00:00.000Z"],
    ["2024-02-29T23:59:59.999Z", 12, "2025-02-28T23:59:59.999Z"],
    ["2026-12-15T00:00:00.000Z", 1, "2027-01-15T00:00:00.000Z"],
    ["2026-01-15T12:00:00.000Z", 36, "2029-01-15T12:00:00.000Z"],
  ] as const;
  for (const [from, months, to] of cases)
    assert.equal(new Date(monthsLater(utc(from), months)).toISOString(), to);
});

test("however often somebody comes, a consent never lasts beyond 36 months nor 12 months after the last visit", () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 40 });
  fc.assert(
    fc.property(gaps, (days) => {
      const rig = new LedgerRig();
      const ledger = rig.open();
      const granted = ledger.grant(request("m"));
      assert.ok(granted.ok);
      const { grantedAt, subjectRef } = granted.value;
      let before = granted.value.expiresAt;
      for (const day of days) {
        rig.hand.pass(day * DAY_MS);
        const lastVisit = rig.hand.epoch;
        ledger.visited(subjectRef);
        const grant = ledger.book.find(subjectRef, "loyalty-beacon")?.grant;
        assert.ok(grant !== undefined && grant.expiresAt >= before);
        assert.ok(grant.expiresAt <= capOf(grantedAt));
        if (grant.expiresAt > before)
          assert.ok(grant.expiresAt <= monthsLater(epochMs(lastVisit), 12));
        before = grant.expiresAt;
      }
    }),
    { numRuns: 60 },
  );
});

test("somebody who comes every week leaves no list of visits: at most one entry in thirty days", () => {
  const rig = new LedgerRig();
  const ledger = rig.open();
  const granted = ledger.grant(request("m"));
  assert.ok(granted.ok);
  for (let week = 1; week <= 52; week += 1) {
    rig.hand.pass(7 * DAY_MS);
    ledger.visited(granted.value.subjectRef);
  }
  assert.ok(rig.store.rows.length <= 1 + 364 / 30, `${rig.store.rows.length} entries`);
  const grant = ledger.book.byId(granted.value.grantId)?.grant;
  const lag = monthsLater(epochMs(rig.hand.epoch), 12) - (grant?.expiresAt ?? 0);
  assert.ok(lag >= 0 && lag < 38 * DAY_MS, `${lag / DAY_MS} days early`);
});

test("a visit after the end of a consent revives nothing", () => {
  const rig = new LedgerRig();
  const ledger = rig.open();
  const granted = ledger.grant(request("m"));
  assert.ok(granted.ok);
  rig.hand.pass(366 * DAY_MS);
  assert.equal(ledger.visited(granted.value.subjectRef), 0);
  assert.equal(rig.store.rows.length, 1);
});

const refused: readonly (readonly [string, Partial<GrantRequest>, string])[] = [
  ["a declared minor", { isMinor: true }, "minor"],
  ["nobody asked about age", { isMinor: undefined as never }, "minor"],
  ["another tenant", { tenantId: tenantId("rival") }, "grant-foreign"],
  ["no notice", { notice: undefined as never }, "notice-missing"],
  ["a notice without its hash", { notice: { ...NOTICE, sha256: "" } }, "notice-missing"],
  ["a notice without a version", { notice: { ...NOTICE, version: 0 } }, "notice-missing"],
  ["a notice without a language", { notice: { ...NOTICE, language: "" } }, "notice-missing"],
  ["no proof", { proof: undefined as never }, "proof-missing"],
  ["a proof of nothing", { proof: { kind: "screen", ref: "" } }, "proof-missing"],
  [
    "a name where the proof belongs",
    { proof: { kind: "operator", ref: "Ada Holm" } },
    "proof-missing",
  ],
  ["two purposes at once", { purpose: ["messages", "loyalty-face"] as never }, "no-grant"],
  ["a purpose that is none", { purpose: "__proto__" as never }, "no-grant"],
  ["a name for a member", { subjectRef: "ada@example.org" as never }, "no-grant"],
];

for (const [name, change, why] of refused)
  test(`no consent is written for ${name}`, () => {
    const rig = new LedgerRig();
    const ledger = rig.open();
    const outcome = ledger.grant(request("m", "loyalty-beacon", change));
    assert.deepEqual(outcome, { ok: false, error: why });
    assert.equal(rig.store.rows.length, 0);
  });

test("where faces are off no consent to a face is taken, and what the shopper carries still is", () => {
  const rig = new LedgerRig();
  rig.jurisdiction = "off";
  const ledger = rig.open();
  assert.deepEqual(ledger.grant(request("m", "loyalty-face")), { ok: false, error: "face-off" });
  assert.ok(ledger.grant(request("m", "loyalty-beacon")).ok);
});

test("what a caller hung on a request is never written", () => {
  const rig = new LedgerRig();
  const extra = { name: "Ada Holm", embedding: [0.25, 0.5] };
  const notice = { ...NOTICE, ...extra };
  const proof = { kind: "screen", ref: "s", ...extra } as const;
  const sly = { ...request("m", "loyalty-beacon", { notice, proof }), ...extra };
  assert.ok(rig.open().grant(sly).ok);
  assert.ok(!rig.store.rows[0]?.text.includes("Ada"));
  assert.ok(!rig.store.rows[0]?.text.includes("embedding"));
});

test("the same words have the same hash, however their line ends and accents are stored", () => {
  const composed = shownNotice("n", 1, "da", "Så\nsmå");
  assert.deepEqual(shownNotice("n", 1, "da", "Sa\u030a\r\nsma\u030a"), composed);
  assert.notDeepEqual(shownNotice("n", 1, "da", "Så småt"), composed);
});

test("giving a consent counts as a visit", () => {
  const at = utc("2026-09-01T09:00:00Z");
  assert.equal(expiryOf(at, at), utc("2027-09-01T09:00:00Z"));
});

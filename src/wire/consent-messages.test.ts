import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY_MS, idOf, LedgerRig, member, request } from "../../test/fakes/consent-rig.ts";
import { epochMs, gatewayId, monoMs, storeId } from "../core/brand.ts";
import type { JourneyEvent } from "../core/events.ts";
import { rowOf } from "../privacy/consent/hash-chain.ts";
import { fromCloudEvent, STREAM_OF, toCloudEvent, UNMIRRORED_KINDS } from "./cloud-event.ts";
import { CHANGES_CAP, consentNewsSchema, ledgerEntrySchema } from "./consent-messages.ts";
import { LARGEST_PAYLOAD_BYTES } from "./envelopes.ts";

/** One entry of each kind, as a ledger writes them. */
function everyKind(): readonly string[] {
  const rig = new LedgerRig();
  const ledger = rig.open();
  ledger.switchTo("kiosk-verify", "Ada Holm, store manager");
  for (const name of ["a", "b"]) assert.equal(ledger.grant(request(name)).ok, true);
  rig.hand.pass(60 * DAY_MS);
  ledger.visited(member("a"));
  const id = ledger.revoke({
    ...{ subjectRef: member("a"), by: "shopper", ref: "s" },
    grants: ledger.book.liveOf(member("a")),
  });
  ledger.answer(id ?? "", "gw-1", "erased");
  rig.hand.pass(366 * DAY_MS);
  ledger.expireDue();
  return rig.store.rows.map(({ text }) => text);
}

test("every kind of entry travels as an event of the audit and comes back with the same hash", () => {
  const context = {
    ...{ gatewayId: gatewayId("gw-1"), storeId: storeId("shop-1"), boot: "b1" },
    ...{ recordedAt: epochMs(5), hash: (text: string) => idOf(text) },
  };
  const kinds = new Set<string>();
  for (const text of everyKind()) {
    const entry = ledgerEntrySchema.parse(JSON.parse(text));
    const { sha256 } = rowOf(entry);
    const head = { source: "consent:x", seq: entry.seq, at: entry.at, atMono: monoMs(7) };
    const event: JourneyEvent = {
      kind: "consent-recorded",
      ...head,
      clock: "synced",
      sha256,
      entry,
    };
    const back = fromCloudEvent(JSON.parse(JSON.stringify(toCloudEvent(event, context))));
    assert.deepEqual(back, { ok: true, value: event });
    assert.equal(
      back.ok && back.value.kind === "consent-recorded" && rowOf(back.value.entry).text,
      text,
    );
    kinds.add(entry.kind);
  }
  assert.equal(kinds.size, 8, [...kinds].join());
});

test("what is told of consents is audit, and no mirror of it is published to the shop", () => {
  for (const kind of ["consent-recorded", "consent-applied", "erasure-answered"] as const) {
    assert.equal(STREAM_OF[kind], "audit");
    assert.ok(UNMIRRORED_KINDS.has(kind), kind);
  }
});

const change = (seq: number) => {
  const { isMinor: _m, ...rest } = request("m");
  const times = { grantedAt: 1_777_629_599_480, expiresAt: 1_809_165_599_480 };
  const proof = { kind: "operator", ref: "x".repeat(128) };
  return {
    seq,
    state: "granted",
    grant: { ...rest, proof, grantId: idOf(`${seq}`), jurisdiction: "off", ...times },
  };
};
const news = (fields: object) => ({
  ...{ v: 1, register: "r1", from: 0, to: 3, upTo: 3, issuedAt: "2026-05-01T10:00:00Z" },
  changes: [change(1), change(3)],
  ...fields,
});

test("the largest message of changes fits into a payload", () => {
  const changes = Array.from({ length: CHANGES_CAP }, (_, index) => change(index + 1));
  const full = news({ to: CHANGES_CAP, upTo: CHANGES_CAP, changes });
  assert.ok(consentNewsSchema.safeParse(full).success);
  assert.ok(Buffer.byteLength(JSON.stringify(full)) <= LARGEST_PAYLOAD_BYTES);
});

test("changes out of order, outside of their bounds or too many are refused", () => {
  assert.ok(consentNewsSchema.safeParse(news({})).success);
  const many = Array.from({ length: CHANGES_CAP + 1 }, (_, index) => change(index + 1));
  const bad = [
    { changes: [change(3), change(1)] },
    { changes: [change(2), change(2)] },
    { changes: [change(4)] },
    { from: 3 },
    { from: 4 },
    { upTo: 2 },
    { register: "" },
    { issuedAt: "yesterday" },
    { to: 100, upTo: 100, changes: many },
    { lease: 5 },
  ];
  for (const fields of bad)
    assert.equal(
      consentNewsSchema.safeParse(news(fields)).success,
      false,
      JSON.stringify(fields).slice(0, 80),
    );
});

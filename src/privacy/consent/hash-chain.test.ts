import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { idOf, LedgerRig, member, request } from "../../../test/fakes/consent-rig.ts";
import { grantId } from "../../core/brand.ts";
import type { LedgerEntry } from "../../core/consent-ledger.ts";
import { readEntry } from "../../io/consent/consent-file.ts";
import { EMPTY_HEAD, type LedgerRow, rowOf, sha256Of, verifyChain } from "./hash-chain.ts";

/** A ledger with every kind of entry but expiry. */
function filled(): LedgerRig {
  const rig = new LedgerRig();
  const ledger = rig.open();
  ledger.switchTo("kiosk-verify", "Ada Holm, store manager");
  for (const name of ["a", "b", "c"]) assert.ok(ledger.grant(request(name)).ok);
  rig.hand.pass(90 * 86_400_000);
  assert.equal(ledger.visited(member("a")), 1);
  const erasure = ledger.revoke({
    ...{ subjectRef: member("b"), by: "shopper", ref: "station-1" },
    grants: ledger.book.liveOf(member("b")),
  });
  assert.ok(erasure !== null && ledger.answer(erasure, "gw-1", "erased"));
  return rig;
}

const verify = (rig: LedgerRig, rows: readonly LedgerRow[] = rig.store.rows) =>
  verifyChain(rows, { ledgerId: rig.store.ledgerId, read: readEntry });

const kinds = (rows: readonly LedgerRow[]): string[] =>
  rows.map(({ text }) => (JSON.parse(text) as LedgerEntry).kind);

test("a ledger as it was written is sound, entry by entry", () => {
  const rig = filled();
  assert.deepEqual(kinds(rig.store.rows), [
    ...["switched", "granted", "granted", "granted", "extended", "revoked"],
    ...["erasure-asked", "erasure-answered", "erasure-closed"],
  ]);
  const last = rig.store.rows.at(-1);
  assert.deepEqual(verify(rig), { ok: true, value: { seq: 9, sha256: last?.sha256 } });
  assert.deepEqual(verify(rig, []), { ok: true, value: EMPTY_HEAD });
});

test("whatever one character of one entry is changed to, that entry is named", () => {
  const rig = filled();
  const place = fc.record({
    row: fc.nat(8),
    at: fc.nat(5_000),
    to: fc.string({ minLength: 1, maxLength: 1 }),
  });
  fc.assert(
    fc.property(place, ({ row, at, to }) => {
      const rows = rig.store.rows.map((one) => ({ ...one }));
      const victim = rows[row];
      if (victim === undefined) return;
      const index = at % victim.text.length;
      const text = victim.text.slice(0, index) + to + victim.text.slice(index + 1);
      if (text === victim.text) return;
      rows[row] = { ...victim, text };
      assert.deepEqual(verify(rig, rows), { ok: false, error: { seq: row + 1, what: "hash" } });
    }),
    { numRuns: 300 },
  );
});

test("an entry that was changed and hashed anew breaks the link of the next one", () => {
  const rig = filled();
  const rows = [...rig.store.rows];
  const text = (rows[3]?.text ?? "").replace('"loyalty-beacon"', '"loyalty-face"');
  rows[3] = { seq: 4, text, sha256: sha256Of(text) };
  assert.deepEqual(verify(rig, rows), { ok: false, error: { seq: 5, what: "link" } });
});

test("a missing, doubled or moved entry is named by the first number that is wrong", () => {
  const rig = filled();
  const rows = rig.store.rows;
  const without = rows.filter(({ seq }) => seq !== 6);
  assert.deepEqual(verify(rig, without), { ok: false, error: { seq: 6, what: "number" } });
  const doubled = [...rows.slice(0, 4), ...rows.slice(3)];
  assert.deepEqual(verify(rig, doubled), { ok: false, error: { seq: 5, what: "number" } });
  const swapped = [...rows];
  [swapped[1], swapped[2]] = [rows[2] as LedgerRow, rows[1] as LedgerRow];
  assert.deepEqual(verify(rig, swapped), { ok: false, error: { seq: 2, what: "number" } });
});

test("an entry of another ledger, one that is none and one in another order of keys are told apart", () => {
  const rig = filled();
  const head = { v: 1, seq: 1, previous: EMPTY_HEAD.sha256, at: 0, isTimeSure: true };
  const body = { kind: "expired", grantId: grantId(idOf("x")) };
  const foreign = rowOf({ ...head, ...body, ledgerId: "f".repeat(32) } as LedgerEntry);
  assert.deepEqual(verify(rig, [foreign]), { ok: false, error: { seq: 1, what: "ledger" } });
  const none = rowOf({
    ...head,
    ...body,
    grantId: "nobody",
    ledgerId: rig.store.ledgerId,
  } as never);
  assert.deepEqual(verify(rig, [none]), { ok: false, error: { seq: 1, what: "text" } });
  const text = JSON.stringify({ ...head, ...body, ledgerId: rig.store.ledgerId });
  const loose = { seq: 1, text, sha256: sha256Of(text) };
  assert.deepEqual(verify(rig, [loose]), { ok: false, error: { seq: 1, what: "text" } });
});

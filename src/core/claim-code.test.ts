import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { subjectRef } from "./brand.ts";
import { claimCodeOf, readClaimCode } from "./claim-code.ts";

const newSubject = () => subjectRef(randomBytes(16).toString("base64url"));

test("a code is read back as the member whose it is, however it was typed", () => {
  for (let i = 0; i < 500; i += 1) {
    const subject = newSubject();
    const code = claimCodeOf(subject);
    assert.match(code, /^VL1[0-9A-HJ-NP-X]{26}[0-9A-Z]{2}$/);
    assert.equal(readClaimCode(code), subject);
    const spoken = ` ${code.slice(0, 3)}-${code.slice(3, 17).toLowerCase()} ${code.slice(17)}\n`;
    assert.equal(readClaimCode(spoken), subject);
  }
  const fixed = claimCodeOf(subjectRef("AAAAAAAAAAAAAAAAAAAAAA"));
  assert.equal(readClaimCode(fixed), "AAAAAAAAAAAAAAAAAAAAAA");
});

test("every wrong symbol and every two exchanged neighbours are found", () => {
  for (let i = 0; i < 20; i += 1) {
    const code = claimCodeOf(newSubject());
    for (let at = 3; at < code.length; at += 1) {
      for (const symbol of "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
        if (symbol === code[at]) continue;
        assert.equal(readClaimCode(code.slice(0, at) + symbol + code.slice(at + 1)), null);
      }
      const [a, b] = [code[at - 1] ?? "", code[at] ?? ""];
      if (a === b) continue;
      assert.equal(readClaimCode(code.slice(0, at - 1) + b + a + code.slice(at + 1)), null);
    }
  }
});

test("what is no code is nobody, and what is no member has no code", () => {
  const code = claimCodeOf(newSubject());
  for (const text of ["", "VL1", code.slice(1), `${code}0`, `VL2${code.slice(3)}`, "x".repeat(31)])
    assert.equal(readClaimCode(text), null);
  assert.throws(() => claimCodeOf(subjectRef("short")), RangeError);
  assert.throws(() => claimCodeOf(subjectRef("AAAAAAAAAAAAAAAAAAAAAB")), RangeError);
});

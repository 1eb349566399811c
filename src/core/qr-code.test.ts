import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { subjectRef } from "./brand.ts";
import { claimCodeOf } from "./claim-code.ts";
import { qrModules } from "./qr-code.ts";

/** Size and fingerprint of a code. */
function drawn(text: string): readonly [side: number, sha256: string] {
  const modules = qrModules(text);
  const rows = modules.map((row) => row.map((isDark) => (isDark ? "1" : "0")).join(""));
  assert.ok(rows.every((row) => row.length === modules.length));
  return [modules.length, createHash("sha256").update(rows.join("\n")).digest("hex")];
}

test("the QR code of a claim code is the one that an independent reader understood", () => {
  // 300 codes of this encoder were read back by jsQR 1.4.0, this one among them.
  assert.deepEqual(drawn(claimCodeOf(subjectRef("AAAAAAAAAAAAAAAAAAAAAA"))), [
    25,
    "7a064a64dd52c2123a94a666067f913a027e6879c6443cc617757c8042302e15",
  ]);
});

test("addresses of every length up to the longest that the configuration takes are drawn", () => {
  // 324 texts of all 17 sizes were read back by jsQR 1.4.0, these among them.
  assert.deepEqual(drawn("https://acme.example/loyalty/notice"), [
    29,
    "633694bd8c7811c03eaaf4bbea92b91c9f492dde71d1914b1185e6a2a4cea022",
  ]);
  assert.deepEqual(drawn(`https://acme.example/${"n".repeat(491)}`), [
    89,
    "fc009cc44e758f9d073cdb39e12005c78eefc55e68bb883693a41d87181fd174",
  ]);
});

test("a text that no code holds is refused", () => {
  assert.equal(qrModules("a".repeat(560)).length, 89);
  assert.throws(() => qrModules("a".repeat(561)), RangeError);
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { subjectRef } from "../../../core/brand.ts";
import { claimCodeOf } from "../../../core/claim-code.ts";
import { PURPOSES, REFUSALS } from "../../../core/consent.ts";
import { WORDS } from "./all-words.ts";
import { QR_SIDE, qrModules } from "./qr-code.ts";

const languages = Object.entries(WORDS);

test("every refusal has a sentence of its own in every language", () => {
  for (const [language, { refusals }] of languages) {
    assert.deepEqual(Object.keys(refusals).sort(), [...REFUSALS].sort(), language);
    for (const [reason, sentence] of Object.entries(refusals)) {
      assert.match(sentence, /^\p{Lu}.{8,}[.]$/u, `${language} ${reason}`);
      assert.equal(sentence.includes(reason), false, `${language} ${reason} is a code`);
    }
    assert.equal(new Set(Object.values(refusals)).size, REFUSALS.length, language);
  }
});

test("no sentence of one language stands in another, and none is missing", () => {
  const seen = new Map<string, string>();
  for (const [language, words] of languages) {
    const { languageName, good, refusedPurpose, refusals, purposes, ...plain } = words;
    assert.notEqual(languageName, "");
    const texts = [
      ...Object.values(plain),
      ...Object.values(refusals),
      ...Object.values(purposes),
      good(1, 3),
      refusedPurpose("p", "r"),
    ];
    for (const text of texts) {
      assert.notEqual(text.trim(), "");
      // A short word may be the same in two languages.
      if (text.length < 12) continue;
      assert.equal(seen.get(text), undefined, `${language}: ${text}`);
      seen.set(text, language);
    }
    assert.deepEqual(Object.keys(purposes).sort(), [...PURPOSES].sort());
  }
});

test("the QR code of a claim code is the one that an independent reader understood", () => {
  const modules = qrModules(claimCodeOf(subjectRef("AAAAAAAAAAAAAAAAAAAAAA")));
  assert.equal(modules.length, QR_SIDE);
  const text = modules.map((row) => row.map((isDark) => (isDark ? "1" : "0")).join("")).join("\n");
  // 300 codes of this encoder were read back by jsQR 1.4.0, this one among them.
  const read = "7a064a64dd52c2123a94a666067f913a027e6879c6443cc617757c8042302e15";
  assert.equal(createHash("sha256").update(text).digest("hex"), read);
  assert.throws(() => qrModules("small letters"), RangeError);
  assert.throws(() => qrModules("A".repeat(39)), RangeError);
});

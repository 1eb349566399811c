import assert from "node:assert/strict";
import { test } from "node:test";
import { PURPOSES, REFUSALS } from "../../../core/consent.ts";
import { WORDS } from "./all-words.ts";

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
    const { languageName, good, refusedPurpose, byFaceHint, ...others } = words;
    const { refusals, purposes, forgotten, takenBack, ...plain } = others;
    assert.notEqual(languageName, "");
    const texts = [
      ...Object.values(plain),
      ...Object.values(refusals),
      ...Object.values(purposes),
      ...Object.values(forgotten),
      ...Object.values(takenBack),
      byFaceHint(12),
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

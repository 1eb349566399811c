import assert from "node:assert/strict";
import { test } from "node:test";
import { epochMs, gatewayId } from "../../core/brand.ts";
import { canonicalText } from "../../core/canonical-text.ts";
import type { LedgerEntry } from "../../core/consent-ledger.ts";
import { sha256Of } from "../../privacy/consent/hash-chain.ts";
import { LedgerChains, type Marks } from "./ledger-chains.ts";

class KeptMarks implements Marks {
  readonly texts = new Map<string, string>();
  mark(name: string): string | null {
    return this.texts.get(name) ?? null;
  }
  setMark(name: string, value: string): void {
    this.texts.set(name, value);
  }
}

const entry = (n: number): LedgerEntry => ({
  ...{ v: 1, ledgerId: n.toString(16).padStart(32, "0"), seq: 1, previous: "0".repeat(64) },
  ...{ at: epochMs(1_780_000_000_000), isTimeSure: true },
  ...{ kind: "erasure-closed", erasureId: "A".repeat(22) },
});

/** Judges the first entry of the n-th ledger after a start, and keeps it. */
function told(marks: Marks, gateway: string, n: number): string {
  const one = entry(n);
  const hash = sha256Of(canonicalText(one));
  const { verdict, keep } = new LedgerChains(marks).judge(gatewayId(gateway), one, hash);
  keep();
  return verdict;
}

test("a gateway that names ever more ledgers is not believed beyond the sixty-fourth, and nothing grows for it", () => {
  const marks = new KeptMarks();
  for (let n = 0; n < 64; n += 1) assert.equal(told(marks, "gw-1", n), "sound");
  const kept = marks.texts.size;
  for (let n = 64; n < 200; n += 1) assert.equal(told(marks, "gw-1", n), "foreign");
  assert.equal(marks.texts.size, kept);
  assert.equal(told(marks, "gw-1", 3), "known", "those that are followed go on");
  assert.equal(told(marks, "gw-2", 300), "sound", "and another gateway's are its own");
});

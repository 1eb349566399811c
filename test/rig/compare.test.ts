import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tempDir } from "../e2e/delivery-rig.ts";
import { compare, readJournal } from "./compare.ts";

const row = (id: string, number: string) => ({ id, number });

test("the comparison tells lost, doubled and unknown events apart", () => {
  const produced = new Set(["a", "b", "c"]);
  const exact = ["a", "b", "c"].map((id, n) => row(id, `e journey ${n}`));
  assert.deepEqual(compare(produced, exact), {
    produced: 3,
    stored: 3,
    lost: 0,
    duplicated: 0,
    unexpected: 0,
  });
  const sameId = [row("a", "e journey 0"), row("a", "e journey 1"), row("x", "e journey 2")];
  assert.deepEqual(compare(produced, sameId), {
    produced: 3,
    stored: 3,
    lost: 2,
    duplicated: 1,
    unexpected: 1,
  });
  const sameNumber = [row("a", "e journey 0"), row("b", "e journey 0"), row("c", "e journey 2")];
  assert.equal(compare(produced, sameNumber).duplicated, 1);
});

test("a line of the journal that a kill cut off was not reported", () => {
  const dir = tempDir();
  const path = join(dir.path, "journal.txt");
  writeFileSync(path, "a\nb\na\nhal");
  assert.deepEqual([...readJournal(path)], ["a", "b"]);
  dir.remove();
});

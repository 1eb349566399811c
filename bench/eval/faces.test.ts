import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readIndex, readPairs } from "./face-photos.ts";
import { scoreFaces } from "./face-score.ts";
import { run } from "./faces.ts";

const dir = mkdtempSync(join(tmpdir(), "faces-"));
after(() => rmSync(dir, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

test("people apart from strangers score no error, at a threshold between them neither", () => {
  const score = scoreFaces({ genuine: [0.2, 0.4], impostor: [0.7, 0.9] }, 0.5);
  assert.deepEqual(score, { EER: 0, farAtThreshold: 0, frrAtThreshold: 0 });
});

test("errors are shares of the pairs; the equal rate is where both are nearest", () => {
  const pairs = { genuine: [0.1, 0.2, 0.3, 0.8], impostor: [0.25, 0.6, 0.7, 0.9] };
  const score = scoreFaces(pairs, 0.65);
  assert.deepEqual(score, { EER: 0.25, farAtThreshold: 0.5, frrAtThreshold: 0.25 });
});

test("a face that was not found never matches, and no pairs say nothing", () => {
  const missing = Number.POSITIVE_INFINITY;
  const score = scoreFaces({ genuine: [0.1, missing], impostor: [missing, 0.9] }, 0.5);
  assert.equal(score.frrAtThreshold, 0.5);
  assert.equal(score.farAtThreshold, 0);
  assert.ok(Number.isNaN(scoreFaces({ genuine: [], impostor: [1] }, 0.5).EER));
});

test("index and pairs are read as the data folder writes them, and refused with the line otherwise", async () => {
  const index = file("index.json", '[{"file":"a.jpg","id":"a","box":[1,2,3,4]},{"file":"b.jpg"}]');
  assert.deepEqual(await readIndex(index), ["a.jpg", "b.jpg"]);
  const pairs = file("pairs.csv", "file_a,file_b,same\na.jpg,b.jpg,1\nb.jpg,a.jpg,0\n");
  assert.deepEqual(await readPairs(pairs), [
    { a: "a.jpg", b: "b.jpg", isSame: true },
    { a: "b.jpg", b: "a.jpg", isSame: false },
  ]);
  const invalid = { code: "INPUT_INVALID" };
  for (const text of ["{}", "[]", "no json", '[{"name":"a"}]']) {
    await assert.rejects(readIndex(file("bad.json", text)), invalid);
  }
  const wrong = file("bad.csv", "file_a,file_b,same\na.jpg,b.jpg,yes\n");
  await assert.rejects(readPairs(wrong), /bad\.csv:2: expected two files and 0 or 1/);
  await assert.rejects(readPairs(file("bad.csv", "a,b\n1,2\n")), invalid);
  await assert.rejects(readIndex(join(dir, "absent.json")), invalid);
});

test("pairs of photographs that the index lacks, or of one kind alone, are refused and give no rate", async () => {
  const index = file("few.json", '[{"file":"a.jpg"},{"file":"b.jpg"}]');
  const evaluate = (rows: string) =>
    run(["--index", index, "--pairs", file("few.csv", `file_a,file_b,same\n${rows}`)]);
  const unknown = { code: "INPUT_INVALID", message: /few\.csv: c\.jpg is not in the index$/ };
  await assert.rejects(evaluate("a.jpg,b.jpg,1\nb.jpg,c.jpg,0\n"), unknown);
  const oneKind = { code: "INPUT_INVALID", message: /expected pairs of one person/ };
  for (const rows of ["a.jpg,b.jpg,1\n", "a.jpg,b.jpg,0\n", ""])
    await assert.rejects(evaluate(rows), oneKind);
});

test("wrong arguments are told before anything is fetched", async () => {
  for (const args of [
    [],
    ["--index", "x"],
    ["--index", "x", "--pairs", "y", "--profile", "best"],
    ["--index", "x", "--pairs", "y", "--threshold", "near"],
    ["--faces"],
  ]) {
    await assert.rejects(run(args), { code: "USAGE" });
  }
});

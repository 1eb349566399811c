import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { GatewayError } from "../../src/core/errors.ts";
import { evaluateSuite, run } from "./tracking.ts";

/** The labelled sequences are research material and not part of the project; see docs on evaluation. */
const DATA = resolve(
  process.env["VITRINE_DATA"] ?? join(import.meta.dirname, "../../../shared/data"),
  "vision/mot",
);
const skip = existsSync(DATA) ? false : "labelled sequences not found (set VITRINE_DATA)";

/** A person who walks from x = 20 to x = 300 in 40 frames at 8 frames a second, seen in nearly all of them. */
async function writeSequence(folder: string): Promise<void> {
  const rows = (score: string, id: number, keep: (i: number) => boolean): string =>
    Array.from({ length: 40 }, (_, i) => i)
      .filter(keep)
      .map((i) => `${i + 1},${id},${20 + 7 * i},100,40,100,${score},-1,-1,-1`)
      .join("\n");
  await writeFile(
    join(folder, "seqinfo.ini"),
    "[Sequence]\nname=walk\nframeRate=8\nseqLength=40\nimWidth=400\nimHeight=300\n",
  );
  await writeFile(
    join(folder, "gt.txt"),
    rows("1", 1, () => true),
  );
  await writeFile(
    join(folder, "det.txt"),
    rows("0.9", -1, (i) => i % 9 !== 5),
  );
  await writeFile(
    join(folder, "counting.gt.json"),
    JSON.stringify({ lines: { L: { a: [160, 0], b: [160, 300], pos: 0, neg: 1 } } }),
  );
}

async function sequenceFolder(t: { after(run: () => Promise<void>): void }): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), "vitrine-eval-"));
  t.after(() => rm(parent, { recursive: true }));
  return parent;
}

test("a walker is tracked, counted and scored from detections", async (t) => {
  const folder = await sequenceFolder(t);
  await writeSequence(folder);
  const result = await run(["--mot", folder]);
  assert.equal(result["IDSW"], 0);
  assert.ok(Number(result["IDF1"]) > 95, `IDF1 ${result["IDF1"]}`);
  assert.deepEqual([result["countError"], result["countTruth"]], [0, 1]);
});

test("another tracker's output is scored and counted as it is", async (t) => {
  const folder = await sequenceFolder(t);
  await writeSequence(folder);
  const result = await run(["--scored", join(folder, "gt.txt"), "--mot", folder]);
  assert.deepEqual(
    [result["HOTA"], result["MOTA"], result["IDF1"], result["countError"]],
    [100, 100, 100, 0],
  );
});

test("a suite takes complete folders only, at full rate and decimated", async (t) => {
  const parent = await sequenceFolder(t);
  const walk = join(parent, "walk");
  const bare = join(parent, "bare");
  await mkdir(walk);
  await mkdir(bare);
  await writeSequence(walk);
  await writeFile(join(bare, "gt.txt"), "");
  const suite = await evaluateSuite(parent);
  assert.deepEqual(
    suite.sequences.map((s) => [s.name, s.every, s.framesPerSecond]),
    [
      ["walk", 1, 8],
      ["walk", 2, 4],
    ],
  );
  assert.deepEqual([suite.countError, suite.countTruth], [0, 2]);
});

test("wrong usage and missing folders are refused with their codes", async () => {
  const coded = (code: string) => (error: unknown) =>
    error instanceof GatewayError && error.code === code;
  await assert.rejects(run([]), coded("USAGE"));
  await assert.rejects(run(["--nonsense"]), coded("USAGE"));
  await assert.rejects(run(["--mot", "x", "--every", "0"]), coded("USAGE"));
  await assert.rejects(run(["--mot", "/nowhere/at/all"]), coded("INPUT_INVALID"));
  await assert.rejects(run(["--suite", "/nowhere/at/all"]), coded("INPUT_INVALID"));
});

test("the scorer gives the official figures for the sample output on TUD-Campus", {
  skip,
}, async () => {
  const folder = join(DATA, "TUD-Campus");
  const sample = join(folder, "motmetrics-sample-tracker-output.txt");
  const { HOTA, DetA, AssA, MOTA, IDF1, IDSW, FP, FN, Frag } = await run([
    "--scored",
    sample,
    "--mot",
    folder,
  ]);
  assert.deepEqual(
    { HOTA, DetA, AssA, MOTA, IDF1, IDSW, FP, FN, Frag },
    {
      HOTA: 39.14,
      DetA: 41.8,
      AssA: 36.91,
      MOTA: 52.65,
      IDF1: 55.77,
      IDSW: 7,
      FP: 13,
      FN: 150,
      Frag: 7,
    },
  );
});

test("tracking quality on the labelled sequences does not fall", { skip }, async () => {
  const recorded = JSON.parse(
    await readFile(new URL("./tracking-quality.json", import.meta.url), "utf8"),
  ) as { meanIDF1: number; countError: number; countTruth: number };
  const suite = await evaluateSuite(DATA);
  assert.equal(suite.countTruth, recorded.countTruth);
  assert.ok(suite.meanIDF1 >= recorded.meanIDF1, `meanIDF1 ${suite.meanIDF1}`);
  assert.ok(suite.countError <= recorded.countError, `countError ${suite.countError}`);
});

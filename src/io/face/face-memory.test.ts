import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { writeFakeFaceModels } from "../../../test/fakes/fake-face-models.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const CHILD = join(ROOT, "test/fakes/face-memory-child.ts");
const installed = process.env["VITRINE_MODELS_DIR"] ?? join(ROOT, "models");
const root = mkdtempSync(join(tmpdir(), "face-memory-"));
after(() => rmSync(root, { recursive: true, force: true }));

const canSearch = existsSync("/proc/self/mem");
const skip = canSearch ? false : "this system does not show a process its memory";
const hasModels = existsSync(join(installed, "face-dlib-150.onnx"));
const reason = `face-dlib-150 is not in ${installed}: vitrine models pull --profile face`;

/** Hits in the memory of a process that looked at one face, by what was searched for. */
interface Searched {
  readonly outcome: string;
  /** Right after the look, the probe and the picture still being there. */
  readonly before: Readonly<Record<string, number>>;
  /** After the probe was wiped and the picture overwritten. */
  readonly wiped: Readonly<Record<string, number>>;
  /** After the shopper's act ended. */
  readonly scrubbed: Readonly<Record<string, number>>;
}

type Outcome = "match" | "refused" | "closed" | "killed";

async function lookAndSearch(dir: string, outcome: Outcome): Promise<Searched> {
  const args = ["--import", "tsx", CHILD, dir, outcome];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  return JSON.parse(stdout) as Searched;
}

const NO_PIXEL = { picture: 0, copy: 0, floats: 0, planes: 0 };

for (const [outcome, said] of [
  ["match", "ok"],
  ["refused", "face-blurred"],
  ["closed", "ok"],
] as const) {
  test(`a face that is looked at (${outcome}) leaves no pixel in memory, its thread and the engine included`, {
    skip,
  }, async () => {
    const dir = join(root, outcome);
    await writeFakeFaceModels(dir);
    const { before, wiped, scrubbed, ...rest } = await lookAndSearch(dir, outcome);
    assert.equal(rest.outcome, said);
    assert.ok((before["picture"] ?? 0) > 0, "the search finds what is there");
    assert.equal(wiped["picture"], 0);
    assert.equal(wiped["copy"], 0, "the chain's own buffers are overwritten when it returns");
    assert.ok((wiped["floats"] ?? 0) > 0, "the engine keeps its last floats until the act ends");
    const { numbers: _, ...pixels } = scrubbed;
    assert.deepEqual(pixels, NO_PIXEL);
  });
}

test("what a thread held that was ended by force in mid-look is overwritten by the next one", {
  skip,
}, async () => {
  const dir = join(root, "killed");
  await writeFakeFaceModels(dir);
  const { before, wiped, scrubbed, outcome } = await lookAndSearch(dir, "killed");
  assert.equal(outcome, "failed");
  assert.ok((before["picture"] ?? 0) > 0, "the search finds what is there");
  assert.equal(wiped["picture"], 0, "the picture is in shared memory");
  assert.deepEqual(scrubbed, NO_PIXEL);
});

test("the numbers of a real face are gone from memory once the probe is wiped", {
  skip: skip || (hasModels ? false : reason),
}, async () => {
  const { before, wiped, scrubbed, outcome } = await lookAndSearch(installed, "match");
  assert.equal(outcome, "ok");
  assert.ok((before["numbers"] ?? 0) > 0, "the search finds what is there");
  assert.equal(wiped["numbers"], 0);
  assert.deepEqual(scrubbed, { ...NO_PIXEL, numbers: 0 });
});

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fakeDetectorGraph } from "../../../test/fakes/fake-detector-graph.ts";
import { FAKE_HEADS, HEAD_INPUT } from "../../../test/fakes/fake-heads.ts";
import { makeTinyCatalogue } from "../../../test/fakes/tiny-catalogue.ts";
import { benchModels, type ModelBench, recommend } from "./bench-models.ts";
import { CATALOGUE } from "./catalogue.ts";
import { hashFile } from "./file-hash.ts";
import { pullModels } from "./install.ts";
import { isPersonModel, type ModelEntry, readManifest, saveManifest } from "./manifest.ts";
import type { Catalogue } from "./offered-model.ts";

let root = "";
let catalogue: Catalogue;
const { signal } = new AbortController();
const OPTIONS = { profile: "default", signal } as const;

before(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-bench-"));
  catalogue = await makeTinyCatalogue(root);
});

after(() => rm(root, { recursive: true, force: true }));

async function pulled(name: string): Promise<string> {
  const dir = join(root, name);
  const fromDir = join(root, "tarballs");
  await pullModels({ dir, profile: "default", fromDir, signal, onProgress: () => {} }, catalogue);
  return dir;
}

test("every installed model is measured with every number of threads, as the detector runs it", async () => {
  const empty = join(root, "empty");
  await assert.rejects(benchModels([empty], OPTIONS), { code: "MODEL_MISSING" });
  const steps: string[] = [];
  const onStep = (id: string, done: number, total: number): void => {
    steps.push(`${id} ${done}/${total}`);
  };
  const dir = await pulled("plain");
  const report = await benchModels([empty, dir], { ...OPTIONS, threads: [1, 2], onStep });
  assert.deepEqual(
    report.models.map(({ id, threads, widthPx }) => [id, threads, widthPx]),
    [
      ["tiny-32", 1, 32],
      ["tiny-32", 2, 32],
      ["tiny-64", 1, 64],
      ["tiny-64", 2, 64],
    ],
  );
  assert.deepEqual(steps, ["tiny-32 0/4", "tiny-32 1/4", "tiny-64 2/4", "tiny-64 3/4"]);
  for (const { medianMs, p90Ms, fps } of report.models) {
    assert.ok(medianMs > 0 && p90Ms >= medianMs && fps > 0);
  }
  assert.deepEqual(
    report.recommendations.map(({ shape, id }) => [shape, id]),
    [
      ["16:9", "tiny-64"],
      ["4:3", "tiny-64"],
    ],
  );
});

test("without a wish one core is left for the rest of the gateway", async () => {
  const report = await benchModels([await pulled("cores")], OPTIONS);
  const most = Math.max(...report.models.map(({ threads }) => threads));
  assert.equal(most, Math.max(1, availableParallelism() - 1));
  assert.equal(report.cores, availableParallelism());
});

test("a model that wants scaled floats is measured with its own preparation", async () => {
  const dir = join(root, "float");
  const { decoder, strides, outputs } = FAKE_HEADS.yolox;
  const template = catalogue.models[0]?.entry as ModelEntry;
  const input: ModelEntry["input"] = {
    ...template.input,
    width: HEAD_INPUT.widthPx,
    height: HEAD_INPUT.heightPx,
    layout: "nchw",
    dtype: "float32",
    channels: "bgr",
    resize: "topleft",
  };
  await mkdir(dir);
  await writeFile(join(dir, "own.onnx"), fakeDetectorGraph(input, outputs));
  const sha256 = (await hashFile(join(dir, "own.onnx"), "sha256", "hex")) ?? "";
  const entry = { ...template, id: "own", file: "own.onnx", sha256, input, decoder, strides };
  await saveManifest(dir, [entry]);
  assert.equal((await readManifest(dir))?.models.length, 1);
  const report = await benchModels([dir], { ...OPTIONS, threads: [1] });
  assert.deepEqual(
    report.models.map(({ id }) => id),
    ["own"],
  );
});

test("a model that cannot be loaded is named and the others are measured", async () => {
  const dir = await pulled("damaged");
  await writeFile(join(dir, "tiny-32.onnx"), "damaged");
  const report = await benchModels([dir], { ...OPTIONS, threads: [1, 2] });
  assert.deepEqual(
    report.models.map(({ id }) => id),
    ["tiny-64", "tiny-64"],
  );
  assert.deepEqual(
    report.failed.map(({ id, code }) => [id, code]),
    [["tiny-32", "MODEL_HASH_MISMATCH"]],
  );
  await rm(join(dir, "tiny-64.onnx"));
  await assert.rejects(benchModels([dir], { ...OPTIONS, threads: [1] }), {
    code: "MODEL_HASH_MISMATCH",
  });
});

const ENTRIES = CATALOGUE.models.map(({ entry }) => entry).filter(isPersonModel);

/** Measurements of the whole catalogue, each model with the given frames per second. */
function measured(fpsOf: (id: string, threads: number) => number): readonly ModelBench[] {
  return [2, 1].flatMap((threads) =>
    ENTRIES.map(({ id, input }) => {
      const fps = fpsOf(id, threads);
      const ms = 500 / fps;
      const size = { widthPx: input.width, heightPx: input.height };
      return { id, ...size, threads, medianMs: ms, p90Ms: ms, fps };
    }),
  );
}

test("on a fast board each shape gets the model the gateway takes, on one thread, at no more than 10 fps", () => {
  const advice = recommend(
    ENTRIES,
    measured(() => 30.5),
    "default",
  );
  assert.deepEqual(
    advice.map(({ shape, id, threads, fps }) => [shape, id, threads, fps]),
    [
      ["16:9", "person-centernet-512x288", 1, 10],
      ["4:3", "person-centernet-512x384", 1, 10],
    ],
  );
  assert.match(advice[0]?.reason ?? "", /30\.5 frames per second for all cameras together/);
});

test("more threads are advised only where one does not carry enough frames", () => {
  const advice = recommend(
    ENTRIES,
    measured((_, threads) => 4 * threads),
    "default",
  );
  assert.deepEqual(
    advice.map(({ id, threads, fps }) => [id, threads, fps]),
    [
      ["person-centernet-512x288", 2, 8],
      ["person-centernet-512x384", 2, 8],
    ],
  );
});

test("a board that carries only the small model is told so, and one too slow for any gets the fastest", () => {
  const only = recommend(
    ENTRIES,
    measured((id) => (id.endsWith("416x256") ? 6 : 2)),
    "default",
  );
  assert.deepEqual(new Set(only.map(({ id }) => id)), new Set(["person-centernet-416x256"]));
  const slow = recommend(
    ENTRIES,
    measured((id) => (id.endsWith("416x256") ? 1.5 : 1)),
    "default",
  );
  assert.deepEqual(
    slow.map(({ id, fps }) => [id, fps]),
    [
      ["person-centernet-416x256", 1.5],
      ["person-centernet-416x256", 1.5],
    ],
  );
  assert.match(slow[0]?.reason ?? "", /no model carries 5 frames per second/);
});

test("under the permissive profile nothing else is advised", () => {
  const advice = recommend(
    ENTRIES,
    measured(() => 20),
    "permissive",
  );
  assert.deepEqual(
    advice.map(({ id }) => id),
    ["person-nanodet-640x384", "person-nanodet-416x320"],
  );
});

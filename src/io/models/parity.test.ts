import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { before, describe, test } from "node:test";
import { Tensor } from "onnxruntime-node";
import { syntheticPicture } from "../../../test/fixtures/models/synthetic-picture.ts";
import { openSession } from "../onnx/session.ts";
import { CATALOGUE } from "./catalogue.ts";
import { readManifest } from "./manifest.ts";

interface RecordedOutput {
  readonly mean: number;
  readonly rms: number;
  readonly min: number;
  readonly max: number;
  readonly samples: readonly (readonly [number, number])[];
}
type RecordedRun = Readonly<Record<"heat" | "wh", RecordedOutput>>;
interface Recorded {
  readonly model: string;
  readonly package: string;
  readonly picture: { readonly widthPx: number; readonly heightPx: number; readonly seed: number };
  /** TensorFlow.js with exact constants 1/6, which is what the converted network computes with. */
  readonly exact: RecordedRun;
  /** TensorFlow.js with the file as published, where 1/6 is a float16. */
  readonly published: RecordedRun;
}

const ROOT = resolve(import.meta.dirname, "../../..");
const FIXTURE = join(ROOT, "test/fixtures/models/centernet-512x288.json");
const recorded = JSON.parse(readFileSync(FIXTURE, "utf8")) as Recorded;
const dir = process.env["VITRINE_MODELS_DIR"] ?? join(ROOT, "models");
const isInstalled = existsSync(join(dir, `${recorded.model}.onnx`));
const skip = isInstalled ? false : `${recorded.model} is not in ${dir}: vitrine models pull`;

/** Greatest difference at the recorded cells. */
function worst(found: Float32Array, { samples }: RecordedOutput): number {
  return samples.reduce(
    (most, [at, value]) => Math.max(most, Math.abs((found[at] ?? Number.NaN) - value)),
    0,
  );
}

function statisticsOf(values: Float32Array): Omit<RecordedOutput, "samples"> {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const rms = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  return { mean, rms, min: Math.min(...values), max: Math.max(...values) };
}

/** The value as the number a sigmoid makes it from; differences there count small scores in full. */
function logit(value: number): number {
  return Math.log(value / (1 - value));
}

describe("the real centre-point network against TensorFlow.js", { skip }, () => {
  let heat = new Float32Array();
  let wh = new Float32Array();

  before(async () => {
    const manifest = await readManifest(dir);
    const entry = manifest?.models.find(({ id }) => id === recorded.model);
    const pinned = CATALOGUE.models.find((model) => model.entry.id === recorded.model)?.entry;
    assert.equal(entry?.sha256, pinned?.sha256, "the installed model is not the pinned one");
    assert.equal(entry?.source, recorded.package);
    const { widthPx, heightPx, seed } = recorded.picture;
    const session = await openSession(readFileSync(join(dir, `${recorded.model}.onnx`)), 1);
    try {
      const pixels = syntheticPicture(widthPx, heightPx, seed);
      const input = new Tensor("uint8", pixels, [1, heightPx, widthPx, 3]);
      const outputs = await session.run({ input });
      assert.deepEqual(outputs["heat"]?.dims, [1, 1, heightPx / 4, widthPx / 4]);
      assert.deepEqual(outputs["wh"]?.dims, [1, 4, heightPx / 4, widthPx / 4]);
      heat = outputs["heat"].data as Float32Array<ArrayBuffer>;
      wh = outputs["wh"].data as Float32Array<ArrayBuffer>;
    } finally {
      await session.release();
    }
  });

  test("scores and box sides at 400 cells are those TensorFlow.js computes", (t) => {
    const { heat: heatRun, wh: whRun } = recorded.exact;
    assert.equal(heatRun.samples.length + whRun.samples.length, 400);
    const [heatError, whError] = [worst(heat, heatRun), worst(wh, whRun)];
    t.diagnostic(`heat ${heatError.toExponential(1)} of 1, wh ${whError.toExponential(1)} px`);
    assert.ok(heatError < 1e-5, `heat differs by ${heatError}`);
    assert.ok(whError < 0.05, `wh differs by ${whError} px`);
    for (const [at, value] of heatRun.samples) {
      const difference = Math.abs(logit(heat[at] ?? Number.NaN) - logit(value));
      assert.ok(difference < 2e-3, `cell ${at}: ${heat[at]} instead of ${value}`);
    }
  });

  test("mean, spread and extremes over all cells are those TensorFlow.js computes", () => {
    for (const [found, run] of [
      [heat, recorded.exact.heat],
      [wh, recorded.exact.wh],
    ] as const) {
      const statistics = statisticsOf(found);
      for (const key of ["mean", "rms", "min", "max"] as const) {
        const difference = Math.abs(statistics[key] - run[key]);
        assert.ok(
          difference <= 1e-4 * Math.abs(run.max),
          `${key}: ${statistics[key]}, ${run[key]}`,
        );
      }
    }
  });

  test("the exact 1/6 moves the published network's scores and boxes only slightly", (t) => {
    const { heat: heatRun, wh: whRun } = recorded.published;
    const [heatError, whError] = [worst(heat, heatRun), worst(wh, whRun)];
    t.diagnostic(`heat ${heatError.toExponential(1)} of 1, wh ${whError.toExponential(1)} px`);
    assert.ok(heatError < 5e-3, `heat differs by ${heatError}`);
    assert.ok(whError < 0.06 * whRun.max, `wh differs by ${whError} px of ${whRun.max}`);
  });
});

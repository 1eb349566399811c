import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { Tensor } from "onnxruntime-node";
import { syntheticPicture } from "../../../test/fixtures/models/synthetic-picture.ts";
import { openSession } from "../onnx/session.ts";
import { CATALOGUE } from "./catalogue.ts";
import { readManifest } from "./manifest.ts";

interface RecordedOutput {
  readonly length: number;
  readonly rms: number;
  readonly samples: readonly (readonly [number, number])[];
}

interface Recorded {
  readonly model: string;
  /** The program that computed the values. */
  readonly by: string;
  readonly width: number;
  readonly height: number;
  readonly seed: number;
  readonly outputs: Readonly<Record<string, RecordedOutput>>;
}

const ROOT = resolve(import.meta.dirname, "../../..");
const FIXTURE = join(ROOT, "test/fixtures/models/faces.json");
const recorded = JSON.parse(readFileSync(FIXTURE, "utf8")) as readonly Recorded[];
const dir = process.env["VITRINE_MODELS_DIR"] ?? join(ROOT, "models");

/** Greatest differences allowed, in the output's own unit: logits, Px of the input, and numbers of a descriptor. */
const LIMITS: Readonly<Record<string, number>> = {
  score_16: 1e-3,
  score_32: 1e-3,
  box_16: 1e-3,
  box_32: 1e-3,
  embedding: 2e-5,
  output: 2e-5,
};

test("every face model of the catalogue has a recorded run", () => {
  const faces = CATALOGUE.models.map(({ entry }) => entry).filter(({ task }) => task !== "person");
  assert.deepEqual(
    recorded.map(({ model }) => model),
    faces.map(({ id }) => id),
  );
});

for (const run of recorded) {
  const isInstalled = existsSync(join(dir, `${run.model}.onnx`));
  const skip = isInstalled
    ? false
    : `${run.model} is not in ${dir}: vitrine models pull --profile face-accurate`;

  test(`${run.model} computes what ${run.by} computes`, { skip }, async (t) => {
    const manifest = await readManifest(dir);
    const entry = manifest?.models.find(({ id }) => id === run.model);
    const pinned = CATALOGUE.models.find((model) => model.entry.id === run.model)?.entry;
    assert.equal(entry?.sha256, pinned?.sha256, "the installed model is not the pinned one");
    const { width, height, seed, outputs } = run;
    const session = await openSession(readFileSync(join(dir, `${run.model}.onnx`)), 1);
    try {
      const pixels = syntheticPicture(width, height, seed);
      const input = new Tensor("uint8", pixels, [1, height, width, 3]);
      const found = await session.run({ input });
      assert.deepEqual(Object.keys(found).sort(), Object.keys(outputs).sort());
      for (const [name, { length, rms, samples }] of Object.entries(outputs)) {
        const values = found[name]?.data as Float32Array;
        assert.equal(values.length, length);
        assert.ok(rms > 0.01, "a run that computed nothing proves nothing");
        const worst = samples.reduce(
          (most, [at, value]) => Math.max(most, Math.abs((values[at] ?? Number.NaN) - value)),
          0,
        );
        t.diagnostic(`${name}: ${worst.toExponential(1)} (rms ${rms.toPrecision(2)})`);
        assert.ok(worst < (LIMITS[name] ?? 0), `${name} differs by ${worst}`);
      }
    } finally {
      await session.release();
    }
  });
}

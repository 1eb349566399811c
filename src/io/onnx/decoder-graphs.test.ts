import assert from "node:assert/strict";
import { test } from "node:test";
import { type FakeOutput, fakeDetectorGraph } from "../../../test/fakes/fake-detector-graph.ts";
import {
  detrBoxes,
  FAKE_HEADS,
  type FakeHead,
  HEAD_INPUT,
  PERSON_CLASS,
  SEEN_SCORE,
} from "../../../test/fakes/fake-heads.ts";
import { GatewayError } from "../../core/errors.ts";
import { createDetections, letterboxOf, type PictureFit } from "../../vision/ports.ts";
import type { ModelEntry } from "../models/manifest.ts";
import { detectorOf } from "./person-detector.ts";

const INPUT: ModelEntry["input"] = {
  name: "images",
  width: HEAD_INPUT.widthPx,
  height: HEAD_INPUT.heightPx,
  layout: "nchw",
  dtype: "float32",
  channels: "bgr",
  mean: [103.53, 116.28, 123.675],
  scale: [0.017429, 0.017507, 0.017125],
  resize: "letterbox",
  pad: 114,
};

function entryOf(head: Pick<FakeHead, "decoder" | "strides">, changes: Partial<ModelEntry> = {}) {
  const entry: ModelEntry = {
    id: "synthetic",
    task: "person",
    profile: "permissive",
    file: "synthetic.onnx",
    sha256: "0".repeat(64),
    license: "CC0",
    licenseUrl: "https://example.org/licence",
    source: "made for tests",
    input: INPUT,
    decoder: head.decoder,
    strides: head.strides,
    classIndex: PERSON_CLASS,
    score: 0.5,
    nms: 0.6,
    ...changes,
  };
  return entry;
}

/** What a detector finds in a picture of 256 x 256. */
async function found(
  entry: ModelEntry,
  bytes: Uint8Array,
): Promise<{ readonly boxes: number[][]; readonly refused: number }> {
  await using detector = await detectorOf(entry, bytes, 1);
  const letterbox = letterboxOf({ widthPx: 256, heightPx: 256 }, detector.input, detector.fit);
  const out = createDetections(16);
  await detector.detect(new Uint8Array(128 * 64 * 3).fill(90), letterbox, out);
  const boxes = Array.from({ length: out.count }, (_, i) =>
    [...out.xyxy.subarray(4 * i, 4 * i + 4), out.score[i] ?? 0].map(
      (value) => Math.round(value * 1000) / 1000,
    ),
  );
  return { boxes, refused: detector.refused };
}

/** Where the person of the fake heads stands in a picture of 256 x 256 for each way of fitting it in. */
const PLACES: Readonly<Record<PictureFit, readonly number[]>> = {
  letterbox: [0, 64, 96, 192, SEEN_SCORE],
  topleft: [96, 64, 224, 192, SEEN_SCORE],
  stretch: [48, 64, 112, 192, SEEN_SCORE],
};

const HEADS: readonly (readonly [string, FakeHead])[] = [
  ...Object.entries(FAKE_HEADS),
  ["detr with its last step", detrBoxes()],
];

for (const [name, head] of HEADS) {
  test(`${name}: the person comes out where it stands, however the picture was fitted in`, async () => {
    for (const resize of ["letterbox", "stretch", "topleft"] as const) {
      const entry = entryOf(head, { input: { ...INPUT, resize } });
      const { boxes, refused } = await found(entry, fakeDetectorGraph(INPUT, head.outputs));
      assert.deepEqual(boxes, [PLACES[resize]], resize);
      assert.equal(refused, 0);
    }
  });

  test(`${name}: outputs of nothing but NaN are counted and never become boxes`, async () => {
    const outputs = head.outputs.map((output) =>
      output.type === "int64"
        ? { ...output, values: Array.from(output.values, () => PERSON_CLASS) }
        : { ...output, values: Array.from(output.values, () => Number.NaN) },
    );
    const { boxes, refused } = await found(entryOf(head), fakeDetectorGraph(INPUT, outputs));
    assert.deepEqual(boxes, []);
    assert.ok(refused > 0);
  });

  test(`${name}: open batch axes are one picture; another open axis is refused`, async () => {
    const open = (axis: number): FakeOutput[] =>
      head.outputs.map((output) => ({ ...output, openAxis: axis }));
    const batch = fakeDetectorGraph(INPUT, open(0), { batch: "open" });
    assert.deepEqual((await found(entryOf(head), batch)).boxes, [PLACES.letterbox]);
    await assert.rejects(
      found(entryOf(head), fakeDetectorGraph(INPUT, open(1))),
      unsupported(/expected outputs .* found .*open/),
    );
  });
}

const unsupported =
  (...parts: readonly RegExp[]) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof GatewayError);
    assert.equal(error.code, "MODEL_UNSUPPORTED");
    for (const part of parts) assert.match(error.message, part);
    return true;
  };

test("every fixed input a manifest can describe is fed", async () => {
  const head = FAKE_HEADS.yolox;
  for (const layout of ["nchw", "nhwc"] as const) {
    for (const dtype of ["uint8", "float32"] as const) {
      for (const channels of ["rgb", "bgr"] as const) {
        const raw = { mean: [0, 0, 0], scale: [1, 1, 1] } as const;
        const input = { ...INPUT, layout, dtype, channels, ...raw };
        const { boxes } = await found(
          entryOf(head, { input }),
          fakeDetectorGraph(input, head.outputs),
        );
        assert.deepEqual(boxes, [PLACES.letterbox], `${layout} ${dtype} ${channels}`);
      }
    }
  }
});

test("outputs of other names are known by their shape, or by the names in the manifest", async () => {
  const head = FAKE_HEADS.picodet;
  const renamed = head.outputs.map((output, i) => ({ ...output, name: `transpose_${i}.tmp_0` }));
  const bytes = fakeDetectorGraph(INPUT, renamed);
  assert.deepEqual((await found(entryOf(head), bytes)).boxes, [PLACES.letterbox]);
  const outputs = Object.fromEntries(
    head.outputs.map(({ name }, i) => [name, `transpose_${i}.tmp_0`]),
  );
  assert.deepEqual((await found(entryOf(head, { outputs }), bytes)).boxes, [PLACES.letterbox]);
  const wrong = { ...outputs, cls_8: "transpose_1.tmp_0" };
  await assert.rejects(found(entryOf(head, { outputs: wrong }), bytes), unsupported(/cls_8/));
});

test("two outputs of one shape and of foreign names are not guessed at", async () => {
  const head = FAKE_HEADS.yolox;
  const [output] = head.outputs;
  assert.ok(output);
  const twins = [
    { ...output, name: "a" },
    { ...output, name: "b" },
  ];
  const bytes = fakeDetectorGraph(INPUT, twins);
  await assert.rejects(found(entryOf(head), bytes), unsupported(/found a float32 .* b float32/));
  const { boxes } = await found(entryOf(head, { outputs: { output: "b" } }), bytes);
  assert.deepEqual(boxes, [PLACES.letterbox]);
});

const yolo = FAKE_HEADS.yolox;

for (const c of [
  {
    name: "a model of another architecture",
    head: FAKE_HEADS["centernet-wh"],
    says: [
      /outputs output float32 \[1,168,classes\+5\] for yolox/,
      /found heat float32 \[1,3,16,32\]/,
    ],
  },
  {
    name: "rows of another number than the strides give",
    changes: { strides: [8, 16] },
    says: [/\[1,160,classes\+5\]/, /found output float32 \[1,168,8\]/],
  },
  { name: "a class the model does not know", changes: { classIndex: 3 }, says: [/classIndex/] },
  {
    name: "half-precision outputs",
    head: { ...yolo, outputs: yolo.outputs.map((o) => ({ ...o, type: "float16" as const })) },
    says: [/found output float16/],
  },
  {
    name: "an input of another size",
    changes: { input: { ...INPUT, width: 160 } },
    says: [/expected one input images float32 \[1,3,64,160\]/, /found images .*\[1,3,64,128\]/],
  },
  {
    name: "an input of another type",
    changes: { input: { ...INPUT, dtype: "uint8" as const, mean: ZEROS(), scale: ONES() } },
    says: [/images uint8/, /found images float32/],
  },
  {
    name: "a decoder that is not for people",
    changes: { decoder: "yunet" as const },
    says: [/yunet/],
  },
  {
    name: "a grey picture",
    changes: { input: { ...INPUT, channels: "gray" as const } },
    says: [/rgb or bgr/],
  },
  {
    name: "bytes that are to be scaled",
    changes: { input: { ...INPUT, dtype: "uint8" as const } },
    says: [/input\.mean/],
  },
] as const) {
  test(`${c.name} is refused, naming what was expected and what was found`, async () => {
    const outputs = "head" in c ? c.head.outputs : yolo.outputs;
    const entry = entryOf(yolo, "changes" in c ? c.changes : {});
    const bytes = fakeDetectorGraph(INPUT, outputs);
    await assert.rejects(found(entry, bytes), unsupported(...c.says));
  });
}

test("a second input nobody can fill is refused by its name", async () => {
  const bytes = fakeDetectorGraph(INPUT, yolo.outputs, { extraInput: ["im_shape", [1, 2]] });
  await assert.rejects(found(entryOf(yolo), bytes), unsupported(/im_shape float32 \[1,2\]/));
});

function ZEROS(): readonly [number, number, number] {
  return [0, 0, 0];
}

function ONES(): readonly [number, number, number] {
  return [1, 1, 1];
}

import type { PersonDecoderName } from "../../src/vision/decoder-registry.ts";
import type { FakeOutput } from "./fake-detector-graph.ts";

/** Size of the input all fake heads are made for. */
export const HEAD_INPUT = { widthPx: 128, heightPx: 64 };

/** The one person every fake head sees, [left, top, right, bottom] in Px of the input, with this score. */
export const SEEN_BOX = [24, 16, 56, 48] as const;
export const SEEN_SCORE = 0.75;

/** Number of classes of the fake heads and the person's place among them; a sure elephant stands before it. */
export const HEAD_CLASSES = 3;
export const PERSON_CLASS = 2;

/** A head that names what the manifest must say and the outputs of the graph. */
export interface FakeHead {
  readonly decoder: PersonDecoderName;
  readonly strides: readonly number[];
  readonly outputs: readonly FakeOutput[];
}

const logit = (score: number): number => Math.log(score / (1 - score));

/** Classes of one cell: an elephant at 0.9, nothing, a person. */
const CLASS_SCORES = [0.9, 0, SEEN_SCORE];

/** Bins of a distance in strides that may lie halfway between two bins. */
function bins(strides: number, count: number): number[] {
  return Array.from({ length: count }, (_, bin) => (Math.abs(bin - strides) < 1 ? 60 : -60));
}

function levels(strides: readonly number[]): readonly { stride: number; cells: number }[] {
  const { widthPx, heightPx } = HEAD_INPUT;
  return strides.map((stride) => ({
    stride,
    cells: Math.ceil(widthPx / stride) * Math.ceil(heightPx / stride),
  }));
}

/** Values of `rows` rows of equal length with one row written. */
function oneRow(rows: number, at: number, row: readonly number[], fill = 0): Float32Array {
  const values = new Float32Array(rows * row.length).fill(fill);
  values.set(row, at * row.length);
  return values;
}

/** The same as planes: all first numbers, then all second numbers. */
function onePlaneCell(cells: number, at: number, row: readonly number[], fill = 0): Float32Array {
  const values = new Float32Array(cells * row.length).fill(fill);
  for (const [plane, value] of row.entries()) values[plane * cells + at] = value;
  return values;
}

function centerNet(): FakeHead {
  const dims = [16, 32];
  const cell = 8 * 32 + 10;
  return {
    decoder: "centernet-wh",
    strides: [4],
    outputs: [
      {
        name: "heat",
        dims: [1, HEAD_CLASSES, ...dims],
        values: onePlaneCell(512, cell, CLASS_SCORES),
      },
      { name: "wh", dims: [1, 4, ...dims], values: onePlaneCell(512, cell, [16, 16, 16, 16]) },
    ],
  };
}

/** Cell (4, 3) of stride 8 with its centre at (36, 28). */
const HALF_CELL = 3 * 16 + 4;
const HALF_DISTANCES = [1.5, 1.5, 2.5, 2.5];
/** Cell (5, 4) of stride 8 with its corner at (40, 32). */
const CORNER_CELL = 4 * 16 + 5;

function nanoDet(): FakeHead {
  const strides = [8, 16, 32];
  return {
    decoder: "nanodet-gfl",
    strides,
    outputs: levels(strides).flatMap(({ stride, cells }) => [
      {
        name: `cls_${stride}`,
        dims: [1, HEAD_CLASSES, cells],
        values:
          stride === 8
            ? onePlaneCell(cells, HALF_CELL, CLASS_SCORES)
            : new Float32Array(cells * HEAD_CLASSES),
      },
      {
        name: `reg_${stride}`,
        dims: [1, 44, cells],
        values:
          stride === 8
            ? onePlaneCell(
                cells,
                HALF_CELL,
                HALF_DISTANCES.flatMap((d) => bins(d, 11)),
              )
            : new Float32Array(cells * 44),
      },
    ]),
  };
}

function picoDet(): FakeHead {
  const strides = [8, 16, 32, 64];
  return {
    decoder: "picodet",
    strides,
    outputs: levels(strides).flatMap(({ stride, cells }) => [
      {
        name: `cls_${stride}`,
        dims: [1, cells, HEAD_CLASSES],
        values:
          stride === 8
            ? oneRow(cells, HALF_CELL, CLASS_SCORES)
            : new Float32Array(cells * HEAD_CLASSES),
      },
      {
        name: `reg_${stride}`,
        dims: [1, cells, 32],
        values:
          stride === 8
            ? oneRow(
                cells,
                HALF_CELL,
                HALF_DISTANCES.flatMap((d) => bins(d, 8)),
              )
            : new Float32Array(cells * 32),
      },
    ]),
  };
}

function nanoDetPlus(): FakeHead {
  const strides = [8, 16, 32, 64];
  const cells = levels(strides).reduce((sum, level) => sum + level.cells, 0);
  const row = [...CLASS_SCORES, ...[2, 2, 2, 2].flatMap((d) => bins(d, 8))];
  return {
    decoder: "nanodet-plus",
    strides,
    outputs: [
      { name: "output", dims: [1, cells, row.length], values: oneRow(cells, CORNER_CELL, row) },
    ],
  };
}

function yolox(): FakeHead {
  const strides = [8, 16, 32];
  const cells = levels(strides).reduce((sum, level) => sum + level.cells, 0);
  const row = [0, 0, Math.log(4), Math.log(4), 1, ...CLASS_SCORES];
  return {
    decoder: "yolox",
    strides,
    outputs: [
      { name: "output", dims: [1, cells, row.length], values: oneRow(cells, CORNER_CELL, row) },
    ],
  };
}

const QUERIES = 20;
const SHARES = [40 / 128, 32 / 64, 32 / 128, 32 / 64];

function detrQueries(): FakeHead {
  const logits = [9, -9, logit(SEEN_SCORE)];
  return {
    decoder: "detr",
    strides: [8, 16, 32],
    outputs: [
      {
        name: "logits",
        dims: [1, QUERIES, HEAD_CLASSES],
        values: oneRow(QUERIES, 7, logits, -9),
      },
      { name: "pred_boxes", dims: [1, QUERIES, 4], values: oneRow(QUERIES, 7, SHARES) },
    ],
  };
}

/** Finished boxes, told in the size that was given. */
export function detrBoxes(): FakeHead {
  const corners = [24 / 128, 16 / 64, 56 / 128, 48 / 64];
  const scores = new Float32Array(QUERIES).fill(0.9);
  scores[7] = SEEN_SCORE;
  const labels = new Float32Array(QUERIES);
  labels[7] = PERSON_CLASS;
  return {
    decoder: "detr",
    strides: [8, 16, 32],
    outputs: [
      { name: "labels", dims: [1, QUERIES], values: labels, type: "int64" },
      {
        name: "boxes",
        dims: [1, QUERIES, 4],
        values: oneRow(QUERIES, 7, corners),
        isScaled: true,
      },
      { name: "scores", dims: [1, QUERIES], values: scores },
    ],
  };
}

function rtmDet(): FakeHead {
  const strides = [8, 16, 32];
  const logits = [9, -9, logit(SEEN_SCORE)];
  return {
    decoder: "rtmdet",
    strides,
    outputs: levels(strides).flatMap(({ stride, cells }) => {
      const grid = [HEAD_INPUT.heightPx / stride, HEAD_INPUT.widthPx / stride];
      return [
        {
          name: `cls_${stride}`,
          dims: [1, HEAD_CLASSES, ...grid],
          values:
            stride === 8
              ? onePlaneCell(cells, CORNER_CELL, logits, -9)
              : new Float32Array(cells * HEAD_CLASSES).fill(-9),
        },
        {
          name: `reg_${stride}`,
          dims: [1, 4, ...grid],
          values:
            stride === 8
              ? onePlaneCell(cells, CORNER_CELL, [16, 16, 16, 16])
              : new Float32Array(cells * 4),
        },
      ];
    }),
  };
}

/** One fake head per decoder, all seeing the same person. */
export const FAKE_HEADS: Readonly<Record<PersonDecoderName, FakeHead>> = {
  "centernet-wh": centerNet(),
  "nanodet-gfl": nanoDet(),
  "nanodet-plus": nanoDetPlus(),
  picodet: picoDet(),
  yolox: yolox(),
  detr: detrQueries(),
  rtmdet: rtmDet(),
};

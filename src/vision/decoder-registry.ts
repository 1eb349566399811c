import { type BoxDecoder, cellsOf, type DecoderOptions, levelsOf } from "./box-decoder.ts";
import { createCenterNetDecoder } from "./decode-centernet.ts";
import { createDetrBoxDecoder, createDetrQueryDecoder } from "./decode-detr.ts";
import { createGflDecoder } from "./decode-gfl.ts";
import { createRtmDetDecoder } from "./decode-rtmdet.ts";
import { createYoloxDecoder, YOLOX_BOX_NUMBERS } from "./decode-yolox.ts";

/** Names a manifest may give as the decoder of a person model. */
export const PERSON_DECODER_NAMES = [
  "centernet-wh",
  "nanodet-gfl",
  "nanodet-plus",
  "picodet",
  "yolox",
  "detr",
  "rtmdet",
] as const;

export type PersonDecoderName = (typeof PERSON_DECODER_NAMES)[number];

/** Sizes the file decides: how many classes it knows, how many queries it answers. */
export type FreeSize = "classes" | "queries";

/** Size along an axis of an output: fixed by the input, or a free size plus a fixed number. */
export type AxisSize = number | { readonly free: FreeSize; readonly plus: number };

/** One output a decoder reads. */
export interface ExpectedOutput {
  /** What it says; also its usual name in the graph. */
  readonly role: string;
  readonly type: "float32" | "int64";
  readonly shape: readonly AxisSize[];
}

/** The outputs of a graph, laid out as the variant expects. The arrays stay the same from frame to frame. */
export interface BoundOutputs {
  /** @throws TypeError for a role the variant does not have (a bug) */
  floats(role: string): Float32Array;
  /** @throws TypeError for a role the variant does not have (a bug) */
  labels(role: string): BigInt64Array;
  size(free: FreeSize): number;
}

/** One way in which networks of a family are exported. */
export interface DecoderVariant {
  readonly outputs: readonly ExpectedOutput[];
  create(bound: BoundOutputs): BoxDecoder;
}

const CLASSES = { free: "classes", plus: 0 } as const;
const QUERIES = { free: "queries", plus: 0 } as const;
/** Bins of one side of a distance distribution: reg_max + 1. */
const NANODET_BINS = 11;
const GFL_BINS = 8;

function floats(role: string, ...shape: readonly AxisSize[]): ExpectedOutput {
  return { role, type: "float32", shape };
}

/**
 * The table of decoders: which outputs each expects of a network of this input size and these strides, and how its
 * decoder is made. Several variants of one name are tried in order.
 */
export const PERSON_DECODERS: Readonly<
  Record<PersonDecoderName, (options: DecoderOptions) => readonly DecoderVariant[]>
> = {
  "centernet-wh": (options) => {
    const [level] = levelsOf(options.input, options.strides);
    const { rows, columns } = level ?? { rows: 0, columns: 0 };
    return [
      {
        outputs: [floats("heat", 1, CLASSES, rows, columns), floats("wh", 1, 4, rows, columns)],
        create: (bound) =>
          createCenterNetDecoder(options, { heat: bound.floats("heat"), wh: bound.floats("wh") }),
      },
    ];
  },

  // Planes: all cells of a class, then all cells of the next.
  "nanodet-gfl": (options) => {
    const levels = levelsOf(options.input, options.strides);
    return [
      {
        outputs: levels.flatMap(({ stride, cells }) => [
          floats(`cls_${stride}`, 1, CLASSES, cells),
          floats(`reg_${stride}`, 1, 4 * NANODET_BINS, cells),
        ]),
        create: (bound) =>
          createGflDecoder(options, {
            bins: NANODET_BINS,
            centre: 0.5,
            levels: levels.map(({ stride, cells }) => ({
              score: {
                values: bound.floats(`cls_${stride}`),
                at: options.classIndex * cells,
                cellStep: 1,
              },
              distance: {
                values: bound.floats(`reg_${stride}`),
                at: 0,
                cellStep: 1,
                binStep: cells,
              },
            })),
          }),
      },
    ];
  },

  // One row per cell: its classes, then its bins.
  "nanodet-plus": (options) => {
    const levels = levelsOf(options.input, options.strides);
    const row = { free: "classes", plus: 4 * GFL_BINS } as const;
    return [
      {
        outputs: [floats("output", 1, cellsOf(levels), row)],
        create: (bound) => {
          const values = bound.floats("output");
          const classes = bound.size("classes");
          const cellStep = classes + 4 * GFL_BINS;
          return createGflDecoder(options, {
            bins: GFL_BINS,
            centre: 0,
            levels: levels.map(({ first }) => ({
              score: { values, at: first * cellStep + options.classIndex, cellStep },
              distance: { values, at: first * cellStep + classes, cellStep, binStep: 1 },
            })),
          });
        },
      },
    ];
  },

  picodet: (options) => {
    const levels = levelsOf(options.input, options.strides);
    return [
      {
        outputs: levels.flatMap(({ stride, cells }) => [
          floats(`cls_${stride}`, 1, cells, CLASSES),
          floats(`reg_${stride}`, 1, cells, 4 * GFL_BINS),
        ]),
        create: (bound) =>
          createGflDecoder(options, {
            bins: GFL_BINS,
            centre: 0.5,
            levels: levels.map(({ stride }) => ({
              score: {
                values: bound.floats(`cls_${stride}`),
                at: options.classIndex,
                cellStep: bound.size("classes"),
              },
              distance: {
                values: bound.floats(`reg_${stride}`),
                at: 0,
                cellStep: 4 * GFL_BINS,
                binStep: 1,
              },
            })),
          }),
      },
    ];
  },

  yolox: (options) => {
    const row = { free: "classes", plus: YOLOX_BOX_NUMBERS } as const;
    return [
      {
        outputs: [floats("output", 1, cellsOf(levelsOf(options.input, options.strides)), row)],
        create: (bound) =>
          createYoloxDecoder(options, {
            rows: bound.floats("output"),
            classes: bound.size("classes"),
          }),
      },
    ];
  },

  detr: (options) => [
    {
      outputs: [floats("logits", 1, QUERIES, CLASSES), floats("pred_boxes", 1, QUERIES, 4)],
      create: (bound) =>
        createDetrQueryDecoder(options, {
          logits: bound.floats("logits"),
          boxes: bound.floats("pred_boxes"),
          queries: bound.size("queries"),
          classes: bound.size("classes"),
        }),
    },
    {
      outputs: [
        { role: "labels", type: "int64", shape: [1, QUERIES] },
        floats("boxes", 1, QUERIES, 4),
        floats("scores", 1, QUERIES),
      ],
      create: (bound) =>
        createDetrBoxDecoder(options, {
          labels: bound.labels("labels"),
          boxes: bound.floats("boxes"),
          scores: bound.floats("scores"),
          queries: bound.size("queries"),
        }),
    },
  ],

  rtmdet: (options) => {
    const levels = levelsOf(options.input, options.strides);
    return [
      {
        outputs: levels.flatMap(({ stride, rows, columns }) => [
          floats(`cls_${stride}`, 1, CLASSES, rows, columns),
          floats(`reg_${stride}`, 1, 4, rows, columns),
        ]),
        create: (bound) =>
          createRtmDetDecoder(
            options,
            levels.map(({ stride }) => ({
              logits: bound.floats(`cls_${stride}`),
              distances: bound.floats(`reg_${stride}`),
            })),
          ),
      },
    ];
  },
};

/** Whether a decoder of the manifest is one for people. Pure. */
export function isPersonDecoder(name: string): name is PersonDecoderName {
  return (PERSON_DECODER_NAMES as readonly string[]).includes(name);
}

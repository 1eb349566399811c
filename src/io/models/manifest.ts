import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { describeFaults, GatewayError } from "../../core/errors.ts";
import { faultsOf } from "../../core/input-faults.ts";
import type { PictureFit, PictureSize } from "../../vision/ports.ts";
import { writeWhole } from "./file-hash.ts";

/** Name of the manifest in the folder of the models. */
export const MANIFEST_FILE = "manifest.json";

/** Below this width a centre-point network loses people; it is then only a last resort. */
const USUAL_CENTERNET_WIDTH_PX = 512;

const threeNumbers = z.tuple([z.number(), z.number(), z.number()]).readonly();

const inputObject = z.strictObject({
  /** Name of the graph's input. */
  name: z.string().min(1),
  /** Width in pixels, a multiple of 32. */
  width: z.int().positive().multipleOf(32),
  /** Height in pixels, a multiple of 32. */
  height: z.int().positive().multipleOf(32),
  layout: z.literal(["nhwc", "nchw"]),
  dtype: z.literal(["uint8", "float32"]),
  channels: z.literal(["rgb", "bgr", "gray"]),
  /** Subtracted from the pixel outside the graph, in the order of `channels`; zeros when the graph does it itself. */
  mean: threeNumbers,
  /** Factor after the mean outside the graph; ones when the graph does it itself. */
  scale: threeNumbers,
  resize: z.literal(["letterbox", "stretch", "topleft"]),
  /** Value 0..255 of the pixels beside a letterboxed picture. */
  pad: z.int().min(0).max(255),
});

/** What every installed network says of itself. */
const anyModel = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "small letters, digits and dashes"),
  // A bare name: the manifest must not reach outside its folder.
  file: z.string().regex(/^[\w-][\w.-]*\.onnx$/, "a bare file name ending in .onnx"),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits"),
  license: z.string().min(1),
  licenseUrl: z.string().min(1),
  source: z.string().min(1),
});

const entrySchema = anyModel
  .extend({
    task: z.literal(["person", "face-detect"]),
    profile: z.literal(["default", "permissive", "face"]),
    input: inputObject.readonly(),
    decoder: z.literal([
      "centernet-wh",
      "nanodet-gfl",
      "nanodet-plus",
      "yolox",
      "detr",
      "rtmdet",
      "picodet",
      "blazeface",
      "rfb",
      "yunet",
    ]),
    strides: z.array(z.int().positive()).min(1).readonly(),
    /** Names of outputs in the graph by what the decoder calls them, where the exporter named them otherwise. */
    outputs: z.record(z.string(), z.string().min(1)).readonly().exactOptional(),
    /** Index of the wanted class in the outputs; 0 when the graph keeps one class only. */
    classIndex: z.int().min(0),
    /** Operating score 0..1. */
    score: z.number().gt(0).lt(1),
    /** Overlap 0..1 above which the weaker of two boxes is dropped; 1 keeps all. */
    nms: z.number().gt(0).max(1),
    /** For a model quantised here: what it was made of, and how far it agreed with it. */
    quantized: z
      .strictObject({
        /** Id of the float model. */
        from: z.string().min(1),
        /** What the calibration frames were of. */
        calibration: z.string().min(1),
        /** Share of the float model's boxes it found too. */
        matchedRatio: z.number().min(0).max(1),
        /** 1 minus the relative difference of the counts per frame. */
        countRatio: z.number().min(0).max(1),
      })
      .readonly()
      .exactOptional(),
  })
  .readonly();

/** A face cut out and aligned: square, of whatever side the network was trained with. */
const chipInput = inputObject
  .extend({ width: z.int().positive(), height: z.int().positive() })
  .refine(({ width, height }) => width === height, "a square input")
  .readonly();

const embedderSchema = anyModel
  .extend({
    task: z.literal("face-embed"),
    profile: z.literal(["face", "face-accurate"]),
    input: chipInput,
    embed: z
      .strictObject({
        /** Name of the graph's output. */
        output: z.string().min(1),
        /** How many numbers describe a face. */
        dim: z.int().positive(),
        /** How two faces are compared; the distance and the likeness belonging to it are in the model's own unit. */
        metric: z.literal(["euclid", "cosine"]),
        /** Where eyes, nose and mouth lie in the input. */
        template: z.literal(["dlib150", "arc112"]),
      })
      .readonly(),
  })
  .readonly();

const livenessSchema = anyModel
  .extend({
    task: z.literal("liveness"),
    profile: z.literal("face-accurate"),
    input: chipInput,
    live: z
      .strictObject({
        output: z.string().min(1),
        /** Number of classes, and which of them is a living face. */
        classes: z.int().min(2),
        classIndex: z.int().min(0),
        /** Side of the crop over the side of the face's box. */
        cropRatio: z.number().positive(),
      })
      .readonly(),
  })
  .readonly();

const modelSchema = z.discriminatedUnion("task", [entrySchema, embedderSchema, livenessSchema]);

const manifestSchema = z
  .strictObject({ v: z.literal(1), models: z.array(modelSchema).readonly() })
  .readonly()
  .superRefine((manifest, context) => {
    manifest.models.forEach((model, index) => {
      const first = manifest.models.findIndex(({ id }) => id === model.id);
      if (first === index) return;
      context.addIssue({
        code: "custom",
        path: ["models", index, "id"],
        message: "an id of its own",
      });
    });
  });

/**
 * One installed network that finds things in a picture: where it lies, what may be done with it and how to feed and
 * read it.
 */
export type ModelEntry = z.infer<typeof entrySchema>;

/** An installed network that turns an aligned face into numbers. */
export type EmbedderEntry = z.infer<typeof embedderSchema>;

/** An installed network that tells how much a face looks like a living one. */
export type LivenessEntry = z.infer<typeof livenessSchema>;

/** Any installed network. */
export type InstalledModel = z.infer<typeof modelSchema>;

/** How a model wants the picture put into its input, and the value 0..255 of the pixels beside it. Pure. */
export function fitOf(entry: ModelEntry): { readonly resize: PictureFit; readonly pad: number } {
  return { resize: entry.input.resize, pad: entry.input.pad };
}

/** What a models folder holds; sizes in pixels, scores and overlaps as ratios. */
export type ModelManifest = z.infer<typeof manifestSchema>;

/** Licence wishes of a camera: everything, or only networks under a permissive licence. */
export type ModelProfile = "default" | "permissive";

/** What can be pulled: the networks of cameras, or those for opted-in faces, which nothing pulls unasked. */
export type PullProfile = ModelProfile | "face" | "face-accurate";

/** Whether a network finds people. Pure. */
export function isPersonModel(model: InstalledModel): model is ModelEntry {
  return model.task === "person";
}

/**
 * Reads the manifest of a models folder; null when there is none.
 * @throws MODEL_UNSUPPORTED naming every fault when the manifest is malformed
 */
export async function readManifest(dir: string): Promise<ModelManifest | null> {
  const text = await readFile(join(dir, MANIFEST_FILE), "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    const message = `The model manifest in ${dir} cannot be read`;
    throw new GatewayError("MODEL_UNSUPPORTED", message, { cause: error });
  });
  return text === null ? null : parseManifest(text, join(dir, MANIFEST_FILE));
}

/** Puts a manifest in place, whole or not at all, its models by id. */
export async function saveManifest(dir: string, models: readonly InstalledModel[]): Promise<void> {
  const manifest: ModelManifest = {
    v: 1,
    models: models.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  };
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  await writeWhole(join(dir, MANIFEST_FILE), new TextEncoder().encode(text));
}

/**
 * Reads a manifest from its text; `name` is what faults call it. Pure.
 * @throws MODEL_UNSUPPORTED naming every fault
 */
export function parseManifest(text: string, name: string): ModelManifest {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new GatewayError("MODEL_UNSUPPORTED", `${name} is not JSON`, { cause: error });
  }
  const parsed = manifestSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const faults = faultsOf(parsed.error.issues, document);
  throw new GatewayError("MODEL_UNSUPPORTED", `${name} is refused:\n${describeFaults(faults)}`, {
    context: { faults },
  });
}

/**
 * The person model whose input is closest in aspect ratio to the picture; null when none fits the profile. The
 * small 416-wide centre-point network is taken only when no larger one is installed. The default profile may fall
 * back to permissive models, never the other way round. Ties go to the larger input, then to the int8 form, which
 * somebody made on purpose and which was compared, then to the first id. Pure.
 */
export function choosePersonModel(
  manifest: ModelManifest,
  source: PictureSize,
  profile: ModelProfile,
): ModelEntry | null {
  const people = manifest.models.filter(isPersonModel);
  const own = people.filter((model) => model.profile === profile);
  const choice = own.length > 0 || profile === "permissive" ? own : people;
  const rank = (model: ModelEntry): readonly number[] => [
    model.decoder === "centernet-wh" && model.input.width < USUAL_CENTERNET_WIDTH_PX ? 1 : 0,
    ratioDistance(model, source),
    -model.input.width * model.input.height,
    model.quantized === undefined ? 1 : 0,
  ];
  const ordered = choice
    .map((model) => ({ model, rank: rank(model) }))
    .sort((a, b) => compareRanks(a.rank, b.rank) || (a.model.id < b.model.id ? -1 : 1));
  return ordered[0]?.model ?? null;
}

/** Distance of two aspect ratios as factors, so that too wide and too narrow count alike. */
function ratioDistance(model: ModelEntry, source: PictureSize): number {
  const wanted = source.widthPx / source.heightPx;
  return Math.abs(Math.log(model.input.width / model.input.height / wanted));
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

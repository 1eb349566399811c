import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { GatewayError } from "../../../core/errors.ts";
import { writeWhole } from "../file-hash.ts";
import {
  isPersonModel,
  type ModelEntry,
  type ModelManifest,
  readManifest,
  saveManifest,
} from "../manifest.ts";
import { stateOf } from "../verify.ts";
import { type Agreement, compareForms } from "./agreement.ts";
import { assertQuantizable, byteValues, quantizeGraph } from "./quantize-graph.ts";
import { measureRanges } from "./ranges.ts";

/**
 * What an int8 model must reach to be installed. NanoDet reaches 0.97 to 1 and 0.96 to 1 in its three sizes on street
 * and shop footage, whichever of them it was calibrated with; CenterNet on the street 0.77 to 0.95 and 0.78 to 0.95.
 */
export const AGREEMENT_BOUNDS = {
  /** People in the frames of the comparison, so that the shares mean something. */
  floatBoxes: 20,
  matchedRatio: 0.97,
  countRatio: 0.95,
} as const;

/** Frames needed at least: half of them calibrate, the other half compare. */
export const FRAME_LIMITS = { least: 8, most: 64 } as const;

export interface QuantizeOptions {
  readonly dir: string;
  /** Id of the installed float model. */
  readonly id: string;
  /** Frames as the model wants them; asked for when the model is known. */
  readonly framesFor: (entry: ModelEntry) => Promise<readonly Uint8Array[]>;
  /** What the frames are of, for the manifest. */
  readonly calibration: string;
  readonly threads: number;
  readonly signal: AbortSignal;
  /** Share of the calibration done, 0..1. */
  readonly onProgress: (share: number) => void;
}

export interface QuantizeResult {
  readonly id: string;
  readonly file: string;
  readonly sha256: string;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly agreement: Agreement;
}

/**
 * Makes the int8 form of an installed model, compares it with the float one on frames it was not calibrated with, and
 * installs it beside it as `<id>-int8`. Equal models and frames give an equal file.
 * @throws MODEL_MISSING when there is no such model, MODEL_HASH_MISMATCH when its file is another one,
 * MODEL_UNSUPPORTED when it cannot be quantised or the int8 form agrees too little: nothing is installed then
 */
export async function quantizeModel(options: QuantizeOptions): Promise<QuantizeResult> {
  const { dir, id, signal } = options;
  const manifest = await readManifest(dir);
  const entry = await sourceEntry(dir, id, manifest);
  const float = await readFile(join(dir, entry.file));
  assertQuantizable(float);
  const frames = await options.framesFor(entry);
  if (frames.length < FRAME_LIMITS.least) {
    const message = `expected at least ${FRAME_LIMITS.least} frames, found ${frames.length}`;
    throw new GatewayError("INPUT_INVALID", message);
  }
  signal.throwIfAborted();
  const calibrating = frames.filter((_, i) => i % 2 === 0);
  const comparing = frames.filter((_, i) => i % 2 === 1);
  const names = byteValues(float);
  const ranges = await measureRanges(entry, float, names, calibrating, (share) => {
    signal.throwIfAborted();
    options.onProgress(share);
  });
  const int8 = quantizeGraph(float, ranges);
  const agreement = await compareForms(entry, float, int8, comparing, options.threads);
  assertAgrees(id, agreement);
  const made = entryOf(entry, int8, options.calibration, agreement);
  await writeWhole(join(dir, made.file), int8);
  const others = (manifest?.models ?? []).filter((model) => model.id !== made.id);
  await saveManifest(dir, [...others, made]);
  const { file, sha256 } = made;
  const sizes = { bytesBefore: float.length, bytesAfter: int8.length };
  return { id: made.id, file, sha256, ...sizes, agreement };
}

async function sourceEntry(
  dir: string,
  id: string,
  manifest: ModelManifest | null,
): Promise<ModelEntry> {
  const entry = manifest?.models.filter(isPersonModel).find((model) => model.id === id);
  if (entry === undefined) {
    const known = (manifest?.models ?? []).map((model) => model.id).join(", ");
    const message = `No person model ${id} in ${dir}; installed: ${known === "" ? "none" : known}`;
    throw new GatewayError("MODEL_MISSING", message);
  }
  if (entry.quantized !== undefined) {
    throw new GatewayError("MODEL_UNSUPPORTED", `${id} is int8 already`);
  }
  const state = await stateOf(dir, entry);
  if (state === "ok") return entry;
  const code = state === "missing" ? "MODEL_MISSING" : "MODEL_HASH_MISMATCH";
  throw new GatewayError(code, `The file of ${id} is ${state}`);
}

function assertAgrees(id: string, { floatBoxes, matchedRatio, countRatio }: Agreement): void {
  const found = { floatBoxes, matchedRatio, countRatio };
  const low = Object.entries(AGREEMENT_BOUNDS).filter(
    ([name, least]) => found[name as keyof typeof found] < least,
  );
  if (low.length === 0) return;
  const words = low.map(([name, least]) => {
    const value = found[name as keyof typeof found];
    return `${name} of at least ${least}, found ${Math.floor(value * 1000) / 1000}`;
  });
  const message = `The int8 form of ${id} is not installed: expected ${words.join(" and ")}`;
  throw new GatewayError("MODEL_UNSUPPORTED", message, { context: found });
}

function entryOf(
  entry: ModelEntry,
  int8: Uint8Array,
  calibration: string,
  { matchedRatio, countRatio }: Agreement,
): ModelEntry {
  const id = `${entry.id}-int8`;
  const rounded = (ratio: number): number => Math.round(ratio * 1000) / 1000;
  return {
    ...entry,
    id,
    file: `${id}.onnx`,
    sha256: createHash("sha256").update(int8).digest("hex"),
    quantized: {
      from: entry.id,
      calibration,
      matchedRatio: rounded(matchedRatio),
      countRatio: rounded(countRatio),
    },
  };
}

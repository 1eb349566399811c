import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type InferenceSession, Tensor } from "onnxruntime-node";
import { GatewayError } from "../../core/errors.ts";
import { createCenterNetDecoder } from "../../vision/decode-centernet.ts";
import { createNanoDetDecoder } from "../../vision/decode-nanodet.ts";
import type { Detections, Letterbox, PersonDetector, PictureSize } from "../../vision/ports.ts";
import type { ModelEntry } from "../models/manifest.ts";
import { openSession } from "./session.ts";

/** A detector that holds a session; dispose it to free the network. */
export type OnnxPersonDetector = PersonDetector & AsyncDisposable;

/** Writes the boxes found in the outputs, which stay where they are from frame to frame, into `out`. */
type Decode = (letterbox: Letterbox, out: Detections) => void;

type Outputs = Readonly<Record<string, Tensor>>;

/**
 * Loads a person detector. The file is hashed before it is given to the engine; input and output tensors are
 * allocated once and reused, so one detector serves one frame at a time.
 * @throws MODEL_MISSING when the file is not there, MODEL_HASH_MISMATCH when it is another one, MODEL_UNSUPPORTED
 * when the engine refuses it or its inputs and outputs do not fit the decoder.
 */
export async function createPersonDetector(
  entry: ModelEntry,
  dir: string,
  threads: number,
): Promise<OnnxPersonDetector> {
  const bytes = await verifiedBytes(entry, join(dir, entry.file));
  const session = await openSession(bytes, threads).catch((error: unknown) => {
    throw new GatewayError("MODEL_UNSUPPORTED", `The engine refuses model ${entry.id}`, {
      cause: error,
    });
  });
  const input: PictureSize = { widthPx: entry.input.width, heightPx: entry.input.height };
  const shape = [1, input.heightPx, input.widthPx, 3];
  checkInput(session, entry, shape);
  const outputs = allocateOutputs(session, entry);
  const decode = decoderOf(entry, input, outputs);
  const pixels = new Uint8Array(input.widthPx * input.heightPx * 3);
  const feeds = { [entry.input.name]: new Tensor("uint8", pixels, shape) };
  return {
    input,
    async detect(rgb24, letterbox, out): Promise<void> {
      pixels.set(rgb24);
      await session.run(feeds, outputs);
      decode(letterbox, out);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await session.release();
    },
  };
}

async function verifiedBytes(entry: ModelEntry, path: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new GatewayError("MODEL_MISSING", `Model file ${entry.file} cannot be read`, {
      cause: error,
    });
  }
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found === entry.sha256) return bytes;
  throw new GatewayError("MODEL_HASH_MISMATCH", `Model file ${entry.file} is not the pinned one`, {
    context: { expected: entry.sha256, found },
  });
}

function checkInput(session: InferenceSession, entry: ModelEntry, shape: readonly number[]): void {
  const found = session.inputMetadata.find((port) => port.name === entry.input.name);
  const isFit = found?.isTensor === true && found.type === "uint8" && sameShape(found.shape, shape);
  if (!isFit) unfit(entry, `input ${entry.input.name} uint8 [${shape.join(",")}]`);
}

function sameShape(found: readonly (number | string)[], wanted: readonly number[]): boolean {
  return found.length === wanted.length && found.every((size, axis) => size === wanted[axis]);
}

/** One float32 tensor per output, into which the engine writes at every run. */
function allocateOutputs(session: InferenceSession, entry: ModelEntry): Outputs {
  const outputs: Record<string, Tensor> = {};
  for (const port of session.outputMetadata) {
    if (!port.isTensor || port.type !== "float32") return unfit(entry, "float32 outputs");
    const dims = port.shape.map((size) => (typeof size === "number" ? size : 0));
    const length = dims.reduce((product, size) => product * size, 1);
    if (length === 0) return unfit(entry, `a fixed shape of output ${port.name}`);
    outputs[port.name] = new Tensor("float32", new Float32Array(length), dims);
  }
  return outputs;
}

function decoderOf(entry: ModelEntry, input: PictureSize, outputs: Outputs): Decode {
  const options = { input, nmsIou: entry.nms };
  const cells = (input.widthPx * input.heightPx) / 16;
  switch (entry.decoder) {
    case "centernet-wh": {
      const decoder = createCenterNetDecoder(options);
      const heat = outputOf(entry, outputs, "heat", cells);
      const wh = outputOf(entry, outputs, "wh", cells * 4);
      return (letterbox, out) => decoder.decode(heat, wh, letterbox, out);
    }
    case "nanodet-gfl": {
      const decoder = createNanoDetDecoder(options);
      const strides = [8, 16, 32];
      const at = (stride: number): number => (input.widthPx / stride) * (input.heightPx / stride);
      const cls = strides.map((s) => outputOf(entry, outputs, `cls_${s}`, at(s)));
      const reg = strides.map((s) => outputOf(entry, outputs, `reg_${s}`, at(s) * 44));
      return (letterbox, out) => decoder.decode(cls, reg, letterbox, out);
    }
    default:
      return unfit(entry, "a decoder for people");
  }
}

function outputOf(entry: ModelEntry, outputs: Outputs, name: string, length: number): Float32Array {
  const values = outputs[name]?.data;
  if (values instanceof Float32Array && values.length === length) return values;
  return unfit(entry, `output ${name} of ${length} values`);
}

function unfit(entry: ModelEntry, expected: string): never {
  throw new GatewayError("MODEL_UNSUPPORTED", `Model ${entry.id} lacks ${expected}`);
}

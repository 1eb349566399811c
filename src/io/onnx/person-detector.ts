import { type InferenceSession, Tensor } from "onnxruntime-node";
import { GatewayError } from "../../core/errors.ts";
import type { BoxDecoder, DecoderOptions } from "../../vision/box-decoder.ts";
import {
  type DecoderVariant,
  isPersonDecoder,
  PERSON_DECODER_NAMES,
  PERSON_DECODERS,
} from "../../vision/decoder-registry.ts";
import type { PersonDetector, PictureSize } from "../../vision/ports.ts";
import type { ModelEntry } from "../models/manifest.ts";
import { type Binding, bindOutputs } from "./bind-outputs.ts";
import { describePort, type GraphPort, portsOf } from "./model-ports.ts";
import { createPictureTensor, pictureShape, refusedPreparation } from "./picture-tensor.ts";
import { openSession } from "./session.ts";
import { verifiedBytes } from "./verified-bytes.ts";

/** A detector that holds a session; dispose it to free the network. */
export type OnnxPersonDetector = PersonDetector & AsyncDisposable;

/** Second input of D-FINE and RT-DETR graphs with their last step: the size boxes are told in, int64 [1,2] as w, h. */
const SIZE_INPUT = "orig_target_sizes";

type Tensors = Readonly<Record<string, Tensor>>;

/**
 * Loads a person detector. The file is hashed before it is given to the engine; input and output tensors are
 * allocated once and reused, so one detector serves one frame at a time. One black frame is looked at to see that
 * the graph really runs.
 * @throws MODEL_MISSING when the file is not there, MODEL_HASH_MISMATCH when it is another one, MODEL_UNSUPPORTED
 * naming what was expected and what was found when the engine refuses it or its inputs and outputs do not fit.
 */
export async function createPersonDetector(
  entry: ModelEntry,
  dir: string,
  threads: number,
): Promise<OnnxPersonDetector> {
  const bytes = await verifiedBytes(entry, dir);
  return detectorOf(entry, bytes, threads);
}

/**
 * Makes a detector of a file already read and trusted. @throws MODEL_UNSUPPORTED as `createPersonDetector`
 */
export async function detectorOf(
  entry: ModelEntry,
  bytes: Uint8Array,
  threads: number,
): Promise<OnnxPersonDetector> {
  const session = await openSession(bytes, threads).catch((error: unknown) => {
    throw new GatewayError("MODEL_UNSUPPORTED", `The engine refuses model ${entry.id}`, {
      cause: error,
    });
  });
  try {
    return await assemble(entry, session);
  } catch (error) {
    await session.release();
    throw error;
  }
}

async function assemble(entry: ModelEntry, session: InferenceSession): Promise<OnnxPersonDetector> {
  const input: PictureSize = { widthPx: entry.input.width, heightPx: entry.input.height };
  checkInputs(entry, portsOf(session.inputMetadata));
  const { tensors, decoder } = decoderOf(entry, input, portsOf(session.outputMetadata));
  const picture = createPictureTensor(entry.input);
  const feeds: Tensors = { [entry.input.name]: picture.tensor, ...sizeFeed(session, input) };
  await session.run(feeds, tensors).catch((error: unknown) => {
    const message = `Model ${entry.id} does not give the outputs it declares`;
    throw new GatewayError("MODEL_UNSUPPORTED", message, { cause: error });
  });
  return {
    input,
    fit: entry.input.resize,
    get refused() {
      return decoder.refused;
    },
    async detect(rgb24, letterbox, out): Promise<void> {
      picture.fill(rgb24);
      await session.run(feeds, tensors);
      decoder.decode(letterbox, out);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await session.release();
    },
  };
}

function checkInputs(entry: ModelEntry, found: readonly GraphPort[]): void {
  const refused = refusedPreparation(entry.input);
  if (refused !== null) unfit(entry, refused);
  const shape = pictureShape(entry.input);
  const isPicture = ({ name, type, shape: sizes }: GraphPort): boolean =>
    name === entry.input.name &&
    type === entry.input.dtype &&
    sizes.length === shape.length &&
    sizes.every((size, axis) => size === shape[axis]);
  const isSize = ({ name, type, shape: sizes }: GraphPort): boolean =>
    name === SIZE_INPUT && type === "int64" && sizes.join() === "1,2";
  const isAllKnown = found.every((port) => isPicture(port) || isSize(port));
  if (isAllKnown && found.some(isPicture)) return;
  const wanted = describePort(entry.input.name, entry.input.dtype, shape);
  unfit(entry, `one input ${wanted}, found ${describeAll(found)}`);
}

function sizeFeed(session: InferenceSession, { widthPx, heightPx }: PictureSize): Tensors {
  if (!session.inputNames.includes(SIZE_INPUT)) return {};
  const values = BigInt64Array.of(BigInt(widthPx), BigInt(heightPx));
  return { [SIZE_INPUT]: new Tensor("int64", values, [1, 2]) };
}

function decoderOf(
  entry: ModelEntry,
  input: PictureSize,
  found: readonly GraphPort[],
): { readonly tensors: Tensors; readonly decoder: BoxDecoder } {
  if (!isPersonDecoder(entry.decoder)) {
    const names = PERSON_DECODER_NAMES.join(", ");
    return unfit(entry, `a decoder for people (${names}), found ${entry.decoder}`);
  }
  const { strides, classIndex, nms } = entry;
  const options: DecoderOptions = { input, strides, classIndex, nmsIou: nms };
  const variants = PERSON_DECODERS[entry.decoder](options);
  const binding: Binding | null = bindOutputs(variants, found, entry.outputs ?? {});
  if (binding === null) {
    const wanted = variants.map(describeVariant).join(", or ");
    return unfit(entry, `outputs ${wanted} for ${entry.decoder}, found ${describeAll(found)}`);
  }
  const { variant, bound, tensors } = binding;
  const classes = bound.size("classes");
  if (classes > 0 && classIndex >= classes) {
    unfit(entry, `classIndex under ${classes}, the number of classes, found ${classIndex}`);
  }
  return { tensors, decoder: variant.create(bound) };
}

function describeVariant({ outputs }: DecoderVariant): string {
  return outputs.map(({ role, type, shape }) => describePort(role, type, shape)).join(" + ");
}

function describeAll(ports: readonly GraphPort[]): string {
  if (ports.length === 0) return "none";
  return ports.map(({ name, type, shape }) => describePort(name, type, shape)).join(" + ");
}

function unfit(entry: ModelEntry, expected: string): never {
  throw new GatewayError("MODEL_UNSUPPORTED", `Model ${entry.id}: expected ${expected}`);
}

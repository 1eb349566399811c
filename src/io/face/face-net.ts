import type { InferenceSession } from "onnxruntime-node";
import { GatewayError } from "../../core/errors.ts";
import type { ExpectedOutput } from "../../vision/decoder-registry.ts";
import type { InstalledModel } from "../models/manifest.ts";
import { bindOutputs } from "../onnx/bind-outputs.ts";
import { describePort, portsOf } from "../onnx/model-ports.ts";
import { createPictureTensor, pictureShape } from "../onnx/picture-tensor.ts";
import { openSession } from "../onnx/session.ts";
import { verifiedBytes } from "../onnx/verified-bytes.ts";

/** A network with its input and outputs in memory of its own, allocated once. One run at a time. */
export interface FaceNet {
  readonly sizePx: { readonly widthPx: number; readonly heightPx: number };
  /** The input, RGB row by row; written by who runs it. */
  readonly pixels: Uint8Array;
  /** An output by its role; overwritten by each run. @throws TypeError for a role it does not have (a bug) */
  output(role: string): Float32Array;
  run(): Promise<void>;
  /** Overwrites input and outputs with zeros. */
  wipe(): void;
  close(): Promise<void>;
}

const PLANNING_RUNS = 2;

/** The graph's own name of an output by its role, where they differ. */
type OutputNames = Readonly<Record<string, string>>;

/**
 * Loads a network for faces; the file is hashed before it is given to the engine.
 * @throws MODEL_MISSING, MODEL_HASH_MISMATCH; MODEL_UNSUPPORTED when its ports are not those of the manifest entry
 */
export async function openFaceNet(
  entry: InstalledModel,
  dir: string,
  threads: number,
  outputs: readonly ExpectedOutput[],
  names: OutputNames = {},
): Promise<FaceNet> {
  const bytes = await verifiedBytes(entry, dir);
  const session = await openSession(bytes, threads).catch((cause: unknown) => {
    throw new GatewayError("MODEL_UNSUPPORTED", `The engine refuses model ${entry.id}`, { cause });
  });
  try {
    const net = assemble(entry, session, outputs, names);
    // The engine plans its memory in the first run and keeps to the plan afterwards, so that a run on black overwrites
    // what the one before left.
    for (let run = 0; run < PLANNING_RUNS; run += 1) await net.run();
    net.wipe();
    return net;
  } catch (error) {
    await session.release();
    throw error;
  }
}

function assemble(
  entry: InstalledModel,
  session: InferenceSession,
  outputs: readonly ExpectedOutput[],
  names: OutputNames,
): FaceNet {
  checkInput(entry, session);
  const found = portsOf(session.outputMetadata);
  const binding = bindOutputs([{ outputs }], found, names);
  if (binding === null) {
    const wanted = outputs.map(({ role, type, shape }) => describePort(role, type, shape));
    throw unfit(entry, wanted.join(" + "), found.map(({ name }) => name).join(", "));
  }
  const { width, height } = entry.input;
  const { tensor } = createPictureTensor(entry.input);
  const pixels = tensor.data as Uint8Array;
  const feeds = { [entry.input.name]: tensor };
  return {
    sizePx: { widthPx: width, heightPx: height },
    pixels,
    output: (role) => binding.bound.floats(role),
    async run(): Promise<void> {
      const told = await session.run(feeds, binding.tensors);
      // The engine also hands out copies of what it wrote into our memory; they must not wait for the collector.
      for (const [name, { data }] of Object.entries(told)) {
        if (data !== binding.tensors[name]?.data && data instanceof Float32Array) data.fill(0);
      }
    },
    wipe(): void {
      pixels.fill(0);
      for (const { role } of outputs) binding.bound.floats(role).fill(0);
    },
    close: () => session.release(),
  };
}

/** Crops are written straight into the input, so it must take raw pixels. */
function checkInput(entry: InstalledModel, session: InferenceSession): void {
  const { input } = entry;
  const [found, ...others] = portsOf(session.inputMetadata);
  const shape = pictureShape(input);
  const isRaw = input.dtype === "uint8" && input.layout === "nhwc" && input.channels === "rgb";
  const isSame =
    found !== undefined &&
    others.length === 0 &&
    found.name === input.name &&
    found.type === "uint8" &&
    found.shape.join() === shape.join();
  if (isRaw && isSame) return;
  const wanted = describePort(input.name, "uint8", shape);
  const other = found === undefined ? "none" : describePort(found.name, found.type, found.shape);
  throw unfit(entry, `one input ${wanted} of rgb pixels`, other);
}

function unfit(entry: InstalledModel, expected: string, found: string): GatewayError {
  return new GatewayError(
    "MODEL_UNSUPPORTED",
    `Model ${entry.id}: expected ${expected}, found ${found}`,
  );
}

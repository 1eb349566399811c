import { performance } from "node:perf_hooks";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { GatewayError } from "../../src/core/errors.ts";
import { seededRandom } from "../../src/core/random.ts";
import type { FaceChainId, FacePicture } from "../../src/face/ports.ts";
import { openBlazeNet } from "../../src/io/face/blaze-net.ts";
import { openEmbeddingNet } from "../../src/io/face/embedding-net.ts";
import { type OnnxFaceChain, openFaceChain } from "../../src/io/face/face-chain.ts";
import type { FaceNet } from "../../src/io/face/face-net.ts";
import { openFaceThread } from "../../src/io/face/face-thread.ts";
import { openLivenessNet } from "../../src/io/face/liveness-net.ts";
import { type OneGrant, oneFaceGrant } from "../../test/fakes/face-permit.ts";
import { drawnFaces } from "../../test/fixtures/models/drawn-face.ts";
import { faceProfile, pickFaceModels } from "../eval/face-models.ts";
import { readTexts } from "./flags.ts";

export const usage = `bench faces [--profile clean|accurate] [--models DIR] [--rounds 30] [--threads 1] [--json]
Time from a station's picture (1280x720, a drawn face) to its numbers: resizing, all looks for the face, alignment,
quality, embedding, overwriting of every buffer. ratio = that over the bare runs of the same networks, as often as the
chain runs them, measured in turn with it; the median over the rounds. limit is what ratio may be.
scrubMs is what overwriting the engine's own memory costs, once at the end of a shopper's act. threadMs is the same
picture through the thread of its own that a gateway has, callerMs how long its caller was kept from other work by it.

Example: npm run bench -- faces --json`;

const LIMIT = 1.25;
const WARM_UP_ROUNDS = 5;
const PICTURE = { widthPx: 1280, heightPx: 720 };
const FACE = { x: 640, y: 360, radiusPx: 150 };

type Kind = keyof OnnxFaceChain["runs"];

/** Runs the benchmark. @throws USAGE, MODEL_FETCH_FAILED, MODEL_MISSING, MODEL_UNSUPPORTED when no face is found */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { profile, models: dir, rounds, threads } = readOptions(args);
  const grant = oneFaceGrant();
  const nets = await bareNets(dir, profile, threads);
  const chain = await openFaceChain({ dir, profile, gate: grant.gate, threads });
  const picture = drawnFaces(PICTURE.widthPx, PICTURE.heightPx, [FACE]);
  try {
    const taken: Round[] = [];
    for (let round = 0; round < WARM_UP_ROUNDS + rounds; round += 1) {
      const each = await measureRound(chain, picture, grant, nets);
      if (round >= WARM_UP_ROUNDS) taken.push(each);
    }
    const startMs = performance.now();
    await chain.scrub();
    const scrubMs = performance.now() - startMs;
    const [last] = taken;
    return {
      ratio: rounded(median(taken.map(({ chainMs, bareMs }) => chainMs / bareMs))),
      limit: LIMIT,
      chainMs: rounded(median(taken.map(({ chainMs }) => chainMs))),
      bareMs: rounded(median(taken.map(({ bareMs }) => bareMs))),
      scrubMs: rounded(scrubMs),
      ...(await measureThread({ dir, profile, threads }, picture, grant, rounds)),
      runsPerFace: last?.runs,
      profile,
      threads,
      rounds,
    };
  } finally {
    await chain.close();
    for (const net of nets.values()) await net.close();
  }
}

interface Round {
  readonly chainMs: number;
  readonly bareMs: number;
  readonly runs: Readonly<Record<Kind, number>>;
}

async function measureRound(
  chain: OnnxFaceChain,
  picture: FacePicture,
  { permit }: OneGrant,
  nets: ReadonlyMap<Kind, FaceNet>,
): Promise<Round> {
  const before = { ...chain.runs };
  const startMs = performance.now();
  const probe = await chain.probe(picture, permit, "match");
  const chainMs = performance.now() - startMs;
  if (!probe.ok) {
    throw new GatewayError("MODEL_UNSUPPORTED", `The drawn face is refused: ${probe.error}`);
  }
  probe.value.wipe();
  const runsOf = (kind: Kind): number => chain.runs[kind] - before[kind];
  let bareMs = 0;
  for (const [kind, net] of nets) {
    for (let i = 0; i < runsOf(kind); i += 1) {
      const fromMs = performance.now();
      await net.run();
      bareMs += performance.now() - fromMs;
    }
  }
  const runs = {
    wide: runsOf("wide"),
    near: runsOf("near"),
    embed: runsOf("embed"),
    live: runsOf("live"),
  };
  return { chainMs, bareMs, runs };
}

/** The chain in a thread of its own, as a station has it. */
async function measureThread(
  options: Pick<Parameters<typeof openFaceThread>[0], "dir" | "profile" | "threads">,
  picture: FacePicture,
  { gate, permit }: OneGrant,
  rounds: number,
): Promise<{ readonly threadMs: number; readonly callerMs: number }> {
  const chain = await openFaceThread({ ...options, gate, clock: createSystemClock() });
  // As the station's camera gives it: in shared memory.
  const rgb = new Uint8Array(new SharedArrayBuffer(picture.rgb.length));
  rgb.set(picture.rgb);
  const taken: { readonly threadMs: number; readonly callerMs: number }[] = [];
  try {
    for (let round = 0; round < WARM_UP_ROUNDS + rounds; round += 1) {
      const before = performance.eventLoopUtilization();
      const startMs = performance.now();
      const probe = await chain.probe({ ...picture, rgb }, permit, "match");
      const threadMs = performance.now() - startMs;
      const callerMs = performance.eventLoopUtilization(before).active;
      if (probe.ok) probe.value.wipe();
      if (round >= WARM_UP_ROUNDS) taken.push({ threadMs, callerMs });
    }
    return {
      threadMs: rounded(median(taken.map(({ threadMs }) => threadMs))),
      callerMs: rounded(median(taken.map(({ callerMs }) => callerMs))),
    };
  } finally {
    await chain.close();
  }
}

/** The networks of the chain without anything around them, on noise. */
async function bareNets(
  dir: string,
  profile: FaceChainId["profile"],
  threads: number,
): Promise<ReadonlyMap<Kind, FaceNet>> {
  const models = await pickFaceModels(dir, profile);
  const nets = new Map<Kind, FaceNet>([
    ["wide", (await openBlazeNet(models.wide, dir, threads)).net],
    ["near", (await openBlazeNet(models.near, dir, threads)).net],
    ["embed", (await openEmbeddingNet(models.embedder, dir, threads)).net],
  ]);
  const live = await openLivenessNet(models.liveness, dir, threads);
  if (live !== null) nets.set("live", live.net);
  const random = seededRandom(4);
  for (const { pixels } of nets.values()) {
    for (let i = 0; i < pixels.length; i += 1) pixels[i] = random() * 256;
  }
  return nets;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function readOptions(args: readonly string[]): {
  readonly profile: FaceChainId["profile"];
  readonly models: string;
  readonly rounds: number;
  readonly threads: number;
} {
  const values = readTexts(args, ["profile", "models", "rounds", "threads"]);
  return {
    profile: faceProfile(values.profile),
    models: values.models ?? "models",
    rounds: wholeNumber("rounds", values.rounds ?? "30"),
    threads: wholeNumber("threads", values.threads ?? "1"),
  };
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new GatewayError("USAGE", `expected a whole number from 1 for --${name}, found ${text}`);
}

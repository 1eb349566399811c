import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { GatewayError } from "../../src/core/errors.ts";
import { findFfmpeg } from "../../src/io/camera/ffmpeg-binary.ts";
import { probeVideo } from "../../src/io/camera/video-probe.ts";
import { pickModel } from "../eval/video-model.ts";
import { bareDecodeMs, bareInferenceMs, type CameraBench, measureCamera } from "./camera-run.ts";
import { readFlags } from "./flags.ts";

export const usage = `bench camera [--video FILE] [--models DIR] [--threads N] [--fps N] [--seconds N] [--json]

Processor time of one live camera in a busy scene (this process with all threads, and ffmpeg) over that of the bare
work on as many frames at the same pace, side by side: the network alone, and ffmpeg alone decoding and scaling to the
size of the network. ratioFlatOut compares with both run as fast as they can, which spares them cold caches;
ratioDecodeOnly moreover leaves out the scaling. Measured in three rounds; the median counts. Without --video the demo
footage, cut to 16:9, is taken where it is at hand, else a moving test picture.

Example: npm run bench -- camera --json`;

/** Limit of the ratio. */
const LIMIT = 1.2;
const WARM_UP_S = 15;
const ROUNDS = 3;

/** Runs the benchmark. @throws USAGE, INPUT_INVALID, MODEL_MISSING */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const flags = readFlags(args, { fps: 10, seconds: 15, threads: 1 });
  const dir = mkdtempSync(join(tmpdir(), "bench-camera-"));
  try {
    const video = flags.video ?? (await busyClip(dir));
    if (!existsSync(video)) throw new GatewayError("INPUT_INVALID", `${video} does not exist`);
    const source = { kind: "file", address: video } as const;
    const { picture } = await probeVideo(await findFfmpeg(), source, createSystemClock());
    const { models, threads, fps, seconds } = flags;
    const model = await pickModel({ dir: models, profile: "default", threads, picture });
    return await compare({ video, model, fps, warmUpS: WARM_UP_S, seconds });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** One after the other, several times: whatever else the machine does falls on all of them. */
async function compare(bench: CameraBench): Promise<Readonly<Record<string, unknown>>> {
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measureRound(bench));
  const middle = (pick: (round: Round) => number): number => median(rounds.map(pick));
  return {
    ratio: middle((round) => round.ratio),
    limit: LIMIT,
    ratioFlatOut: middle((round) => round.ratioFlatOut),
    ratioDecodeOnly: middle((round) => round.ratioDecodeOnly),
    ratios: rounds.map((round) => round.ratio),
    model: bench.model.entry.id,
    coreShare: middle((round) => round.coreShare),
    perFrameMs: middle((round) => round.perFrameMs),
    bareInferencePerFrameMs: middle((round) => round.bareInferencePerFrameMs),
    bareDecodePerFrameMs: middle((round) => round.bareDecodePerFrameMs),
    framesInferred: rounds.map((round) => round.inferred),
    framesSkipped: rounds.map((round) => round.skipped),
    framesDropped: rounds.map((round) => round.dropped),
  };
}

interface Round {
  readonly ratio: number;
  readonly ratioFlatOut: number;
  readonly ratioDecodeOnly: number;
  readonly coreShare: number;
  readonly perFrameMs: number;
  readonly bareInferencePerFrameMs: number;
  readonly bareDecodePerFrameMs: number;
  readonly inferred: number;
  readonly skipped: number;
  readonly dropped: number;
}

async function measureRound(bench: CameraBench): Promise<Round> {
  const { model, fps } = bench;
  const camera = await measureCamera(bench);
  const { inferred, skipped, dropped } = camera;
  const [inferenceMs, decodeMs] = await Promise.all([
    bareInferenceMs(model, inferred, fps),
    bareDecodeMs(bench, { isScaled: true, isPaced: true }),
  ]);
  const flatInferenceMs = await bareInferenceMs(model, inferred, null);
  const flatDecodeMs = await bareDecodeMs(bench, { isScaled: true, isPaced: false });
  const decodeOnlyMs = await bareDecodeMs(bench, { isScaled: false, isPaced: false });
  const totalMs = camera.ownMs + camera.ffmpegMs;
  return {
    ratio: rounded(totalMs / (inferenceMs + decodeMs)),
    ratioFlatOut: rounded(totalMs / (flatInferenceMs + flatDecodeMs)),
    ratioDecodeOnly: rounded(totalMs / (flatInferenceMs + decodeOnlyMs)),
    coreShare: rounded(totalMs / camera.wallMs),
    perFrameMs: rounded(totalMs / inferred),
    bareInferencePerFrameMs: rounded(inferenceMs / inferred),
    bareDecodePerFrameMs: rounded(decodeMs / inferred),
    inferred,
    skipped,
    dropped,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** People all the time, 16:9, encoded as a camera would. */
async function busyClip(dir: string): Promise<string> {
  const { path } = await findFfmpeg();
  const file = join(dir, "busy.mp4");
  const footage = join(homedir(), ".cache/vitrine/vtest.avi");
  const input = existsSync(footage)
    ? ["-i", footage, "-vf", "crop=768:432:0:100"]
    : ["-f", "lavfi", "-i", "testsrc2=size=768x432:rate=10:duration=60"];
  const encoding = ["-r", "10", "-pix_fmt", "yuv420p", "-g", "20", "-bf", "0"];
  await promisify(execFile)(path, ["-y", "-v", "error", ...input, ...encoding, file]);
  return file;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

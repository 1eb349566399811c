import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { GatewayError } from "../../src/core/errors.ts";
import { findFfmpeg } from "../../src/io/camera/ffmpeg-binary.ts";
import { probeVideo } from "../../src/io/camera/video-probe.ts";
import { pickModel } from "../eval/video-model.ts";
import { readTexts } from "./flags.ts";
import { measurePipeline } from "./pipeline-run.ts";

export const usage = `bench pipeline [--video FILE] [--models DIR] [--threads N] [--frames N] [--repeats N] [--json]

Frames per second of the whole camera chain (ffmpeg, shared frames, worker, inference, decoding, tracker, lines and
zones) over those of a bare session.run loop on the same frames with the same threads. Both are measured in turn,
without their start-up; ratio is the median over the repeats. Without --video a moving test picture is made.

Example: npm run bench -- pipeline --video clip.mp4 --json`;

/** Runs the benchmark. @throws USAGE, INPUT_INVALID, MODEL_MISSING */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const options = readOptions(args);
  const dir = mkdtempSync(join(tmpdir(), "bench-pipeline-"));
  try {
    const video = options.video ?? (await makeVideo(dir, options.frames));
    if (!existsSync(video)) throw new GatewayError("INPUT_INVALID", `${video} does not exist`);
    const source = { kind: "file", address: video } as const;
    const { picture } = await probeVideo(await findFfmpeg(), source, createSystemClock());
    const model = await pickModel({
      dir: options.models,
      profile: "default",
      threads: options.threads,
      picture,
    });
    const { frames, repeats } = options;
    return { ...(await measurePipeline({ video, model, frames, repeats })) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A picture in motion of 768x432, encoded as a camera would. */
async function makeVideo(dir: string, frames: number): Promise<string> {
  const { path } = await findFfmpeg();
  const file = join(dir, "moving.mp4");
  const picture = `testsrc2=size=768x432:rate=10:duration=${Math.ceil(frames / 10)}`;
  const input = ["-y", "-loglevel", "error", "-f", "lavfi", "-i", picture];
  await promisify(execFile)(path, [...input, "-pix_fmt", "yuv420p", "-g", "20", file]);
  return file;
}

interface Options {
  readonly video: string | undefined;
  readonly models: string;
  readonly threads: number;
  readonly frames: number;
  readonly repeats: number;
}

function readOptions(args: readonly string[]): Options {
  const values = readTexts(args, ["video", "models", "threads", "frames", "repeats"]);
  return {
    video: values.video,
    models: values.models ?? "models",
    threads: wholeNumber("threads", values.threads ?? "1", 1),
    frames: wholeNumber("frames", values.frames ?? "200", 50),
    repeats: wholeNumber("repeats", values.repeats ?? "5", 1),
  };
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new GatewayError(
    "USAGE",
    `expected a whole number from ${least} for --${name}, found ${text}`,
  );
}

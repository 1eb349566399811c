import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findFfmpeg } from "../../src/io/camera/ffmpeg-binary.ts";
import { pickModel } from "../eval/video-model.ts";
import { measureCamera } from "./camera-run.ts";
import { readFlags } from "./flags.ts";

export const usage = `bench idle [--video FILE] [--models DIR] [--threads N] [--fps N] [--seconds N] [--json]

Share of one core that a live camera takes while nothing moves: this process with all threads, and ffmpeg. Without
--video a still scene with the noise of a sensor is made, 768x432 at 10 frames per second.

Example: npm run bench -- idle --json`;

/** Limit of the share of one core. */
const LIMIT = 0.15;
/** The gate closes after some seconds; what comes before is not idle. */
const WARM_UP_S = 12;

/** Runs the benchmark. @throws USAGE, MODEL_MISSING */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const flags = readFlags(args, { fps: 10, seconds: 30, threads: 1 });
  const dir = mkdtempSync(join(tmpdir(), "bench-idle-"));
  try {
    const video = flags.video ?? (await stillClip(dir));
    const { models, threads, fps, seconds } = flags;
    const picture = { widthPx: 768, heightPx: 432 };
    const model = await pickModel({ dir: models, profile: "default", threads, picture });
    const cpu = await measureCamera({ video, model, fps, warmUpS: WARM_UP_S, seconds });
    return {
      coreShare: rounded((cpu.ownMs + cpu.ffmpegMs) / cpu.wallMs),
      limit: LIMIT,
      ownShare: rounded(cpu.ownMs / cpu.wallMs),
      ffmpegShare: rounded(cpu.ffmpegMs / cpu.wallMs),
      framesInferred: cpu.inferred,
      framesSkipped: cpu.skipped,
      framesDropped: cpu.dropped,
      model: model.entry.id,
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A minute of a scene with many edges, a little noise on every pixel, and nothing that moves. */
async function stillClip(dir: string): Promise<string> {
  const { path } = await findFfmpeg();
  const file = join(dir, "still.mp4");
  const still = "mandelbrot=size=768x432:rate=10:start_scale=1:end_scale=1";
  const scene = `${still},noise=alls=8:allf=t`;
  const encoding = ["-t", "60", "-pix_fmt", "yuv420p", "-g", "20", "-bf", "0"];
  await promisify(execFile)(path, [
    ...["-y", "-v", "error", "-f", "lavfi", "-i", scene],
    ...[...encoding, file],
  ]);
  return file;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

import type { Clock } from "../../../core/clock.ts";
import { GatewayError } from "../../../core/errors.ts";
import { ffmpegArguments } from "../../camera/ffmpeg-arguments.ts";
import { type FfmpegBinary, findFfmpeg } from "../../camera/ffmpeg-binary.ts";
import { FfmpegProcess } from "../../camera/ffmpeg-process.ts";
import { fitOf, type ModelEntry } from "../manifest.ts";

/** A frame a second shows other poses and places; neighbours in time would only repeat each other. */
const FRAMES_PER_SECOND = 1;

/**
 * Frames of a video file as a model wants them (rgb24 of its input's size), one for each second, at most `most`.
 * @throws INPUT_INVALID when the file gives fewer than `least`; FFMPEG_MISSING; the reason of `signal`
 */
export async function framesOfVideo(
  file: string,
  entry: ModelEntry,
  limits: { readonly least: number; readonly most: number },
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<readonly Uint8Array[]> {
  const ffmpeg = await findFfmpeg();
  const { width, height } = entry.input;
  const frameBytes = width * height * 3;
  const memory = new Uint8Array(frameBytes * limits.most);
  let filledBytes = 0;
  const decoder = new FfmpegProcess({
    path: ffmpeg.path,
    args: argumentsFor(ffmpeg, file, entry),
    clock,
    onChunk: (chunk) => {
      const part = chunk.subarray(0, memory.length - filledBytes);
      memory.set(part, filledBytes);
      filledBytes += part.length;
      if (filledBytes === memory.length) void decoder.stop();
    },
    onLine: () => undefined,
  });
  const onAbort = (): void => void decoder.stop();
  signal.addEventListener("abort", onAbort, { once: true });
  decoder.resume();
  const { lines } = await decoder.closed;
  signal.removeEventListener("abort", onAbort);
  signal.throwIfAborted();
  const whole = Math.floor(filledBytes / frameBytes);
  if (whole < limits.least) {
    const message = `${file}: expected a video of at least ${limits.least} s, found ${whole} frames, one a second`;
    throw new GatewayError("INPUT_INVALID", message, { context: { report: lines.slice(-4) } });
  }
  return Array.from({ length: whole }, (_, i) =>
    memory.subarray(i * frameBytes, (i + 1) * frameBytes),
  );
}

function argumentsFor(ffmpeg: FfmpegBinary, file: string, entry: ModelEntry): readonly string[] {
  const { width: widthPx, height: heightPx } = entry.input;
  return ffmpegArguments(ffmpeg, {
    source: { kind: "file", address: file },
    input: { widthPx, heightPx },
    fit: fitOf(entry),
    fps: FRAMES_PER_SECOND,
    pacing: "lossless",
  });
}

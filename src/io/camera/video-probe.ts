import type { Clock } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import { probeArguments } from "./ffmpeg-arguments.ts";
import type { FfmpegBinary } from "./ffmpeg-binary.ts";
import { faultOfOutput, parseStreamLine, type StreamFacts } from "./ffmpeg-output.ts";
import { FfmpegProcess } from "./ffmpeg-process.ts";
import { createRedactor, describeSource, type VideoSource } from "./video-source.ts";

/**
 * Asks ffmpeg for picture size and frame rate of a source without decoding it.
 * @throws CAMERA_NOT_FOUND, CAMERA_UNREACHABLE, CAMERA_UNAUTHORIZED as ffmpeg words it; INPUT_INVALID when the source
 * opens but holds no picture.
 */
export async function probeVideo(
  ffmpeg: FfmpegBinary,
  source: VideoSource,
  clock: Clock,
): Promise<StreamFacts> {
  let facts: StreamFacts | null = null;
  const probe = new FfmpegProcess({
    path: ffmpeg.path,
    args: probeArguments(ffmpeg, source),
    leash: ffmpeg.leash,
    clock,
    onChunk: () => undefined,
    onLine: (line) => {
      facts ??= parseStreamLine(line);
    },
  });
  const exit = await probe.closed;
  if (facts !== null) return facts;
  const fault = faultOfOutput(exit.lines, source.address);
  const isUnknown = fault === null || (source.kind === "file" && fault !== "CAMERA_NOT_FOUND");
  throw new GatewayError(
    isUnknown ? "INPUT_INVALID" : fault,
    `${describeSource(source)} cannot be read as a video`,
    { context: { report: exit.lines.slice(-4).map(createRedactor(source)) } },
  );
}

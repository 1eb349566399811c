import type { Clock } from "../../core/clock.ts";
import { type FfmpegFlavour, inputArguments } from "../camera/ffmpeg-arguments.ts";
import type { FfmpegBinary } from "../camera/ffmpeg-binary.ts";
import type { Leash } from "../camera/ffmpeg-leash.ts";
import { type FfmpegExit, FfmpegProcess } from "../camera/ffmpeg-process.ts";
import type { VideoSource } from "../camera/video-source.ts";

/** The camera's own rate is kept up to this; it only sizes buffers of devices. */
const MOST_FPS = 25;

/**
 * Arguments of an ffmpeg that hands a source's video through as it is, in a container that takes any codec. The muxer
 * cannot open a camera well by itself: it puts its input first, and RTSP over TCP, the limits of waiting and the pace of
 * a file are options that must stand before it. Null for a device, which can be opened only once. Pure.
 */
export function relayArguments(
  flavour: FfmpegFlavour,
  source: VideoSource,
): readonly string[] | null {
  if (source.kind === "v4l2") return null;
  const opening = inputArguments(flavour, { source, fps: MOST_FPS, pacing: "live" });
  return [
    ...["-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning"],
    ...[...opening, "-i", source.address, "-map", "0:v:0"],
    ...["-c", "copy", "-flush_packets", "1", "-f", "nut", "pipe:1"],
  ];
}

export interface SourceRelayOptions {
  readonly ffmpeg: FfmpegBinary;
  readonly leash: Leash | null;
  readonly args: readonly string[];
  readonly clock: Clock;
  /** Takes a piece; nothing more is read until it has been taken. False when nobody takes any more. */
  take(chunk: Uint8Array): Promise<boolean>;
}

/** One camera's own stream, read only as fast as it is taken. `closed` settles when its ffmpeg is gone. */
export class SourceRelay {
  readonly #process: FfmpegProcess;
  readonly closed: Promise<FfmpegExit>;

  constructor(options: SourceRelayOptions) {
    const { ffmpeg, leash, args, clock } = options;
    this.#process = new FfmpegProcess({
      path: ffmpeg.path,
      args,
      leash,
      clock,
      onChunk: (chunk) => {
        this.#process.pause();
        void options.take(chunk).then((isTaken) => {
          if (isTaken) this.#process.resume();
          else void this.#process.stop();
        });
      },
      onLine: () => undefined,
    });
    this.closed = this.#process.closed;
    this.#process.resume();
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Ends it, by force if need be; resolves when it is gone. Idempotent. */
  stop(): Promise<FfmpegExit> {
    return this.#process.stop();
  }
}

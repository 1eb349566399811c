import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { createRequire } from "node:module";

/** The part of node-rtsp-stream that is used: one ffmpeg, its output as events. Its server is never loaded. */
export interface Mpeg1Muxer {
  readonly stream: ChildProcessWithoutNullStreams;
  on(event: "mpeg1data" | "ffmpegStderr", listener: (chunk: Buffer) => void): unknown;
}

export interface Mpeg1MuxerOptions {
  /** What stands after `-i`. */
  readonly url: string;
  readonly ffmpegPath: string;
  /** Options after the input, in order; an empty text stands for a flag. */
  readonly ffmpegOptions: Readonly<Record<string, string>>;
}

const load = createRequire(import.meta.url);

/**
 * Starts the muxer of node-rtsp-stream 0.0.9: `ffmpeg -i URL -f mpegts -codec:v mpeg1video [options] -`. Two of its
 * habits are taken away: it has no listener for a program that does not start, which would end this process, and it
 * writes to the console when ffmpeg leaves with 1.
 */
export function startMpeg1Muxer(options: Mpeg1MuxerOptions): Mpeg1Muxer {
  const Muxer = load("node-rtsp-stream/mpeg1muxer.js") as new (
    options: Mpeg1MuxerOptions,
  ) => Mpeg1Muxer;
  const muxer = new Muxer(options);
  muxer.stream.removeAllListeners("exit");
  return muxer;
}

import type { MonoMs } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import type { FaultCode } from "../../core/errors.ts";
import { type FrameRequest, ffmpegArguments } from "./ffmpeg-arguments.ts";
import type { FfmpegBinary } from "./ffmpeg-binary.ts";
import { faultOfOutput, parseStreamLine, type StreamFacts } from "./ffmpeg-output.ts";
import { FfmpegProcess } from "./ffmpeg-process.ts";
import { FrameAssembler } from "./frame-assembler.ts";
import type { FrameSlots } from "./frame-slots.ts";
import { createRedactor } from "./video-source.ts";

export interface VideoFeedOptions {
  readonly ffmpeg: FfmpegBinary;
  readonly request: FrameRequest;
  readonly slots: FrameSlots;
  /** Run of the source; the reader ignores frames of earlier ones. */
  readonly generation: number;
  readonly clock: Clock;
  /** Capture time of the frame with this number (from 0). */
  stampOf(index: number): MonoMs;
  /** Called once, before the first frame. */
  onStream(facts: StreamFacts): void;
  onFrame(): void;
}

/** How one run of a source ended. */
export interface FeedEnd {
  /** Frames read to their last byte. */
  readonly frames: number;
  /** Fault that ffmpeg's report names, null when it names none; never derived from the exit code. */
  readonly fault: FaultCode | null;
  /** Last lines of the report without credentials, for the log. */
  readonly report: readonly string[];
}

/**
 * One ffmpeg run feeding the shared frames. Frames are read only after the size of the source picture is known,
 * because without it a detection could not be placed.
 */
export class VideoFeed {
  readonly #process: FfmpegProcess;
  readonly #assembler: FrameAssembler;
  readonly #options: VideoFeedOptions;
  readonly ended: Promise<FeedEnd>;
  #isStreamKnown = false;

  constructor(options: VideoFeedOptions) {
    this.#options = options;
    this.#assembler = new FrameAssembler({
      slots: options.slots,
      policy: options.request.pacing === "live" ? "newest" : "every",
      generation: options.generation,
      stampOf: options.stampOf,
      onFrame: options.onFrame,
    });
    this.#process = new FfmpegProcess({
      path: options.ffmpeg.path,
      args: ffmpegArguments(options.ffmpeg, options.request),
      clock: options.clock,
      onChunk: (chunk) => {
        if (!this.#assembler.push(chunk)) this.#process.pause();
      },
      onLine: (line) => this.#readLine(line),
    });
    this.ended = this.#end();
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get frames(): number {
    return this.#assembler.frames;
  }

  /** Goes on reading after a slot was released; only needed when pacing is lossless. */
  resume(): void {
    if (this.#isStreamKnown && this.#assembler.resume()) this.#process.resume();
  }

  /** Stops ffmpeg, by force if need be; resolves when it is gone. Idempotent. */
  async stop(): Promise<void> {
    await this.#process.stop();
  }

  #readLine(line: string): void {
    if (this.#isStreamKnown) return;
    const facts = parseStreamLine(line);
    if (facts === null) return;
    this.#isStreamKnown = true;
    this.#options.onStream(facts);
    this.#process.resume();
  }

  async #end(): Promise<FeedEnd> {
    const exit = await this.#process.closed;
    this.#assembler.abandon();
    return {
      frames: this.#assembler.frames,
      fault: faultOfOutput(exit.lines, this.#options.request.source.address),
      report: exit.lines.slice(-8).map(createRedactor(this.#options.request.source)),
    };
  }
}

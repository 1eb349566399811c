import type { MonoMs } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import type { FaultCode } from "../../core/errors.ts";
import type { PictureSize } from "../../vision/ports.ts";
import { type FrameRequest, ffmpegArguments } from "./ffmpeg-arguments.ts";
import type { FfmpegBinary } from "./ffmpeg-binary.ts";
import {
  faultOfOutput,
  isDamageLine,
  parseFrameLine,
  parseStreamLine,
  type StreamFacts,
} from "./ffmpeg-output.ts";
import { FfmpegProcess } from "./ffmpeg-process.ts";
import { FrameAssembler } from "./frame-assembler.ts";
import { FrameGeometry } from "./frame-geometry.ts";
import type { FrameSlots } from "./frame-slots.ts";
import { createRedactor } from "./video-source.ts";

export interface VideoFeedOptions {
  readonly ffmpeg: FfmpegBinary;
  readonly request: FrameRequest;
  readonly slots: FrameSlots;
  readonly clock: Clock;
  /** Capture time of the frame with this number (from 0). */
  stampOf(index: number): MonoMs;
  /**
   * Called before the first frame, and again before each frame whose source picture has another size than the one
   * before it. Returns the generation that this and the following frames carry: a new one each time, since the
   * reader ignores frames of earlier ones.
   */
  onStream(facts: StreamFacts, frame: number): number;
  onFrame(): void;
  /** Whether what ffmpeg wrote is overwritten once it was taken in; see `FrameAssemblerOptions`. */
  readonly wipesChunks?: boolean;
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
 * One ffmpeg run feeding the shared frames. A frame is read only after the size of its source picture is known,
 * because without it a detection could not be placed.
 */
export class VideoFeed {
  readonly #process: FfmpegProcess;
  readonly #assembler: FrameAssembler;
  readonly #options: VideoFeedOptions;
  readonly #geometry = new FrameGeometry();
  readonly ended: Promise<FeedEnd>;
  #named: StreamFacts | null = null;
  /** Between the announcement of the source and that of ffmpeg's own output, which looks the same. */
  #isBeforeOutput = true;
  #isReportOver = false;
  #generation: number | null = null;
  #damaged = 0;

  constructor(options: VideoFeedOptions) {
    this.#options = options;
    this.#assembler = new FrameAssembler({
      slots: options.slots,
      policy: options.request.pacing === "live" ? "newest" : "every",
      generationOf: (index) => this.#generationOf(index),
      stampOf: options.stampOf,
      onFrame: options.onFrame,
      wipesChunks: options.wipesChunks ?? false,
    });
    this.#process = new FfmpegProcess({
      path: options.ffmpeg.path,
      args: ffmpegArguments(options.ffmpeg, options.request),
      leash: options.ffmpeg.leash,
      clock: options.clock,
      wipesChunks: options.wipesChunks ?? false,
      onChunk: (chunk) => {
        if (this.#assembler.push(chunk)) return;
        if (this.#isBeyondReport()) this.#process.drain();
        else this.#process.pause();
      },
      onLine: (line) => this.#readLine(line),
      onLinesEnd: () => {
        this.#isReportOver = true;
        // Whatever else comes is of unknown size, and unread it would keep the pipe open.
        if (this.#isBeyondReport()) this.#process.drain();
      },
    });
    this.ended = this.#end();
  }

  get frames(): number {
    return this.#assembler.frames;
  }

  /** Reports of pictures that could not be decoded cleanly. */
  get damaged(): number {
    return this.#damaged;
  }

  /** Goes on reading after a slot was released; only needed when pacing is lossless. */
  resume(): void {
    if (this.#generation !== null && this.#assembler.resume()) this.#process.resume();
  }

  /** Stops ffmpeg, by force if need be; resolves when it is gone. Idempotent. */
  async stop(): Promise<void> {
    await this.#process.stop();
  }

  #readLine(line: string): void {
    const picture = parseFrameLine(line);
    if (picture !== null) {
      this.#geometry.describe(picture);
      if (this.#assembler.resume()) this.#process.resume();
      return;
    }
    if (isDamageLine(line)) this.#damaged += 1;
    if (line.startsWith("Output #")) this.#isBeforeOutput = false;
    if (this.#isBeforeOutput && this.#named === null) this.#named = parseStreamLine(line);
  }

  /** Whether the line of the next frame was not read and never will be. */
  #isBeyondReport(): boolean {
    return this.#isReportOver && !this.#geometry.isDescribed(this.#assembler.frames);
  }

  /** Generation of the frame that begins now; null while its line was not read. */
  #generationOf(frame: number): number | null {
    if (!this.#geometry.isDescribed(frame)) return null;
    const picture = this.#geometry.takeChange(frame);
    if (picture !== null) this.#generation = this.#options.onStream(this.#factsOf(picture), frame);
    return this.#generation;
  }

  #factsOf(picture: PictureSize): StreamFacts {
    return { picture, fps: this.#named?.fps ?? null };
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

import type { Clock, Timer } from "../../core/clock.ts";
import { createLineSplitter } from "../camera/ffmpeg-output.ts";
import { SECOND_TERM_MS, TERM_GRACE_MS } from "../camera/ffmpeg-process.ts";
import { type Mpeg1Muxer, startMpeg1Muxer } from "./mpeg1-muxer.ts";

export interface Mpeg1EncoderOptions {
  readonly ffmpegPath: string;
  readonly clock: Clock;
  onChunk(chunk: Uint8Array): void;
}

/** How an encoder ended. */
export interface EncoderEnd {
  /** Pieces it delivered. */
  readonly chunks: number;
  /** Last lines of its report, as written: they may hold credentials. */
  readonly lines: readonly string[];
}

const KEPT_LINES = 20;
/** Nominal rate; MPEG-1 knows no slower one than 23.976. The player shows pictures as they arrive. */
export const NOMINAL_FPS = 25;

const ENCODER_OPTIONS: Readonly<Record<string, string>> = {
  "-nostdin": "",
  "-hide_banner": "",
  "-nostats": "",
  "-loglevel": "warning",
  "-map": "0:v:0",
  "-an": "",
  // 4:2:0 wants even sides.
  "-vf": "scale=trunc(iw/2)*2:trunc(ih/2)*2",
  "-r": String(NOMINAL_FPS),
  "-q:v": "5",
  // A whole picture at least every three seconds at 8 fps, so that a second viewer finds in.
  "-g": "24",
  "-bf": "0",
  "-threads": "1",
  "-muxdelay": "0",
  "-muxpreload": "0",
  "-flush_packets": "1",
};

/** Encoders alive now; the process must not leave one behind however it ends. */
const living = new Set<Mpeg1Encoder>();

function killLiving(): void {
  for (const encoder of living) encoder.kill();
}

/**
 * One run of the MPEG-1 muxer, fed through its stdin with anything that says itself what it is. The end of that pipe,
 * which also comes when this process is killed, ends ffmpeg. `closed` settles when its ffmpeg is gone and its pipes are
 * empty.
 */
export class Mpeg1Encoder {
  readonly #muxer: Mpeg1Muxer;
  readonly #clock: Clock;
  readonly #lines: string[] = [];
  readonly closed: Promise<EncoderEnd>;
  #chunks = 0;
  #isClosed = false;
  #stopTimers: readonly Timer[] = [];

  constructor(options: Mpeg1EncoderOptions) {
    this.#clock = options.clock;
    this.#muxer = startMpeg1Muxer({
      url: "pipe:0",
      ffmpegPath: options.ffmpegPath,
      ffmpegOptions: ENCODER_OPTIONS,
    });
    this.#muxer.on("mpeg1data", (chunk) => {
      this.#chunks += 1;
      options.onChunk(chunk);
    });
    const split = createLineSplitter((line) => {
      this.#lines.push(line);
      if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    });
    this.#muxer.on("ffmpegStderr", (chunk) => split(chunk.toString()));
    // A pipe whose reader has gone: `write` answers false, nothing else is to be done.
    this.#muxer.stream.stdin.on("error", () => undefined);
    if (living.size === 0) process.on("exit", killLiving);
    living.add(this);
    this.closed = this.#end();
  }

  get pid(): number | undefined {
    return this.#muxer.stream.pid;
  }

  /** Hands bytes to ffmpeg; true once they are taken, false when it is gone. The bytes may be reused afterwards. */
  write(bytes: Uint8Array): Promise<boolean> {
    const { stdin } = this.#muxer.stream;
    if (this.#isClosed || !stdin.writable) return Promise.resolve(false);
    return new Promise((resolve) => {
      stdin.write(bytes, (error) => resolve(error === undefined || error === null));
    });
  }

  /** SIGTERM now, again soon, SIGKILL after the grace; resolves when it is gone. Idempotent. */
  stop(): Promise<EncoderEnd> {
    if (!this.#isClosed && this.#stopTimers.length === 0) {
      const { stream } = this.#muxer;
      // A pipe that ends lets ffmpeg go where it waits for a picture.
      stream.stdin.destroy();
      stream.kill("SIGTERM");
      const later = (delayMs: number, signal: NodeJS.Signals): Timer =>
        this.#clock.after(delayMs, `preview-${signal}`, () => stream.kill(signal));
      this.#stopTimers = [later(SECOND_TERM_MS, "SIGTERM"), later(TERM_GRACE_MS, "SIGKILL")];
    }
    return this.closed;
  }

  /** Ends it by force at once. */
  kill(): void {
    this.#muxer.stream.kill("SIGKILL");
  }

  #end(): Promise<EncoderEnd> {
    const { stream } = this.#muxer;
    return new Promise((resolve) => {
      const settle = (): void => {
        if (this.#isClosed) return;
        this.#isClosed = true;
        for (const timer of this.#stopTimers) timer.cancel();
        living.delete(this);
        if (living.size === 0) process.off("exit", killLiving);
        resolve({ chunks: this.#chunks, lines: this.#lines });
      };
      stream.on("close", settle);
      stream.on("error", (error) => {
        this.#lines.push(error.message);
        // A program that never started emits no close.
        if (stream.pid === undefined) settle();
      });
    });
  }
}

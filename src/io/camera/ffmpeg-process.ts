import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import type { Clock, Timer } from "../../core/clock.ts";
import { type Leash, leashed } from "./ffmpeg-leash.ts";
import { createLineSplitter, isFrameLine } from "./ffmpeg-output.ts";

/** How an ffmpeg left. Neither number tells whether it worked: a lost camera is exit code 0. */
export interface FfmpegExit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Last lines of its report, as written: they may hold credentials. */
  readonly lines: readonly string[];
}

export interface FfmpegProcessOptions {
  readonly path: string;
  readonly args: readonly string[];
  /** Ties the child to this process; absent or null: it runs free and ends with its pipes. */
  readonly leash?: Leash | null;
  readonly clock: Clock;
  onChunk(chunk: Uint8Array): void;
  onLine(line: string): void;
  /** Called once, after the last line. */
  onLinesEnd?(): void;
  /**
   * Whether whoever takes a chunk overwrites it, and what nobody takes is overwritten here. Chunks are then handed out
   * as they come from the pipe, and none is a copy of others.
   */
  readonly wipesChunks?: boolean;
}

/** How long ffmpeg may take to take leave of the camera before it is killed. */
export const TERM_GRACE_MS = 2000;

/**
 * When ffmpeg is asked a second time. The first SIGTERM is looked at between packets, so on a silent network never;
 * the second one interrupts the waiting itself. @source fftools/ffmpeg.c, decode_interrupt_cb.
 */
export const SECOND_TERM_MS = 300;

const KEPT_LINES = 40;

/** Children alive now; the process must not leave one behind however it ends. */
const living = new Set<{ kill(signal: NodeJS.Signals): boolean }>();

function killLiving(): void {
  for (const child of living) child.kill("SIGKILL");
}

/**
 * One ffmpeg child. Its stdout starts paused. `stop` asks politely first, because a camera that is not told may
 * refuse the next session for half a minute, then kills; `closed` settles once the process is gone and its pipes are
 * empty.
 */
export class FfmpegProcess {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #clock: Clock;
  readonly #lines: string[] = [];
  readonly closed: Promise<FfmpegExit>;
  readonly #onChunk: (chunk: Uint8Array) => void;
  readonly #wipesChunks: boolean;
  #flow: "waiting" | "flowing" | "paused" | "draining" = "waiting";
  #isClosed = false;
  #stopTimers: readonly Timer[] = [];

  constructor(options: FfmpegProcessOptions) {
    this.#clock = options.clock;
    const { program, args } = leashed(options.leash ?? null, options.path, options.args);
    this.#child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#register();
    const split = createLineSplitter((line) => {
      // One line a frame would push what matters out of the few lines kept.
      if (!isFrameLine(line)) this.#remember(line);
      options.onLine(line);
    });
    this.#onChunk = options.onChunk;
    this.#child.stderr.setEncoding("utf8").on("data", split);
    // A run that never named its picture is never resumed; its pipe must be emptied or it would not close.
    this.#child.stderr.on("end", () => {
      if (this.#flow === "waiting") this.drain();
      options.onLinesEnd?.();
    });
    this.#wipesChunks = options.wipesChunks ?? false;
    // Pulled on "readable", because Node itself resumes a paused stdout when the child exits.
    if (!this.#wipesChunks) this.#child.stdout.on("readable", () => this.#pull());
    else this.#child.stdout.on("data", (chunk: Uint8Array) => this.#takeOrWipe(chunk)).pause();
    this.closed = this.#exit();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Hands out no chunk until `resume`; ffmpeg then waits on a full pipe. */
  pause(): void {
    if (this.#flow !== "flowing") return;
    this.#flow = "paused";
    if (this.#wipesChunks) this.#child.stdout.pause();
  }

  resume(): void {
    if (this.#flow === "draining") return;
    this.#flow = "flowing";
    this.#pull();
  }

  /** Reads and drops whatever else comes. */
  drain(): void {
    this.#flow = "draining";
    this.#pull();
  }

  /** SIGTERM now, again soon, SIGKILL after the grace; resolves when it is gone. Idempotent. */
  stop(): Promise<FfmpegExit> {
    if (!this.#isClosed && this.#stopTimers.length === 0) {
      this.#child.kill("SIGTERM");
      // Frames of a run that is being stopped are of no use; a full pipe would keep ffmpeg from leaving.
      this.drain();
      const later = (delayMs: number, signal: NodeJS.Signals): Timer =>
        this.#clock.after(delayMs, `ffmpeg-${signal}`, () => this.#child.kill(signal));
      this.#stopTimers = [later(SECOND_TERM_MS, "SIGTERM"), later(TERM_GRACE_MS, "SIGKILL")];
    }
    return this.closed;
  }

  /** To read the buffer of a paused stream joins its parts, and the parts would stay behind as they are. */
  #takeOrWipe(chunk: Uint8Array): void {
    if (this.#flow === "flowing") this.#onChunk(chunk);
    else chunk.fill(0);
  }

  #pull(): void {
    if (this.#wipesChunks) {
      this.#child.stdout.resume();
      return;
    }
    while (this.#flow === "flowing" || this.#flow === "draining") {
      const chunk: Uint8Array | null = this.#child.stdout.read();
      if (chunk === null) return;
      if (this.#flow === "flowing") this.#onChunk(chunk);
    }
  }

  #exit(): Promise<FfmpegExit> {
    return new Promise((resolve) => {
      const settle = (exitCode: number | null, signal: NodeJS.Signals | null): void => {
        this.#isClosed = true;
        for (const timer of this.#stopTimers) timer.cancel();
        this.#unregister();
        resolve({ exitCode, signal, lines: this.#lines });
      };
      this.#child.on("close", settle);
      this.#child.on("error", (error) => {
        this.#remember(error.message);
        // A child that never started emits no close.
        if (this.#child.pid === undefined) settle(null, null);
      });
    });
  }

  #remember(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
  }

  #register(): void {
    if (living.size === 0) process.on("exit", killLiving);
    living.add(this.#child);
  }

  #unregister(): void {
    living.delete(this.#child);
    if (living.size === 0) process.off("exit", killLiving);
  }
}

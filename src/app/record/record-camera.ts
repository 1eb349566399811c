import type { Readable } from "node:stream";
import { type MonoMs, monoMs } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import { cutLine, markLine, parseLogHeader } from "../../wire/detections-log.ts";
import { LineFile } from "./line-file.ts";
import { streamLines } from "./stream-lines.ts";

/** Files of one camera's recording. */
export interface RecordingFiles {
  readonly log: string;
  /** null: the events told meanwhile are not kept. */
  readonly events: string | null;
}

/** What a recording has come to so far. */
export interface RecordingProgress {
  readonly state: "waiting" | "running" | "ended" | "cut";
  /** People in the picture, while waiting for an empty one; null before the first news. */
  readonly people: number | null;
  readonly frames: number;
  readonly events: number;
  /** Whether it began with an empty scene. */
  readonly exact: boolean;
  /** Time from the first to the last frame. */
  readonly lengthMs: number;
}

/** A recorder at work on one camera. */
export interface CameraRecorder {
  readonly progress: RecordingProgress;
  /** Settles when the files are complete. @throws DISK_FULL, USAGE, CONFIG_UNREADABLE, MESSAGE_INVALID */
  readonly done: Promise<void>;
  /** Settles when the first frame is written, or with `done`. */
  readonly begun: Promise<void>;
  /** Ends the recording in good order. Idempotent. */
  stop(): void;
}

/**
 * Writes a gateway's stream of lines into files until it ends, breaks or is stopped. A slow disk slows the reading
 * down, and the gateway cuts a reader that lags: the camera never waits. The log always ends with a mark. A line of
 * the log is written once the events told because of it are complete, so both files cover the same span.
 */
export function recordCamera(stream: Readable, files: RecordingFiles): CameraRecorder {
  return new StreamRecorder(stream, files);
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

class StreamRecorder implements CameraRecorder {
  readonly done: Promise<void>;
  readonly begun: Promise<void>;
  readonly #stream: Readable;
  readonly #files: RecordingFiles;
  readonly #progress: Mutable<RecordingProgress> = {
    state: "waiting",
    people: null,
    frames: 0,
    events: 0,
    exact: false,
    lengthMs: 0,
  };
  #log: LineFile | null = null;
  #events: LineFile | null = null;
  /** The newest line of the log with the events told because of it. */
  #held: { readonly line: string; readonly told: string[] } | null = null;
  #firstMono: MonoMs | null = null;
  #lastMono: MonoMs | null = null;
  #isStopped = false;
  #settleBegun: () => void = () => undefined;

  constructor(stream: Readable, files: RecordingFiles) {
    this.#stream = stream.setEncoding("utf8");
    this.#files = files;
    this.begun = new Promise((resolve) => {
      this.#settleBegun = resolve;
    });
    this.done = this.#run().finally(() => this.#settleBegun());
  }

  get progress(): RecordingProgress {
    return { ...this.#progress };
  }

  stop(): void {
    this.#isStopped = true;
    this.#stream.destroy();
  }

  async #run(): Promise<void> {
    try {
      await this.#read();
    } catch (error) {
      // Any other error is the connection's: the last line of the log says so.
      if (error instanceof GatewayError) throw error;
    } finally {
      this.#stream.destroy();
      await this.#finish();
    }
  }

  async #read(): Promise<void> {
    for await (const line of streamLines(this.#stream)) {
      if (this.#isStopped) return;
      await this.#take(line);
      if (this.#progress.state === "ended" || this.#progress.state === "cut") return;
    }
  }

  async #take(line: string): Promise<void> {
    const waiting = /^\{"wait":\{"people":(\d+)/.exec(line);
    if (waiting !== null) this.#progress.people = Number(waiting[1]);
    else if (this.#log === null) await this.#begin(line);
    else if (line.startsWith('{"told":')) this.#held?.told.push(line.slice(8, -1));
    else {
      await this.#release(this.#log);
      const mark = /^\{"(end|cut)":/.exec(line)?.[1];
      if (mark === undefined) this.#held = { line, told: [] };
      else await this.#close(this.#log, line, mark === "end" ? "ended" : "cut");
    }
  }

  async #begin(line: string): Promise<void> {
    const header = parseLogHeader(line);
    if (!header.ok) {
      const { path, expected } = header.error[0] ?? { path: "", expected: "a header" };
      const message = `the gateway's recording is of another version: ${path} is not ${expected}`;
      throw new GatewayError("MESSAGE_INVALID", message);
    }
    this.#progress.exact = header.value.exact;
    this.#log = await LineFile.create(this.#files.log);
    if (this.#files.events !== null) this.#events = await LineFile.create(this.#files.events);
    await this.#log.write(line);
    this.#progress.state = "running";
    this.#settleBegun();
  }

  /** Writes the held line, which is complete now. */
  async #release(log: LineFile): Promise<void> {
    const held = this.#held;
    this.#held = null;
    if (held === null) return;
    const t = /^\{"(?:t|blind|over)":([\d.e+-]+)/.exec(held.line)?.[1];
    if (t !== undefined) this.#reach(monoMs(Number(t)));
    if (held.line.startsWith('{"t":')) this.#progress.frames += 1;
    await log.write(held.line);
    this.#progress.events += held.told.length;
    for (const event of held.told) await this.#events?.write(event);
  }

  /** What was held when the stream broke may lack events, so it is left out. */
  async #finish(): Promise<void> {
    const log = this.#log;
    if (log !== null && this.#progress.state === "running") {
      const t = this.#lastMono ?? monoMs(0);
      if (this.#isStopped) await this.#close(log, markLine("end", t), "ended");
      else await this.#close(log, cutLine(t, "connection-lost"), "cut");
    }
    await log?.close();
    await this.#events?.close();
  }

  async #close(log: LineFile, line: string, state: "ended" | "cut"): Promise<void> {
    this.#progress.state = state;
    await log.write(line);
  }

  #reach(at: MonoMs): void {
    this.#firstMono ??= at;
    this.#lastMono = at;
    this.#progress.lengthMs = at - this.#firstMono;
  }
}

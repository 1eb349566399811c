import { join } from "node:path";
import type { Readable } from "node:stream";
import type { EpochMs } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import { btsnoopHeader, btsnoopRecord } from "../../io/radio/btsnoop.ts";
import { parseJsonlLine, type RecordedPacket } from "../../io/radio/recording.ts";
import { isSignOfLife } from "../../io/radio/tag-packet.ts";
import { LineFile } from "./line-file.ts";
import { streamLines } from "./stream-lines.ts";

/** `jsonl`: one file `radio.jsonl` for all receivers. `btsnoop`: a file `RECEIVER.btsnoop` for each. */
export type RadioFileFormat = "jsonl" | "btsnoop";

/** What a recording of the radio has come to so far. */
export interface RadioProgress {
  readonly state: "waiting" | "running" | "ended" | "cut";
  /** Packets of registered tags. */
  readonly packets: number;
  /** Paths of the files, in the order in which they were begun. */
  readonly files: readonly string[];
  /** Time from the first to the last packet. */
  readonly lengthMs: number;
}

/** A recorder at work on the radio. */
export interface RadioRecorder {
  readonly progress: RadioProgress;
  /** Settles when the files are complete. @throws DISK_FULL, USAGE, CONFIG_UNREADABLE, MESSAGE_INVALID */
  readonly done: Promise<void>;
  /** Ends the recording in good order. Idempotent. */
  stop(): void;
}

/**
 * Writes a gateway's stream of packets into files in `dir` until it ends, breaks or is stopped. A slow disk slows the
 * reading down, and the gateway cuts a reader that lags.
 */
export function recordRadioStream(
  stream: Readable,
  dir: string,
  format: RadioFileFormat,
): RadioRecorder {
  return new StreamRecorder(stream, dir, format);
}

class StreamRecorder implements RadioRecorder {
  readonly done: Promise<void>;
  readonly #stream: Readable;
  readonly #dir: string;
  readonly #format: RadioFileFormat;
  readonly #files = new Map<string, LineFile>();
  #state: RadioProgress["state"] = "waiting";
  #packets = 0;
  #first: EpochMs | null = null;
  #lengthMs = 0;
  #isStopped = false;

  constructor(stream: Readable, dir: string, format: RadioFileFormat) {
    this.#stream = stream.setEncoding("utf8");
    this.#dir = dir;
    this.#format = format;
    this.done = this.#run();
  }

  get progress(): RadioProgress {
    const files = [...this.#files.keys()];
    return { state: this.#state, packets: this.#packets, files, lengthMs: this.#lengthMs };
  }

  stop(): void {
    this.#isStopped = true;
    this.#stream.destroy();
  }

  async #run(): Promise<void> {
    try {
      for await (const line of streamLines(this.#stream)) if (!(await this.#take(line))) break;
    } catch (error) {
      // Any other error is the connection's, and the recording is cut.
      if (error instanceof GatewayError) throw error;
    } finally {
      this.#stream.destroy();
      if (this.#state === "waiting" || this.#state === "running")
        this.#state = this.#isStopped ? "ended" : "cut";
      for (const file of this.#files.values()) await file.close();
    }
  }

  /** Takes one line; false when it was the last. */
  async #take(line: string): Promise<boolean> {
    const mark = /^\{"(end|cut)":/.exec(line)?.[1];
    if (mark !== undefined) this.#state = mark === "end" ? "ended" : "cut";
    if (mark !== undefined || this.#isStopped) return false;
    const recorded = parseJsonlLine(line, "the gateway's recording");
    this.#state = "running";
    if (this.#format === "jsonl") await (await this.#open("radio.jsonl")).write(line);
    else await this.#writeRecord(recorded);
    if (!isSignOfLife(recorded.packet)) this.#packets += 1;
    this.#first ??= recorded.at;
    this.#lengthMs = recorded.at - this.#first;
    return true;
  }

  async #writeRecord(recorded: RecordedPacket): Promise<void> {
    const name = `${recorded.receiverId}.btsnoop`;
    const isNew = !this.#files.has(join(this.#dir, name));
    const file = await this.#open(name);
    if (isNew) await file.writeBytes(btsnoopHeader());
    await file.writeBytes(btsnoopRecord(recorded));
  }

  async #open(name: string): Promise<LineFile> {
    const path = join(this.#dir, name);
    const file = this.#files.get(path) ?? (await LineFile.create(path));
    this.#files.set(path, file);
    return file;
  }
}

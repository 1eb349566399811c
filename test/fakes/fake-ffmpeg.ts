import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One scripted life of the fake ffmpeg; the last one repeats. */
export interface FakeRun {
  /** Lines on stderr before anything else. */
  readonly report?: readonly string[];
  /** Size of the source picture, e.g. `640x360`; without it no stream is announced. */
  readonly picture?: string;
  /** Sizes that the source picture changes to in mid-stream, each with the number (from 0) of its first frame. */
  readonly pictures?: readonly { readonly from: number; readonly picture: string }[];
  /** Frames to write; each is filled with its number, from 1. */
  readonly frames?: number;
  /** Frames to write after a hold, which then ends in a stall. */
  readonly moreFrames?: number;
  readonly intervalMs?: number;
  readonly chunkBytes?: number;
  /** Bytes of one more frame that is never finished. */
  readonly partialBytes?: number;
  /** Lines on stderr after the frames. */
  readonly lastWords?: readonly string[];
  /** `stall`: stay alive and silent. `hold`: the same until `letGo`, then leave. Default: leave. */
  readonly afterwards?: "stall" | "hold" | "exit";
  readonly exitCode?: number;
  readonly ignoresTerm?: boolean;
}

export interface FakeScript {
  readonly version?: string;
  readonly rtspHelp?: string;
  readonly longHelp?: string;
  readonly runs?: readonly FakeRun[];
}

/** A program on disk that behaves like the script says. */
export interface FakeFfmpeg {
  readonly path: string;
  /** Process id and arguments of each run so far. */
  runs(): readonly { readonly pid: number; readonly args: readonly string[] }[];
  /** Lets the runs so far that hold leave. */
  letGo(): void;
  /** Deletes the program. */
  [Symbol.dispose](): void;
}

/** Writes a fake ffmpeg into a temporary folder. */
export function createFakeFfmpeg(script: FakeScript): FakeFfmpeg {
  const dir = mkdtempSync(join(tmpdir(), "fake-ffmpeg-"));
  const scriptPath = join(dir, "script.json");
  const path = join(dir, "ffmpeg");
  writeFileSync(scriptPath, JSON.stringify({ ...script, runs: script.runs ?? [{}] }));
  const program = join(import.meta.dirname, "fake-ffmpeg.mjs");
  // exec keeps the process id, so that a signal reaches the fake itself.
  writeFileSync(path, `#!/bin/sh\nexec "${process.execPath}" "${program}" "${scriptPath}" "$@"\n`);
  chmodSync(path, 0o755);
  return {
    path,
    runs() {
      if (!existsSync(`${scriptPath}.runs`)) return [];
      // The last line may still be being written.
      const lines = readFileSync(`${scriptPath}.runs`, "utf8").split("\n").slice(0, -1);
      return lines.map((line) => JSON.parse(line));
    },
    letGo() {
      writeFileSync(`${scriptPath}.new`, String(this.runs().length));
      renameSync(`${scriptPath}.new`, `${scriptPath}.go`);
    },
    [Symbol.dispose]() {
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Whether a process of this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // ESRCH: the only way the system says that nobody has this id.
    return false;
  }
}

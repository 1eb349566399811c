import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { PictureSize } from "../../src/vision/ports.ts";

export interface RtspServerOptions {
  /** MP4 or MPEG-TS (.ts) with H.264; each client gets it from the beginning, at the speed of its time stamps. */
  readonly file: string;
  /** Wanted of clients; absent: anybody may look. */
  readonly user?: string;
  readonly password?: string;
}

/** Python of the system: the one that Debian's bindings are made for. */
const PYTHON = "/usr/bin/python3";
const SCRIPT = join(import.meta.dirname, "rtsp-server.py");

/** Whether this machine can run the server (Debian: python3-gi, gir1.2-gst-rtsp-server-1.0 and plugins). */
export async function canServeRtsp(): Promise<boolean> {
  try {
    await promisify(execFile)(PYTHON, [SCRIPT, "--check"]);
    return true;
  } catch {
    // Not installed: the only reason for which it fails.
    return false;
  }
}

/** A real RTSP server in a process of its own, with the faults of a camera. */
export class RtspServer {
  readonly #options: RtspServerOptions;
  #child: ChildProcess | null = null;
  #port = 0;

  private constructor(options: RtspServerOptions) {
    this.#options = options;
  }

  /** Starts a server on a free port; resolves when it listens. */
  static async start(options: RtspServerOptions): Promise<RtspServer> {
    const server = new RtspServer(options);
    await server.restart();
    return server;
  }

  /** Address of the stream, without credentials. */
  get url(): string {
    return `rtsp://127.0.0.1:${this.#port}/cam`;
  }

  /** The same address with a user and a password, and another path if wanted. */
  urlFor(user: string, password: string, path = "/cam"): string {
    return `rtsp://${user}:${password}@127.0.0.1:${this.#port}${path}`;
  }

  /** Starts it, again if it was killed, on the same port; resolves when it listens. */
  async restart(): Promise<void> {
    const { file, user = null, password = "" } = this.#options;
    const wanted = { port: this.#port, path: "/cam", file, user, password };
    const child = spawn(PYTHON, [SCRIPT, JSON.stringify(wanted)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child = child;
    const [line] = await once(createInterface({ input: child.stdout }), "line");
    this.#port = Number(/^port (\d+)$/.exec(String(line))?.[1]);
  }

  /** The camera hangs: its sockets stay open and nothing comes any more. */
  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  /** Ends the hanging. */
  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  /** The power is cut; resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

/** Processes whose command line holds this text: with an address of its own, everything that reads this source. */
export function processesWith(text: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
      } catch {
        // It ended while we were looking.
        return false;
      }
    })
    .map(Number);
}

/** Someone walks from left to right through the middle in about 2.5 s, then stands. */
function scene({ widthPx, heightPx }: PictureSize, seconds: number): string {
  const [size, rate] = [`${widthPx}x${heightPx}`, `r=${CLIP_FPS}:d=${seconds}`];
  const k = widthPx / 512;
  // Grid and noise: a black and a frozen picture would be faults of their own.
  const back = `color=0x202020:s=${size}:${rate},drawgrid=w=64:h=64:t=2:c=0x505050[bg]`;
  const body = `color=white:s=${56 * k}x${120 * k}:${rate}[fg]`;
  const walk = `overlay=x='min(${400 * k},${8 * k}+t*${160 * k})':y=${150 * k}`;
  return `${back};${body};[bg][fg]${walk},noise=alls=4:allf=t`;
}

const CLIP_FPS = 10;

export interface ClipOptions {
  /** Default 20. */
  readonly seconds?: number;
  /** Time stamp of the first frame in seconds, for clips that are joined. Default 0. */
  readonly fromSeconds?: number;
}

/**
 * Writes H.264, ten frames a second, in which the fake detector of 256x192 sees one person in a picture of any size;
 * MP4 or MPEG-TS by the name. What is longer than 20 s repeats them.
 */
export async function writeClip(
  file: string,
  size: PictureSize,
  { seconds = 20, fromSeconds = 0 }: ClipOptions = {},
): Promise<void> {
  const encode = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "10"];
  const picture = [...encode, "-pix_fmt", "yuv420p", "-output_ts_offset", String(fromSeconds)];
  const input = ["-f", "lavfi", "-i", scene(size, Math.min(20, seconds))];
  if (seconds <= 20) return ffmpeg(...input, ...picture, file);
  const once = `${file}.once.mp4`;
  await ffmpeg(...input, ...picture, once);
  const repeats = String(Math.ceil(seconds / 20) - 1);
  await ffmpeg("-stream_loop", repeats, "-i", once, "-c", "copy", file);
  await rm(once);
}

async function ffmpeg(...args: readonly string[]): Promise<void> {
  await promisify(execFile)("ffmpeg", ["-y", "-loglevel", "error", ...args]);
}

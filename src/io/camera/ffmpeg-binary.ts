import { execFile } from "node:child_process";
import { GatewayError } from "../../core/errors.ts";
import type { FfmpegFlavour } from "./ffmpeg-arguments.ts";
import { findLeash, type Leash } from "./ffmpeg-leash.ts";

/** An ffmpeg that was started once and told what it understands. */
export interface FfmpegBinary extends FfmpegFlavour {
  readonly path: string;
  /** As it names itself, e.g. `5.1.9-0+deb12u1`. */
  readonly version: string;
  /** How its runs are tied to the life of this process; null where the system cannot. */
  readonly leash: Leash | null;
}

const PROBE_TIMEOUT_MS = 15_000;

/** Asks one ffmpeg for its version and options; null when it cannot be started or is no ffmpeg. */
export async function probeFfmpeg(path: string): Promise<FfmpegBinary | null> {
  // One run that tells everything: a camera waits for this with its first frame.
  const [{ said, printed }, leash] = await Promise.all([
    outputOf(path, ["-h", "full"]),
    findLeash(),
  ]);
  const version = /^ffmpeg version (\S+)/m.exec(said)?.[1];
  if (version === undefined) return null;
  const rtsp = sectionOf(printed, "RTSP demuxer AVOptions:");
  return {
    path,
    version,
    rtspTimeoutFlag: /^\s*-stimeout\b/m.test(rtsp) ? "-stimeout" : "-timeout",
    passthrough: /^-fps_mode\b/m.test(printed)
      ? ["-fps_mode", "passthrough"]
      : ["-vsync", "passthrough"],
    frameLines: frameLinesOf(sectionOf(printed, "showinfo AVOptions:")),
    leash,
  };
}

function frameLinesOf(options: string): FfmpegBinary["frameLines"] {
  // Builds from before the filter had an option do not list it, but all of those have it.
  return /^\s*checksum\b/m.test(options) ? "showinfo=checksum=0" : "showinfo";
}

/** From a heading to the next empty line; empty when there is no such heading. */
function sectionOf(text: string, heading: string): string {
  const from = text.indexOf(`${heading}\n`);
  return from < 0 ? "" : (text.slice(from).split("\n\n")[0] ?? "");
}

/**
 * Finds a working ffmpeg: the one at `path` when given, else that of the system, else the one npm brought.
 * @throws FFMPEG_MISSING when none of them starts.
 */
export async function findFfmpeg(path?: string): Promise<FfmpegBinary> {
  const candidates = path === undefined ? ["ffmpeg", await packagedFfmpeg()] : [path];
  for (const candidate of candidates) {
    const found = candidate === null ? null : await probeFfmpeg(candidate);
    if (found !== null) return found;
  }
  throw new GatewayError("FFMPEG_MISSING", "No ffmpeg could be started", {
    context: { tried: candidates.filter((candidate) => candidate !== null) },
  });
}

async function packagedFfmpeg(): Promise<string | null> {
  try {
    return (await import("@ffmpeg-installer/ffmpeg")).default.path;
  } catch {
    // The package throws a string while loading when it has no binary for this platform.
    return null;
  }
}

/** What a run of it says of itself and prints; both empty when it cannot be started or fails. */
function outputOf(
  path: string,
  args: readonly string[],
): Promise<{ readonly said: string; readonly printed: string }> {
  return new Promise((resolve) => {
    const limits = { timeout: PROBE_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 };
    execFile(path, [...args], limits, (error, printed, said) => {
      resolve(error === null ? { said, printed } : { said: "", printed: "" });
    });
  });
}

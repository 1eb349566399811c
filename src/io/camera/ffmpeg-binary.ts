import { execFile } from "node:child_process";
import { GatewayError } from "../../core/errors.ts";
import type { FfmpegFlavour } from "./ffmpeg-arguments.ts";

/** An ffmpeg that was started once and told what it understands. */
export interface FfmpegBinary extends FfmpegFlavour {
  readonly path: string;
  /** As it names itself, e.g. `5.1.9-0+deb12u1`. */
  readonly version: string;
}

const PROBE_TIMEOUT_MS = 15_000;

/** Asks one ffmpeg for its version and options; null when it cannot be started or is no ffmpeg. */
export async function probeFfmpeg(path: string): Promise<FfmpegBinary | null> {
  const version = /^ffmpeg version (\S+)/m.exec((await textOf(path, ["-version"])) ?? "")?.[1];
  if (version === undefined) return null;
  const rtsp = (await textOf(path, ["-hide_banner", "-h", "demuxer=rtsp"])) ?? "";
  const options = (await textOf(path, ["-hide_banner", "-h", "long"])) ?? "";
  return {
    path,
    version,
    rtspTimeoutFlag: /^\s*-stimeout\b/m.test(rtsp) ? "-stimeout" : "-timeout",
    passthrough: /^-fps_mode\b/m.test(options)
      ? ["-fps_mode", "passthrough"]
      : ["-vsync", "passthrough"],
  };
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

function textOf(path: string, args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    const limits = { timeout: PROBE_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 };
    execFile(path, args, limits, (error, stdout) => resolve(error === null ? stdout : null));
  });
}

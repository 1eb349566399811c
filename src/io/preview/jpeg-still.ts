import { spawn } from "node:child_process";
import type { Clock } from "../../core/clock.ts";
import { type FaultCode, GatewayError } from "../../core/errors.ts";
import { type Leash, leashed } from "../camera/ffmpeg-leash.ts";
import { faultOfOutput } from "../camera/ffmpeg-output.ts";

/** What a still is made of: bytes of a picture that says its own size, or the arguments that open a source. */
export type StillInput =
  | { readonly kind: "bytes"; readonly bytes: readonly Uint8Array[] }
  | { readonly kind: "source"; readonly arguments: readonly string[]; readonly address: string };

export interface StillDeps {
  readonly ffmpegPath: string;
  readonly leash: Leash | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** A camera with a long group of pictures needs seconds for its first one. */
const DEADLINE_MS = 15_000;
/** No JPEG of a shop camera is larger. */
const LARGEST_BYTES = 16 * 1024 * 1024;

/**
 * Makes one JPEG by an ffmpeg that lives for this picture only; nothing touches the disk.
 * @throws FFMPEG_FAILED, or the camera's fault that ffmpeg names
 */
export async function jpegStill(input: StillInput, deps: StillDeps): Promise<Uint8Array> {
  const opened = input.kind === "bytes" ? ["-f", "yuv4mpegpipe", "-i", "pipe:0"] : input.arguments;
  const args = [
    ...["-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning", ...opened],
    ...["-map", "0:v:0", "-frames:v", "1", "-an", "-q:v", "4", "-f", "mjpeg", "pipe:1"],
  ];
  const command = leashed(deps.leash, deps.ffmpegPath, args);
  const child = spawn(command.program, command.args, { stdio: ["pipe", "pipe", "pipe"] });
  const kill = (): void => void child.kill("SIGKILL");
  const deadline = deps.clock.after(DEADLINE_MS, "preview-still", kill);
  process.on("exit", kill);
  deps.signal.addEventListener("abort", kill, { once: true });
  if (deps.signal.aborted) kill();
  const jpeg: Buffer[] = [];
  let bytes = 0;
  let report = "";
  child.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes <= LARGEST_BYTES) jpeg.push(chunk);
    else kill();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    report = (report + text).slice(-4096);
  });
  // ffmpeg may leave before it has read everything; whether there is a picture tells more.
  child.stdin.on("error", () => undefined);
  if (input.kind === "bytes") for (const part of input.bytes) child.stdin.write(part);
  child.stdin.end();
  const exitCode = await new Promise<number | null>((resolve) => {
    child.on("close", resolve);
    child.on("error", () => {
      // A program that never started emits no close.
      if (child.pid === undefined) resolve(null);
    });
  });
  deadline.cancel();
  process.off("exit", kill);
  deps.signal.removeEventListener("abort", kill);
  if (exitCode === 0 && bytes > 0) return Buffer.concat(jpeg);
  throw new GatewayError(faultOf(report, input), "ffmpeg made no still picture");
}

function faultOf(report: string, input: StillInput): FaultCode {
  if (input.kind === "bytes") return "FFMPEG_FAILED";
  return faultOfOutput(report.split(/[\r\n]+/), input.address) ?? "FFMPEG_FAILED";
}

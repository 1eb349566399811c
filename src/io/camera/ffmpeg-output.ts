import type { FaultCode } from "../../core/errors.ts";
import type { PictureSize } from "../../vision/ports.ts";

/** What ffmpeg says about the video stream it opened. */
export interface StreamFacts {
  readonly picture: PictureSize;
  /** Mean frame rate of the source; null when ffmpeg does not know it. */
  readonly fps: number | null;
}

/** Rates that ffmpeg prints shortened. @source NTSC rates are n * 1000 / 1001. */
const NTSC: Readonly<Record<string, number>> = {
  "23.98": 24_000 / 1001,
  "29.97": 30_000 / 1001,
  "59.94": 60_000 / 1001,
};

/** Reads a `Stream #0:0: Video: ...` line of ffmpeg's report; null for any other line. Pure. */
export function parseStreamLine(line: string): StreamFacts | null {
  if (!/Stream #\d+:\d+.*: Video: /.test(line)) return null;
  // At least two digits, so that a codec tag such as 0x31637661 is not taken for a size.
  const size = /, (\d{2,5})x(\d{2,5})(?=[\s,[]|$)/.exec(line);
  if (size === null) return null;
  const rate = /, ([\d.]+) fps\b/.exec(line)?.[1] ?? /, ([\d.]+) tbr\b/.exec(line)?.[1];
  const fps = rate === undefined ? null : (NTSC[rate] ?? Number(rate));
  return {
    picture: { widthPx: Number(size[1]), heightPx: Number(size[2]) },
    fps: fps !== null && fps > 0 ? fps : null,
  };
}

/**
 * Size of the picture one frame was made of, from the line that the showinfo filter prints for it; null for any other
 * line. The lines come in the order of the frames. Pure.
 */
export function parseFrameLine(line: string): PictureSize | null {
  if (!isFrameLine(line)) return null;
  const size = /\] n: *\d+ .*\bs:(\d+)x(\d+)\b/.exec(line);
  return size === null ? null : { widthPx: Number(size[1]), heightPx: Number(size[2]) };
}

/** Whether a line comes from the showinfo filter: about one frame, of no use in a report. Pure. */
export function isFrameLine(line: string): boolean {
  return line.startsWith("[Parsed_showinfo");
}

/** Whether a line tells of one picture that could not be decoded cleanly. Pure. */
export function isDamageLine(line: string): boolean {
  return /concealing \d+ DC|corrupt decoded frame|error while decoding MB|Error while decoding stream|Error submitting packet/i.test(
    line,
  );
}

const SIGNS: readonly (readonly [RegExp, FaultCode])[] = [
  [/\b401\b|\b403\b|Unauthorized|Forbidden|authorization failed/i, "CAMERA_UNAUTHORIZED"],
  [/\b404\b|Not Found|No such file or directory|No such device/, "CAMERA_NOT_FOUND"],
  [
    /Connection refused|\b503\b|timed out|No route to host|Network is unreachable|Host is down|Connection reset|resolve hostname|Name or service not known|resource busy|Permission denied|Input\/output error/i,
    "CAMERA_UNREACHABLE",
  ],
  [
    /Invalid data found|does not contain any stream|matches no streams|Could not find codec parameters|moov atom not found|Decoder .* not found|Output file is empty/,
    "CAMERA_UNREADABLE",
  ],
];

/**
 * Names the fault behind ffmpeg's own words, newest line first, or null when they say nothing known. The exit code
 * is of no use for this: a camera that dies makes ffmpeg leave with 0. The address of the source is not looked at, since
 * it may hold such words and numbers itself. Pure.
 */
export function faultOfOutput(lines: readonly string[], address: string): FaultCode | null {
  for (let i = lines.length - 1; i >= 0; i -= 1) {
    const line = (lines[i] ?? "").replaceAll(address, "");
    for (const [sign, code] of SIGNS) if (sign.test(line)) return code;
  }
  return null;
}

/** Splits a stream of text chunks into lines and hands each on once it is complete; very long lines are cut. */
export function createLineSplitter(onLine: (line: string) => void): (chunk: string) => void {
  let rest = "";
  return (chunk) => {
    const lines = (rest + chunk).split(/[\r\n]+/);
    rest = (lines.pop() ?? "").slice(-4096);
    for (const line of lines) if (line !== "") onLine(line);
  };
}

import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";
import {
  FRAME_LIMITS,
  type QuantizeResult,
  quantizeModel,
} from "../../io/models/quantize/quantize-model.ts";
import { framesOfVideo } from "../../io/models/quantize/video-frames.ts";
import { obtainFootage } from "../demo/footage.ts";
import { createSystemClock } from "../system-clock.ts";
import type { Terminal } from "../terminal.ts";

/** Flags of `vitrine models quantize`. */
export interface QuantizeFlags {
  readonly dir: string;
  readonly json?: boolean;
  readonly calibrate?: string;
  readonly threads: number;
}

/** Makes the int8 form of an installed model on footage, compares and installs it. */
export async function quantize(
  id: string,
  flags: QuantizeFlags,
  terminal: Terminal,
): Promise<void> {
  const { signal } = terminal;
  const video = await footage(flags, terminal);
  const result = await quantizeModel({
    dir: resolve(flags.dir),
    id,
    framesFor: (entry) =>
      framesOfVideo(video, entry, FRAME_LIMITS, { clock: createSystemClock(), signal }),
    calibration: basename(video),
    threads: Math.max(1, flags.threads),
    signal,
    onProgress: (share) => terminal.progress(`calibrating ${id}: ${Math.round(share * 100)} %`),
  });
  terminal.progress("");
  if (flags.json) return terminal.print(JSON.stringify(result));
  for (const line of describe(result)) terminal.print(line);
}

async function footage({ calibrate }: QuantizeFlags, terminal: Terminal): Promise<string> {
  if (calibrate !== undefined) return resolve(calibrate);
  terminal.note("no --calibrate: the demo footage is taken; footage of the site fits it better");
  const home = terminal.environment["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const say = (line: string): void => terminal.note(line);
  return obtainFootage({ cacheDir: join(home, "vitrine"), say, signal: terminal.signal });
}

function describe({ id, bytesBefore, bytesAfter, agreement }: QuantizeResult): readonly string[] {
  const { frames, floatBoxes, int8Boxes, matchedRatio, countRatio, floatMs, int8Ms } = agreement;
  const percent = (ratio: number): string => `${(100 * ratio).toFixed(1)} %`;
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  const gain = floatMs / int8Ms;
  return [
    `${id}: installed, ${megabytes(bytesBefore)} -> ${megabytes(bytesAfter)}`,
    `  on ${frames} other frames: ${int8Boxes} people against ${floatBoxes}, ${percent(matchedRatio)} of them in ` +
      `the same place, counts equal to ${percent(countRatio)}`,
    ...Object.entries(agreement.outputs).map(
      ([name, { maxError, meanError }]) =>
        `  ${name}: greatest difference ${maxError.toPrecision(3)}, mean ${meanError.toPrecision(3)}`,
    ),
    `  ${floatMs.toFixed(1)} -> ${int8Ms.toFixed(1)} ms a look, ${gain.toFixed(2)} times as fast`,
    ...(gain < 1.1
      ? [
          `  not worth it on this board: take ${id} out of manifest.json again to use the float form`,
        ]
      : ["  cameras take it from the next start on"]),
  ];
}

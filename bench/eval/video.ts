import { parseArgs } from "node:util";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { GatewayError } from "../../src/core/errors.ts";
import { findFfmpeg } from "../../src/io/camera/ffmpeg-binary.ts";
import { probeVideo } from "../../src/io/camera/video-probe.ts";
import { pickModel } from "./video-model.ts";
import { evaluateVideo } from "./video-run.ts";
import { readVideoTruth } from "./video-truth.ts";

export const usage = `eval video --video FILE --gt FILE [--models DIR] [--profile default|permissive] [--threads N] [--gate] [--json]

Runs the whole camera chain (ffmpeg, detector, tracker, lines, zones) on every frame of a video and compares it with
the truth: a *.gt.json of videos/ or a counting.gt.json of mot/, whose gt.txt beside it gives the identities.
  countError      sum over lines and directions of |counted - true|, of countTruth
  falseCrossings  crossings without a true one within 1 s (or 3 frames) in the same direction
  dwellErrorsMs   |measured - true| of each true stay; a stay not found counts as measured 0
  identities      different people the tracker told apart (ids of confirmed tracks)
  IDF1            percent; null without true identities
  looks           frames the detector looked at; with --gate it rests while nothing moves, as live cameras do
  zoneOccupancyMAE  mean absolute error of the people inside zones, by the stays told; null without that truth
Lines are judged by the point the truth names (anchor_lines), zones by the foot point.

Example: npm run eval -- video --video clip.mp4 --gt clip.gt.json --json`;

/** Runs the evaluation named by the arguments. @throws USAGE, INPUT_INVALID, MODEL_MISSING */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const options = readOptions(args);
  const truth = await readVideoTruth(options.gt);
  const source = { kind: "file", address: options.video } as const;
  const { picture } = await probeVideo(await findFfmpeg(), source, createSystemClock());
  const model = await pickModel({ ...options, picture });
  const { video, gt: truthFile, gate: hasMotionGate } = options;
  const evaluation = { video, truthFile, truth, picture, model, hasMotionGate };
  return { ...(await evaluateVideo(evaluation)) };
}

interface Options {
  readonly video: string;
  readonly gt: string;
  readonly dir: string;
  readonly profile: "default" | "permissive";
  readonly threads: number;
  readonly gate: boolean;
}

function readOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  let values: Readonly<
    Partial<Record<"video" | "gt" | "models" | "profile" | "threads", string | undefined>>
  > & { readonly gate?: boolean | undefined };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        video: text,
        gt: text,
        models: text,
        profile: text,
        threads: text,
        gate: { type: "boolean" },
      },
    }));
  } catch (cause) {
    throw new GatewayError("USAGE", (cause as Error).message, { cause });
  }
  const { video, gt, models, profile = "default", threads = "1" } = values;
  if (video === undefined || gt === undefined)
    throw new GatewayError("USAGE", "expected --video FILE and --gt FILE");
  if (profile !== "default" && profile !== "permissive")
    throw new GatewayError("USAGE", `expected default or permissive as profile, found ${profile}`);
  const count = Number(threads);
  if (!Number.isInteger(count) || count < 1)
    throw new GatewayError(
      "USAGE",
      `expected a whole number from 1 for --threads, found ${threads}`,
    );
  return {
    video,
    gt,
    dir: models ?? "models",
    profile,
    threads: count,
    gate: values.gate === true,
  };
}

import { join } from "node:path";
import { parseArgs } from "node:util";
import { GatewayError } from "../../src/core/errors.ts";
import type { Disturbance } from "./disturbance.ts";
import { findDetectionFile, invalidInput, listDirectory } from "./mot.ts";
import { type RobustnessScore, scoreDisturbed } from "./robustness.ts";
import {
  evaluateDetections,
  evaluateTracks,
  exists,
  loadSequence,
  type Sequence,
  type SequenceScore,
} from "./sequence.ts";

export const usage = `eval tracking --mot DIR [--every N] [--det FILE] [--json]
eval tracking --scored FILE --mot DIR [--every N] [--json]
eval tracking --suite DIR [--drop SHARE] [--jitter MS] [--seed N] [--seeds N] [--json]

Scores our tracker on det*.txt against gt.txt and counting.gt.json of a folder in MOTChallenge form (seqinfo.ini has
the true frame rate), or another tracker's output, or every such sequence of a folder at full rate and decimated.
Scores are percent; countError = sum over lines and directions of |counted - true|. zoneOccupancyMAE = mean absolute
error of the people inside zones, by the stays told. IDF1 is that of the tracker: things that never move are tracked
like people, and only lines, zones and live dots leave them out.
With --drop and --jitter frames are lost and come unevenly (--seeds draws of them, default 5, from --seed on). lossIDF1
is how many points the same frames, scored alone, lose against an undisturbed run: the mean over the sequences at full
rate; lossIDF1Thinned is that of the decimated ones, which then come at 2.5 frames a second.

Example: npm run eval -- tracking --suite data/mot --drop 0.3 --jitter 50 --json
Example: npm run eval -- tracking --mot data/mot/TUD-Campus --json`;

/** Rate from which a sequence is thinned to every fifth frame in a suite; below, to every second. */
const FAST_HZ = 20;

/** Runs the evaluation named by the arguments. @throws USAGE, INPUT_INVALID */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const options = readOptions(args);
  if (options.suite !== undefined && options.disturbance !== null)
    return evaluateRobustness(options.suite, options.disturbance, options.seeds);
  if (options.suite !== undefined) return evaluateSuite(options.suite);
  if (options.mot === undefined)
    throw new GatewayError("USAGE", "expected --mot DIR or --suite DIR");
  const sequence = await loadSequence(options.mot);
  const score =
    options.scored === undefined
      ? await evaluateDetections(sequence, options.every, options.det)
      : await evaluateTracks(sequence, options.every, options.scored);
  return { ...score };
}

/** Every sequence of a folder with truth, detections and counts, at full rate and decimated, with one setting. */
export async function evaluateSuite(directory: string): Promise<{
  readonly meanIDF1: number;
  readonly countError: number;
  readonly countTruth: number;
  readonly sequences: readonly SequenceScore[];
}> {
  const sequences: SequenceScore[] = [];
  for (const { sequence, every } of await columnsOf(directory))
    sequences.push(await evaluateDetections(sequence, every));
  const sum = (pick: (score: SequenceScore) => number | null): number =>
    sequences.reduce((value, score) => value + (pick(score) ?? 0), 0);
  return {
    meanIDF1: Math.round((100 * sum((s) => s.IDF1)) / sequences.length) / 100,
    countError: sum((s) => s.countError),
    countTruth: sum((s) => s.countTruth),
    sequences,
  };
}

/** The sequences of a suite, each at full rate and decimated. @throws INPUT_INVALID when there is none. */
export async function columnsOf(
  directory: string,
): Promise<readonly { readonly sequence: Sequence; readonly every: number }[]> {
  const columns: { sequence: Sequence; every: number }[] = [];
  for (const name of (await listDirectory(directory)).sort()) {
    const folder = join(directory, name);
    if (!(await isComplete(folder))) continue;
    const sequence = await loadSequence(folder);
    const thinned = sequence.info.framesPerSecond >= FAST_HZ ? 5 : 2;
    columns.push({ sequence, every: 1 }, { sequence, every: thinned });
  }
  if (columns.length > 0) return columns;
  const wanted = "expected folders with gt.txt, det*.txt and counting.gt.json";
  throw invalidInput(directory, null, wanted);
}

/** The suite with frames lost and late, against the same frames of an undisturbed run. @throws INPUT_INVALID */
export async function evaluateRobustness(
  directory: string,
  disturbance: Disturbance,
  seeds: readonly number[],
): Promise<Readonly<Record<string, unknown>>> {
  const sequences: RobustnessScore[] = [];
  for (const { sequence, every } of await columnsOf(directory))
    sequences.push(await scoreDisturbed(sequence, every, disturbance, seeds));
  const mean = (pick: (score: RobustnessScore) => boolean): number | null => {
    const losses = sequences.filter(pick).map(({ lossIDF1 }) => lossIDF1);
    if (losses.length === 0) return null;
    return Math.round((100 * losses.reduce((a, b) => a + b, 0)) / losses.length) / 100;
  };
  return {
    lossIDF1: mean(({ every }) => every === 1),
    lossIDF1Thinned: mean(({ every }) => every > 1),
    ...disturbance,
    seeds,
    sequences,
  };
}

async function isComplete(folder: string): Promise<boolean> {
  if (!(await exists(join(folder, "gt.txt")))) return false;
  if (!(await exists(join(folder, "counting.gt.json")))) return false;
  try {
    await findDetectionFile(folder);
    return true;
  } catch (error) {
    if (error instanceof GatewayError) return false;
    throw error;
  }
}

interface Options {
  readonly mot: string | undefined;
  readonly suite: string | undefined;
  readonly scored: string | undefined;
  readonly det: string | undefined;
  readonly every: number;
  readonly disturbance: Disturbance | null;
  readonly seeds: readonly number[];
}

const NAMES = [
  "mot",
  "suite",
  "scored",
  "det",
  "every",
  "drop",
  "jitter",
  "seed",
  "seeds",
] as const;

function readOptions(args: readonly string[]): Options {
  let values: Readonly<Partial<Record<(typeof NAMES)[number], string>>>;
  try {
    const options = Object.fromEntries(NAMES.map((name) => [name, { type: "string" as const }]));
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (cause) {
    throw new GatewayError("USAGE", (cause as Error).message, { cause });
  }
  const { mot, suite, scored, det, drop, jitter } = values;
  const dropRatio = inRange("drop", drop ?? "0", 0, 0.95);
  const jitterMs = inRange("jitter", jitter ?? "0", 0, 10_000);
  const isDisturbed = drop !== undefined || jitter !== undefined;
  const firstSeed = wholeFrom("seed", values.seed ?? "1", 0);
  const seeds = wholeFrom("seeds", values.seeds ?? "5", 1);
  return {
    mot,
    suite,
    scored,
    det,
    every: wholeFrom("every", values.every ?? "1", 1),
    disturbance: isDisturbed ? { dropRatio, jitterMs } : null,
    seeds: Array.from({ length: Math.min(seeds, 100) }, (_, i) => firstSeed + i),
  };
}

function wholeFrom(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new GatewayError(
    "USAGE",
    `expected a whole number from ${least} for --${name}, found ${text}`,
  );
}

function inRange(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= least && value <= most) return value;
  throw new GatewayError(
    "USAGE",
    `expected a number from ${least} to ${most} for --${name}, found ${text}`,
  );
}

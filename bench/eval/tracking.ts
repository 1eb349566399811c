import { join } from "node:path";
import { parseArgs } from "node:util";
import { GatewayError } from "../../src/core/errors.ts";
import { findDetectionFile, invalidInput, listDirectory } from "./mot.ts";
import {
  evaluateDetections,
  evaluateTracks,
  exists,
  loadSequence,
  type SequenceScore,
} from "./sequence.ts";

export const usage = `eval tracking --mot DIR [--every N] [--det FILE] [--json]
eval tracking --scored FILE --mot DIR [--every N] [--json]
eval tracking --suite DIR [--json]

Scores our tracker on det*.txt against gt.txt and counting.gt.json of a folder in MOTChallenge form (seqinfo.ini has
the true frame rate), or another tracker's output, or every such sequence of a folder at full rate and decimated.
Scores are percent; countError = sum over lines and directions of |counted - true|.

Example: npm run eval -- tracking --mot data/mot/TUD-Campus --json`;

/** Rate from which a sequence is thinned to every fifth frame in a suite; below, to every second. */
const FAST_HZ = 20;

/** Runs the evaluation named by the arguments. @throws USAGE, INPUT_INVALID */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const options = readOptions(args);
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
  for (const name of (await listDirectory(directory)).sort()) {
    const folder = join(directory, name);
    if (!(await isComplete(folder))) continue;
    const sequence = await loadSequence(folder);
    const thinned = sequence.info.framesPerSecond >= FAST_HZ ? 5 : 2;
    for (const every of [1, thinned]) sequences.push(await evaluateDetections(sequence, every));
  }
  if (sequences.length === 0)
    throw invalidInput(
      directory,
      null,
      "expected folders with gt.txt, det*.txt and counting.gt.json",
    );
  const sum = (pick: (score: SequenceScore) => number | null): number =>
    sequences.reduce((value, score) => value + (pick(score) ?? 0), 0);
  return {
    meanIDF1: Math.round((100 * sum((s) => s.IDF1)) / sequences.length) / 100,
    countError: sum((s) => s.countError),
    countTruth: sum((s) => s.countTruth),
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
}

function readOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  let values: { mot?: string; suite?: string; scored?: string; det?: string; every?: string };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { mot: text, suite: text, scored: text, det: text, every: text },
    }));
  } catch (cause) {
    throw new GatewayError("USAGE", (cause as Error).message, { cause });
  }
  const every = Number(values.every ?? "1");
  if (!Number.isInteger(every) || every < 1)
    throw new GatewayError(
      "USAGE",
      `expected a whole number from 1 for --every, found ${values.every}`,
    );
  const { mot, suite, scored, det } = values;
  return { mot, suite, scored, det, every };
}

import { type ArrivedFrames, type Disturbance, disturb } from "./disturbance.ts";
import { type BoxFrame, everyNth, findDetectionFile, readBoxes } from "./mot.ts";
import { scoreTracking } from "./score.ts";
import { regularTimes, type Sequence, trackDetections } from "./sequence.ts";

/** What a sequence loses by disturbed frames: means over the seeds, percent with two decimals. */
export interface RobustnessScore {
  readonly name: string;
  readonly every: number;
  /** Rate before the disturbance. */
  readonly framesPerSecond: number;
  /** Of the undisturbed run, scored on the frames that the disturbed one was given. */
  readonly steadyIDF1: number;
  readonly disturbedIDF1: number;
  readonly lossIDF1: number;
}

/**
 * Tracks a sequence as it is and with frames lost and late, and scores both on the frames that arrived.
 * @throws INPUT_INVALID
 */
export async function scoreDisturbed(
  sequence: Sequence,
  every: number,
  disturbance: Disturbance,
  seeds: readonly number[],
): Promise<RobustnessScore> {
  const { name, framesPerSecond, frameCount } = sequence.info;
  const file = await findDetectionFile(sequence.directory);
  const frames = everyNth(await readBoxes(file, "detections", frameCount), every);
  const truth = everyNth(sequence.truth, every);
  const frameMs = (every * 1000) / framesPerSecond;
  const steady = trackDetections(frames, regularTimes(frames.length, sequence, every), sequence);
  let steadyIDF1 = 0;
  let disturbedIDF1 = 0;
  for (const seed of seeds) {
    const { indices, timesMs }: ArrivedFrames = disturb(frames.length, frameMs, disturbance, seed);
    const at = (list: readonly BoxFrame[]): BoxFrame[] => indices.flatMap((i) => list[i] ?? []);
    const run = trackDetections(at(frames), timesMs, sequence);
    steadyIDF1 += scoreTracking(at(truth), at(steady.found)).IDF1 / seeds.length;
    disturbedIDF1 += scoreTracking(at(truth), run.found).IDF1 / seeds.length;
  }
  return {
    name,
    every,
    framesPerSecond: framesPerSecond / every,
    steadyIDF1: round(steadyIDF1),
    disturbedIDF1: round(disturbedIDF1),
    lossIDF1: round(steadyIDF1 - disturbedIDF1),
  };
}

const round = (value: number): number => Math.round(100 * value) / 100;

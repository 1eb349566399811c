import { access } from "node:fs/promises";
import { join } from "node:path";
import { monoMs, trackId } from "../../src/core/brand.ts";
import {
  type CameraPipeline,
  createCameraPipeline,
  type VisionEvent,
} from "../../src/vision/camera-pipeline.ts";
import { createDetections } from "../../src/vision/ports.ts";
import type { ScoreBands } from "../../src/vision/score-bands.ts";
import type { TrackView } from "../../src/vision/track.ts";
import {
  type CountingTruth,
  type CountScore,
  CrossingTally,
  planOf,
  readCountingTruth,
} from "./counting.ts";
import {
  type BoxFrame,
  emptyFrame,
  everyNth,
  findDetectionFile,
  readBoxes,
  readSequenceInfo,
  type SequenceInfo,
} from "./mot.ts";
import { occupancyError } from "./occupancy.ts";
import { scoreTracking, type TrackingScore } from "./score.ts";

/** A labelled sequence as it lies in a folder. */
export interface Sequence {
  readonly directory: string;
  readonly info: SequenceInfo;
  readonly truth: readonly BoxFrame[];
  /** null when the folder has no `counting.gt.json`. */
  readonly counting: CountingTruth | null;
}

/** What a run over a sequence gave. */
export interface SequenceRun {
  /** Confirmed tracks per frame given. */
  readonly found: readonly BoxFrame[];
  readonly events: readonly VisionEvent[];
}

/** Scores of one run, with the sequence and its rate. */
export type SequenceScore = TrackingScore & {
  readonly name: string;
  readonly every: number;
  readonly framesPerSecond: number;
  /** Mean absolute error of the people inside zones, by the stays told; null where the truth does not tell. */
  readonly zoneOccupancyMAE: number | null;
} & ({ readonly countError: null; readonly countTruth: null; readonly lines: null } | CountScore);

/** Loads `seqinfo.ini`, `gt.txt` and, if there, `counting.gt.json`. @throws INPUT_INVALID naming file and line. */
export async function loadSequence(directory: string): Promise<Sequence> {
  const info = await readSequenceInfo(directory);
  const truth = await readBoxes(join(directory, "gt.txt"), "truth", info.frameCount);
  const file = join(directory, "counting.gt.json");
  const counting = (await exists(file)) ? await readCountingTruth(file) : null;
  return { directory, info, truth, counting };
}

/** Whether a file is there. */
export async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    // Absence is the answer asked for.
    return false;
  }
}

/** When frames of a sequence come, thinned to every nth: regularly, from 0. Pure. */
export function regularTimes(count: number, { info }: Sequence, every: number): number[] {
  return Array.from({ length: count }, (_, i) => (i * every * 1000) / info.framesPerSecond);
}

/** Runs our tracker over detections, every nth frame, and scores it. @throws INPUT_INVALID */
export async function evaluateDetections(
  sequence: Sequence,
  every: number,
  detectionFile?: string,
  bands?: ScoreBands,
): Promise<SequenceScore> {
  const file = detectionFile ?? (await findDetectionFile(sequence.directory));
  const detections = await readBoxes(file, "detections", sequence.info.frameCount);
  const frames = everyNth(detections, every);
  const run = trackDetections(
    frames,
    regularTimes(frames.length, sequence, every),
    sequence,
    bands,
  );
  return scoreRun(sequence, every, run);
}

/** Scores another tracker's output, every nth frame of it; our counter counts its tracks. @throws INPUT_INVALID */
export async function evaluateTracks(
  sequence: Sequence,
  every: number,
  tracksFile: string,
): Promise<SequenceScore> {
  const tracks = await readBoxes(tracksFile, "tracks", sequence.info.frameCount);
  const found = everyNth(tracks, every);
  const events = countTracks(found, (every * 1000) / sequence.info.framesPerSecond, sequence);
  return scoreRun(sequence, every, { found, events });
}

/** Compares a run with the truth; counts are compared with those at full rate. Pure. */
function scoreRun(sequence: Sequence, every: number, run: SequenceRun): SequenceScore {
  const head = {
    name: sequence.info.name,
    every,
    framesPerSecond: sequence.info.framesPerSecond / every,
    ...scoreTracking(everyNth(sequence.truth, every), run.found),
  };
  const { counting } = sequence;
  if (counting === null)
    return { ...head, zoneOccupancyMAE: null, countError: null, countTruth: null, lines: null };
  const tally = new CrossingTally();
  for (const event of run.events)
    if (event.kind === "line-crossed") tally.add(event.lineId, event.direction);
  const stays = run.events.flatMap((event) => (event.kind === "zone-exited" ? event : []));
  const frameMs = 1000 / sequence.info.framesPerSecond;
  const zoneOccupancyMAE = occupancyError(counting, stays, frameMs);
  return { ...head, zoneOccupancyMAE, ...tally.score(counting) };
}

/** Pushes detections through the product's own pipeline, each frame at its time. Pure. */
export function trackDetections(
  frames: readonly BoxFrame[],
  timesMs: readonly number[],
  sequence: Sequence,
  bands?: ScoreBands,
): SequenceRun {
  const found: BoxFrame[] = [];
  const events: VisionEvent[] = [];
  const pipeline = evalPipeline(sequence, events, (tracks) => found.push(boxesOf(tracks)), bands);
  const capacity = frames.reduce((most, frame) => Math.max(most, frame.ids.length), 1);
  const detections = createDetections(capacity);
  frames.forEach((frame, index) => {
    detections.xyxy.set(frame.xyxy);
    detections.score.set(frame.scores);
    detections.count = frame.ids.length;
    pipeline.push(detections, monoMs(timesMs[index] ?? 0));
  });
  pipeline.end(monoMs((timesMs.at(-1) ?? 0) + 1));
  return { found, events };
}

/** Counts finished tracks with the product's own counter. Pure. */
export function countTracks(
  frames: readonly BoxFrame[],
  frameMs: number,
  sequence: Sequence,
): VisionEvent[] {
  const events: VisionEvent[] = [];
  const pipeline = evalPipeline(sequence, events, () => undefined);
  frames.forEach((frame, index) => {
    const people = frame.ids.map((id, i) => ({
      trackId: trackId(id),
      xPx: ((frame.xyxy[4 * i] ?? 0) + (frame.xyxy[4 * i + 2] ?? 0)) / 2,
      yPx: frame.xyxy[4 * i + 3] ?? 0,
      heightPx: (frame.xyxy[4 * i + 3] ?? 0) - (frame.xyxy[4 * i + 1] ?? 0),
      score: 1,
    }));
    pipeline.pushTracks(people, monoMs(index * frameMs));
  });
  pipeline.end(monoMs(frames.length * frameMs));
  return events;
}

function evalPipeline(
  sequence: Sequence,
  events: VisionEvent[],
  onTracks: (tracks: readonly TrackView[]) => void,
  bands?: ScoreBands,
): CameraPipeline {
  const { widthPx, heightPx } = sequence.info;
  const picture = { widthPx, heightPx };
  return createCameraPipeline({
    plan: planOf(sequence.counting ?? { lines: [], zones: [] }, picture),
    picture,
    run: sequence.info.name,
    ...(bands === undefined ? {} : { bands }),
    onEvent: (event) => events.push(event),
    onPeople: () => undefined,
    onTracks,
  });
}

/** The boxes of a frame's tracks as the tracker reports them, copied. */
function boxesOf(tracks: readonly TrackView[]): BoxFrame {
  const frame = emptyFrame();
  for (const track of tracks) {
    frame.ids.push(track.id);
    const { leftPx, topPx, widthPx, heightPx } = track;
    frame.xyxy.push(leftPx, topPx, leftPx + widthPx, topPx + heightPx);
    frame.scores.push(track.score);
  }
  return frame;
}

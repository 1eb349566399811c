import { dirname, join } from "node:path";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { monoMs } from "../../src/core/brand.ts";
import type { LineCrossed, ZoneExited } from "../../src/core/events.ts";
import type { CameraModel, TrackedBox } from "../../src/io/camera/camera-protocol.ts";
import { analyseVideo } from "../../src/io/camera/offline.ts";
import type { PictureSize } from "../../src/vision/ports.ts";
import { readCountingTruth } from "./counting.ts";
import { type BoxFrame, everyNth, readBoxes } from "./mot.ts";
import { occupancyError } from "./occupancy.ts";
import { scoreTracking } from "./score.ts";
import { exists } from "./sequence.ts";
import { scoreVideo, type VideoScore } from "./video-score.ts";
import { planOfTruth, type VideoTruth } from "./video-truth.ts";

export interface VideoEvaluation {
  readonly video: string;
  /** File the truth was read from; a `gt.txt` beside a `counting.gt.json` is used for the identities. */
  readonly truthFile: string;
  readonly truth: VideoTruth;
  readonly picture: PictureSize;
  readonly model: CameraModel;
  readonly hasMotionGate: boolean;
}

/** Result of one video, named as the field names it. */
export type VideoResult = VideoScore & {
  /** Different people the tracker told apart: ids of confirmed tracks. */
  readonly identities: number;
  /** Percent; null without true identities. */
  readonly IDF1: number | null;
  /** Mean absolute error of the people inside zones, by the stays told; null without that truth. */
  readonly zoneOccupancyMAE: number | null;
  readonly frames: number;
  /** Frames the detector looked at: all of them without the motion gate. */
  readonly looks: number;
  readonly fps: number;
  readonly seconds: number;
  readonly model: string;
};

/** Runs the whole camera chain on a video and compares lines, stays and identities with the truth. */
export async function evaluateVideo(evaluation: VideoEvaluation): Promise<VideoResult> {
  const { truth, picture, model } = evaluation;
  const crossings: { event: LineCrossed; atS: number }[] = [];
  const stays: { event: ZoneExited; atS: number }[] = [];
  const frames: BoxFrame[] = [];
  const ids = new Set<number>();
  const analysis = await analyseVideo({
    file: evaluation.video,
    plan: planOfTruth(truth, picture),
    model,
    hasMotionGate: evaluation.hasMotionGate,
    startMono: monoMs(0),
    clock: createSystemClock(),
    signal: new AbortController().signal,
    ...(truth.fps === null ? {} : { recordedFps: truth.fps }),
    onEvent: (event) => {
      const atS = event.atMono / 1000;
      if (event.kind === "line-crossed") crossings.push({ event, atS });
      if (event.kind === "zone-exited") stays.push({ event, atS });
    },
    onPeople: () => undefined,
    onTracks: (tracks) => {
      for (const { trackId } of tracks) ids.add(trackId);
      frames.push(boxFrame(tracks));
    },
  });
  return {
    ...scoreVideo(truth, { fps: analysis.fps, crossings, stays }),
    identities: ids.size,
    IDF1: await identityScore(evaluation.truthFile, frames),
    zoneOccupancyMAE: await occupancyScore(evaluation.truthFile, stays, truth.fps ?? analysis.fps),
    frames: analysis.frames,
    looks: analysis.looks,
    fps: analysis.fps,
    seconds: analysis.seconds,
    model: model.entry.id,
  };
}

async function occupancyScore(
  truthFile: string,
  stays: readonly { readonly event: ZoneExited }[],
  fps: number,
): Promise<number | null> {
  if (!/counting\.gt\.json$/.test(truthFile)) return null;
  const counting = await readCountingTruth(truthFile);
  return occupancyError(
    counting,
    stays.map(({ event }) => event),
    1000 / fps,
  );
}

async function identityScore(
  truthFile: string,
  found: readonly BoxFrame[],
): Promise<number | null> {
  const file = join(dirname(truthFile), "gt.txt");
  if (!/counting\.gt\.json$/.test(truthFile) || !(await exists(file))) return null;
  const truth = await readBoxes(file, "truth", found.length);
  return scoreTracking(everyNth(truth, 1), found).IDF1;
}

function boxFrame(tracks: readonly TrackedBox[]): BoxFrame {
  return {
    ids: tracks.map(({ trackId }) => trackId),
    xyxy: tracks.flatMap(({ leftPx, topPx, widthPx, heightPx }) => [
      leftPx,
      topPx,
      leftPx + widthPx,
      topPx + heightPx,
    ]),
    scores: tracks.map(({ score }) => score),
  };
}

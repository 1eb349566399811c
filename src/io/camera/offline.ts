import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type MonoMs, monoMs } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { LivePeople } from "../../core/events.ts";
import type { CameraPlan } from "../../core/site.ts";
import type { VisionEvent } from "../../vision/camera-pipeline.ts";
import type { FrameVerdict } from "../../vision/picture-watch.ts";
import type { PictureSize } from "../../vision/ports.ts";
import { fitOf } from "../models/manifest.ts";
import { CameraHost } from "./camera-host.ts";
import type { CameraModel, TrackedBox, WorkerBirth } from "./camera-protocol.ts";
import { findFfmpeg } from "./ffmpeg-binary.ts";
import type { StreamFacts } from "./ffmpeg-output.ts";
import { createSharedFrames, FrameSlots } from "./frame-slots.ts";
import { VideoFeed } from "./video-feed.ts";
import { probeVideo } from "./video-probe.ts";

export interface VideoAnalysisOptions {
  readonly file: string;
  readonly plan: CameraPlan;
  readonly model: CameraModel;
  /** Frames looked at per second of the video; never more than it has. Absent: all of them. */
  readonly fps?: number;
  /** True rate of the recording where the file names another one; only times depend on it. */
  readonly recordedFps?: number;
  /** Time of the first frame; the others follow from their numbers and the rate. */
  readonly startMono: MonoMs;
  /** Only for the deadlines of child process and thread, never for the time of a frame. */
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly ffmpegPath?: string;
  /** Name of this run in the events; absent: made of the content of the file, so a replay gives the same ids. */
  readonly run?: string;
  /** Whether the detector rests while nothing moves, as it does live; absent: it looks at every frame. */
  readonly hasMotionGate?: boolean;
  onEvent(event: VisionEvent): void;
  onPeople(people: LivePeople): void;
  /** Boxes of the people followed in each frame, frame by frame. */
  onTracks?(tracks: readonly TrackedBox[], atMono: MonoMs): void;
}

export interface VideoAnalysis {
  readonly picture: PictureSize;
  /** Frames taken in. */
  readonly frames: number;
  /** Frames the detector looked at; the same number without a motion gate. */
  readonly looks: number;
  /** Frames looked at per second of the video. */
  readonly fps: number;
  /** Length of what was looked at, in seconds of the video. */
  readonly seconds: number;
}

/**
 * Runs the whole camera chain on a file: ffmpeg, shared frames, worker, detector, tracker, lines and zones. Every
 * frame is taken in, as fast as the machine can, and times come from the frame numbers: the same file gives the same
 * events.
 * @throws CAMERA_NOT_FOUND or INPUT_INVALID for a file that is no video, FFMPEG_MISSING, the faults of the model, and
 * the reason of `signal` when aborted.
 */
export async function analyseVideo(options: VideoAnalysisOptions): Promise<VideoAnalysis> {
  const ffmpeg = await findFfmpeg(options.ffmpegPath);
  const source = { kind: "file", address: options.file } as const;
  const facts = await probeVideo(ffmpeg, source, options.clock);
  const run = options.run ?? (await contentName(options.file));
  const rate = frameRate(options, facts);
  const { width: widthPx, height: heightPx } = options.model.entry.input;
  const shared = createSharedFrames(widthPx * heightPx * 3);
  const stampOf = (index: number): MonoMs => monoMs(options.startMono + (index * 1000) / rate.fps);
  let feed: VideoFeed | null = null;
  let generation = 0;
  let looks = 0;
  const host = createHost(options, birthOf(options, shared, run), (verdict) => {
    if (verdict === "look") looks += 1;
    feed?.resume();
  });
  await host.start();
  try {
    options.signal.throwIfAborted();
    feed = new VideoFeed({
      ffmpeg,
      request: {
        source,
        input: { widthPx, heightPx },
        fit: fitOf(options.model.entry),
        fps: rate.fileFps,
        pacing: "lossless",
      },
      slots: new FrameSlots(shared),
      clock: options.clock,
      stampOf,
      onStream: (stream, frame) => {
        // Another size of picture in mid-file is another view: nobody is followed across the cut.
        if (generation > 0) host.blind(stampOf(frame));
        generation += 1;
        host.open(generation, stream.picture);
        return generation;
      },
      onFrame: () => host.wake(),
    });
    const frames = await untilEnd(feed, host, options.signal);
    await host.end(stampOf(frames));
    await host.gone.then(throwFault);
    return { picture: facts.picture, frames, looks, fps: rate.fps, seconds: frames / rate.fps };
  } finally {
    await feed?.stop();
    await host.end(options.startMono);
  }
}

function birthOf(
  options: VideoAnalysisOptions,
  shared: WorkerBirth["shared"],
  run: string,
): Omit<WorkerBirth, "takesTurns"> {
  return {
    shared,
    policy: "every",
    model: options.model,
    plan: options.plan,
    run,
    wantsTracks: options.onTracks !== undefined,
    watch: options.hasMotionGate === true ? { hasMotionGate: true, isLive: false } : null,
  };
}

function createHost(
  options: VideoAnalysisOptions,
  birth: Omit<WorkerBirth, "takesTurns">,
  onLooked: (verdict: FrameVerdict) => void,
): CameraHost {
  const { clock, onEvent, onPeople, onTracks } = options;
  return new CameraHost({
    birth,
    clock,
    onEvent,
    onPeople,
    onLooked: (_atMono, verdict) => onLooked(verdict),
    ...(onTracks === undefined ? {} : { onTracks }),
  });
}

/** Frames per second asked of ffmpeg, on the file's own time line, and on the true one. */
function frameRate(
  options: VideoAnalysisOptions,
  facts: StreamFacts,
): { readonly fileFps: number; readonly fps: number } {
  const named = facts.fps ?? options.recordedFps ?? options.fps ?? 0;
  if (named <= 0) {
    throw new GatewayError("INPUT_INVALID", `${options.file} does not name its frame rate`);
  }
  const stretch = (options.recordedFps ?? named) / named;
  const fileFps = Math.min((options.fps ?? Number.POSITIVE_INFINITY) / stretch, named);
  return { fileFps, fps: fileFps * stretch };
}

/** Resolves with the number of frames when ffmpeg has left; rejects on a fault of the worker and on abort. */
async function untilEnd(feed: VideoFeed, host: CameraHost, signal: AbortSignal): Promise<number> {
  const failed = host.gone.then((fault): never => {
    throw fault ?? new GatewayError("INFERENCE_FAILED", "The worker left before the video ended");
  });
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  const end = await Promise.race([feed.ended, failed, aborted]);
  if (end.frames > 0) return end.frames;
  const isGone = end.fault === "CAMERA_NOT_FOUND";
  throw new GatewayError(isGone ? end.fault : "INPUT_INVALID", "The video holds no frame", {
    context: { report: end.report },
  });
}

function throwFault(fault: GatewayError | null): void {
  if (fault !== null) throw fault;
}

async function contentName(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest("hex").slice(0, 12);
}

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { cameraId, type MonoMs, monoMs } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { SensorEvent } from "../../core/events.ts";
import type { CameraPlan, SitePlan } from "../../core/site.ts";
import type { CameraModel } from "../../io/camera/camera-protocol.ts";
import { analyseVideo } from "../../io/camera/offline.ts";
import { createCameraPipeline } from "../../vision/camera-pipeline.ts";
import type { PictureSize } from "../../vision/ports.ts";
import { createFrameBuffer, fillDetections, readDetections } from "./detections-file.ts";
import type { CameraInput, DetectionsInput } from "./inputs.ts";
import { readTracks, TRACKS_PICTURE } from "./tracks-file.ts";

/** Takes the events of one recorded camera; the end is when its recording ends. */
export interface CameraRecordingSink {
  onEvent(event: SensorEvent): void;
}

/** Everything a recorded camera needs besides its file. */
export interface CameraReplayContext {
  readonly site: SitePlan;
  /** Time of the first frame. */
  readonly startMono: MonoMs;
  readonly sink: CameraRecordingSink;
}

/**
 * Runs the camera chain on a video file.
 * @throws INPUT_INVALID, CAMERA_NOT_FOUND, MODEL_* faults
 */
export async function replayVideo(
  input: CameraInput,
  context: CameraReplayContext,
  engine: { readonly model: CameraModel; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<MonoMs> {
  const plan = planOf(context.site, input.cameraId);
  const analysis = await analyseVideo({
    file: input.path,
    plan,
    startMono: context.startMono,
    ...engine,
    onEvent: (event) => context.sink.onEvent(event),
    onPeople: () => undefined,
  });
  return seen(context, plan, await contentName(input.path), analysis.seconds * 1000);
}

/**
 * Runs tracker, lines and zones on recorded detections.
 * @throws INPUT_INVALID naming file and line
 */
export async function replayDetections(
  input: Extract<DetectionsInput, { format: "mot" }>,
  picture: PictureSize | null,
  context: CameraReplayContext,
): Promise<MonoMs> {
  const plan = planOf(context.site, input.cameraId);
  const recorded = await readDetections(input.path, picture);
  const run = await contentName(input.path);
  const pipeline = createCameraPipeline({
    plan,
    picture: recorded.picture,
    run,
    onEvent: (event) => context.sink.onEvent(event),
    onPeople: () => undefined,
  });
  const buffer = createFrameBuffer();
  const frameMs = 1000 / input.fps;
  for (let frame = 1; frame <= recorded.lastFrame; frame += 1) {
    fillDetections(recorded.frames.get(frame) ?? [], buffer);
    pipeline.push(buffer, monoMs(context.startMono + (frame - 1) * frameMs));
  }
  const lengthMs = recorded.lastFrame * frameMs;
  pipeline.end(monoMs(context.startMono + lengthMs));
  return seen(context, plan, run, lengthMs);
}

/**
 * Runs lines and zones on recorded tracks.
 * @throws INPUT_INVALID naming file and line
 */
export async function replayTracks(
  input: CameraInput,
  context: CameraReplayContext,
): Promise<MonoMs> {
  const plan = planOf(context.site, input.cameraId);
  const run = await contentName(input.path);
  const pipeline = createCameraPipeline({
    plan,
    picture: TRACKS_PICTURE,
    run,
    onEvent: (event) => context.sink.onEvent(event),
    onPeople: () => undefined,
  });
  let lastMs = 0;
  for await (const { tMs, people } of readTracks(input.path)) {
    pipeline.pushTracks(people, monoMs(context.startMono + tMs));
    lastMs = tMs;
  }
  pipeline.end(monoMs(context.startMono + lastMs));
  return seen(context, plan, run, lastMs);
}

/** A recorded camera saw from the first to the last frame of its recording. Returns the end. */
function seen(
  context: CameraReplayContext,
  plan: CameraPlan,
  run: string,
  lengthMs: number,
): MonoMs {
  const endMono = monoMs(context.startMono + lengthMs);
  const states = [
    { state: "seeing", atMono: context.startMono },
    { state: "stopped", atMono: endMono },
  ] as const;
  states.forEach(({ state, atMono }, seq) => {
    context.sink.onEvent({
      kind: "sensor-changed",
      source: `camera-state:${plan.id}#${run}`,
      seq,
      atMono,
      sensorId: plan.id,
      sensorKind: "camera",
      state,
      code: null,
    });
  });
  return endMono;
}

function planOf(site: SitePlan, id: string): CameraPlan {
  const plan = site.cameras.find((camera) => camera.id === cameraId(id));
  if (plan !== undefined) return plan;
  const known = site.cameras.map((camera) => camera.id).join(", ") || "none";
  throw new GatewayError(
    "USAGE",
    `the site plan has no camera ${JSON.stringify(id)}; it has ${known}`,
  );
}

/** A run is named by the content of its recording, so that the same input gives the same ids anywhere. */
async function contentName(path: string): Promise<string> {
  try {
    return createHash("sha256")
      .update(await readFile(path))
      .digest("hex")
      .slice(0, 12);
  } catch (error) {
    throw new GatewayError("INPUT_INVALID", `cannot read ${path}`, { cause: error });
  }
}

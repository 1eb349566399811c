import { availableParallelism } from "node:os";
import type { CameraConfig } from "../config/gateway.ts";
import type { Clock } from "../core/clock.ts";
import { GatewayError } from "../core/errors.ts";
import type { Log } from "../core/lifecycle.ts";
import type { SitePlan } from "../core/site.ts";
import type { CameraModel } from "../io/camera/camera-protocol.ts";
import { type FfmpegBinary, findFfmpeg } from "../io/camera/ffmpeg-binary.ts";
import { type Camera, createCamera } from "../io/camera/live-camera.ts";
import { InferenceTurns } from "../io/camera/turns.ts";
import { parseVideoSource } from "../io/camera/video-source.ts";
import type { CameraModels } from "../io/models/camera-models.ts";
import type { PreviewHub } from "../io/preview/preview-hub.ts";
import type { SensorPorts } from "./compose.ts";
import type { SensorUnit } from "./sensor-board.ts";

export interface CameraUnitsDeps {
  readonly cameras: readonly CameraConfig[];
  readonly site: SitePlan;
  /** Model of each camera by id; a camera without one is blind and says so. */
  readonly models?: ReadonlyMap<string, CameraModel>;
  /**
   * Where a camera finds the model that suits its picture once that is known, and, with no `models`, the one to begin
   * with. Absent: it keeps the model it has.
   */
  readonly choices?: CameraModels;
  /** Inferences at once; absent: as many as cores, less one for decoding. */
  readonly slots?: number | undefined;
  /** Where cameras whose pictures may be asked for are made known. */
  readonly preview?: Pick<PreviewHub, "add">;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** One sensor per configured camera. @throws CONFIG_INVALID for a camera the site plan does not know */
export function cameraUnits(deps: CameraUnitsDeps, ports: SensorPorts): readonly SensorUnit[] {
  const { clock, log, random, choices } = deps;
  const models = deps.models ?? usualModels(deps.cameras, choices);
  const slots = deps.slots ?? slotsOfThisBoard(models);
  // Cameras that all fit in need not ask one another.
  const turns = deps.cameras.length > slots ? new InferenceTurns({ slots, clock }) : undefined;
  const findOnce = createSharedSearch();
  return deps.cameras.map((config) => {
    const plan = deps.site.cameras.find((camera) => camera.id === config.id);
    if (plan === undefined) {
      throw new GatewayError("CONFIG_INVALID", `the site plan has no camera ${config.id}`);
    }
    const model = models.get(config.id) ?? null;
    const { onEvent, onPeople, onSeen } = ports;
    const camera = createCamera({
      config,
      plan,
      model,
      ...(choices === undefined ? {} : { modelFor: (picture) => choices.modelFor(picture) }),
      clock,
      log,
      random,
      turns,
      findFfmpeg: findOnce,
      onEvent,
      onPeople,
      onSeen: (entry) => onSeen(plan.id, entry),
    });
    deps.preview?.add({
      id: plan.id,
      source: parseVideoSource(config.source),
      facts: () => camera.facts(),
      peek: (port, isPixelated) => camera.peek(port, isPixelated),
    });
    return {
      sensorId: plan.id,
      kind: "camera" as const,
      name: plan.name,
      service: camera,
      facts: () => cameraFacts(camera, config),
      tap: (isOn) => camera.tap(isOn),
      restart: () => camera.restart(),
      vitals: () => {
        const { fps, lastFrameAgeMs } = camera.facts();
        return { kind: "camera" as const, fps, lastFrameAgeMs };
      },
    };
  });
}

/** The models to begin with while no camera has shown its picture; empty when none is installed. Pure. */
function usualModels(
  cameras: readonly CameraConfig[],
  choices: CameraModels | undefined,
): ReadonlyMap<string, CameraModel> {
  const usual = choices?.modelFor(null) ?? null;
  return new Map(usual === null ? [] : cameras.map(({ id }) => [id, usual]));
}

/** One search for ffmpeg, shared by all cameras; begun anew for whoever asks after it failed. */
function createSharedSearch(): () => Promise<FfmpegBinary> {
  let search: Promise<FfmpegBinary> | null = null;
  return () => {
    search ??= findFfmpeg().catch((error: unknown) => {
      search = null;
      throw error;
    });
    return search;
  };
}

function slotsOfThisBoard(models: ReadonlyMap<string, CameraModel>): number {
  const threads = Math.max(1, ...[...models.values()].map((model) => model.threads));
  return Math.max(1, Math.floor((availableParallelism() - 1) / threads));
}

function cameraFacts(
  camera: Camera,
  config: CameraConfig,
): readonly (readonly [label: string, text: string])[] {
  const facts = camera.facts();
  const { picture, lastFrameAgeMs } = facts;
  const rate = facts.fps === null ? "–" : facts.fps.toFixed(1);
  const age = lastFrameAgeMs === null ? "–" : `${(lastFrameAgeMs / 1000).toFixed(1)} s`;
  return [
    ["picture", picture === null ? "–" : `${picture.widthPx} × ${picture.heightPx}`],
    ["frames per second", `${rate} of ${config.fps}`],
    ["last frame", age],
    ["frames looked at", String(facts.framesLooked)],
    ["frames without motion", String(facts.framesSkipped)],
    ["frames dropped", String(facts.framesDropped)],
    ["damaged pictures", String(facts.framesDamaged)],
    // Never with a sound model, so it is shown only when it happened.
    ...(facts.boxesRefused === 0 ? [] : [["boxes refused", String(facts.boxesRefused)] as const]),
    ["opened", `${facts.opened} ×`],
    ["opened anew after a loss", `${facts.reopened} ×`],
  ];
}

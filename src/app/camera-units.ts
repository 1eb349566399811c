import type { CameraConfig } from "../config/gateway.ts";
import type { Clock } from "../core/clock.ts";
import { GatewayError } from "../core/errors.ts";
import type { Log } from "../core/lifecycle.ts";
import type { SitePlan } from "../core/site.ts";
import type { CameraModel } from "../io/camera/camera-protocol.ts";
import { type Camera, createCamera } from "../io/camera/live-camera.ts";
import type { SensorPorts } from "./compose.ts";
import type { SensorUnit } from "./sensor-board.ts";

export interface CameraUnitsDeps {
  readonly cameras: readonly CameraConfig[];
  readonly site: SitePlan;
  /** Model of each camera by id; a camera without one is blind and says so. */
  readonly models: ReadonlyMap<string, CameraModel>;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** One sensor per configured camera. @throws CONFIG_INVALID for a camera the site plan does not know */
export function cameraUnits(deps: CameraUnitsDeps, ports: SensorPorts): readonly SensorUnit[] {
  const { clock, log, random } = deps;
  return deps.cameras.map((config) => {
    const plan = deps.site.cameras.find((camera) => camera.id === config.id);
    if (plan === undefined) {
      throw new GatewayError("CONFIG_INVALID", `the site plan has no camera ${config.id}`);
    }
    const model = deps.models.get(config.id) ?? null;
    const camera = createCamera({ config, plan, model, clock, log, random, ...ports });
    return {
      sensorId: plan.id,
      kind: "camera" as const,
      name: plan.name,
      service: camera,
      facts: () => cameraFacts(camera, config),
    };
  });
}

function cameraFacts(
  camera: Camera,
  config: CameraConfig,
): readonly (readonly [label: string, text: string])[] {
  const facts = camera.facts();
  const rate = facts.fps === null ? "–" : facts.fps.toFixed(1);
  return [
    ["frames per second", `${rate} of ${config.fps}`],
    ["frames looked at", String(facts.framesLooked)],
    ["frames skipped", String(facts.framesDropped)],
    ["opened", `${facts.opened} ×`],
  ];
}

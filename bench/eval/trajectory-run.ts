import { type MonoMs, monoMs, trackId } from "../../src/core/brand.ts";
import type { LivePeople } from "../../src/core/events.ts";
import { createCameraPipeline, type VisionEvent } from "../../src/vision/camera-pipeline.ts";
import { toFlatPx } from "../../src/vision/picture-scale.ts";
import { type ApproachTruth, ForecastSampler, type TruePath } from "./approach-score.ts";
import type { TrajectoryScene } from "./trajectory-files.ts";
import type { PlannedScene } from "./trajectory-plan.ts";

/** What the product made of a scene. */
export interface TrajectoryRun {
  readonly events: readonly VisionEvent[];
  /** Forecasts of each track and zone, one a second. */
  readonly forecasts: ForecastSampler["sampled"];
  /** When the live plan showed each person first, by track id. */
  readonly firstShown: ReadonlyMap<number, MonoMs>;
  /** Mean speed on the live plan, each person for as long as shown; null where the floor is not measured. */
  readonly meanSpeedMPerS: number | null;
  readonly truth: ApproachTruth;
}

/** Pushes a scene through the product's own pipeline at its true times. Pure. */
export function runTrajectories(scene: TrajectoryScene, planned: PlannedScene): TrajectoryRun {
  const { plan, picture } = planned;
  const events: VisionEvent[] = [];
  const sampler = new ForecastSampler();
  const firstShown = new Map<number, MonoMs>();
  const speeds: number[] = [];
  const paths = new Map<number, PathBuilder>();
  const pipeline = createCameraPipeline({
    plan,
    picture,
    run: "eval",
    onEvent: (event) => events.push(event),
    onPeople: (people) => noteShown(people, firstShown, speeds),
    onForecast: (forecast) => sampler.add(forecast),
  });
  let endMs = 0;
  for (const { atS, people } of scene.instants) {
    const atMono = monoMs(atS * 1000);
    endMs = atMono;
    const placed = people.map(({ id, x, y }) => {
      const { x: xPx, y: yPx } = planned.toPx(x, y);
      notePath(paths, id, atMono, xPx, yPx);
      return { trackId: trackId(id), xPx, yPx, heightPx: planned.bodyPx(xPx, yPx), score: 1 };
    });
    pipeline.pushTracks(placed, atMono);
  }
  pipeline.end(monoMs(endMs + 1));
  const zones = new Map(
    plan.zones.map(({ id, polygon }) => [String(id), toFlatPx(polygon, picture)] as const),
  );
  const meanSpeed = speeds.reduce((sum, speed) => sum + speed, 0) / speeds.length;
  return {
    events,
    forecasts: sampler.sampled,
    firstShown,
    meanSpeedMPerS: speeds.length === 0 ? null : Math.round(meanSpeed * 1000) / 1000,
    truth: { paths, zones, endMs },
  };
}

type PathBuilder = { readonly [Key in keyof TruePath]: number[] };

function notePath(
  paths: Map<number, PathBuilder>,
  id: number,
  atMs: number,
  xPx: number,
  yPx: number,
): void {
  const path = paths.get(id) ?? { atMs: [], xPx: [], yPx: [] };
  paths.set(id, path);
  path.atMs.push(atMs);
  path.xPx.push(xPx);
  path.yPx.push(yPx);
}

function noteShown(
  { people, atMono }: LivePeople,
  firstShown: Map<number, MonoMs>,
  speeds: number[],
): void {
  for (const { trackId, speedMPerS } of people) {
    if (!firstShown.has(trackId)) firstShown.set(trackId, atMono);
    if (typeof speedMPerS === "number") speeds.push(speedMPerS);
  }
}

import { cameraId, lineId, zoneId } from "../../src/core/brand.ts";
import type { Point } from "../../src/core/geometry.ts";
import type { CameraPlan, GroundPoint, ZonePlan } from "../../src/core/site.ts";
import type { PictureSize } from "../../src/vision/ports.ts";
import { type Bounds, boundsOf, gridZones } from "./approach-zones.ts";
import { invalidInput } from "./mot.ts";
import type { TrajectoryScene } from "./trajectory-files.ts";

/** Metres of a scene without a picture become Px of a picture looked at from straight above. */
const PX_PER_M = 100;
/** Seen from straight above a person is as large as shoulders are broad; from the side as tall as people are. */
const SHOULDERS_M = 0.5;
const BODY_M = 1.7;
/** Body height as a share of the picture's, where nothing is known of the scale. */
const BODY_SHARE = 1 / 8;
/** A scene as the product sees it. */
export interface PlannedScene {
  readonly plan: CameraPlan;
  readonly picture: PictureSize;
  /** From the unit of the file to Px. */
  toPx(x: number, y: number): Point;
  /** Height of a body in the picture whose feet are here, Px. */
  bodyPx(xPx: number, yPx: number): number;
}

/**
 * The site plan of a scene: lines by their names, the zones `door` and `window`, a grid of zones for forecasts, and
 * the floor where metres are known. Sides of lines stay as they are: nothing is mirrored. Pure.
 * @throws INPUT_INVALID when a homography is none
 */
export function planTrajectories(scene: TrajectoryScene): PlannedScene {
  const box = boundsOf(scene.instants.flatMap(({ people }) => people));
  const isMetric = scene.unit === "m";
  const toPx = isMetric
    ? (x: number, y: number): Point => ({
        x: (x - box.left + 1) * PX_PER_M,
        y: (y - box.top + 1) * PX_PER_M,
      })
    : (x: number, y: number): Point => ({ x, y });
  const last = toPx(box.right + 1, box.bottom + 1);
  const picture =
    scene.picture ?? ({ widthPx: Math.ceil(last.x), heightPx: Math.ceil(last.y) } as const);
  const toMetres = metresOf(scene);
  const norm = (x: number, y: number): Point => {
    const px = toPx(x, y);
    return { x: px.x / picture.widthPx, y: px.y / picture.heightPx };
  };
  const ground = toMetres === null ? undefined : groundOf(box, norm, toMetres, scene);
  const plan: CameraPlan = {
    id: cameraId("eval"),
    name: "evaluation",
    lines: scene.truth.lines.map(({ name, a, b }) => ({
      id: lineId(name),
      name,
      role: "internal",
      a: norm(...a),
      b: norm(...b),
    })),
    zones: zonesOf(scene, box, norm),
    exclusions: [],
    ground,
  };
  return { plan, picture, toPx, bodyPx: bodyOf(scene, toMetres, picture) };
}

type Place = (x: number, y: number) => Point;

/** Px or metres of the file to metres; null where metres are not known. */
function metresOf({ unit, homography }: TrajectoryScene): Place | null {
  if (unit === "m") return (x, y) => ({ x, y });
  if (homography === null) return null;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0] = homography;
  return (x, y) => {
    const w = g * x + h * y + i;
    return { x: (a * x + b * y + c) / w, y: (d * x + e * y + f) / w };
  };
}

/** The corners of the ground walked on, measured by the homography. */
function groundOf(
  box: Bounds,
  norm: Place,
  toMetres: Place,
  scene: TrajectoryScene,
): GroundPoint[] {
  const { left, top, right, bottom } = box;
  const corners = [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ] as const;
  return corners.map(([x, y]) => {
    const metres = toMetres(x, y);
    if (!Number.isFinite(metres.x + metres.y))
      throw invalidInput(`${scene.directory}/H.txt`, null, "expected a homography of the floor");
    return { image: norm(x, y), xM: metres.x, yM: metres.y };
  });
}

function zonesOf({ truth }: TrajectoryScene, box: Bounds, norm: Place): ZonePlan[] {
  const zones: ZonePlan[] = [];
  const add = (name: string, corners: readonly (readonly [number, number])[]): void => {
    const kind = name === "window" ? "window" : "area";
    zones.push({ id: zoneId(name), name, kind, polygon: corners.map(([x, y]) => norm(x, y)) });
  };
  if (truth.door !== null) add("door", truth.door.polygon);
  if (truth.window !== null) add("window", truth.window.polygon);
  zones.push(...gridZones(box, norm));
  return zones;
}

/** A person's height in the picture: the length of 1.7 m across the view at the feet. */
function bodyOf(
  { unit }: TrajectoryScene,
  toMetres: Place | null,
  picture: PictureSize,
): PlannedScene["bodyPx"] {
  if (unit === "m") return () => SHOULDERS_M * PX_PER_M;
  if (toMetres === null) return () => BODY_SHARE * picture.heightPx;
  return (xPx, yPx) => {
    const left = toMetres(xPx - 0.5, yPx);
    const right = toMetres(xPx + 0.5, yPx);
    return BODY_M / Math.hypot(right.x - left.x, right.y - left.y);
  };
}

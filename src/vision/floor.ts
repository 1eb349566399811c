import type { CameraPlan } from "../core/site.ts";
import { createGroundPlane } from "./ground-plane.ts";
import { toFlatPx } from "./picture-scale.ts";
import type { PictureSize } from "./ports.ts";

/** Height of a person where nothing was measured; a body in the picture is then the yardstick. */
const BODY_M = 1.7;

/**
 * The plane in which distances and speeds of people are judged. Measured: metres of the floor. Else: Px of the
 * picture, with the body of the person at hand as the yardstick, which is right across the view and too short into
 * its depth.
 */
export interface Floor {
  /** Whether its unit is the metre, by the four measured points of the plan. */
  readonly isMeasured: boolean;
  /** Writes the place of a foot point to `out`; false at or above the horizon. Allocates nothing. */
  place(xPx: number, yPx: number, out: Float64Array): boolean;
  /** Length of a unit of the plane beside a body of this height in the picture, about, in metres. */
  metresPerUnit(heightPx: number): number;
  /** The polygon, flat as u0,v0,u1,v1,...; the argument is flat in Px. */
  placePolygon(flatPx: Float64Array): Float64Array;
}

/**
 * The floor of a camera: measured where the plan has ground points and every corner of every zone lies below the
 * horizon, else the picture itself.
 */
export function createFloor(plan: CameraPlan, picture: PictureSize): Floor {
  const { ground, zones } = plan;
  if (ground === undefined) return pictureFloor;
  const plane = createGroundPlane(ground, picture);
  const floor: Floor = {
    isMeasured: true,
    place: (xPx, yPx, out) => plane.toMetres(xPx, yPx, out),
    metresPerUnit: () => 1,
    placePolygon: (flatPx) => placeCorners(flatPx, floor),
  };
  const isWhole = zones.every(({ polygon }) =>
    floor.placePolygon(toFlatPx(polygon, picture)).every(Number.isFinite),
  );
  return isWhole ? floor : pictureFloor;
}

const pictureFloor: Floor = Object.freeze({
  isMeasured: false,
  place: (xPx: number, yPx: number, out: Float64Array): boolean => {
    out[0] = xPx;
    out[1] = yPx;
    return true;
  },
  metresPerUnit: (heightPx: number) => BODY_M / Math.max(heightPx, 1),
  placePolygon: (flatPx: Float64Array) => flatPx.slice(),
});

/** A corner at or above the horizon becomes NaN. */
function placeCorners(flatPx: Float64Array, floor: Floor): Float64Array {
  const corners = new Float64Array(flatPx.length);
  const place = new Float64Array(2);
  for (let i = 0; i < flatPx.length; i += 2) {
    const isPlaced = floor.place(flatPx[i] ?? 0, flatPx[i + 1] ?? 0, place);
    corners[i] = isPlaced ? (place[0] ?? 0) : Number.NaN;
    corners[i + 1] = isPlaced ? (place[1] ?? 0) : Number.NaN;
  }
  return corners;
}

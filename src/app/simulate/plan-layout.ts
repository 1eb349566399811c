import type { Point } from "../../core/geometry.ts";
import type { CameraPlan, FloorZonePlan, SitePlan, ZonePlan } from "../../core/site.ts";
import {
  type Frontage,
  type LayoutDoor,
  type LayoutZone,
  middleOf,
  rectangle,
  type ShopLayout,
} from "./layout.ts";
import { boxOf } from "./zone-times.ts";

/** Depth of the pavement that people walk on, and how far it reaches beyond the shop, metres. */
const PAVEMENT_M = 4;
const BESIDE_M = 3;
/** Zones of pictures that are not on the floor plan lie on the pavement, so wide and deep. */
const BEFORE_M = { wide: 3, deep: 1.2 } as const;

/**
 * The layout of a shop with a floor plan whose doors lie in walls along x, or null when there is too little to walk by:
 * no floor, no door on it, or not two passing lines. Obstacles are walked through: only times and places in zones are
 * wanted. Zones of cameras that the floor does not know are before the shop.
 */
export function planLayout(site: SitePlan): ShopLayout | null {
  const { floor } = site;
  const room = floor === undefined ? null : boxOf(floor.outline);
  const doors = doorsOf(site);
  const street = doors.find(({ isStreet }) => isStreet);
  if (floor === undefined || room === null || street === undefined) return null;
  const frontage = frontageOf(site, street, room);
  if (frontage === null) return null;
  const zones = zonesOf(site, street, frontage);
  const place = (kind: string): number => zones.findIndex((zone) => zone.kind === kind);
  const stack = floor.zones.find((zone) => zone.stacksBaskets === true);
  const middle = { x: (room.left + room.right) / 2, y: (room.top + room.bottom) / 2 };
  return {
    zones,
    doors,
    frontage,
    approach: -1,
    queue: place("queue"),
    till: place("till"),
    collect: place("collect"),
    rack: stack === undefined ? street.inside : centreOf(boxOf(stack.polygon)),
    stack: stack?.id ?? null,
    backOffice: middle,
    bend: () => [],
  };
}

function doorsOf({ floor, cameras }: SitePlan): LayoutDoor[] {
  const lines = cameras.flatMap((camera) => camera.lines);
  const room = boxOf(floor?.outline ?? []);
  return (floor?.doors ?? []).map(({ lineId, a, b }): LayoutDoor => {
    const { x, y } = middleOf({ a, b });
    const outwards = y > (room.top + room.bottom) / 2 ? 1 : -1;
    // On the floor `in` is drawn as in the layout, whichever way the line runs in a picture.
    const isTurned = (b.x - a.x) * outwards < 0;
    return {
      lineId,
      a: isTurned ? b : a,
      b: isTurned ? a : b,
      isStreet: lines.find((line) => line.id === lineId)?.frontage !== false,
      weight: 1,
      inside: { x, y: y - outwards },
      outside: { x, y: y + 1.5 * outwards },
    };
  });
}

function frontageOf(
  { cameras }: SitePlan,
  { a, inside, outside }: LayoutDoor,
  room: ReturnType<typeof boxOf>,
): Frontage | null {
  const passing = cameras.flatMap(({ lines }) => lines.filter(({ role }) => role === "passing"));
  const [left, right] = passing;
  if (left === undefined || right === undefined) return null;
  const outwards = Math.sign(outside.y - inside.y);
  const wall = { x: 0, y: a.y + 0.2 * outwards };
  const curb = { x: 0, y: a.y + (PAVEMENT_M + 1) * outwards };
  const [near, far] = outwards > 0 ? [wall, curb] : [curb, wall];
  const at = (x: number, p: Point): Point => ({ x, y: p.y });
  const [leftX, rightX] = [room.left + 1, room.right - 1];
  return {
    lines: [
      { lineId: left.id, a: at(leftX, near), b: at(leftX, far) },
      { lineId: right.id, a: at(rightX, far), b: at(rightX, near) },
    ],
    leftX: room.left - BESIDE_M,
    rightX: room.right + BESIDE_M,
    nearY: a.y + 1.6 * outwards,
    farY: a.y + PAVEMENT_M * outwards,
  };
}

function zonesOf(site: SitePlan, street: LayoutDoor, frontage: Frontage): LayoutZone[] {
  const indoors = (site.floor?.zones ?? []).flatMap((zone) =>
    zone.kind === "outside" ? [] : [zoneOf(zone, zone.kind, zone.polygon)],
  );
  const known = new Set(indoors.map(({ id }) => id));
  const seen = site.cameras.flatMap((camera: CameraPlan) => camera.zones);
  const outwards = Math.sign(street.outside.y - street.inside.y);
  const before = seen
    .filter(({ id }) => !known.has(id))
    .map((zone, i) => {
      const x = Math.max(frontage.leftX, street.a.x - (i + 1) * (BEFORE_M.wide + 0.5));
      const wallY = street.a.y + 0.2 * outwards;
      const deepY = wallY + BEFORE_M.deep * outwards;
      const area = rectangle(x, Math.min(wallY, deepY), x + BEFORE_M.wide, Math.max(wallY, deepY));
      return { ...zoneOf(zone, "window", area), pull: 0 };
    });
  return [...indoors, ...before];
}

const centreOf = ({ left, right, top, bottom }: ReturnType<typeof boxOf>): Point => ({
  x: (left + right) / 2,
  y: (top + bottom) / 2,
});

function zoneOf(
  { id, departments, stacksBaskets }: FloorZonePlan | ZonePlan,
  kind: LayoutZone["kind"],
  area: readonly Point[],
): LayoutZone {
  const isGoal = (kind === "display" || kind === "area") && stacksBaskets !== true;
  return {
    id,
    kind,
    area,
    box: boxOf(area),
    department: departments?.[0] ?? null,
    pull: isGoal ? (kind === "display" ? 1.2 : 0.5) : 0,
  };
}

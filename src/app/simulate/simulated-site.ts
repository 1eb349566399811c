import { parseSitePlan } from "../../config/site.ts";
import { lineId, zoneId } from "../../core/brand.ts";
import { describeFaults, GatewayError } from "../../core/errors.ts";
import type { Point } from "../../core/geometry.ts";
import type { SitePlan, ZoneKind } from "../../core/site.ts";
import { type LayoutDoor, rectangle, type ShopLayout } from "./layout.ts";
import type { ShopModel } from "./model.ts";

/** Which sensors the shop has. Door counters, the frontage and the till are always there. */
export interface SensorSet {
  /** The counter follows people from door to door and sees the zones. */
  readonly following: boolean;
  /** Baskets, carts and cards of members are heard, besides the tags of staff. */
  readonly customerTags: boolean;
}

/** Seen from above, the shop, its pavement and its yard: a square of the world, metres. */
const PICTURE = { leftX: -4, topY: -6, sizeM: 28 } as const;
const ROOM = { widthM: 20, depthM: 12 } as const;
/** Registered tags of the shop. */
export type TagCounts = Pick<ShopModel, "baskets" | "carts" | "staffTags" | "members">;
const BEACON_UUID = "6d1f9c52-3e07-4b8a-9a41-20c7b5d8e913";
const STAFF_NAMESPACE = "6d1f9c523e074b8a9a41";

interface ZoneDraft {
  readonly id: string;
  readonly name: string;
  readonly kind: ZoneKind;
  readonly box: readonly [x0: number, y0: number, x1: number, y1: number];
  readonly department?: string;
  readonly pull: number;
  readonly referenceDwellMs?: number;
  readonly servedAt?: string;
  readonly approach?: string;
}

/** Twelve zones; the queue, its approach and the till lie in a corner that no other way leads through. */
const ZONES: readonly ZoneDraft[] = [
  { id: "entrance", name: "Entrance", kind: "area", box: [7, 8, 13, 12], pull: 0.5 },
  display("denim", "Denim", [0, 8, 7, 12], 1.2, 90_000),
  display("shirts", "Shirts", [0, 4, 7, 8], 1, 75_000),
  display("shoes", "Shoes", [0, 0, 7, 4], 0.8, 120_000),
  display("new-in", "New in", [7, 4, 13, 8], 1.6, 45_000),
  display("accessories", "Accessories", [13, 9, 20, 12], 0.7, 40_000),
  { id: "fitting", name: "Fitting rooms", kind: "area", box: [7, 0, 13, 4], pull: 0.5 },
  { id: "collect", name: "Collection point", kind: "collect", box: [18, 6.8, 20, 9], pull: 0 },
  { id: "approach", name: "Way to the till", kind: "area", box: [13.5, 4, 16, 6.5], pull: 0 },
  {
    id: "queue",
    name: "Queue",
    kind: "queue",
    box: [16, 4, 20, 6.5],
    pull: 0,
    servedAt: "till",
    approach: "approach",
  },
  { id: "till", name: "Till", kind: "till", box: [16, 1, 20, 4], pull: 0 },
  { id: "window", name: "Shop window", kind: "window", box: [4, 12.3, 8, 13.4], pull: 0 },
];

function display(
  id: string,
  name: string,
  box: ZoneDraft["box"],
  pull: number,
  referenceDwellMs: number,
): ZoneDraft {
  const department = id.toUpperCase();
  return { id, name, kind: "display", box, department, pull, referenceDwellMs };
}

/** Where baskets and carts stand, in a corner of the entrance: zones of the floor plan do not overlap. */
const STACK = { id: "baskets", name: "Baskets", box: [11.4, 10.4, 13, 12] } as const;
const ENTRANCE_BESIDE: readonly Point[] = (
  [
    [7, 8],
    [13, 8],
    [13, 10.4],
    [11.4, 10.4],
    [11.4, 12],
    [7, 12],
  ] as const
).map(([x, y]) => ({ x, y }));

const DOORS = [
  { id: "front-door", name: "Front door", a: [9, 12], b: [11, 12], isStreet: true, weight: 0.8 },
  { id: "corner-door", name: "Corner", a: [15, 12], b: [16.5, 12], isStreet: true, weight: 0.12 },
  { id: "back-door", name: "Car park", a: [15, 0], b: [13.5, 0], isStreet: false, weight: 0.08 },
] as const;

const PASSING = [
  { id: "pass-left", name: "Pavement left", a: [2, 12.3], b: [2, 17] },
  { id: "pass-right", name: "Pavement right", a: [18, 17], b: [18, 12.3] },
] as const;

const RECEIVERS = [
  [0.5, 2],
  [0.5, 10],
  [7, 4],
  [7, 8.5],
  [13, 3],
  [13, 9],
  [19.5, 2],
  [19.5, 10.5],
] as const;

const toPoint = ([x, y]: readonly [number, number]): Point => ({ x, y });

/** A place of the world in the picture of the counter, Norm. Pure. */
export function toPicture({ x, y }: Point): Point {
  return { x: (x - PICTURE.leftX) / PICTURE.sizeM, y: (y - PICTURE.topY) / PICTURE.sizeM };
}

/** Height of somebody in that picture, Norm. */
export const heightInPicture = (heightM: number): number => heightM / PICTURE.sizeM;

/** The shop as its people know it. */
export function simulatedLayout(): ShopLayout {
  const place = (id: string): number => ZONES.findIndex((zone) => zone.id === id);
  return {
    zones: ZONES.map(({ id, kind, box, department, pull }) => ({
      id: zoneId(id),
      kind,
      area: rectangle(...box),
      box: { left: box[0], top: box[1], right: box[2], bottom: box[3] },
      department: department ?? null,
      pull,
    })),
    doors: DOORS.map((door): LayoutDoor => {
      const middle = (door.a[0] + door.b[0]) / 2;
      const isFront = door.a[1] > 0;
      return {
        lineId: lineId(door.id),
        a: toPoint(door.a),
        b: toPoint(door.b),
        isStreet: door.isStreet,
        weight: door.weight,
        inside: { x: middle, y: isFront ? 11 : 1 },
        outside: { x: middle, y: isFront ? 13.8 : -2 },
      };
    }),
    frontage: {
      lines: [passing(0), passing(1)],
      leftX: PICTURE.leftX + 0.2,
      rightX: PICTURE.leftX + PICTURE.sizeM - 0.2,
      nearY: 13.6,
      farY: 16.4,
    },
    approach: place("approach"),
    queue: place("queue"),
    till: place("till"),
    collect: place("collect"),
    rack: { x: 12, y: 11 },
    stack: zoneId(STACK.id),
    backOffice: { x: 14.5, y: 2.2 },
    bend: bendInRoom,
  };
}

function passing(side: 0 | 1): ShopLayout["frontage"]["lines"][number] {
  const { id, a, b } = PASSING[side];
  return { lineId: lineId(id), a: toPoint(a), b: toPoint(b) };
}

/** The right third is reached by the walkway before the queue, or from behind by the corridor of the back door. */
function bendInRoom(from: Point, to: Point): readonly Point[] {
  if (isCorner(from) && isCorner(to)) return [];
  const ways: Point[] = [];
  if (isBehind(from) && !isBehind(to)) ways.push(CORRIDOR);
  if (isRight(from) !== isRight(to)) ways.push(WALKWAY);
  if (isBehind(to) && !isBehind(from)) ways.push(CORRIDOR);
  return ways;
}

const CORRIDOR: Point = { x: 13.2, y: 3.4 };
const WALKWAY: Point = { x: 13.25, y: 7.6 };
const isCorner = (p: Point): boolean => p.x > 13.4 && p.y < 6.6;
const isBehind = (p: Point): boolean => p.x > 13.2 && p.y < 4;
const isRight = (p: Point): boolean => p.x > 13.2 && p.y >= 4 && p.y <= 12;

/** The site plan of the shop as a document, for a file. */
export function simulatedSiteDocument(sensors: SensorSet, counts: TagCounts): unknown {
  const corner = (p: Point): readonly [number, number] => {
    const { x, y } = toPicture(p);
    return [rounded(x), rounded(y)];
  };
  const line = (role: string, { id, name, a, b }: (typeof DOORS | typeof PASSING)[number]) => ({
    id,
    name,
    role,
    a: corner(toPoint(a)),
    b: corner(toPoint(b)),
  });
  const doors = DOORS.map((door) => ({ ...line("door", door), frontage: door.isStreet }));
  const shop = {
    id: "shop",
    name: "Ceiling counter",
    lines: [...doors, ...PASSING.map((one) => line("passing", one))],
    zones: sensors.following ? ZONES.map((zone) => zoneOf(zone, corner)) : [],
    ground: groundPoints(corner),
    ...(sensors.following ? { followsVisits: true } : {}),
  };
  return {
    v: 1,
    store: {
      id: "simulated-shop",
      name: "Simulated shop",
      timeZone: "UTC",
      dayCutover: "04:00",
      currency: "EUR",
      hours: [
        { days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], from: "10:00", to: "20:00" },
      ],
    },
    cameras: [shop],
    receivers: RECEIVERS.map(([xM, yM], i) => ({
      id: `rx-${i + 1}`,
      name: `Receiver ${i + 1}`,
      xM,
      yM,
      zM: 2.5,
    })),
    tags: tagDocuments(sensors, counts),
    floor: floorDocument(sensors),
  };
}

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;

function groundPoints(corner: (p: Point) => readonly [number, number]): unknown {
  const { widthM, depthM } = ROOM;
  return rectangle(0, 0, widthM, depthM).map((p) => ({ image: corner(p), xM: p.x, yM: p.y }));
}

function zoneOf(zone: ZoneDraft, corner: (p: Point) => readonly [number, number]): object {
  const { id, name, kind, box, department, referenceDwellMs, servedAt, approach } = zone;
  return {
    id,
    name,
    kind,
    polygon: rectangle(...box).map(corner),
    ...(department === undefined ? {} : { departments: [department] }),
    ...(referenceDwellMs === undefined ? {} : { referenceDwellMs }),
    ...(servedAt === undefined ? {} : { servedAt }),
    ...(approach === undefined ? {} : { approach }),
  };
}

function floorDocument({ customerTags }: SensorSet): unknown {
  const metres = ({ x, y }: Point): readonly [number, number] => [x, y];
  const outside: readonly Pick<ZoneDraft, "id" | "name" | "box">[] = [
    { id: "pavement", name: "Pavement", box: [-4, 12, 24, 17] },
    { id: "yard", name: "Car park", box: [10, -5, 20, 0] },
  ];
  const indoors = ZONES.filter(({ kind }) => kind !== "window").map((zone) => ({
    ...zoneOf(zone, metres),
    ...(customerTags && zone.id === "entrance" ? { polygon: ENTRANCE_BESIDE.map(metres) } : {}),
  }));
  const polygon = rectangle(...STACK.box).map(metres);
  const stack = { id: STACK.id, name: STACK.name, kind: "area", polygon, stacksBaskets: true };
  return {
    outline: rectangle(0, 0, ROOM.widthM, ROOM.depthM).map(metres),
    zones: [
      ...indoors,
      ...(customerTags ? [stack] : []),
      ...outside.map(({ id, name, box }) => ({
        id,
        name,
        kind: "outside",
        polygon: rectangle(...box).map(metres),
      })),
    ],
    doors: DOORS.map(({ id, a, b }) => ({ lineId: id, a, b })),
  };
}

function tagDocuments({ customerTags }: SensorSet, counts: TagCounts): readonly unknown[] {
  const beacon = (major: number, minor: number): unknown => ({
    format: "ibeacon",
    uuid: BEACON_UUID,
    major,
    minor,
  });
  const staff = numbers(counts.staffTags).map((i) => ({
    id: `staff-${i}`,
    kind: "staff",
    beacon: {
      format: "eddystone-uid",
      namespace: STAFF_NAMESPACE,
      instance: i.toString(16).padStart(12, "0"),
    },
  }));
  if (!customerTags) return staff;
  return [
    ...staff,
    ...numbers(counts.baskets).map((i) => ({
      id: `basket-${i}`,
      kind: "basket",
      beacon: beacon(1, i),
    })),
    ...numbers(counts.carts).map((i) => ({ id: `cart-${i}`, kind: "cart", beacon: beacon(2, i) })),
    ...numbers(counts.members).map((i) => ({
      id: `card-${i}`,
      kind: "loyalty-card",
      beacon: beacon(3, i),
    })),
  ];
}

const numbers = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => i + 1);

/** The site plan of the shop. A fault in it is a bug. @throws CONFIG_INVALID */
export function simulatedSite(sensors: SensorSet, counts: TagCounts): SitePlan {
  const outcome = parseSitePlan(simulatedSiteDocument(sensors, counts));
  if (!outcome.ok) throw new GatewayError("CONFIG_INVALID", describeFaults(outcome.error));
  return outcome.value;
}

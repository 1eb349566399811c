import { lineId, monoMs, receiverId, zoneId } from "../../src/core/brand.ts";
import type { Point } from "../../src/core/geometry.ts";
import { normalDraw, seededRandom } from "../../src/core/random.ts";
import type { FloorPlan, FloorZoneKind, ReceiverPlan } from "../../src/core/site.ts";
import {
  createZoneEngine,
  type ZoneEngine,
  type ZoneEngineOptions,
} from "../../src/radio/zones/zone-engine.ts";

/** A packet as a receiver hears it. */
export interface HeardPacket {
  readonly receiver: number;
  readonly rssiDbm: number;
  readonly atMs: number;
}

/** A copy of an estimate. */
export interface TestEstimate {
  readonly second: number;
  readonly zone: number;
  readonly confidence: number;
  readonly probabilities: readonly number[];
  readonly insideRatio: number;
  readonly atDoors: readonly number[];
  readonly xM: number;
  readonly yM: number;
}

function rectangle(x0: number, y0: number, x1: number, y1: number): Point[] {
  return [
    { x: x0, y: y0 },
    { x: x1, y: y0 },
    { x: x1, y: y1 },
    { x: x0, y: y1 },
  ];
}

function zone(
  id: string,
  polygon: Point[],
  kind: FloorZoneKind = "area",
): FloorPlan["zones"][number] {
  return { id: zoneId(id), name: id, kind, polygon };
}

/** 12 m x 10 m in four zones, the pavement before it, a door in its front (y = 0) and one at the back. */
export const SHOP: FloorPlan = {
  outline: rectangle(0, 0, 12, 10),
  obstacles: [],
  zones: [
    zone("front-left", rectangle(0, 0, 6, 5)),
    zone("front-right", rectangle(6, 0, 12, 5)),
    zone("back-left", rectangle(0, 5, 6, 10)),
    zone("back-right", rectangle(6, 5, 12, 10)),
    zone("pavement", rectangle(-2, -6, 14, 0), "outside"),
  ],
  doors: [
    { lineId: lineId("front"), a: { x: 5, y: 0 }, b: { x: 7, y: 0 } },
    { lineId: lineId("back"), a: { x: 5.5, y: 10 }, b: { x: 6.5, y: 10 } },
  ],
};

function receiver(id: number, xM: number, yM: number): ReceiverPlan {
  return { id: receiverId(`r${id}`), name: `r${id}`, xM, yM, zM: 2.4 };
}

/** Eight receivers along the walls and in the middle. */
export const SHOP_RECEIVERS: readonly ReceiverPlan[] = [
  receiver(0, 1, 1),
  receiver(1, 6, 1.5),
  receiver(2, 11, 1),
  receiver(3, 1, 9),
  receiver(4, 6, 9),
  receiver(5, 11, 9),
  receiver(6, 3, 5),
  receiver(7, 9, 5),
];

/** Two aisles of 14 m with shelves between them but for their right end. */
export const CORRIDOR: { readonly floor: FloorPlan; readonly receivers: readonly ReceiverPlan[] } =
  {
    floor: {
      outline: rectangle(0, 0, 14, 6),
      obstacles: [rectangle(0, 2.9, 12, 3.1)],
      zones: [zone("lower", rectangle(0, 0, 14, 3)), zone("upper", rectangle(0, 3, 14, 6))],
      doors: [],
    },
    receivers: [0, 4, 8, 12].flatMap((x, i) => [
      receiver(2 * i, x + 1, 0.5),
      receiver(2 * i + 1, x + 1, 5.5),
    ]),
  };

/** The same floor and receivers with x negated. */
export function mirrored(
  floor: FloorPlan,
  receivers: readonly ReceiverPlan[],
): Pick<ZoneEngineOptions, "floor" | "receivers"> {
  const flip = ({ x, y }: Point): Point => ({ x: -x, y });
  return {
    floor: {
      outline: floor.outline.map(flip),
      obstacles: floor.obstacles.map((one) => one.map(flip)),
      zones: floor.zones.map((one) => ({ ...one, polygon: one.polygon.map(flip) })),
      doors: floor.doors.map((door) => ({ ...door, a: flip(door.a), b: flip(door.b) })),
    },
    receivers: receivers.map((one) => ({ ...one, xM: -one.xM })),
  };
}

/** A place for each second of standing. */
export function standAt(x: number, y: number, seconds: number): Point[] {
  return Array.from({ length: seconds }, () => ({ x, y }));
}

/** A place for each second of walking from corner to corner at 0.8 m/s. */
export function walkTo(...corners: readonly (readonly [number, number])[]): Point[] {
  const path: Point[] = [];
  corners.forEach(([x1, y1], i) => {
    const [x0, y0] = corners[i - 1] ?? [x1, y1];
    const steps = Math.ceil(Math.hypot(x1 - x0, y1 - y0) / 0.8);
    for (let s = 1; s <= steps; s += 1)
      path.push({ x: x0 + ((x1 - x0) * s) / steps, y: y0 + ((y1 - y0) * s) / steps });
  });
  return path;
}

export interface HeardOptions {
  readonly seed: number;
  readonly receivers?: readonly ReceiverPlan[];
  /** Probability of a packet being lost. */
  readonly lossRatio?: number;
  /** Loss of the front wall for places with y < 0, dB. */
  readonly wallDb?: number;
}

/** What receivers hear of a tag (-59 dBm at one metre, two packets a second, 1.2 m high) with 8 dB of scatter. */
export function heardAlong(path: readonly Point[], options: HeardOptions): HeardPacket[] {
  const { receivers = SHOP_RECEIVERS, lossRatio = 0.1, wallDb = 0 } = options;
  const random = seededRandom(options.seed);
  const packets: HeardPacket[] = [];
  path.forEach(({ x, y }, second) => {
    for (const half of [0, 500])
      receivers.forEach(({ xM, yM, zM }, r) => {
        const lossDb = 20 * Math.log10(Math.max(1, Math.hypot(xM - x, yM - y, zM - 1.2)));
        const wall = y < 0 ? wallDb : 0;
        const rssiDbm = Math.round(-59 - lossDb - wall + 8 * normalDraw(random));
        if (random() >= lossRatio && rssiDbm > -95)
          packets.push({ receiver: r, rssiDbm, atMs: second * 1000 + half + r });
      });
  });
  return packets;
}

/**
 * Runs an engine over the packets of tag 0 (arriving at `arriveMs`, or when they were sent), with an advance every second
 * until the lag is over and `silentS` seconds more; `between` is called after each advance.
 */
export function tellAll(
  options: ZoneEngineOptions,
  packets: readonly HeardPacket[],
  arriveMs?: readonly number[],
  silentS = 0,
  between: (engine: ZoneEngine, second: number) => void = () => undefined,
): TestEstimate[] {
  const told: TestEstimate[] = [];
  const engine = createZoneEngine({
    ...options,
    onEstimate(e) {
      told.push({
        second: e.atMono / 1000,
        zone: e.zone,
        confidence: e.confidence,
        probabilities: [...e.probabilities],
        insideRatio: e.insideRatio,
        atDoors: [...e.atDoors],
        xM: e.xM,
        yM: e.yM,
      });
    },
  });
  const lastMs = Math.max(...packets.map(({ atMs }, i) => arriveMs?.[i] ?? atMs));
  const endS = Math.ceil(lastMs / 1000) + (silentS > 0 ? silentS : 0);
  let next = 0;
  for (let second = 0; second <= endS + 1; second += 1) {
    engine.advance(monoMs(second * 1000));
    between(engine, second);
    for (; next < packets.length; next += 1) {
      const packet = packets[next];
      const atMs = arriveMs?.[next] ?? packet?.atMs ?? 0;
      if (packet === undefined || atMs >= (second + 1) * 1000) break;
      engine.reading(0, packet.receiver, packet.rssiDbm, 1, monoMs(packet.atMs));
    }
  }
  const sentMs = Math.max(...packets.map(({ atMs }) => atMs));
  engine.advance(monoMs(Math.ceil(sentMs / 1000) * 1000 + (options.lagMs ?? 10_000)));
  return told;
}

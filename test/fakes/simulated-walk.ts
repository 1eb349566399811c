import { type MonoMs, monoMs, receiverId, storeId, tagId, zoneId } from "../../src/core/brand.ts";
import type { Point } from "../../src/core/geometry.ts";
import { normalDraw, seededRandom } from "../../src/core/random.ts";
import type { FloorPlan, ReceiverPlan, SitePlan } from "../../src/core/site.ts";
import { ibeaconPayload, legacyReportPacket } from "../../src/io/radio/hci-packets.ts";
import { hexText } from "../../src/radio/bytes.ts";
import { identityBytes } from "../../src/radio/tag-registry.ts";
import type { WalkRecord } from "../../src/radio/walk/walk-session.ts";
import type { Stay } from "../../src/radio/walk/walk-stays.ts";
import type { WalkReading } from "../../src/radio/zones/smooth-walk.ts";

/** How a simulated shop distorts levels. */
export interface ShopAir {
  readonly seed: number;
  /**
   * dB by which levels between a receiver and a place differ from the law of distance: a field of waves some metres
   * long, one per receiver, as shelves make them. 0 = the law holds, and a survey has nothing to teach.
   */
  readonly shadowDb: number;
  /** Level of the tag at one metre, dBm. */
  readonly powerDbm: number;
}

const SIZE = { widthM: 18, depthM: 12 } as const;
const READING_SCATTER_DB = 5;
const PACKETS_PER_SECOND = 2;
/** Sun, 20 Nov 2025, 09:00 UTC: the walk of the recordings. */
export const WALK_EPOCH_MS = 1_763_629_200_000;

const rectangle = (x0: number, y0: number, x1: number, y1: number): FloorPlan["outline"] => [
  { x: x0, y: y0 },
  { x: x1, y: y0 },
  { x: x1, y: y1 },
  { x: x0, y: y1 },
];

/** A shop of 18 x 12 m: six zones of 6 x 6 m and six receivers on the walls and the borders of zones. */
export const SIMULATED_SITE: SitePlan = {
  v: 1,
  store: {
    id: storeId("simulated"),
    name: "Simulated",
    timeZone: "UTC",
    dayCutoverMin: 240,
    currency: "EUR",
  },
  cameras: [],
  receivers: (
    [
      [0.5, 6],
      [6, 0.5],
      [6, 11.5],
      [12, 0.5],
      [12, 11.5],
      [17.5, 6],
    ] as const
  ).map(
    ([xM, yM], i): ReceiverPlan => ({
      id: receiverId(`rx${i}`),
      name: `Receiver ${i}`,
      xM,
      yM,
      zM: 2.3,
    }),
  ),
  tags: [
    {
      id: tagId("walker"),
      kind: "cart",
      beacon: {
        format: "ibeacon",
        uuid: "3b8a1f70-52c4-4e19-9d06-c7f1a2e84b55",
        major: 1,
        minor: 7,
      },
    },
  ],
  floor: {
    outline: rectangle(0, 0, SIZE.widthM, SIZE.depthM),
    obstacles: [],
    zones: ["Window", "Shoes", "Till", "Coats", "Bags", "Sale"].map((name, i) => {
      const [x, y] = [6 * (i % 3), 6 * Math.floor(i / 3)];
      const polygon = rectangle(x, y, x + 6, y + 6);
      return { id: zoneId(name.toLowerCase()), name, kind: "area" as const, polygon };
    }),
    doors: [],
  },
};

/** What a receiver hears at a place beyond distance, dB. */
function shadows(air: ShopAir): (receiver: number, x: number, y: number) => number {
  const random = seededRandom(air.seed);
  const waves = SIMULATED_SITE.receivers.map(() =>
    Array.from({ length: 3 }, () => ({
      kx: (2 * Math.PI * (random() - 0.5)) / 4,
      ky: (2 * Math.PI * (random() - 0.5)) / 4,
      phase: 2 * Math.PI * random(),
    })),
  );
  return (receiver, x, y) =>
    (waves[receiver] ?? []).reduce(
      (sum, { kx, ky, phase }) => sum + Math.sin(kx * x + ky * y + phase),
      0,
    ) *
    (air.shadowDb / Math.sqrt(1.5));
}

/**
 * A walk through all zones of the shop, `secondsPerZone` in each: the carrier strolls from one place of the zone to the
 * next and stops there for some seconds. Readings begin at `fromMs` on the walk's clock.
 */
export function simulatedWalk(air: ShopAir, secondsPerZone: number, fromMs = 10_000): WalkRecord {
  const random = seededRandom(air.seed * 7919 + 1);
  const shadow = shadows(air);
  const readings: WalkReading[] = [];
  const stays: Stay[] = [];
  (SIMULATED_SITE.floor?.zones ?? []).forEach((_, zone) => {
    const fromMono = monoMs(fromMs + zone * secondsPerZone * 1_000);
    stays.push({ zone, fromMono, toMono: monoMs(fromMono + secondsPerZone * 1_000) });
    stroll(zone, secondsPerZone, random).forEach(({ x, y }, s) => {
      readings.push(...second(air, shadow, random, x, y, monoMs(fromMono + s * 1_000)));
    });
  });
  return { readings, stays };
}

/** One place a second, half a metre or more off the borders of the zone. */
function stroll(zone: number, seconds: number, random: () => number): readonly Point[] {
  const somewhere = (): Point => ({
    x: 6 * (zone % 3) + 0.5 + 5 * random(),
    y: 6 * Math.floor(zone / 3) + 0.5 + 5 * random(),
  });
  const places: Point[] = [];
  let [here, goal, rest] = [somewhere(), somewhere(), 0];
  for (let s = 0; s < seconds; s += 1) {
    const away = Math.hypot(goal.x - here.x, goal.y - here.y);
    const step = 0.8 / Math.max(0.8, away);
    here = { x: here.x + step * (goal.x - here.x), y: here.y + step * (goal.y - here.y) };
    if (rest > 0) rest -= 1;
    else if (away < 0.8) [goal, rest] = [somewhere(), Math.floor(8 * random())];
    places.push(here);
  }
  return places;
}

function second(
  air: ShopAir,
  shadow: ReturnType<typeof shadows>,
  random: () => number,
  x: number,
  y: number,
  fromMono: MonoMs,
): readonly WalkReading[] {
  return SIMULATED_SITE.receivers.flatMap((plan, receiver) => {
    const away = Math.max(1, Math.hypot(plan.xM - x, plan.yM - y, plan.zM - 1.2));
    const mean = air.powerDbm - 20 * Math.log10(away) + shadow(receiver, x, y);
    return Array.from({ length: PACKETS_PER_SECOND }, (_, i) => ({
      receiver,
      rssiDbm: Math.round(mean + READING_SCATTER_DB * normalDraw(random)),
      atMono: monoMs(fromMono + 100 + 450 * i + 5 * receiver),
    })).filter(({ rssiDbm }) => rssiDbm > -97);
  });
}

/** The walk as a recording of `vitrine replay --radio`, one line a packet. */
export function recordingOf({ readings }: WalkRecord): string {
  const [tag] = SIMULATED_SITE.tags;
  if (tag === undefined) return "";
  const payload = ibeaconPayload(identityBytes(tag.beacon), -59);
  return [...readings]
    .sort((a, b) => a.atMono - b.atMono)
    .map(({ receiver, rssiDbm, atMono }) => {
      const report = { eventType: 3, addressType: 1, payload, rssiDbm };
      const packet = legacyReportPacket([
        { ...report, address: Uint8Array.of(0xc2, 0, 0, 0, 0, 9) },
      ]);
      const id = SIMULATED_SITE.receivers[receiver]?.id;
      return `${JSON.stringify({ t: WALK_EPOCH_MS + atMono, receiver: id, hci: hexText(packet) })}\n`;
    })
    .join("");
}

/** The taps of the walk as a taps file: one at the begin of each stay, a pause at its end. */
export function tapsOf({ stays }: WalkRecord): string {
  const zones = SIMULATED_SITE.floor?.zones ?? [];
  const lines = stays.map(({ zone, fromMono }) => `${WALK_EPOCH_MS + fromMono},${zones[zone]?.id}`);
  const last = stays.at(-1);
  return ["time,zone", ...lines, `${WALK_EPOCH_MS + (last?.toMono ?? 0)},`, ""].join("\n");
}

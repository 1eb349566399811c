import { lineId, receiverId, tagId, zoneId } from "../../src/core/brand.ts";
import type { SensorEvent } from "../../src/core/events.ts";
import { normalDraw, seededRandom } from "../../src/core/random.ts";
import type { FloorPlan, ReceiverPlan, SitePlan, TagPlan } from "../../src/core/site.ts";
import { ibeaconPayload, legacyReportPacket } from "../../src/io/radio/hci-packets.ts";
import { createRadioInput, type RadioInput } from "../../src/io/radio/radio-input.ts";
import { identityBytes } from "../../src/radio/tag-registry.ts";
import { FakeClock } from "./fake-clock.ts";
import { createFakeRadio, type FakeRadio } from "./fake-radio.ts";

/** The basket that is carried about in these tests. */
export const BASKET: TagPlan = {
  id: tagId("basket-1"),
  kind: "basket",
  beacon: { format: "ibeacon", uuid: "fda50693-a4e2-4fb1-afcf-c6eb07647825", major: 10, minor: 7 },
};

/** Two rooms side by side, 14 m by 8 m, and the pavement in front of them (y down). */
export const FLOOR: FloorPlan = {
  outline: corners(0, 0, 14, 8),
  obstacles: [],
  zones: [
    { id: zoneId("left"), name: "Left", kind: "display", polygon: corners(0, 0, 7, 8) },
    { id: zoneId("right"), name: "Right", kind: "till", polygon: corners(7, 0, 14, 8) },
    { id: zoneId("street"), name: "Street", kind: "outside", polygon: corners(-4, 8, 18, 16) },
  ],
  doors: [{ lineId: lineId("door"), a: { x: 6, y: 8 }, b: { x: 8, y: 8 } }],
};

const PLACES: readonly (readonly [id: string, xM: number, yM: number])[] = [
  ["nw", 0.3, 0.3],
  ["n", 7, 0.3],
  ["ne", 13.7, 0.3],
  ["se", 13.7, 7.7],
  ["s", 7, 7.7],
  ["sw", 0.3, 7.7],
];

function corners(x0: number, y0: number, x1: number, y1: number): FloorPlan["outline"] {
  return [
    { x: x0, y: y0 },
    { x: x1, y: y0 },
    { x: x1, y: y1 },
    { x: x0, y: y1 },
  ];
}

export const RECEIVERS: readonly ReceiverPlan[] = PLACES.map(([id, xM, yM]) => ({
  id: receiverId(id),
  name: id,
  xM,
  yM,
  zM: 2.3,
}));

/** A place of the basket for some seconds; in between it is carried in a straight line at one metre a second. */
export interface Stop {
  readonly xM: number;
  readonly yM: number;
  readonly seconds: number;
}

/** Seconds that the basket truly was in each zone. */
export type TrueSeconds = Record<string, number>;

export interface FloorShop {
  readonly clock: FakeClock;
  readonly input: RadioInput;
  readonly radios: readonly FakeRadio[];
  readonly events: readonly SensorEvent[];
  readonly truth: TrueSeconds;
  /** Carries the basket from stop to stop, heard twice a second by every receiver that is up. */
  carry(stops: readonly Stop[]): void;
  /** Lets time pass while only strangers are heard. */
  wait(seconds: number): void;
  /** Zones of the stays that are over, * for a censored one. */
  stays(): readonly string[];
  /** States of presence that were told. */
  states(): readonly string[];
  close(): Promise<void>;
}

/** What to open the shop with. */
export interface FloorShopOptions {
  /** Receivers beside those of the plan: heard, but nobody knows where they hang. They hear as if they hung in the middle. */
  readonly strangers?: readonly string[];
  /** Receivers of the plan that there are; absent = all. */
  readonly receivers?: readonly string[];
  readonly floor?: FloorPlan | null;
  readonly lagMs?: number;
  readonly seed?: number;
}

/** A shop with simulated adapters under real noble, one input, and a basket. */
export async function openFloorShop(options: FloorShopOptions = {}): Promise<FloorShop> {
  const clock = new FakeClock({ mono: 7_300 });
  const random = seededRandom(options.seed ?? 1);
  const floor = options.floor === undefined ? FLOOR : options.floor;
  const plan: Pick<SitePlan, "receivers" | "floor" | "cameras"> = {
    receivers: RECEIVERS,
    cameras: [],
    ...(floor === null ? {} : { floor }),
  };
  const ids = [...(options.receivers ?? PLACES.map(([id]) => id)), ...(options.strangers ?? [])];
  const radios = ids.map((id) => createFakeRadio({ id, clock }));
  const events: SensorEvent[] = [];
  const input = createRadioInput({
    sources: radios.map(({ radio }) => radio),
    tags: [BASKET],
    plan,
    ...(options.lagMs === undefined ? {} : { lagMs: options.lagMs }),
    run: "r1",
    clock,
    onEvent: (event) => events.push(event),
  });
  const running = new AbortController().signal;
  await input.start(running);
  for (const { radio } of radios) await radio.start(running);
  const place = { xM: 3, yM: 4 };
  const truth: TrueSeconds = {};
  const hear = (isBasket: boolean): void =>
    ids.forEach((id, i) => {
      const at = RECEIVERS.find((receiver) => receiver.id === id) ?? { xM: 7, yM: 4 };
      const distanceM = Math.hypot(at.xM - place.xM, at.yM - place.yM, 1.3);
      const rssiDbm = Math.round(-59 - 20 * Math.log10(distanceM) + 5 * normalDraw(random));
      radios[i]?.socket.deliver(isBasket ? basketPacket(rssiDbm) : strangerPacket());
    });
  const step = (isBasket: boolean): void => {
    if (random() < 0.8) hear(isBasket);
    clock.advance(500);
    if (!isBasket) return;
    const zone = place.yM >= 8 ? "street" : place.xM < 7 ? "left" : "right";
    truth[zone] = (truth[zone] ?? 0) + 0.5;
  };
  return {
    clock,
    input,
    radios,
    events,
    truth,
    carry(stops) {
      for (const { xM, yM, seconds } of stops) {
        const wayM = Math.hypot(xM - place.xM, yM - place.yM);
        const [fromX, fromY, steps] = [place.xM, place.yM, Math.round(2 * wayM)];
        for (let i = 1; i <= steps; i += 1) {
          place.xM = fromX + ((xM - fromX) * i) / steps;
          place.yM = fromY + ((yM - fromY) * i) / steps;
          step(true);
        }
        for (let i = 0; i < 2 * seconds; i += 1) step(true);
      }
    },
    wait(seconds) {
      for (let i = 0; i < 2 * seconds; i += 1) step(false);
    },
    stays: () =>
      events.flatMap((e) =>
        e.kind === "tag-zone-exited" ? [`${e.zoneId}${e.censored ? "*" : ""}`] : [],
      ),
    states: () => events.flatMap((e) => (e.kind === "tag-changed" ? [e.state] : [])),
    async close() {
      for (const { radio } of radios) await radio[Symbol.asyncDispose]();
      await input[Symbol.asyncDispose]();
    },
  };
}

/** Seconds per zone that the events tell, whole stays only. */
export function toldSeconds(events: readonly SensorEvent[]): TrueSeconds {
  const told: TrueSeconds = {};
  for (const event of events)
    if (event.kind === "tag-zone-exited")
      told[event.zoneId] = (told[event.zoneId] ?? 0) + event.dwellMs / 1000;
  return told;
}

/** An advertisement of the basket, as a raw HCI packet. */
export function basketPacket(rssiDbm: number): Uint8Array {
  const payload = ibeaconPayload(identityBytes(BASKET.beacon), -59);
  const address = Uint8Array.from([0xc1, 2, 3, 4, 5, 6]);
  return legacyReportPacket([{ eventType: 3, addressType: 1, address, payload, rssiDbm }]);
}

function strangerPacket(): Uint8Array {
  const payload = Uint8Array.from([2, 1, 0x1a, 6, 0xff, 0x4c, 0, 0x10, 1, 2]);
  const address = Uint8Array.from([0x4d, 9, 8, 7, 6, 5]);
  return legacyReportPacket([{ eventType: 0, addressType: 1, address, payload, rssiDbm: -70 }]);
}

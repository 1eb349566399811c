import type { Point } from "../../core/geometry.ts";
import type { TagPlan } from "../../core/site.ts";
import { identityBytes } from "../../radio/tag-registry.ts";
import type { DemoGround } from "./demo-ground.ts";
import { ruuvi5Payload } from "./demo-telemetry.ts";
import { DemoWalker, draw } from "./demo-walker.ts";
import {
  altbeaconPayload,
  eddystoneTlmPayload,
  eddystoneUidPayload,
  ibeaconPayload,
} from "./hci-packets.ts";

/** One transmission: what is on the air and where it comes from. */
export interface DemoTransmission {
  readonly eventType: number;
  readonly addressType: number;
  readonly address: Uint8Array;
  readonly payload: Uint8Array;
  readonly txPower1mDbm: number;
  readonly xM: number;
  readonly yM: number;
}

/** Something that sends. */
export interface DemoSender {
  /** When it does the next thing. */
  readonly nextMs: number;
  /** Where it was when it last did something; null while it is away. */
  readonly place: Point | null;
  /** Does it, and moves `nextMs` on; null when it was not a transmission (asleep, gone). */
  send(): DemoTransmission | null;
  /** Sleeps over everything until `toMs`. */
  skipTo(toMs: number): void;
}

/** What all senders share. */
export interface DemoBegin {
  readonly random: () => number;
  readonly ground: DemoGround;
  readonly startMs: number;
  /** Factor on all intervals. */
  readonly slowdown: number;
}

/** How long something is about and away, how often it sends meanwhile, and what it does. */
interface Habit {
  readonly stayMs: readonly [number, number];
  readonly awayMs: readonly [number, number];
  readonly intervalMs: number;
  /** `wanders`: comes by the door and goes by it. `borrowed`: stands in the rack, is carried about and put back. */
  readonly way: "wanders" | "borrowed" | "stands";
}

const MINUTE_MS = 60_000;
const SHOPPING: Habit = {
  stayMs: [3 * MINUTE_MS, 9 * MINUTE_MS],
  awayMs: [MINUTE_MS, 5 * MINUTE_MS],
  intervalMs: 600,
  way: "borrowed",
};
const HABITS: Readonly<Record<TagPlan["kind"] | "phone", Habit>> = {
  basket: SHOPPING,
  cart: SHOPPING,
  "loyalty-card": { ...SHOPPING, intervalMs: 1_000, way: "wanders" },
  staff: {
    stayMs: [12 * MINUTE_MS, 40 * MINUTE_MS],
    awayMs: [2 * MINUTE_MS, 8 * MINUTE_MS],
    intervalMs: 900,
    way: "wanders",
  },
  asset: {
    stayMs: [60 * MINUTE_MS, 120 * MINUTE_MS],
    awayMs: [MINUTE_MS, 2 * MINUTE_MS],
    intervalMs: 2_000,
    way: "stands",
  },
  phone: {
    stayMs: [MINUTE_MS, 6 * MINUTE_MS],
    awayMs: [MINUTE_MS / 2, 3 * MINUTE_MS],
    intervalMs: 1_400,
    way: "wanders",
  },
};

/** A tag that lies still saves its battery. */
const RESTING_FACTOR = 3;
const TX_POWER_1M_DBM = -59;
/** Eddystone states the power at 0 m, 41 dB above that at 1 m. */
const TX_POWER_0M_DBM = TX_POWER_1M_DBM + 41;
/** Every so many packets an Eddystone tag sends its telemetry instead of its name. */
const TELEMETRY_EVERY = 10;
/** An accelerometer counts about one motion per so many metres of being carried, and so many ms of being held. */
const MOTION_M = 0.5;
const MOTION_MS = 3_000;
/** Phones change their address about every 15 minutes; faster here, so that a short run shows it. */
const ADDRESS_LIFE_MS: readonly [number, number] = [MINUTE_MS, 4 * MINUTE_MS];
const DAMAGED_RATIO = 0.03;

const STATIC_BITS = 0b11;
const RESOLVABLE_BITS = 0b01;

function randomAddress(random: () => number, topBits: number): Uint8Array {
  const address = Uint8Array.from({ length: 6 }, () => Math.floor(random() * 256));
  address[0] = ((address[0] ?? 0) & 0x3f) | (topBits << 6);
  return address;
}

type OnAir = Pick<DemoTransmission, "address" | "payload" | "eventType">;

/**
 * Comes, sends at its interval while it is there, goes, and comes again. What is borrowed never goes where the ground
 * has a rack for it: it waits there, sending seldom.
 */
class Sender implements DemoSender {
  readonly #begin: DemoBegin;
  readonly #habit: Habit;
  readonly #walker: DemoWalker;
  readonly #onAir: (atMs: number, motions: number) => OnAir;
  readonly #rack: Point | null;
  nextMs: number;
  #state: "away" | "about" | "leaving" = "away";
  #sentMs = 0;
  #heldMs = 0;
  #untilMs: number;

  constructor(habit: Habit, begin: DemoBegin, onAir: (atMs: number, motions: number) => OnAir) {
    const { ground, random, startMs } = begin;
    this.#begin = begin;
    this.#habit = habit;
    this.#walker = new DemoWalker(ground, random);
    this.#onAir = onAir;
    this.#rack = habit.way === "borrowed" ? ground.rack : null;
    // Half of them come within seconds, so that there is something to see; the rest later.
    const soon = random() < 0.5;
    const delayMs = soon ? 15_000 * random() : draw(random, habit.awayMs);
    this.#untilMs = startMs + Math.round(delayMs);
    this.nextMs = this.#rack === null ? this.#untilMs : startMs + Math.round(2_000 * random());
    if (this.#rack !== null) this.#walker.standAt(this.#rack, startMs);
  }

  get place(): Point | null {
    const isAway = this.#state === "away" && this.#rack === null;
    return isAway ? null : { x: this.#walker.xM, y: this.#walker.yM };
  }

  send(): DemoTransmission | null {
    const atMs = this.nextMs;
    const { random, slowdown } = this.#begin;
    this.#walker.moveTo(atMs);
    this.#live(atMs);
    if (this.#state === "away" && this.#rack === null) {
      this.nextMs = this.#untilMs;
      return null;
    }
    const factor = this.#state === "away" ? RESTING_FACTOR * slowdown : slowdown;
    // Beacons add up to 10 ms to every interval so that two of them do not collide for ever.
    this.nextMs = atMs + Math.round(this.#habit.intervalMs * factor + 10 * random());
    const { xM, yM, walkedM } = this.#walker;
    if (this.#state !== "away") this.#heldMs += atMs - this.#sentMs;
    this.#sentMs = atMs;
    const motions = Math.floor(walkedM / MOTION_M) + Math.floor(this.#heldMs / MOTION_MS);
    const sent = this.#onAir(atMs, motions);
    return { addressType: 1, txPower1mDbm: TX_POWER_1M_DBM, xM, yM, ...sent };
  }

  skipTo(toMs: number): void {
    if (this.nextMs < toMs) this.nextMs = Math.round(toMs);
  }

  /** Sets out, turns back or is gone when it is time. */
  #live(atMs: number): void {
    const { random, ground } = this.#begin;
    if (this.#state === "away" && atMs >= this.#untilMs) {
      this.#state = "about";
      this.#untilMs = atMs + draw(random, this.#habit.stayMs);
      this.#setOut(atMs);
    } else if (this.#state === "about" && atMs >= this.#untilMs) {
      this.#state = "leaving";
      if (this.#habit.way !== "stands") this.#walker.goTo(this.#rack ?? ground.outside, atMs);
    } else if (this.#state === "leaving" && this.#walker.isHome) {
      this.#state = "away";
      this.#untilMs = atMs + Math.round(draw(random, this.#habit.awayMs));
    }
  }

  #setOut(atMs: number): void {
    const { ground, random } = this.#begin;
    const doesWalk = this.#habit.way !== "stands";
    if (!doesWalk) this.#walker.standAt(ground.spot(random), atMs);
    else if (this.#rack === null) this.#walker.standAt(ground.outside, atMs);
    if (doesWalk) this.#walker.wander(atMs);
  }
}

const NOT_CONNECTABLE = 3;
const CONNECTABLE = 0;

/**
 * A registered tag: one static random address and its beacon frames; between them an Eddystone tag tells its battery,
 * and any other its battery and how often it was moved.
 */
export function createTag(tag: TagPlan, begin: DemoBegin): DemoSender {
  const identity = identityBytes(tag.beacon);
  const address = randomAddress(begin.random, STATIC_BITS);
  const named = namePayload(tag, identity);
  const batteryMv = 2_700 + Math.round(300 * begin.random());
  const temperatureC = 21.5;
  let sent = 0;
  return new Sender(HABITS[tag.kind], begin, (atMs, motions) => {
    sent += 1;
    const uptimeMs = atMs - begin.startMs;
    if (sent % TELEMETRY_EVERY !== 0)
      return { eventType: NOT_CONNECTABLE, address, payload: named };
    const payload =
      tag.beacon.format === "eddystone-uid"
        ? eddystoneTlmPayload({ batteryMv, temperatureC, advertisements: sent, uptimeMs })
        : ruuvi5Payload({ batteryMv, temperatureC, motions, measurement: sent });
    return { eventType: NOT_CONNECTABLE, address, payload };
  });
}

function namePayload(tag: TagPlan, identity: Uint8Array): Uint8Array {
  switch (tag.beacon.format) {
    case "ibeacon":
      return ibeaconPayload(identity, TX_POWER_1M_DBM);
    case "altbeacon":
      return altbeaconPayload(identity, TX_POWER_1M_DBM);
    case "eddystone-uid":
      return eddystoneUidPayload(identity, TX_POWER_0M_DBM);
  }
}

/** A phone of somebody: nobody to the gateway. Its address changes, and some of its packets are damaged. */
export function createPhone(begin: DemoBegin): DemoSender {
  const { random } = begin;
  let address = randomAddress(random, RESOLVABLE_BITS);
  let renewMs = begin.startMs + draw(random, ADDRESS_LIFE_MS);
  return new Sender(HABITS.phone, begin, (atMs) => {
    if (atMs >= renewMs) {
      address = randomAddress(random, RESOLVABLE_BITS);
      renewMs = atMs + draw(random, ADDRESS_LIFE_MS);
    }
    const bytes = Array.from({ length: 5 }, () => Math.floor(random() * 256));
    const payload = Uint8Array.from([2, 1, 0x1a, 0x0a, 0xff, 0x4c, 0, 0x10, 5, ...bytes]);
    if (random() < DAMAGED_RATIO) payload[3] = Math.floor(random() * 256);
    return { eventType: CONNECTABLE, address, payload };
  });
}

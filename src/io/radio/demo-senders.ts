import type { TagPlan } from "../../core/site.ts";
import { identityBytes } from "../../radio/tag-registry.ts";
import {
  altbeaconPayload,
  eddystoneTlmPayload,
  eddystoneUidPayload,
  ibeaconPayload,
} from "./hci-packets.ts";

/** The rectangle in which people walk, in metres on the floor plan. The door is in the middle of its near edge. */
export interface DemoFloor {
  readonly leftM: number;
  readonly topM: number;
  readonly rightM: number;
  readonly bottomM: number;
}

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
  /** Does it, and moves `nextMs` on; null when it was not a transmission (asleep, gone). */
  send(): DemoTransmission | null;
  /** Sleeps over everything until `toMs`. */
  skipTo(toMs: number): void;
}

/** What all senders share. */
export interface DemoBegin {
  readonly random: () => number;
  readonly floor: DemoFloor;
  readonly startMs: number;
  /** Factor on all intervals. */
  readonly slowdown: number;
}

/** How long something is on the floor and away, how often it sends meanwhile, and whether it walks. */
interface Habit {
  readonly stayMs: readonly [number, number];
  readonly awayMs: readonly [number, number];
  readonly intervalMs: number;
  readonly walks: boolean;
}

const MINUTE_MS = 60_000;
const SHOPPING: Habit = {
  stayMs: [3 * MINUTE_MS, 9 * MINUTE_MS],
  awayMs: [MINUTE_MS, 5 * MINUTE_MS],
  intervalMs: 600,
  walks: true,
};
const HABITS: Readonly<Record<TagPlan["kind"] | "phone", Habit>> = {
  basket: SHOPPING,
  cart: SHOPPING,
  "loyalty-card": { ...SHOPPING, intervalMs: 1_000 },
  staff: {
    stayMs: [12 * MINUTE_MS, 40 * MINUTE_MS],
    awayMs: [2 * MINUTE_MS, 8 * MINUTE_MS],
    intervalMs: 900,
    walks: true,
  },
  asset: {
    stayMs: [60 * MINUTE_MS, 120 * MINUTE_MS],
    awayMs: [MINUTE_MS, 2 * MINUTE_MS],
    intervalMs: 2_000,
    walks: false,
  },
  phone: {
    stayMs: [MINUTE_MS, 6 * MINUTE_MS],
    awayMs: [MINUTE_MS / 2, 3 * MINUTE_MS],
    intervalMs: 1_400,
    walks: true,
  },
};

const WALK_M_PER_S = 0.8;
const PAUSE_MS: readonly [number, number] = [4_000, 35_000];
const TX_POWER_1M_DBM = -59;
/** Eddystone states the power at 0 m, 41 dB above that at 1 m. */
const TX_POWER_0M_DBM = TX_POWER_1M_DBM + 41;
/** Every so many packets an Eddystone tag sends its telemetry instead of its name. */
const TELEMETRY_EVERY = 10;
/** Phones change their address about every 15 minutes; faster here, so that a short run shows it. */
const ADDRESS_LIFE_MS: readonly [number, number] = [MINUTE_MS, 4 * MINUTE_MS];
const DAMAGED_RATIO = 0.03;

const between = (random: () => number, [low, high]: readonly [number, number]): number =>
  low + (high - low) * random();

const STATIC_BITS = 0b11;
const RESOLVABLE_BITS = 0b01;

function randomAddress(random: () => number, topBits: number): Uint8Array {
  const address = Uint8Array.from({ length: 6 }, () => Math.floor(random() * 256));
  address[0] = ((address[0] ?? 0) & 0x3f) | (topBits << 6);
  return address;
}

/** Walks between random places of the floor with pauses; enters and leaves by the door. */
class Walker {
  readonly #begin: DemoBegin;
  readonly #walks: boolean;
  xM = 0;
  yM = 0;
  #goalX = 0;
  #goalY = 0;
  #atMs = 0;
  #pauseUntilMs = 0;

  constructor(begin: DemoBegin, walks: boolean) {
    this.#begin = begin;
    this.#walks = walks;
  }

  enter(atMs: number): void {
    const { leftM, rightM, bottomM } = this.#begin.floor;
    this.xM = (leftM + rightM) / 2;
    this.yM = bottomM;
    this.#atMs = atMs;
    this.#pauseUntilMs = atMs;
    this.#chooseGoal();
    if (!this.#walks) {
      this.xM = this.#goalX;
      this.yM = this.#goalY;
    }
  }

  moveTo(atMs: number): void {
    const elapsedMs = atMs - Math.max(this.#atMs, this.#pauseUntilMs);
    this.#atMs = Math.max(this.#atMs, atMs);
    if (!this.#walks || elapsedMs <= 0) return;
    const dx = this.#goalX - this.xM;
    const dy = this.#goalY - this.yM;
    const wayM = Math.hypot(dx, dy);
    const stepM = (WALK_M_PER_S * elapsedMs) / 1000;
    const share = wayM <= stepM ? 1 : stepM / wayM;
    this.xM += dx * share;
    this.yM += dy * share;
    if (share < 1) return;
    this.#pauseUntilMs = atMs + between(this.#begin.random, PAUSE_MS);
    this.#chooseGoal();
  }

  #chooseGoal(): void {
    const { floor, random } = this.#begin;
    this.#goalX = between(random, [floor.leftM, floor.rightM]);
    this.#goalY = between(random, [floor.topM, floor.bottomM]);
  }
}

/** Comes, sends at its interval while it is there, goes, and comes again. */
class Sender implements DemoSender {
  readonly #begin: DemoBegin;
  readonly #habit: Habit;
  readonly #walker: Walker;
  readonly #onAir: (atMs: number) => Pick<DemoTransmission, "address" | "payload" | "eventType">;
  nextMs: number;
  #untilMs: number | null = null;

  constructor(
    habit: Habit,
    begin: DemoBegin,
    onAir: (atMs: number) => Pick<DemoTransmission, "address" | "payload" | "eventType">,
  ) {
    this.#habit = habit;
    this.#begin = begin;
    this.#walker = new Walker(begin, habit.walks);
    this.#onAir = onAir;
    // Half of them come within seconds, so that there is something to see; the rest later.
    const soon = begin.random() < 0.5;
    const delayMs = soon ? 15_000 * begin.random() : between(begin.random, habit.awayMs);
    this.nextMs = begin.startMs + Math.round(delayMs);
  }

  send(): DemoTransmission | null {
    const atMs = this.nextMs;
    const { random, slowdown } = this.#begin;
    if (this.#untilMs === null) {
      this.#untilMs = atMs + between(random, this.#habit.stayMs);
      this.#walker.enter(atMs);
    } else if (atMs >= this.#untilMs) {
      this.#untilMs = null;
      this.nextMs = atMs + Math.round(between(random, this.#habit.awayMs));
      return null;
    }
    this.#walker.moveTo(atMs);
    // Beacons add up to 10 ms to every interval so that two of them do not collide for ever.
    this.nextMs = atMs + Math.round(this.#habit.intervalMs * slowdown + 10 * random());
    const { xM, yM } = this.#walker;
    return { addressType: 1, txPower1mDbm: TX_POWER_1M_DBM, xM, yM, ...this.#onAir(atMs) };
  }

  skipTo(toMs: number): void {
    if (this.nextMs < toMs) this.nextMs = Math.round(toMs);
  }
}

const NOT_CONNECTABLE = 3;
const CONNECTABLE = 0;

/** A registered tag: one static random address, its beacon frames, Eddystone tags also telemetry. */
export function createTag(tag: TagPlan, begin: DemoBegin): DemoSender {
  const identity = identityBytes(tag.beacon);
  const address = randomAddress(begin.random, STATIC_BITS);
  const named = namePayload(tag, identity);
  const batteryMv = 2_700 + Math.round(300 * begin.random());
  let sent = 0;
  return new Sender(HABITS[tag.kind], begin, (atMs) => {
    sent += 1;
    const telemetry = tag.beacon.format === "eddystone-uid" && sent % TELEMETRY_EVERY === 0;
    const uptimeMs = atMs - begin.startMs;
    const payload = telemetry
      ? eddystoneTlmPayload({ batteryMv, temperatureC: 21.5, advertisements: sent, uptimeMs })
      : named;
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
  let renewMs = begin.startMs + between(random, ADDRESS_LIFE_MS);
  return new Sender(HABITS.phone, begin, (atMs) => {
    if (atMs >= renewMs) {
      address = randomAddress(random, RESOLVABLE_BITS);
      renewMs = atMs + between(random, ADDRESS_LIFE_MS);
    }
    const bytes = Array.from({ length: 5 }, () => Math.floor(random() * 256));
    const payload = Uint8Array.from([2, 1, 0x1a, 0x0a, 0xff, 0x4c, 0, 0x10, 5, ...bytes]);
    if (random() < DAMAGED_RATIO) payload[3] = Math.floor(random() * 256);
    return { eventType: CONNECTABLE, address, payload };
  });
}

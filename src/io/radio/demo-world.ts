import { type MonoMs, monoMs } from "../../core/brand.ts";
import type { Point } from "../../core/geometry.ts";
import { normalDraw, seededRandom } from "../../core/random.ts";
import type { FloorPlan, ReceiverPlan, TagPlan } from "../../core/site.ts";
import { createFloorGround, createOpenGround } from "./demo-ground.ts";
import { createPhone, createTag, type DemoSender } from "./demo-senders.ts";
import { legacyReportPacket } from "./hci-packets.ts";

/** What the simulated shop floor needs. The same options give the same packets. */
export interface DemoWorldOptions {
  readonly seed: number;
  readonly tags: readonly TagPlan[];
  readonly receivers: readonly ReceiverPlan[];
  /** Absent: people walk freely around the receivers. */
  readonly floor?: FloorPlan | undefined;
  readonly startMono: MonoMs;
}

/** More tags than this make no better demonstration. */
const TAG_CAP = 48;
const PHONES = 8;
/** Packets a second over all receivers that the senders together should come near to, for up to two receivers. */
const PACKETS_PER_SECOND = 35;
/** Each further one hears as much again as one of those: so many packets say where a tag is. */
const PACKETS_PER_RECEIVER = 17.5;
/** A basket may send every 200 ms, as beacons in shops do, but not faster. */
const SLOWDOWN_MIN = 1 / 3;
/** Height at which a tag or phone is carried. */
const CARRIED_M = 1;
/**
 * Path loss of an open room and the levels of the three advertising channels against each other; the scatter makes one
 * reading vary by about 7 dB.
 */
const LOSS_EXPONENT = 2.2;
const CHANNEL_DB = [0, -4, -9];
const SCATTER_DB = 4;
const SENSITIVITY_DBM = -97;
const LOST_RATIO = 0.15;
const NOT_MEASURED_RATIO = 0.005;
const CUT_PACKET_RATIO = 0.002;

/**
 * A shop floor that exists only in memory: baskets are picked up, carried around and left, staff come and go, phones
 * nobody knows walk by with changing addresses, and some packets are damaged. It yields the raw HCI packets that
 * controllers at the receivers would deliver. Time is virtual: how it is cut into steps makes no difference.
 */
export class DemoWorld {
  readonly #options: DemoWorldOptions;
  readonly #random: () => number;
  /** The tags first, then phones. */
  readonly #senders: readonly DemoSender[];
  readonly #tags: number;
  #nowMs: number;

  constructor(options: DemoWorldOptions) {
    this.#options = options;
    this.#nowMs = options.startMono;
    this.#random = seededRandom(options.seed);
    const { floor } = options;
    const ground =
      floor === undefined ? createOpenGround(options.receivers) : createFloorGround(floor);
    const tags = options.tags.slice(0, TAG_CAP);
    const slowdown = slowdownFor(tags.length, options.receivers.length);
    const begin = { random: this.#random, ground, startMs: options.startMono, slowdown };
    this.#tags = tags.length;
    this.#senders = [
      ...tags.map((tag) => createTag(tag, begin)),
      ...Array.from({ length: PHONES }, () => createPhone(begin)),
    ];
  }

  /** Runs to `toMono`, calling `deliver` for every packet a receiver hears, in order of time. */
  advance(
    toMono: MonoMs,
    deliver: (receiver: number, packet: Uint8Array, atMono: MonoMs) => void,
  ): void {
    for (let due = this.#nextSender(toMono); due !== null; due = this.#nextSender(toMono)) {
      this.#nowMs = due.nextMs;
      this.#send(due, deliver);
    }
    this.#nowMs = Math.max(this.#nowMs, toMono);
  }

  /** Goes to `toMono` without a packet, as after a machine was asleep. */
  skipTo(toMono: MonoMs): void {
    for (const sender of this.#senders) sender.skipTo(toMono);
    this.#nowMs = Math.max(this.#nowMs, toMono);
  }

  /** Where the tag at this position of the list truly is; null while it is away. */
  placeOf(tag: number): Point | null {
    return tag < this.#tags ? (this.#senders[tag]?.place ?? null) : null;
  }

  #nextSender(untilMs: number): DemoSender | null {
    let first: DemoSender | null = null;
    for (const sender of this.#senders)
      if (sender.nextMs <= untilMs && (first === null || sender.nextMs < first.nextMs))
        first = sender;
    return first;
  }

  #send(
    sender: DemoSender,
    deliver: (receiver: number, packet: Uint8Array, atMono: MonoMs) => void,
  ): void {
    const sent = sender.send();
    if (sent === null) return;
    const { receivers } = this.#options;
    for (let i = 0; i < receivers.length; i += 1) {
      const receiver = receivers[i];
      if (receiver === undefined) continue;
      const distanceM = Math.hypot(
        receiver.xM - sent.xM,
        receiver.yM - sent.yM,
        receiver.zM - CARRIED_M,
      );
      const rssiDbm = this.#heardAt(sent.txPower1mDbm, distanceM);
      if (rssiDbm === null) continue;
      const whole = legacyReportPacket([{ ...sent, rssiDbm }]);
      const cut = this.#random() < CUT_PACKET_RATIO;
      deliver(i, cut ? whole.subarray(0, whole.length - 7) : whole, monoMs(this.#nowMs));
    }
  }

  #heardAt(txPower1mDbm: number, distanceM: number): number | null {
    const random = this.#random;
    const channelDb = CHANNEL_DB[Math.floor(random() * CHANNEL_DB.length)] ?? 0;
    const lossDb = 10 * LOSS_EXPONENT * Math.log10(Math.max(1, distanceM));
    const rssiDbm = Math.round(txPower1mDbm - lossDb + channelDb + SCATTER_DB * normalDraw(random));
    if (random() < LOST_RATIO || rssiDbm < SENSITIVITY_DBM) return null;
    return random() < NOT_MEASURED_RATIO ? 127 : Math.min(-20, rssiDbm);
  }
}

/** Factor on the senders' intervals that keeps the whole at the wanted rate: about half of the tags are out at a time. */
function slowdownFor(tags: number, receivers: number): number {
  const perSecond = (0.5 * tags * 1.5 + PHONES * 0.7) * receivers * (1 - LOST_RATIO);
  const wanted = Math.max(PACKETS_PER_SECOND, PACKETS_PER_RECEIVER * receivers);
  return Math.max(SLOWDOWN_MIN, perSecond / wanted);
}

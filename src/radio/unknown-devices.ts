import { BoundedMap } from "../core/bounded-map.ts";
import type { MonoMs } from "../core/brand.ts";

/** Turns an address into something that means nothing to anybody else (see privacy/boot-key.ts). */
export interface AddressVeil {
  standIn(address: string, nowMono: MonoMs): string;
  /** Grows when stand-ins made before mean nothing any more. */
  readonly generation: number;
}

export interface UnknownDevicesOptions {
  readonly veil: AddressVeil;
  /** Fewer devices than this are not told: the count of a small group speaks of persons. At least 5. */
  readonly minGroup: number;
}

/** What may be told of devices that nobody registered. */
export interface UnknownDevicesView {
  /** Devices heard within the last two minutes; null when they are fewer than the smallest group. */
  readonly count: number | null;
  readonly minGroup: number;
  /** Devices that were forgotten early because there were too many at once. */
  readonly evicted: number;
}

/** @source privacy.md: entries are evicted after two minutes of silence. */
const SILENCE_MS = 120_000;
/** A full mall has some thousands; beyond the cap the one longest not heard is forgotten. */
const DEVICE_CAP = 10_000;

/**
 * How many devices nobody registered are near, and nothing else about them. Their addresses are kept under a key that
 * dies with the process, for two minutes after they were last heard; a phone that changes its address counts anew until
 * its old one is forgotten, so the figure is an index of crowding and no number of persons.
 */
export class UnknownDevices {
  readonly #options: UnknownDevicesOptions;
  #heard = UnknownDevices.#empty();
  #evictedBefore = 0;
  #generation = 0;

  constructor(options: UnknownDevicesOptions) {
    if (options.minGroup < 5) throw new RangeError("a group of fewer than 5 is no group");
    this.#options = options;
  }

  static #empty(): BoundedMap<string, true> {
    return new BoundedMap({ cap: DEVICE_CAP, idleMs: SILENCE_MS });
  }

  /** Devices remembered now, told or not; for tests of the bound. */
  get size(): number {
    return this.#heard.size;
  }

  /** A report of a device that is not registered. The address is not kept. */
  heard(address: string, nowMono: MonoMs): void {
    const { veil } = this.#options;
    const standIn = veil.standIn(address, nowMono);
    if (veil.generation !== this.#generation) this.#forgetAll();
    this.#generation = veil.generation;
    this.advance(nowMono);
    this.#heard.set(standIn, true, nowMono);
  }

  /** Forgets what has been silent for two minutes. Call about once a second. */
  advance(nowMono: MonoMs): void {
    this.#heard.expire(nowMono);
  }

  view(nowMono: MonoMs): UnknownDevicesView {
    this.advance(nowMono);
    const { minGroup } = this.#options;
    const evicted = this.#evictedBefore + this.#heard.evicted;
    const { size } = this.#heard;
    return { count: size >= minGroup ? size : null, minGroup, evicted };
  }

  #forgetAll(): void {
    this.#evictedBefore += this.#heard.evicted;
    this.#heard = UnknownDevices.#empty();
  }
}

import { BoundedMap } from "../../core/bounded-map.ts";
import { type EpochMs, monoMs, type StoreId } from "../../core/brand.ts";

/** A member as a store recognised her. */
export interface RecognisedAt {
  /** The centre's own name of the member, the same for all its stores. */
  readonly member: string;
  readonly storeId: StoreId;
  readonly at: EpochMs;
}

/** One member in two stores between which nobody gets in the time. */
export interface TwoStores {
  readonly member: string;
  readonly stores: readonly [StoreId, StoreId];
  readonly apartM: number;
  readonly withinMs: number;
}

/** How fast people get from store to store. */
export interface TravelRules {
  /** Metres per second on foot. Default 2.5. */
  readonly walkMps: number;
  /** Who is away for longer than this may ride. Default 180000 ms. */
  readonly rideAfterMs: number;
  /** Metres per second while riding. Default 33 (a train or a motorway). */
  readonly rideMps: number;
  /** Stores that are nearer than this hear each other's shoppers. Default 150 m. */
  readonly nearM: number;
}

const TRAVEL_RULES: TravelRules = { walkMps: 2.5, rideAfterMs: 180_000, rideMps: 33, nearM: 150 };
/** Beyond this people get anywhere that the rules can tell. */
const KEPT_MS = 12 * 3_600_000;
const TOLD_MS = 900_000;
const PER_MINUTE = 60;
const MINUTE_MS = 60_000;

interface Last {
  readonly storeId: StoreId;
  readonly at: EpochMs;
  toldAt: number;
}

/**
 * Looks whether one member is recognised in two stores at once: somebody replays what her phone sends. `distanceM` says
 * how far two stores are apart, null when it is not known: then nothing is concluded. At most `cap` members are kept, for
 * twelve hours after they were last recognised; told once per member and quarter of an hour and sixty times a minute in
 * all, the rest counted. Time is that of the events; their order does not matter within what is kept. What is told a minute is
 * counted by our own clock (`now`), which no event can set.
 */
export class StoreAnomalies {
  readonly #distanceM: (a: StoreId, b: StoreId) => number | null;
  readonly #rules: TravelRules;
  readonly #last: BoundedMap<string, Last>;
  readonly #now: () => EpochMs;
  #minuteAt = Number.NEGATIVE_INFINITY;
  #toldInMinute = 0;
  /** Anomalies that were not told because of the limits. */
  untold = 0;

  constructor(
    distanceM: (a: StoreId, b: StoreId) => number | null,
    now: () => EpochMs,
    rules: Partial<TravelRules> = {},
    cap = 100_000,
  ) {
    this.#now = now;
    this.#distanceM = distanceM;
    this.#rules = { ...TRAVEL_RULES, ...rules };
    this.#last = new BoundedMap({ cap, idleMs: KEPT_MS });
  }

  /** Takes a recognition; returns what is to be told, or null. */
  take({ member, storeId, at }: RecognisedAt): TwoStores | null {
    // The map only wants to know which entry is older: the time of the events serves as well as any.
    const stamp = monoMs(at);
    this.#last.expire(stamp);
    const last = this.#last.get(member, stamp);
    const toldAt = last?.toldAt ?? Number.NEGATIVE_INFINITY;
    const entry: Last = { storeId, at, toldAt };
    if (last === undefined || at >= last.at) this.#last.set(member, entry, stamp);
    if (last === undefined || last.storeId === storeId) return null;
    const withinMs = Math.abs(at - last.at);
    const apartM = this.#distanceM(last.storeId, storeId);
    if (apartM === null || apartM - this.#rules.nearM <= this.#reachM(withinMs)) return null;
    if (at - toldAt < TOLD_MS || !this.#hasRoom()) {
      this.untold += 1;
      return null;
    }
    entry.toldAt = at;
    if (at < last.at) last.toldAt = at;
    return { member, stores: [last.storeId, storeId], apartM, withinMs };
  }

  #reachM(withinMs: number): number {
    const { walkMps, rideAfterMs, rideMps } = this.#rules;
    const rideMs = Math.max(0, withinMs - rideAfterMs);
    return (walkMps * (withinMs - rideMs) + rideMps * rideMs) / 1000;
  }

  #hasRoom(): boolean {
    const now = this.#now();
    // Also after our own clock was put back.
    if (Math.abs(now - this.#minuteAt) >= MINUTE_MS) {
      this.#minuteAt = now;
      this.#toldInMinute = 0;
    }
    this.#toldInMinute += 1;
    return this.#toldInMinute <= PER_MINUTE;
  }
}

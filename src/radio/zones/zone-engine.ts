import { type MonoMs, monoMs } from "../../core/brand.ts";
import type { FloorPlan, ReceiverPlan, SurveyPoint } from "../../core/site.ts";
import { LearnedPowers } from "./learned-powers.ts";
import { createLevelMap } from "./level-map.ts";
import { ReceiverHearing } from "./receiver-hearing.ts";
import { PlaceTrail, ReceiverOffsets } from "./receiver-offsets.ts";
import { TagFilter } from "./tag-filter.ts";
import { AHEAD_SECONDS, LATE_SECONDS, RING_SECONDS } from "./tag-seconds.ts";
import {
  createEstimate,
  decideZone,
  isHeardEnough,
  type WritableEstimate,
} from "./zone-decision.ts";
import type { ZoneEstimate } from "./zone-estimate.ts";
import { createZoneModel, type ZoneModel } from "./zone-model.ts";
import { ZONE_PARAMETERS, type ZoneParameters } from "./zone-parameters.ts";

/** What the engine has learned of a shop's radios; plain JSON, for saving. */
export interface LearnedRadio {
  /** dB that a receiver reads above what its place explains; bounded, sum about zero. */
  readonly receiverOffsetsDb: Readonly<Record<string, number>>;
  /** Level at one metre per tag, dBm; by the name that `tagIdOf` gives. */
  readonly tagPowersDbm: Readonly<Record<string, number>>;
}

/** What the engine counts since it was made; all only grow but `tags`. */
export interface ZoneEngineCounts {
  /** Readings taken into account. */
  readonly readings: number;
  /** Readings more than 15 s old, or further in the future than clocks differ. */
  readonly late: number;
  /** Readings with an impossible level, instant or number of packets. */
  readonly impossible: number;
  /** Readings of a receiver that is not in the plan or has no finite place. */
  readonly unplaced: number;
  /** Readings beyond what one receiver may say of a tag in one second. */
  readonly flooded: number;
  /** Calls of `advance` with an earlier instant than before, or none. */
  readonly backwards: number;
  /** Tag filters given up for lack of room: others were heard later. */
  readonly evicted: number;
  /** Readings of tags that are not followed for lack of room. */
  readonly crowded: number;
  /** Tag filters now. */
  readonly tags: number;
}

/** What the engine needs. Parameters that are absent take `ZONE_PARAMETERS`. */
export interface ZoneEngineOptions {
  readonly floor: FloorPlan;
  /** Readings name a receiver by its position here. */
  readonly receivers: readonly ReceiverPlan[];
  readonly survey: readonly SurveyPoint[];
  /** How long after a second its estimate is told, 0..15000; what came by then is taken into account. Default 10000. */
  readonly lagMs?: number;
  /** Called from `advance` only, once per tag and second, in order of time per tag. */
  readonly onEstimate: (estimate: ZoneEstimate) => void;
  readonly learned?: LearnedRadio | undefined;
  /** Name under which what is learned of a tag is kept; null or absent = nothing is kept of it. */
  readonly tagIdOf?: (tag: number) => string | null;
  readonly parameters?: Partial<ZoneParameters>;
}

/** Says where registered tags are, second by second. */
export interface ZoneEngine {
  /**
   * Takes a reading of a tag. `receiver` is a position in the plan, `packets` what one reading stands for. `atMono` may
   * lie up to 15 s (and not more than `lagMs` + 1 s is of use) before the newest `advance`, in any order.
   */
  reading(tag: number, receiver: number, rssiDbm: number, packets: number, atMono: MonoMs): void;
  /** Whether a receiver sees; what a blind one does not hear proves nothing. Receivers begin as seeing. */
  setSeeing(receiver: number, seeing: boolean, atMono: MonoMs): void;
  /** Tells the estimates that are due. Call about once a second. Time that goes backwards is counted and ignored. */
  advance(nowMono: MonoMs): void;
  /** Drops what is known of the tag's place (not its learned power). */
  forget(tag: number): void;
  /** Takes a new survey in the place of the old one. */
  resurvey(points: readonly SurveyPoint[]): void;
  learned(): LearnedRadio;
  counts(): ZoneEngineCounts;
}

/** A receiver's packets of a tag beyond this in a second say nothing new. */
const FLOOD_PACKETS = 100;
/** A tag that is silent for so long is no longer followed. */
const SILENT_SECONDS = 120;
/** What was learned of the receivers counts from the next of these on. */
const LEARN_SECONDS = 30;
/** After such a gap in time nothing of before is of use. */
const GAP_SECONDS = 60;
/** Receiver-seconds after which a tag's power is worth keeping. */
const POWER_KNOWN = 200;
/** A tag heard this lately is not given up for another: taking turns, none would ever be located. */
const KEEP_SECONDS = 15;
/** Bytes per state and second of a power that is followed. */
const STATE_BYTES = 5;

/**
 * Creates the zone engine of one floor: per tag a Bayesian filter over cells of the floor, run for several powers the
 * tag may have, smoothed backwards over the lag. An estimate is UNKNOWN_ZONE with confidence 0 when fewer than three
 * placed receivers heard the tag within five seconds around it, or when no zone reaches 30 %. Pure: no clock, no I/O.
 * A step of a tag allocates nothing but when a further power is taken up.
 *
 * Memory per tag: 110 bytes per cell and power followed (3 to 5; 12 in its first twenty seconds). There is room for
 * `tagCap` tags and for the powers that `memoryBytes` hold. When it is used up, the tag that has been silent longest goes,
 * if for 15 s at least; else further tags have to wait.
 */
export function createZoneEngine(options: ZoneEngineOptions): ZoneEngine {
  return new GridZoneEngine(options);
}

interface Followed {
  readonly filter: TagFilter;
  readonly trail: PlaceTrail;
}

class GridZoneEngine implements ZoneEngine {
  readonly #options: ZoneEngineOptions;
  readonly #model: ZoneModel;
  readonly #hearing: ReceiverHearing;
  readonly #powers: LearnedPowers;
  readonly #tags = new Map<number, Followed>();
  readonly #trackCap: number;
  readonly #lagMs: number;
  /** Seconds after the one that is told that its estimate looks at. */
  readonly #ahead: number;
  readonly #estimate: WritableEstimate;
  readonly #places: Float64Array;
  readonly #after: Float32Array;
  readonly #spare: Float32Array;
  readonly #stamps: Float64Array;
  readonly #counts = {
    readings: 0,
    late: 0,
    impossible: 0,
    unplaced: 0,
    flooded: 0,
    backwards: 0,
    evicted: 0,
    crowded: 0,
  };
  #offsets: ReceiverOffsets;
  /** Powers followed by all tags together, and whether none of them can be given up before the next second. */
  #tracks = 0;
  #isFull = false;
  #stamp = 0;
  #nowMono = Number.NEGATIVE_INFINITY;
  /** Newest second filtered; NaN before the first reading. */
  #head = Number.NaN;

  constructor(options: ZoneEngineOptions) {
    this.#options = options;
    const parameters = { ...ZONE_PARAMETERS, ...options.parameters };
    const { floor, receivers, survey } = options;
    this.#model = createZoneModel(floor, receivers, survey, parameters);
    this.#hearing = new ReceiverHearing(receivers.length);
    this.#powers = new LearnedPowers(options.learned?.tagPowersDbm ?? {});
    this.#offsets = new ReceiverOffsets(this.#model, savedOffsets(options, parameters));
    this.#lagMs = Math.max(0, Math.min(LATE_SECONDS * 1000, options.lagMs ?? 10_000));
    this.#ahead = Math.max(0, Math.floor(this.#lagMs / 1000) - 1);
    const { count } = this.#model.states;
    this.#trackCap = Math.floor(parameters.memoryBytes / (RING_SECONDS * count * STATE_BYTES));
    this.#estimate = createEstimate(this.#model);
    this.#places = new Float64Array(count);
    this.#after = new Float32Array(count);
    this.#spare = new Float32Array(count);
    this.#stamps = new Float64Array(receivers.length);
  }

  reading(tag: number, receiver: number, rssiDbm: number, packets: number, atMono: MonoMs): void {
    const counts = this.#counts;
    const isPossible = rssiDbm > -127 && rssiDbm < 20 && packets >= 1 && Number.isFinite(packets);
    if (!isPossible || !Number.isFinite(atMono) || !(Number.isInteger(tag) && tag >= 0)) {
      counts.impossible += 1;
      return;
    }
    if (this.#model.map.placed[receiver] !== 1) {
      counts.unplaced += 1;
      return;
    }
    const second = Math.floor((atMono + 500) / 1000);
    if (Number.isNaN(this.#head)) this.#head = second - 1;
    const followed = this.#tags.get(tag);
    const isAhead = followed !== undefined && second > this.#head + AHEAD_SECONDS + 1;
    if (second < this.#head - LATE_SECONDS + 1 || isAhead) {
      counts.late += 1;
      return;
    }
    const filter = (followed ?? this.#follow(tag, second))?.filter;
    if (filter === undefined) {
      counts.crowded += 1;
      return;
    }
    this.#hearing.heard(receiver, second);
    const taken = Math.min(FLOOD_PACKETS, Math.round(packets));
    const before = filter.add(second, receiver, rssiDbm, taken, FLOOD_PACKETS);
    if (before >= FLOOD_PACKETS) counts.flooded += 1;
    else counts.readings += 1;
  }

  setSeeing(receiver: number, seeing: boolean, atMono: MonoMs): void {
    const isKnown = Number.isInteger(receiver) && receiver >= 0 && receiver < this.#stamps.length;
    if (isKnown && Number.isFinite(atMono))
      this.#hearing.setSeeing(receiver, seeing, Math.floor((atMono + 500) / 1000));
  }

  advance(nowMono: MonoMs): void {
    if (!Number.isFinite(nowMono) || nowMono < this.#nowMono) {
      this.#counts.backwards += 1;
      return;
    }
    this.#nowMono = nowMono;
    const newest = Math.min(
      Math.floor((nowMono - 500) / 1000),
      Math.floor((nowMono - this.#lagMs) / 1000) + this.#ahead,
    );
    if (Number.isNaN(this.#head)) return;
    if (newest - this.#head > GAP_SECONDS) {
      this.#endAll(newest - GAP_SECONDS);
      this.#head = newest - GAP_SECONDS;
    }
    while (this.#head < newest) this.#step(this.#head + 1);
  }

  forget(tag: number): void {
    const followed = this.#tags.get(tag);
    if (followed !== undefined) this.#end(tag, followed);
  }

  resurvey(points: readonly SurveyPoint[]): void {
    const { floor, receivers } = this.#options;
    const model = this.#model;
    model.map = createLevelMap(floor, model.states, receivers, points, model.parameters);
    this.#offsets = new ReceiverOffsets(
      model,
      receivers.map(() => 0),
    );
    for (const { filter } of this.#tags.values()) filter.refresh();
  }

  learned(): LearnedRadio {
    for (const [tag, { filter }] of this.#tags) this.#keepPower(tag, filter);
    const receiverOffsetsDb: Record<string, number> = {};
    this.#options.receivers.forEach(({ id }, r) => {
      const db = this.#model.offsetsDb[r] ?? 0;
      if (db !== 0) receiverOffsetsDb[id] = Math.round(db * 100) / 100;
    });
    return { receiverOffsetsDb, tagPowersDbm: this.#powers.toRecord() };
  }

  counts(): ZoneEngineCounts {
    return { ...this.#counts, tags: this.#tags.size };
  }

  /** null when there is no room. */
  #follow(tag: number, second: number): Followed | null {
    while (!this.#hasRoom()) if (!this.#evict(second - KEEP_SECONDS)) return null;
    const id = this.#options.tagIdOf?.(tag) ?? null;
    const powerDbm = id === null ? Number.NaN : this.#powers.get(id);
    const filter = new TagFilter(this.#model, this.#hearing, second, powerDbm);
    const followed = { filter, trail: new PlaceTrail() };
    this.#tags.set(tag, followed);
    this.#tracks += filter.tracks;
    return followed;
  }

  /** Whether one more tag can be followed; the first always can. */
  #hasRoom(): boolean {
    const { powersDbm, tagCap } = this.#model.parameters;
    const { size } = this.#tags;
    return size === 0 || (size < tagCap && this.#tracks + powersDbm.length <= this.#trackCap);
  }

  /** Gives up the tag that was not heard for longest, if not since `second`; false when there is none such. */
  #evict(second: number): boolean {
    if (this.#isFull) return false;
    let oldest: number | null = null;
    let heard = second;
    for (const [tag, { filter }] of this.#tags)
      if (filter.lastHeard < heard) {
        heard = filter.lastHeard;
        oldest = tag;
      }
    const followed = oldest === null ? undefined : this.#tags.get(oldest);
    this.#isFull = followed === undefined;
    if (oldest === null || followed === undefined) return false;
    this.#end(oldest, followed);
    this.#counts.evicted += 1;
    return true;
  }

  #end(tag: number, { filter }: Followed): void {
    this.#keepPower(tag, filter);
    this.#tags.delete(tag);
    this.#tracks -= filter.tracks;
    this.#isFull = false;
  }

  /** Ends all tags not heard since a second. */
  #endAll(second: number): void {
    for (const [tag, followed] of this.#tags)
      if (followed.filter.lastHeard < second) this.#end(tag, followed);
  }

  #keepPower(tag: number, filter: TagFilter): void {
    const id = this.#options.tagIdOf?.(tag) ?? null;
    if (id !== null && filter.powerWeight >= POWER_KNOWN) this.#powers.set(id, filter.powerDbm());
  }

  #step(second: number): void {
    this.#head = second;
    this.#endAll(second - SILENT_SECONDS);
    if (second % LEARN_SECONDS === 0 && this.#model.parameters.learnOffsets) this.#offsets.apply();
    for (const [tag, followed] of this.#tags) {
      if (followed.filter.first > second) continue;
      followed.filter.step(second);
      if (second - this.#ahead >= followed.filter.first)
        this.#tell(tag, followed, second - this.#ahead);
    }
    this.#recount();
  }

  /** Powers were given up and taken up, and time has passed for those that are silent. */
  #recount(): void {
    this.#isFull = false;
    this.#tracks = 0;
    for (const { filter } of this.#tags.values()) this.#tracks += filter.tracks;
  }

  #tell(tag: number, { filter, trail }: Followed, second: number): void {
    const model = this.#model;
    const places = this.#places.fill(0);
    filter.smooth(second, places, this.#after, this.#spare);
    this.#stamp += 1;
    const known =
      model.map.placedCount >= model.parameters.minReceivers &&
      isHeardEnough(model, filter, second, this.#head, this.#stamps, this.#stamp);
    const estimate = this.#estimate;
    estimate.tag = tag;
    decideZone(model, places, known, monoMs(second * 1000), estimate);
    const movedM = trail.push(estimate.xM, estimate.yM);
    if (known && model.parameters.learnOffsets)
      this.#offsets.observe(filter, second, places, movedM);
    this.#options.onEstimate(estimate);
  }
}

/** Offsets saved before, by receiver; 0 where there is none, or one that never was learned: a file may hold anything. */
function savedOffsets(
  { receivers, learned }: ZoneEngineOptions,
  { offsetCapDb }: ZoneParameters,
): readonly number[] {
  return receivers.map(({ id }) => {
    const db = learned?.receiverOffsetsDb[id] ?? 0;
    return Math.abs(db) <= offsetCapDb ? db : 0;
  });
}

import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { SensorRecorded, SensorState } from "../../core/events.ts";
import type { SlotRange } from "../calendar/slots.ts";
import { Facet, type Readings } from "../figures/facets.ts";

/** Changes remembered per sensor; beyond it the oldest are dropped, and the time before them counts as unseen. */
const MAX_CHANGES = 4096;

interface Change {
  readonly at: EpochMs;
  readonly state: SensorState;
  readonly source: string;
  readonly seq: number;
  /** It came after the interval it belongs to had been published. */
  readonly isLate: boolean;
}

/** A change of state as plain JSON; `late` is 1 when it corrected what had been published. */
export type ChangeRecord = readonly [
  at: number,
  state: SensorState,
  source: string,
  seq: number,
  late: 0 | 1,
];

/** What a sensor is doing and since when; null state = it has never reported. */
export interface SensorStanding {
  readonly state: SensorState;
  readonly since: EpochMs;
}

/** Times, in ascending order and disjoint, in which all sensors of a group were seeing at once. */
export class SeenSpans {
  readonly #borders: readonly number[];

  /** `borders` flat as from0, to0, from1, to1, ... */
  constructor(borders: readonly number[]) {
    this.#borders = borders;
  }

  /** Seen milliseconds within [from, to). */
  lengthWithin(from: number, to: number): number {
    let sum = 0;
    for (let i = 0; i < this.#borders.length; i += 2) {
      const begin = Math.max(from, this.#borders[i] ?? 0);
      const end = Math.min(to, this.#borders[i + 1] ?? 0);
      if (end > begin) sum += end - begin;
    }
    return sum;
  }

  /** Slots of `slotMs` from `origin` within the range of which at least a part was seen, as ranges in order. */
  slotsWithin(origin: number, slotMs: number, range: SlotRange): SlotRange[] {
    const ranges: SlotRange[] = [];
    for (let i = 0; i < this.#borders.length; i += 2) {
      const first = Math.floor(((this.#borders[i] ?? 0) - origin) / slotMs);
      const from = Math.max(range.from, first, ranges.at(-1)?.to ?? range.from);
      const to = Math.min(range.to, Math.ceil(((this.#borders[i + 1] ?? 0) - origin) / slotMs));
      if (to > from) ranges.push({ from, to });
    }
    return ranges;
  }

  /** Seen share of each of `slots` slots of `slotMs` from `origin`, 0..1. */
  slotShares(origin: number, slotMs: number, slots: number): Float64Array {
    const shares = new Float64Array(slots);
    for (let i = 0; i < this.#borders.length; i += 2) {
      const begin = ((this.#borders[i] ?? 0) - origin) / slotMs;
      const end = ((this.#borders[i + 1] ?? 0) - origin) / slotMs;
      const last = Math.min(slots, Math.ceil(end));
      for (let slot = Math.max(0, Math.floor(begin)); slot < last; slot += 1) {
        const seen = Math.min(end, slot + 1) - Math.max(begin, slot);
        shares[slot] = Math.min(1, (shares[slot] ?? 0) + seen);
      }
    }
    return shares;
  }

  /** What of [from, to) was not seen, as spans in order. */
  unseenWithin(from: EpochMs, to: EpochMs): { readonly from: EpochMs; readonly to: EpochMs }[] {
    const gaps: { readonly from: EpochMs; readonly to: EpochMs }[] = [];
    let at: number = from;
    for (let i = 0; i < this.#borders.length && at < to; i += 2) {
      const begin = Math.min(to, this.#borders[i] ?? to);
      if (begin > at) gaps.push({ from: epochMs(at), to: epochMs(begin) });
      at = Math.max(at, this.#borders[i + 1] ?? to);
    }
    if (at < to) gaps.push({ from: epochMs(at), to });
    return gaps;
  }

  /** Seen share of [from, to), 0..1; 0 for an empty interval. */
  shareOf(from: number, to: number): number {
    return to > from ? this.lengthWithin(from, to) / (to - from) : 0;
  }
}

/**
 * When each sensor of the plan was seeing, from its changes of state in any order. Only `seeing` sees: a sensor that
 * is starting, blind or stopped does not, and neither does one before its first news. Bounded per sensor.
 */
export class Coverage {
  readonly #changes: ReadonlyMap<string, Change[]>;
  readonly #facets: ReadonlyMap<string, Facet>;
  #dropped = 0;

  constructor(sensorIds: readonly string[], readings: Readings | null = null) {
    this.#changes = new Map(sensorIds.map((id) => [id, []]));
    this.#facets = new Map(sensorIds.map((id) => [id, new Facet(readings)]));
  }

  /** Changes held. */
  get size(): number {
    let sum = 0;
    for (const list of this.#changes.values()) sum += list.length;
    return sum;
  }

  /** Changes dropped at the cap since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes in a change; false when the sensor is not in the plan. */
  record(event: SensorRecorded, isLate: boolean): boolean {
    const { sensorId, at, state, source, seq } = event;
    return this.#insert(sensorId, { at, state, source, seq, isLate });
  }

  /** When the sensor changes next after an instant; Infinity when it does not, as far as is known. */
  nextChangeAfter(sensorId: string, at: EpochMs): number {
    const next = this.#changes.get(sensorId)?.find((change) => change.at > at);
    return next?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Changes within [from, to) and the one before them, by sensor, as plain JSON. */
  toRecord(from: EpochMs, to: EpochMs): Record<string, ChangeRecord[]> {
    const record: Record<string, ChangeRecord[]> = {};
    for (const [id, list] of this.#changes) {
      const first = list.findLastIndex((change) => change.at <= from);
      const needed = list.slice(Math.max(0, first)).filter((change) => change.at < to);
      if (needed.length > 0) record[id] = needed.map(recordOf);
    }
    return record;
  }

  /** Adds what a record holds; sensors outside the plan are left out. */
  restore(record: Readonly<Record<string, readonly ChangeRecord[]>>): void {
    for (const [id, changes] of Object.entries(record)) {
      for (const [at, state, source, seq, late] of changes)
        this.#insert(id, { at: epochMs(at), state, source, seq, isLate: late === 1 });
    }
  }

  /** Forgets what is needed only before `at`; the standing at `at` is kept. */
  forgetBefore(at: EpochMs): void {
    for (const [id, list] of this.#changes) {
      let obsolete = 0;
      while ((list[obsolete + 1]?.at ?? Number.POSITIVE_INFINITY) <= at) obsolete += 1;
      if (list.splice(0, obsolete).length > 0) this.#facets.get(id)?.change();
    }
  }

  /** When all of the sensors were seeing within [from, to); nothing for an empty group. */
  seen(sensorIds: readonly string[], from: EpochMs, to: EpochMs): SeenSpans {
    let common: number[] | null = null;
    for (const id of sensorIds) {
      const own = this.#spansOf(id, from, to);
      common = common === null ? own : intersect(common, own);
    }
    return new SeenSpans(common ?? []);
  }

  /** When the sensor gave its first news that is remembered; null before any. */
  firstNewsAt(sensorId: string): EpochMs | null {
    return this.#read(sensorId)[0]?.at ?? null;
  }

  /** What the sensor is doing at an instant; null before its first news. */
  standingAt(sensorId: string, at: EpochMs): SensorStanding | null {
    const list = this.#read(sensorId);
    let last = list.length - 1;
    while (last >= 0 && (list[last]?.at ?? 0) > at) last -= 1;
    const state = list[last]?.state;
    if (state === undefined) return null;
    while (list[last - 1]?.state === state) last -= 1;
    return { state, since: list[last]?.at ?? at };
  }

  /** First instant after `from`, up to `to`, at which the sensor reported that it does not see; null when none. */
  firstUnseenAfter(sensorId: string, from: EpochMs, to: EpochMs): EpochMs | null {
    for (const change of this.#read(sensorId)) {
      if (change.at > to) return null;
      if (change.at > from && change.state !== "seeing") return change.at;
    }
    return null;
  }

  /** Late changes of these sensors within [from, to): each one corrected what had been published. */
  corrections(sensorIds: readonly string[], from: EpochMs, to: EpochMs): number {
    let sum = 0;
    for (const id of sensorIds) {
      for (const change of this.#read(id))
        if (change.isLate && change.at >= from && change.at < to) sum += 1;
    }
    return sum;
  }

  #spansOf(sensorId: string, from: EpochMs, to: EpochMs): number[] {
    const borders: number[] = [];
    const list = this.#read(sensorId);
    for (let i = 0; i < list.length; i += 1) {
      const change = list[i];
      if (change?.state !== "seeing") continue;
      const begin = Math.max(from, change.at);
      const end = Math.min(to, list[i + 1]?.at ?? epochMs(Number.POSITIVE_INFINITY));
      if (end > begin) borders.push(begin, end);
    }
    return borders;
  }

  #read(sensorId: string): readonly Change[] {
    this.#facets.get(sensorId)?.read();
    return this.#changes.get(sensorId) ?? [];
  }

  /** One change counts once; false when the sensor is not in the plan. */
  #insert(sensorId: string, change: Change): boolean {
    const list = this.#changes.get(sensorId);
    if (list === undefined) return false;
    let place = list.length;
    while (place > 0 && comesBefore(change, list[place - 1])) place -= 1;
    const before = list[place - 1];
    if (before?.source === change.source && before.seq === change.seq && before.at === change.at)
      return true;
    list.splice(place, 0, change);
    if (list.length > MAX_CHANGES) {
      list.shift();
      this.#dropped += 1;
    }
    this.#facets.get(sensorId)?.change();
    return true;
  }
}

const recordOf = ({ at, state, source, seq, isLate }: Change): ChangeRecord => [
  at,
  state,
  source,
  seq,
  isLate ? 1 : 0,
];

function comesBefore(a: Change, b: Change | undefined): boolean {
  if (b === undefined || a.at !== b.at) return b !== undefined && a.at < b.at;
  return a.source === b.source ? a.seq < b.seq : a.source < b.source;
}

function intersect(a: readonly number[], b: readonly number[]): number[] {
  const common: number[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const begin = Math.max(a[i] ?? 0, b[j] ?? 0);
    const aEnd = a[i + 1] ?? 0;
    const bEnd = b[j + 1] ?? 0;
    const end = Math.min(aEnd, bEnd);
    if (end > begin) common.push(begin, end);
    if (aEnd <= bEnd) i += 2;
    else j += 2;
  }
  return common;
}

import { type EpochMs, epochMs } from "../core/brand.ts";
import type { SensorRecorded, SensorState } from "../core/events.ts";
import type { SlotRange } from "./slots.ts";

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
  #dropped = 0;

  constructor(sensorIds: readonly string[]) {
    this.#changes = new Map(sensorIds.map((id) => [id, []]));
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
    const list = this.#changes.get(event.sensorId);
    if (list === undefined) return false;
    const { at, state, source, seq } = event;
    const change: Change = { at, state, source, seq, isLate };
    let place = list.length;
    while (place > 0 && comesBefore(change, list[place - 1])) place -= 1;
    list.splice(place, 0, change);
    if (list.length > MAX_CHANGES) {
      list.shift();
      this.#dropped += 1;
    }
    return true;
  }

  /** Forgets what is needed only before `at`; the standing at `at` is kept. */
  forgetBefore(at: EpochMs): void {
    for (const list of this.#changes.values()) {
      let obsolete = 0;
      while ((list[obsolete + 1]?.at ?? Number.POSITIVE_INFINITY) <= at) obsolete += 1;
      list.splice(0, obsolete);
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

  /** What the sensor is doing at an instant; null before its first news. */
  standingAt(sensorId: string, at: EpochMs): SensorStanding | null {
    const list = this.#changes.get(sensorId) ?? [];
    let last = list.length - 1;
    while (last >= 0 && (list[last]?.at ?? 0) > at) last -= 1;
    const state = list[last]?.state;
    if (state === undefined) return null;
    while (list[last - 1]?.state === state) last -= 1;
    return { state, since: list[last]?.at ?? at };
  }

  /** First instant after `from`, up to `to`, at which the sensor reported that it does not see; null when none. */
  firstUnseenAfter(sensorId: string, from: EpochMs, to: EpochMs): EpochMs | null {
    for (const change of this.#changes.get(sensorId) ?? []) {
      if (change.at > to) return null;
      if (change.at > from && change.state !== "seeing") return change.at;
    }
    return null;
  }

  /** Late changes of these sensors within [from, to): each one corrected what had been published. */
  corrections(sensorIds: readonly string[], from: EpochMs, to: EpochMs): number {
    let sum = 0;
    for (const id of sensorIds) {
      for (const change of this.#changes.get(id) ?? [])
        if (change.isLate && change.at >= from && change.at < to) sum += 1;
    }
    return sum;
  }

  #spansOf(sensorId: string, from: EpochMs, to: EpochMs): number[] {
    const borders: number[] = [];
    const list = this.#changes.get(sensorId) ?? [];
    for (let i = 0; i < list.length; i += 1) {
      const change = list[i];
      if (change?.state !== "seeing") continue;
      const begin = Math.max(from, change.at);
      const end = Math.min(to, list[i + 1]?.at ?? epochMs(Number.POSITIVE_INFINITY));
      if (end > begin) borders.push(begin, end);
    }
    return borders;
  }
}

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

import { type EpochMs, epochMs, type ZoneId } from "../../core/brand.ts";
import type { TagKind } from "../../core/site.ts";

/** Comings and goings, and stays in zones, of one track or tag; the oldest go first. */
const MAX_MARKS = 32;
/** An entry and an exit whose times of entry differ by less belong together (rounding, small steps of the clock). */
const SAME_ENTRY_MS = 2_000;
/** Zones at a door reach over the line: a stay this close behind an exit says nothing about which side it is on. */
const DOORSTEP_MS = 10_000;

/** Somebody went through a door. */
export interface DoorMark {
  readonly at: EpochMs;
  readonly isIn: boolean;
}

/** A stay in a zone inside the shop; `to` null while its end has not come. */
export interface SeenStay {
  readonly zoneId: ZoneId;
  readonly at: EpochMs;
  readonly to: EpochMs | null;
  /** The track was lost there. */
  readonly isCensored: boolean;
}

/** A visit by its doors. */
export interface DoorSpan {
  readonly enteredAt: EpochMs;
  readonly exitedAt: EpochMs | null;
}

/** Somebody who has come in, or was seen inside, and was not counted leaving since. */
export interface Presence {
  /** When they were first and last known to be inside, up to the instant asked about. */
  readonly from: EpochMs;
  readonly seenAt: EpochMs;
  /** Counted coming in, and seen in no zone since. */
  readonly isOnlyCounted: boolean;
  /** They were in a zone then, or were seen inside later: no doubt that they are there. */
  readonly isSure: boolean;
}

/** Somebody who was inside and was counted leaving. */
export interface LeftPresence {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

interface Sight extends LeftPresence {
  readonly isLost: boolean;
}

/** What is known of one track or tag, as far as no whole visit was told of it. Bounded. */
export class CarrierTimeline {
  readonly tagKind: TagKind | null;
  /** The camera of a track; null for a tag. */
  readonly cameraId: string | null;
  /** Ascending in time; of two at once the coming in is first. */
  #marks: DoorMark[] = [];
  /** By their beginning. */
  #stays: SeenStay[] = [];
  /** What happened up to here belongs to a visit that is over and told, or that was staff. */
  #overAt = Number.NEGATIVE_INFINITY;
  #isStaff = false;

  constructor(cameraId: string | null, tagKind: TagKind | null) {
    this.cameraId = cameraId;
    this.tagKind = tagKind;
  }

  get marks(): readonly DoorMark[] {
    return this.#marks;
  }

  get stays(): readonly SeenStay[] {
    return this.#stays;
  }

  /** Whether anything of it belongs to no told visit. */
  get isOpen(): boolean {
    return (this.last?.at ?? Number.NEGATIVE_INFINITY) > this.#overAt;
  }

  /** The newest thing known of it; null when nothing is. */
  get last(): DoorMark | SeenStay | null {
    const mark = this.#marks.at(-1);
    const stay = this.#stays.at(-1);
    if (mark === undefined || stay === undefined) return mark ?? stay ?? null;
    return stay.at > mark.at ? stay : mark;
  }

  pass(mark: DoorMark): void {
    this.#marks.push(mark);
    this.#marks.sort((a, b) => a.at - b.at || Number(b.isIn) - Number(a.isIn));
    if (this.#marks.length > MAX_MARKS) this.#marks.shift();
  }

  /** A stay began; without effect when its end has come before, and brought all of it along. */
  begin(zoneId: ZoneId, at: EpochMs): void {
    const isKnown = this.#stays.some(
      (one) =>
        one.zoneId === zoneId &&
        at >= one.at - SAME_ENTRY_MS &&
        at <= (one.to ?? one.at + SAME_ENTRY_MS),
    );
    if (!isKnown) this.#addStay({ zoneId, at, to: null, isCensored: false });
  }

  /** Whether a visit may begin with a stay from `at` on: nothing before it says that they were inside already. */
  mayBeginAt(at: EpochMs): boolean {
    const { enteredAt, outAt } = this.#doorsUpTo(at);
    if (enteredAt !== null && enteredAt < at) return false;
    const before = this.#stays.findLast((stay) => stay.at > outAt && stay.at < at);
    return before === undefined || before.isCensored;
  }

  /** A stay ended; its end tells all of it. */
  end(stay: SeenStay & { readonly to: EpochMs }): void {
    this.#stays = this.#stays.filter(
      ({ zoneId, at, to }) =>
        zoneId !== stay.zoneId || to !== null || at < stay.at - SAME_ENTRY_MS || at > stay.to,
    );
    this.#addStay(stay);
  }

  /** Takes over what is known of another number of the same person. */
  takeOver(other: CarrierTimeline): void {
    for (const mark of other.#marks) this.pass(mark);
    for (const stay of other.#stays) this.#addStay(stay);
    this.#overAt = Math.max(this.#overAt, other.#overAt);
    this.#isStaff ||= other.#isStaff;
  }

  /** A visit up to here was told as a whole. */
  finish(at: EpochMs): void {
    this.#overAt = Math.max(this.#overAt, at);
    this.#stays = this.#stays.filter((stay) => stay.at > this.#overAt);
  }

  /** One of its crossings was staff. */
  markStaff(at: EpochMs): void {
    this.#isStaff = true;
    this.finish(at);
  }

  /** The visit by its doors that goes on at an instant, or was the last to go on; null when there is none. */
  spanAt(at: EpochMs, reentryGapMs: number): DoorSpan | null {
    let span: DoorSpan | null = null;
    for (const mark of this.#marks) {
      if (mark.at > at) break;
      if (mark.at > this.#overAt) span = this.#spanAfter(span, mark, reentryGapMs);
    }
    return span;
  }

  /** Whether, as far as known, they were inside at an instant; null when they were not, or were lost from sight. */
  presenceAt(at: EpochMs): Presence | null {
    if (this.#isStaff) return null;
    const doors = this.#doorsUpTo(at);
    const since = doors.enteredAt === null ? doors.outAt + DOORSTEP_MS : doors.outAt;
    const sight = this.#sightAfter(since, at);
    const from = earlier(doors.enteredAt, sight?.from ?? null);
    if (from === null) return null;
    const seenAt = epochMs(Math.max(doors.countedAt ?? from, sight?.to ?? from));
    const isLost = sight?.isLost === true && sight.to === seenAt;
    const isSure = (seenAt >= at && !isLost) || this.#isSeenAfter(at);
    if (isLost && !isSure) return null;
    return { from, seenAt, isOnlyCounted: sight === null, isSure };
  }

  /** From when to when they were seen in zones, and whether the track was lost in the last; null in none. */
  #sightAfter(since: number, at: EpochMs): Sight | null {
    let sight = null as Sight | null;
    for (const stay of this.#stays) {
      if (stay.at > at) break;
      if (stay.at <= since) continue;
      const to = epochMs(Math.min(stay.to ?? at, at));
      if (sight !== null && to < sight.to) continue;
      sight = { from: sight?.from ?? stay.at, to, isLost: stay.isCensored && stay.to === to };
    }
    return sight;
  }

  /** When, up to an instant, they were inside and were counted leaving. */
  leftUpTo(at: EpochMs): LeftPresence[] {
    return this.#marks.flatMap((mark) => {
      if (mark.isIn || mark.at <= this.#overAt || mark.at > at) return [];
      const before = this.presenceAt(epochMs(mark.at - 1));
      return before === null ? [] : [{ from: before.from, to: mark.at }];
    });
  }

  /** First and last entry since the last exit, and that exit. */
  #doorsUpTo(at: EpochMs): {
    readonly enteredAt: EpochMs | null;
    readonly countedAt: EpochMs | null;
    readonly outAt: number;
  } {
    let enteredAt: EpochMs | null = null;
    let countedAt: EpochMs | null = null;
    let outAt = this.#overAt;
    for (const mark of this.#marks) {
      if (mark.at <= this.#overAt || mark.at > at) continue;
      countedAt = mark.isIn ? mark.at : null;
      enteredAt = mark.isIn ? (enteredAt ?? mark.at) : null;
      if (!mark.isIn) outAt = mark.at;
    }
    return { enteredAt, countedAt, outAt };
  }

  /** Whether the next thing known after an instant proves that they were still inside then. */
  #isSeenAfter(at: EpochMs): boolean {
    const mark = this.#marks.find((one) => one.at > at && one.at > this.#overAt);
    const stay = this.#stays.find((one) => one.at > at);
    if (stay !== undefined && (mark === undefined || stay.at < mark.at)) return true;
    return mark?.isIn === false;
  }

  #spanAfter(span: DoorSpan | null, { at, isIn }: DoorMark, reentryGapMs: number): DoorSpan | null {
    if (!isIn) return span === null ? null : { ...span, exitedAt: at };
    const started = { enteredAt: at, exitedAt: null };
    if (span === null) return started;
    // A tag that is heard coming in twice was not heard going; a track's exit was missed in between.
    const isTag = this.cameraId === null;
    const goesOn = span.exitedAt === null ? isTag : at - span.exitedAt <= reentryGapMs;
    return goesOn ? { ...span, exitedAt: null } : started;
  }

  #addStay(stay: SeenStay): void {
    const place = this.#stays.findLastIndex((one) => one.at <= stay.at) + 1;
    this.#stays.splice(place, 0, stay);
    if (this.#stays.length > MAX_MARKS) this.#stays.shift();
  }
}

const earlier = (a: EpochMs | null, b: EpochMs | null): EpochMs | null =>
  a === null || b === null ? (a ?? b) : epochMs(Math.min(a, b));

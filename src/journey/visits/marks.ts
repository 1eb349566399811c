import { type EpochMs, epochMs, type LineId, type ZoneId } from "../../core/brand.ts";
import type { EventOrigin, JourneyHead } from "../../core/events.ts";
import { VISIT_LIMITS } from "./rules.ts";

/** An entry and an exit whose times of entry differ by less belong together (rounding, small steps of the clock). */
const SAME_ENTRY_MS = 2_000;

/** When something was, and what told it. `at` is steady: distances between marks of one carrier are true. */
export interface MarkHead {
  readonly at: EpochMs;
  readonly head: JourneyHead;
}

/** Went in or out: through a door line, or by the presence of a tag. */
export interface PassMark extends MarkHead {
  readonly kind: "in" | "out";
  /** null for a tag. */
  readonly lineId: LineId | null;
  /** Of a tag: it was not heard any more, rather than heard outside. */
  readonly isSilence: boolean;
  /** Of a basket: it was brought back, so that whatever follows is somebody else's. Absent = false. */
  readonly isFinal?: boolean | undefined;
}

/** A tag is known to be away, and when it left is not known. */
export interface GoneMark extends MarkHead {
  readonly kind: "gone";
}

/** A stay in a zone; `at` is when it began, `to` null while its end has not come. */
export interface StayMark extends MarkHead {
  readonly kind: "stay";
  readonly zoneId: ZoneId;
  readonly to: EpochMs | null;
  readonly isCensored: boolean;
  /** Whether its beginning was told, and not only its end, which names both. */
  readonly isBegun: boolean;
}

/** A basket or cart was taken up, or set down; in this zone, null = nobody knows where. */
export interface MoveMark extends MarkHead {
  readonly kind: "taken" | "put";
  readonly zoneId: ZoneId | null;
}

/** Recognised at a station: was in the shop at this instant, and nothing is said of before and after. */
export interface SeenMark extends MarkHead {
  readonly kind: "seen";
}

/** What is known of one track or tag at one time. */
export type Mark = PassMark | GoneMark | StayMark | MoveMark | SeenMark;

const RANK: Readonly<Record<Mark["kind"], number>> = {
  in: 0,
  taken: 1,
  stay: 2,
  seen: 3,
  gone: 4,
  put: 5,
  out: 6,
};

/** Order of time; at one instant coming in is first and going out last, then the order of the sources. */
export function compareMarks(a: Mark, b: Mark): number {
  if (a.at !== b.at) return a.at - b.at;
  if (a.kind !== b.kind) return RANK[a.kind] - RANK[b.kind];
  if (a.head.source !== b.head.source) return a.head.source < b.head.source ? -1 : 1;
  return a.head.seq - b.head.seq;
}

const endUnseen = (stay: StayMark): StayMark => ({ ...stay, to: stay.at, isCensored: true });

/** Text that names an origin, to find it again. */
export const originKey = ({ source, seq }: EventOrigin): string => `${seq} ${source}`;

/** Marks in order of time, whatever the order in which they come. Bounded: the oldest goes first. */
export class MarkList {
  #marks: Mark[] = [];
  #dropped = 0;

  get all(): readonly Mark[] {
    return this.#marks;
  }

  /** Marks that found no room. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The newest time anything is known of; null of an empty list. */
  get until(): EpochMs | null {
    let until: EpochMs | null = null;
    for (const mark of this.#marks) {
      const end = mark.kind === "stay" ? (mark.to ?? mark.at) : mark.at;
      if (until === null || end > until) until = end;
    }
    return until;
  }

  add(mark: Mark): void {
    let place = this.#marks.length;
    while (place > 0 && compareMarks(mark, this.#marks[place - 1] ?? mark) < 0) place -= 1;
    this.#marks.splice(place, 0, mark);
    if (this.#marks.length <= VISIT_LIMITS.marks) return;
    this.#marks.shift();
    this.#dropped += 1;
  }

  /**
   * A stay began. Its end may have come before, and then brought the whole stay with it. One cannot come in twice: of
   * two stays without an end only the later is still going on.
   */
  begin(stay: StayMark): void {
    const stays = this.#staysIn(stay.zoneId);
    for (const known of stays) {
      const isSame = Math.abs(known.at - stay.at) <= SAME_ENTRY_MS;
      if (isSame) this.#rename(known, stay);
      if (isSame) return;
      if (known.to !== null && stay.at >= known.at && stay.at < known.to) return;
    }
    for (const known of stays)
      if (known.to === null && known.at < stay.at) this.#replace(known, endUnseen(known));
    this.add(stays.some(({ at }) => at > stay.at) ? endUnseen(stay) : stay);
  }

  /** A stay ended; `stay` is all of it, as the end tells. */
  end(stay: StayMark & { readonly to: EpochMs }): void {
    const stays = this.#staysIn(stay.zoneId);
    const same =
      stays.find((known) => Math.abs(known.at - stay.at) <= SAME_ENTRY_MS) ??
      stays.findLast(({ at, to }) => to === null && at >= stay.at - SAME_ENTRY_MS && at <= stay.to);
    if (same === undefined) this.add(stay);
    else {
      const to = epochMs(Math.max(same.at, stay.to));
      this.#replace(same, { ...same, to, isCensored: stay.isCensored });
    }
  }

  /** The latest end of a stay in one of these zones, or setting down there; infinite while a stay goes on. */
  lastIn(isZone: (id: ZoneId) => boolean): number {
    let last = Number.NEGATIVE_INFINITY;
    for (const mark of this.#marks) {
      if (mark.kind === "stay" && isZone(mark.zoneId))
        last = Math.max(last, mark.to ?? Number.POSITIVE_INFINITY);
      if (mark.kind === "put" && mark.zoneId !== null && isZone(mark.zoneId))
        last = Math.max(last, mark.at);
    }
    return last;
  }

  /** Ends the stays still going on at `at`: nobody saw their end. Whether there were any. */
  endOpen(at: EpochMs): boolean {
    const isOpen = (mark: Mark): boolean =>
      mark.kind === "stay" && mark.to === null && mark.at <= at;
    if (!this.#marks.some(isOpen)) return false;
    this.#marks = this.#marks.map((mark) =>
      isOpen(mark) ? { ...(mark as StayMark), to: at, isCensored: true } : mark,
    );
    return true;
  }

  /** Forgets everything that began up to `at`. */
  forget(at: EpochMs): void {
    this.#marks = this.#marks.filter((mark) => mark.at > at);
  }

  /** The stay is known already; its beginning is what names it, of two the earlier. */
  #rename(known: StayMark, begun: StayMark): void {
    if (known.isBegun && compareMarks(known, begun) <= 0) return;
    this.#marks.splice(this.#marks.indexOf(known), 1);
    const { at, head } = begun;
    this.add({ ...known, at, head, isBegun: true });
  }

  #replace(known: Mark, by: Mark): void {
    this.#marks[this.#marks.indexOf(known)] = by;
  }

  #staysIn(zoneId: ZoneId): StayMark[] {
    return this.#marks.filter(
      (mark): mark is StayMark => mark.kind === "stay" && mark.zoneId === zoneId,
    );
  }
}

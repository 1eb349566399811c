import { BoundedMap } from "../../core/bounded-map.ts";
import type { CrossingRecorded, EventOrigin, StaffCrossingRecorded } from "../../core/events.ts";

/** Door crossings remembered; a mark comes minutes after its crossing at the latest. The oldest go first. */
const MAX_CROSSINGS = 4096;
/** Marks that wait for their crossing; the oldest goes first, since its crossing was shed or is on another day. */
const MAX_WAITING = 1024;

/** A door crossing that has been counted, as far as it is remembered. */
export interface CountedCrossing
  extends Pick<CrossingRecorded, "at" | "lineId" | "direction" | "cameraId" | "trackId"> {
  isStaff: boolean;
  /** A track proves that this person had entered shortly before. */
  isReentry: boolean;
  readonly isChild: boolean;
}

/** What names a person at a line. */
export type Tracked = Pick<CrossingRecorded, "cameraId" | "lineId" | "direction" | "trackId">;

/** Names a person at a line as far as a camera knows; the newest of that number counts. Pure. */
export const trackKey = ({ cameraId, lineId, direction, trackId }: Tracked): string =>
  `${cameraId} ${lineId} ${direction} ${trackId}`;

const originKey = ({ source, seq }: EventOrigin): string => `${seq} ${source}`;

/**
 * Brings marks of staff and the crossings they name together, whichever comes first: each crossing is taken out at most
 * once, and only after it was counted. Bounded.
 */
export class StaffMarks {
  readonly #onStaff: (crossing: CountedCrossing, isLate: boolean) => void;
  readonly #counted = bounded<CountedCrossing>(MAX_CROSSINGS);
  readonly #byTrack = bounded<CountedCrossing>(MAX_CROSSINGS);
  readonly #waiting = bounded<boolean>(MAX_WAITING);
  #applied = 0;

  /** `onStaff` is called once for each crossing that is counted and marked. */
  constructor(onStaff: (crossing: CountedCrossing, isLate: boolean) => void) {
    this.#onStaff = onStaff;
  }

  /** Crossings taken out since the start. */
  get applied(): number {
    return this.#applied;
  }

  /** Marks whose crossing has not come. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Crossings and tracks remembered. */
  get size(): number {
    return this.#counted.size + this.#byTrack.size;
  }

  /** Remembers a crossing of a door that has just been counted. */
  count(event: CrossingRecorded): void {
    const { at, lineId, direction, cameraId, trackId, atMono } = event;
    const where = { at, lineId, direction, cameraId, trackId, isChild: event.isChild ?? false };
    const crossing: CountedCrossing = { ...where, isStaff: false, isReentry: false };
    this.#counted.set(originKey(event), crossing, atMono);
    this.#byTrack.set(trackKey(event), crossing, atMono);
  }

  /** Takes a crossing out whose mark came before it. */
  settle(origin: EventOrigin, isLate: boolean): void {
    const key = originKey(origin);
    const crossing = this.#counted.peek(key);
    if (crossing !== undefined && this.#waiting.delete(key)) this.#apply(crossing, isLate);
  }

  /** The crossing with this origin, if it is remembered. */
  find(origin: EventOrigin): CountedCrossing | null {
    return this.#counted.peek(originKey(origin)) ?? null;
  }

  /** Takes a mark; one for a crossing that is marked already changes nothing. */
  mark(event: StaffCrossingRecorded, isLate: boolean): void {
    const key = originKey(event.crossing);
    const crossing = this.#counted.peek(key);
    if (crossing === undefined) this.#waiting.set(key, true, event.atMono);
    else if (!crossing.isStaff) this.#apply(crossing, isLate);
  }

  /** Whether the person with this track over this line is known to be staff. */
  isStaff(track: Tracked): boolean {
    return this.#byTrack.peek(trackKey(track))?.isStaff ?? false;
  }

  #apply(crossing: CountedCrossing, isLate: boolean): void {
    crossing.isStaff = true;
    this.#applied += 1;
    this.#onStaff(crossing, isLate);
  }
}

const bounded = <Value>(cap: number): BoundedMap<string, Value> =>
  new BoundedMap({ cap, idleMs: Number.POSITIVE_INFINITY });

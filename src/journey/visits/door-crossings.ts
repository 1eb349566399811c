import type { EpochMs, LineId } from "../../core/brand.ts";
import type { CrossingDirection, CrossingRecorded } from "../../core/events.ts";
import { originKey } from "./marks.ts";
import { VISIT_LIMITS } from "./rules.ts";

/**
 * How far a tag's coming and going, as radios tell it, and the crossing of its carrier may lie apart: it is inside
 * some seconds after it was loud enough, and is heard for a while outside.
 */
const NEAR = { beforeInMs: 30_000, afterInMs: 15_000, beforeOutMs: 45_000, afterOutMs: 15_000 };

interface Known {
  readonly at: EpochMs;
  readonly lineId: LineId;
  readonly direction: CrossingDirection;
  readonly origin: string;
}

/** The door crossings of all cameras, to find the door that somebody with a tag came through. Bounded. */
export class DoorCrossings {
  readonly #known: Known[] = [];

  add(event: CrossingRecorded): void {
    const { at, lineId, direction } = event;
    let place = this.#known.length;
    while (place > 0 && (this.#known[place - 1]?.at ?? at) > at) place -= 1;
    this.#known.splice(place, 0, { at, lineId, direction, origin: originKey(event) });
    if (this.#known.length > VISIT_LIMITS.crossings) this.#known.shift();
  }

  /** The line of the one crossing that can be theirs; null when there are several or none. Staff are left out. */
  lineNear(
    at: EpochMs,
    direction: CrossingDirection,
    isStaff: (origin: string) => boolean,
  ): LineId | null {
    const { beforeInMs, afterInMs, beforeOutMs, afterOutMs } = NEAR;
    const from = at - (direction === "in" ? beforeInMs : beforeOutMs);
    const to = at + (direction === "in" ? afterInMs : afterOutMs);
    let found: LineId | null = null;
    for (let i = this.#firstFrom(from); i < this.#known.length; i += 1) {
      const known = this.#known[i];
      if (known === undefined || known.at > to) break;
      if (known.direction !== direction || isStaff(known.origin)) continue;
      if (found !== null) return null;
      found = known.lineId;
    }
    return found;
  }

  #firstFrom(from: number): number {
    let [low, high] = [0, this.#known.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#known[middle]?.at ?? 0) < from) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

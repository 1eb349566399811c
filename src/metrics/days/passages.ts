import { BoundedMap } from "../../core/bounded-map.ts";
import type { EpochMs, LineId } from "../../core/brand.ts";
import type { CrossingRecorded, EventOrigin } from "../../core/events.ts";

/** Tracks remembered; the one untouched longest is forgotten first, and its next crossing counts as a new person. */
const MAX_TRACKS = 4096;

/** What of somebody's crossing, alone or in a group, tells whether it repeats an earlier one. */
type Crossed = Pick<CrossingRecorded, "source" | "seq" | "trackId" | "at" | "atMono" | "lineId">;

/** A crossing as far as it is remembered. */
export interface Passage extends EventOrigin {
  readonly at: EpochMs;
  readonly lineId: LineId;
}

/**
 * Finds crossings that one track proves to be of the same person: a second entry within `gapMs` of the one before.
 * Anonymous people are never merged; only a track is proof.
 */
export class RepeatFinder {
  readonly #gapMs: number;
  readonly #seen = new BoundedMap<string, Passage>({
    cap: MAX_TRACKS,
    idleMs: Number.POSITIVE_INFINITY,
  });

  constructor(gapMs: number) {
    this.#gapMs = gapMs;
  }

  /** Tracks remembered. */
  get size(): number {
    return this.#seen.size;
  }

  /**
   * The crossing that is a repetition: the later of the two, whichever arrived first; null when this one is the first
   * of its track or the gap is too long.
   */
  repeatOf(event: Crossed): Passage | null {
    const track = `${event.source} ${event.trackId}`;
    const known = this.#seen.get(track, event.atMono);
    const { source, seq, at, lineId } = event;
    const later = known !== undefined && known.at > at ? known : { source, seq, at, lineId };
    this.#seen.set(track, later, event.atMono);
    if (known === undefined || Math.abs(at - known.at) > this.#gapMs) return null;
    return later;
  }
}

import { BoundedMap } from "../core/bounded-map.ts";
import { type EpochMs, epochMs, type LineId, monoMs } from "../core/brand.ts";
import type {
  CrossingRecorded,
  JourneyHead,
  StaffCrossingRecorded,
  TagAtDoor,
} from "../core/events.ts";
import { type StaffMark, StaffMatcher } from "./staff-matcher.ts";

/**
 * How long after a passage it is decided which crossing it was. Estimates come up to fifteen seconds late and a stay at
 * a door is told after up to a minute, or half a minute after the tag fell silent; counters report by the minute.
 */
export const STAFF_SETTLE_MS = 120_000;

/** Runs of the radio whose numbers go on; one in the life of a gateway. */
const MAX_RUNS = 64;

export interface StaffExclusionOptions {
  /** Lines of role `door`. */
  readonly doors: readonly LineId[];
  readonly settleMs: number;
  readonly onEvent: (event: StaffCrossingRecorded) => void;
}

/** What the exclusion of staff has done since the start. */
export interface StaffCounters {
  /** Passages of staff tags at doors. */
  readonly staffPassages: number;
  /** Crossings marked as staff. */
  readonly staffCrossings: number;
  /** Crossings and passages let go of for want of room before they were decided. */
  readonly staffDropped: number;
}

/**
 * Says afterwards which of the crossings told were staff. The events are numbered per run of the radio whose tags they
 * rest on, so a replay of the same input gives the same ids.
 */
export class StaffExclusion {
  readonly #options: StaffExclusionOptions;
  readonly #matcher: StaffMatcher;
  readonly #nextSeq = new BoundedMap<string, number>({
    cap: MAX_RUNS,
    idleMs: Number.POSITIVE_INFINITY,
  });
  #passages = 0;
  #marked = 0;

  constructor(options: StaffExclusionOptions) {
    const { doors, settleMs } = options;
    this.#options = options;
    this.#matcher = new StaffMatcher(doors, { settleMs, onMark: (mark) => this.#tell(mark) });
  }

  get counters(): StaffCounters {
    return {
      staffPassages: this.#passages,
      staffCrossings: this.#marked,
      staffDropped: this.#matcher.dropped,
    };
  }

  /** A crossing as it was told; lines that are no doors are left out. */
  crossing(event: CrossingRecorded): void {
    this.#matcher.crossing(event);
  }

  /** A staff tag's passage; `head` dates it in wall time. */
  passage(event: TagAtDoor, head: JourneyHead): void {
    const { source, tagId, lineId, direction, probability, atMono, fromMono, toMono } = event;
    const from = epochMs(head.at + Math.round(fromMono - atMono));
    const to = epochMs(head.at + Math.round(toMono - atMono));
    this.#passages += 1;
    this.#matcher.claim({ source, tagId, lineId, from, to, at: head.at, probability, direction });
  }

  /** Decides what is due at `now`. */
  advance(now: EpochMs): void {
    this.#matcher.advance(now);
  }

  /** Decides everything that waits. */
  finish(): void {
    this.#matcher.finish();
  }

  #tell({ crossing, claim, probability }: StaffMark): void {
    const source = `staff:${claim.source.slice(claim.source.indexOf(":") + 1)}`;
    const seq = this.#nextSeq.get(source, monoMs(0)) ?? 0;
    this.#nextSeq.set(source, seq + 1, monoMs(0));
    this.#marked += 1;
    const { at, atMono, clock, lineId, direction } = crossing;
    this.#options.onEvent({
      source,
      seq,
      at,
      atMono,
      clock,
      kind: "staff-crossed",
      tagId: claim.tagId,
      lineId,
      direction,
      crossing: { source: crossing.source, seq: crossing.seq },
      probability,
    });
  }
}

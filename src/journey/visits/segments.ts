import { type EpochMs, epochMs, type ZoneId } from "../../core/brand.ts";
import type { VisitEnd, VisitMethod } from "../../core/events.ts";
import type { GoneMark, Mark, PassMark, SeenMark, StayMark } from "./marks.ts";
import { VISIT_RULES } from "./rules.ts";

/** When a visit that has not ended by itself is ended. */
export interface VisitLimit {
  /** Nobody is taken to be inside from here on. */
  readonly at: EpochMs;
  readonly endedBy: "closing" | "day-end";
  /** Until when somebody who is still there is taken to have stayed. */
  readonly bound: EpochMs;
}

/** What cutting a way into visits needs to know besides the marks. */
export interface SegmentContext {
  readonly method: VisitMethod;
  readonly reentryGapMs: number;
  limitOf(enteredAt: EpochMs): VisitLimit;
  /** The first instant from `from` on at which what follows this carrier stopped for good; null when it did not. */
  breakAfter(from: EpochMs): EpochMs | null;
  /** Until when from `from` on, and at most `to`, it was really seen. */
  seenUntil(from: EpochMs, to: EpochMs): EpochMs;
  /** Whether who is heard then was there before anybody listened. */
  isStartUp(at: EpochMs): boolean;
  /** Whether a zone lies inside of the shop; a stay before a shop window is no visit. */
  isInside(zoneId: ZoneId): boolean;
}

/** One visit of a carrier, over or not. */
export interface Segment {
  /** What it began with: names the visit. */
  readonly first: Mark;
  readonly last: Mark;
  readonly enteredAt: EpochMs;
  readonly exitedAt: EpochMs;
  readonly entry: PassMark | null;
  readonly exit: PassMark | null;
  readonly isEntrySeen: boolean;
  readonly isExitSeen: boolean;
  readonly endedBy: VisitEnd;
  readonly reentries: number;
  readonly passes: readonly PassMark[];
  readonly stays: readonly StayMark[];
  /** Crossings that do not fit: in without out, or out without in between. */
  readonly contradictions: number;
  /** From then on no further mark is part of it, should none have come by then. */
  readonly over: EpochMs;
}

/** How a visit ends when no further mark comes. */
interface Ending {
  readonly over: EpochMs;
  readonly endedBy: VisitEnd;
  readonly exitedAt: EpochMs;
  readonly isExitSeen: boolean;
}

/** Cuts the marks of one carrier, in order of time, into visits. Pure: the same marks give the same visits. */
export function segmentsOf(marks: readonly Mark[], context: SegmentContext): readonly Segment[] {
  const segments: Segment[] = [];
  let draft: Draft | null = null;
  for (const mark of marks) {
    if (draft !== null) {
      const ending = draft.ending();
      if (mark.at < ending.over) {
        draft.take(mark);
        continue;
      }
      segments.push(draft.end(ending));
      draft = null;
    }
    if (!isOfVisitBefore(mark, segments.at(-1), context) && begins(mark, context))
      draft = new Draft(mark, context);
  }
  if (draft !== null) segments.push(draft.end(draft.ending()));
  return segments;
}

/**
 * Of a visit that the clock ended: whoever leaves after it leaves that visit and begins none, and whoever is recognised
 * within the re-entry gap is still there.
 */
function isOfVisitBefore(
  { kind, at }: Mark,
  before: Segment | undefined,
  { reentryGapMs }: SegmentContext,
): boolean {
  if (before?.endedBy !== "closing" && before?.endedBy !== "day-end") return false;
  return kind === "out" || (kind === "seen" && at <= before.over + reentryGapMs);
}

/** Whether a visit can begin with this: an exit nobody saw the entry of is one, for a track. */
function begins(mark: Mark, { method, isInside }: SegmentContext): boolean {
  if (mark.kind === "stay") return isInside(mark.zoneId);
  return ["in", "seen"].includes(mark.kind) || (mark.kind === "out" && method === "track");
}

/** A visit while its marks are read. */
class Draft {
  readonly #context: SegmentContext;
  readonly #passes: PassMark[] = [];
  readonly #stays: StayMark[] = [];
  #first: Mark;
  #last: Mark;
  #entry: PassMark | null = null;
  #exit: PassMark | GoneMark | null = null;
  /** The latest recognition, while nothing else says that the customer is inside. */
  #seen: SeenMark | null = null;
  #reentries = 0;
  #contradictions = 0;
  #limit: VisitLimit | null = null;
  /** The newest instant of which anything is known. */
  #until: EpochMs;

  constructor(first: Mark, context: SegmentContext) {
    this.#context = context;
    this.#first = first;
    this.#last = first;
    this.#until = first.at;
    if (first.kind === "in") this.#enter(first);
    else if (first.kind === "out") this.#leave(first);
    else if (first.kind === "stay") this.#stay(first);
    else if (first.kind === "seen") this.#see(first);
  }

  take(mark: Mark): void {
    switch (mark.kind) {
      case "in":
        this.#comeIn(mark);
        break;
      case "out":
        if (this.#exit !== null) this.#comeBack();
        this.#leave(mark);
        break;
      case "gone":
        // Of a beacon outside: nobody heard it inside, so it is no news of where the member is.
        if (this.#seen === null) this.#exit ??= mark;
        break;
      case "stay":
        this.#takeStay(mark);
        break;
      case "seen":
        this.#takeSeen(mark);
        break;
      case "taken":
      case "put":
        // Of a basket: read before, as coming in and going out.
        break;
    }
    this.#last = mark;
  }

  ending(): Ending {
    const { reentryGapMs } = this.#context;
    const exit = this.#exit;
    if (exit === null && this.#seen !== null) return this.#endingUnheard(this.#seen);
    if (exit === null) return this.#endingInside();
    const isFinal = exit.kind === "out" && exit.isFinal === true;
    const over = epochMs(exit.at + (isFinal ? 0 : reentryGapMs) + 1);
    if (exit.kind === "gone")
      return { over, endedBy: "sensor", exitedAt: this.#until, isExitSeen: false };
    const endedBy = exit.isSilence ? "silence" : "exit";
    return { over, endedBy, exitedAt: exit.at, isExitSeen: true };
  }

  end(ending: Ending): Segment {
    const entry = this.#entry;
    const isHeardFirst =
      entry !== null && entry.lineId === null && this.#context.isStartUp(entry.at);
    const { endedBy, exitedAt, isExitSeen, over } = ending;
    return {
      first: this.#first,
      last: this.#last,
      enteredAt: this.#first.at,
      exitedAt,
      entry,
      exit: this.#exit?.kind === "out" ? this.#exit : null,
      isEntrySeen: entry !== null && !isHeardFirst,
      isExitSeen,
      endedBy,
      reentries: this.#reentries,
      passes: this.#passes,
      stays: this.#stays,
      contradictions: this.#contradictions,
      over,
    };
  }

  /** Of somebody who has not left: the first of what may end the visit. */
  #endingInside(): Ending {
    const { method, limitOf, breakAfter, reentryGapMs } = this.#context;
    const until = this.#until;
    const isThere = method === "tag" || this.#stays.some(({ to }) => to === null);
    this.#limit ??= limitOf(this.#first.at);
    const limit = this.#limit;
    let ending: Ending = {
      over: limit.at,
      endedBy: limit.endedBy,
      exitedAt: isThere ? this.#seenTo(limit.bound) : until,
      isExitSeen: false,
    };
    const lostAt = isThere ? null : this.#lostAt();
    if (lostAt !== null && lostAt + reentryGapMs + 1 < ending.over) {
      const over = epochMs(lostAt + reentryGapMs + 1);
      ending = { ...ending, over, endedBy: "lost", exitedAt: until };
    }
    const blindAt = breakAfter(this.#last.at);
    if (blindAt === null || blindAt >= ending.over) return ending;
    // What was told of the very instant still belongs to it.
    const over = epochMs(blindAt + 1);
    const exitedAt = isThere ? this.#seenTo(blindAt) : until;
    return { ...ending, over, endedBy: "sensor", exitedAt };
  }

  /**
   * Of a member known to be there by a recognition alone: nobody hears them leave. One visit as long as the next
   * recognition comes within the re-entry gap, and as long as its day.
   */
  #endingUnheard({ at }: SeenMark): Ending {
    const { limitOf, reentryGapMs } = this.#context;
    this.#limit ??= limitOf(this.#first.at);
    const over = epochMs(Math.min(at, this.#limit.at) + reentryGapMs + 1);
    return { over, endedBy: "lost", exitedAt: this.#until, isExitSeen: false };
  }

  /** Until when somebody who is there was seen, `at` at most. */
  #seenTo(at: EpochMs): EpochMs {
    const until = this.#until;
    return epochMs(Math.max(until, this.#context.seenUntil(until, at)));
  }

  /** When the track was lost inside of a zone, with nothing known of it later; null when it was not. */
  #lostAt(): EpochMs | null {
    const last = this.#stays.find(({ to, isCensored }) => isCensored && to === this.#until);
    return last === undefined ? null : this.#until;
  }

  #comeIn(mark: PassMark): void {
    if (this.#exit !== null) this.#comeBack();
    else if (this.#isDoorstep(mark)) {
      // The stay was seen from outside of the line: the visit begins here.
      this.#enter(mark);
      this.#first = mark;
      this.#limit = null;
      return;
    } else if (mark.lineId !== null) this.#contradictions += 1;
    this.#seen = null;
    this.#note(mark.at);
    this.#passes.push(mark);
  }

  #isDoorstep(mark: PassMark): boolean {
    if (this.#passes.length > 0 || this.#first.kind === "seen") return false;
    return mark.at - this.#first.at <= VISIT_RULES.doorstepMs;
  }

  #enter(mark: PassMark): void {
    this.#entry = mark;
    this.#seen = null;
    this.#note(mark.at);
    this.#passes.push(mark);
  }

  #leave(mark: PassMark): void {
    this.#exit = mark;
    this.#seen = null;
    this.#note(mark.at);
    this.#passes.push(mark);
  }

  /** Whoever was only not followed for a while may have been inside all the time. */
  #comeBack(): void {
    if (this.#exit?.kind === "out") this.#reentries += 1;
    this.#exit = null;
  }

  #takeStay(mark: StayMark): void {
    const exit = this.#exit;
    if (exit !== null) {
      const isOutside = !this.#context.isInside(mark.zoneId);
      if (isOutside || mark.at <= exit.at + VISIT_RULES.doorstepMs) return;
      // Nobody saw it come back, and there it is.
      this.#comeBack();
    }
    this.#stay(mark);
  }

  #takeSeen(mark: SeenMark): void {
    const exit = this.#exit;
    if (exit === null) {
      // Whoever is heard inside goes on being heard.
      if (this.#seen !== null) this.#see(mark);
      else this.#note(mark.at);
    } else if (mark.at > exit.at + VISIT_RULES.doorstepMs) {
      this.#comeBack();
      this.#see(mark);
    }
  }

  #see(mark: SeenMark): void {
    this.#seen = mark;
    this.#note(mark.at);
  }

  #stay(mark: StayMark): void {
    this.#seen = null;
    this.#stays.push(mark);
    this.#note(mark.to ?? mark.at);
  }

  #note(at: EpochMs): void {
    if (at > this.#until) this.#until = at;
  }
}

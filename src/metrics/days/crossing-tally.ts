import type { EpochMs } from "../../core/brand.ts";
import type { CrossingRecorded, GroupRecorded, StaffCrossingRecorded } from "../../core/events.ts";
import type { LineRole } from "../../core/site.ts";
import { SLOT_MS } from "../calendar/slots.ts";
import { type Day, type LineDay, slotOf } from "./day-book.ts";
import { companionsOf, Parties } from "./parties.ts";
import { RepeatFinder } from "./passages.ts";
import { type CountedCrossing, StaffMarks } from "./staff-marks.ts";

/** What became of an event; `unknown`: a line that the plan does not know, `late`: older than what is kept. */
export type Taken = "taken" | "unknown" | "late";

export interface CrossingTallyOptions {
  /** Roles of the lines of the plan. */
  readonly roles: ReadonlyMap<string, LineRole>;
  /** Entries of one track closer together than this are one visitor. */
  readonly reentryGapMs: number;
  /** The day of an instant, made when it is new; null when it is not kept. */
  readonly dayFor: (at: EpochMs) => Day | null;
}

/**
 * Counts crossings, groups and marks of staff into the days, in any order. A mark takes out the crossing that it names,
 * in that crossing's own slot, once: as a re-entry it is out of the entrants already, and a group loses a member.
 */
export class CrossingTally {
  readonly #options: CrossingTallyOptions;
  readonly #reentries: RepeatFinder;
  readonly #repeatPasses = new RepeatFinder(Number.POSITIVE_INFINITY);
  readonly #parties: Parties;
  readonly #marks: StaffMarks;
  #hasGroups = false;

  constructor(options: CrossingTallyOptions) {
    this.#options = options;
    this.#reentries = new RepeatFinder(options.reentryGapMs);
    this.#parties = new Parties(options.reentryGapMs);
    this.#marks = new StaffMarks((crossing, isLate) => this.#takeOut(crossing, isLate));
  }

  /** Whether people have ever been seen crossing together. */
  get hasGroups(): boolean {
    return this.#hasGroups;
  }

  /** Crossings taken out as staff since the start. */
  get staffCrossings(): number {
    return this.#marks.applied;
  }

  /** Marks whose crossing has not come, now. */
  get waitingMarks(): number {
    return this.#marks.waiting;
  }

  /** Tracks remembered, to see who comes again and who comes together. */
  get tracks(): number {
    return this.#reentries.size + this.#repeatPasses.size + this.#parties.size;
  }

  /** Crossings remembered, to take those out that turn out to be staff. */
  get crossings(): number {
    return this.#marks.size;
  }

  takeCrossing(event: CrossingRecorded, isLate: boolean): Taken {
    const role = this.#options.roles.get(event.lineId);
    if (role === undefined) return "unknown";
    const place = this.#placeOf(event);
    if (place === null) return "late";
    const { line, slot, offsetMs } = place;
    line[event.direction].add(slot, 1, offsetMs, isLate);
    if (role === "passing" && event.direction === "in") this.#countRepeatPass(event);
    if (role !== "door") return "taken";
    place.day.doorTimes.add(event.direction, event.at - place.day.span.start);
    this.#marks.count(event);
    if (event.direction === "in") countHeight(event, place, isLate);
    if (event.direction === "in") this.#countReentry(event);
    this.#marks.settle(event, isLate);
    return "taken";
  }

  takeGroup(event: GroupRecorded, isLate: boolean): Taken {
    if (!this.#options.roles.has(event.lineId)) return "unknown";
    this.#hasGroups = true;
    const place = this.#placeOf(event);
    if (place === null) return "late";
    if (event.direction !== "in" || event.role !== "door") return "taken";
    const party = this.#parties.admit(event, (trackId) =>
      this.#marks.isStaff({ ...event, trackId }),
    );
    if (party.companions > 0) place.line.companions.add(place.slot, party.companions, 0, isLate);
    return "taken";
  }

  /** A mark may come before its crossing; then it waits for it. */
  takeStaff(event: StaffCrossingRecorded, isLate: boolean): Taken {
    if (!this.#options.roles.has(event.lineId)) return "unknown";
    if (this.#placeOf(event) === null) return "late";
    this.#marks.mark(event, isLate);
    return "taken";
  }

  #countReentry(event: CrossingRecorded): void {
    const repeat = this.#reentries.repeatOf(event);
    const place = repeat === null ? null : this.#placeOf(repeat);
    if (repeat === null || place === null) return;
    place.line.reentries.add(place.slot, 1, 0, false);
    const known = this.#marks.find(repeat);
    if (known === null || known.isReentry) return;
    known.isReentry = true;
    if (known.isStaff) place.line.staffReentries.add(place.slot, 1, 0, false);
    else if (known.isChild) place.line.children.add(place.slot, -1, 0, false);
  }

  #countRepeatPass(event: CrossingRecorded): void {
    const repeat = this.#repeatPasses.repeatOf(event);
    const day = repeat === null ? null : this.#options.dayFor(repeat.at);
    if (repeat !== null && day !== null) day.repeatPasses.add(slotOf(day, repeat.at), 1, 0, false);
  }

  /** Takes a crossing out of the customers. */
  #takeOut(crossing: CountedCrossing, isLate: boolean): void {
    const place = this.#placeOf(crossing);
    if (place === null) return;
    const { day, line, slot, offsetMs } = place;
    day.doorTimes.remove(crossing.direction, crossing.at - day.span.start);
    line.staff[crossing.direction].add(slot, 1, offsetMs, isLate);
    if (crossing.isReentry) line.staffReentries.add(slot, 1, 0, isLate);
    else if (crossing.isChild && crossing.direction === "in")
      line.children.add(slot, -1, 0, isLate);
    if (crossing.direction === "in") this.#shrinkParty(crossing, isLate);
  }

  #shrinkParty(crossing: CountedCrossing, isLate: boolean): void {
    const party = this.#parties.leave(crossing);
    const place = party === null ? null : this.#placeOf(party);
    if (party === null || place === null) return;
    const before = party.companions;
    party.companions = companionsOf(party.members);
    const change = party.companions - before;
    if (change !== 0) place.line.companions.add(place.slot, change, 0, isLate);
  }

  #placeOf({ at, lineId }: Pick<CrossingRecorded, "at" | "lineId">): Place | null {
    const day = this.#options.dayFor(at);
    const line = day?.lines.get(lineId);
    if (day === null || line === undefined) return null;
    const slot = slotOf(day, at);
    return { day, line, slot, offsetMs: at - day.span.start - slot * SLOT_MS };
  }
}

/** Where in a day a crossing is counted. */
interface Place {
  readonly day: Day;
  readonly line: LineDay;
  readonly slot: number;
  readonly offsetMs: number;
}

/** Notes whose height was measured, and who is a child: whoever turns out to be staff or a re-entry is taken out again. */
function countHeight({ isChild }: CrossingRecorded, { line, slot }: Place, isLate: boolean): void {
  if (isChild === undefined) return;
  line.measured.add(slot, 1, 0, isLate);
  if (isChild) line.children.add(slot, 1, 0, isLate);
}

import { type EpochMs, epochMs } from "../../core/brand.ts";
import type {
  BasketChangeRecorded,
  JourneyCompleted,
  JourneyEvent,
  QueueJoined,
  QueueLeft,
  SensorRecorded,
  TagZoneStayBegan,
  TagZoneStayEnded,
  TransactionRecorded,
  ZoneStayBegan,
  ZoneStayEnded,
} from "../../core/events.ts";
import type { TagKind } from "../../core/site.ts";
import { SLOT_MS } from "../calendar/slots.ts";
import type { CrossingTally, Taken } from "./crossing-tally.ts";
import { type Day, slotOf } from "./day-book.ts";
import { identifiedVisits } from "./identified-visits.ts";
import { SeenOrigins } from "./origins.ts";
import type { Stores } from "./stores.ts";
import { plainVisit, type VisitRow } from "./visit-row.ts";
import type { EndedStay, ZoneStays } from "./zone-stays.ts";

const UNSET_CLOCK_REACH_MS = 86_400_000;
/** Tags that customers carry: what they do is done by a visit. */
const CUSTOMER_TAGS: ReadonlySet<TagKind> = new Set<TagKind>(["basket", "cart", "loyalty-card"]);

/** What was taken in and what was not, since the start. */
export interface IntakeCounters {
  readonly accepted: number;
  /** Same source and sequence number as before, or in the record that its day came back from. */
  readonly duplicates: number;
  /** Receipts sent again under another sequence number. */
  readonly repeatedReceipts: number;
  /** Older than the days that are kept. */
  readonly tooLate: number;
  /** For a slot that had closed; they raised its revision. */
  readonly late: number;
  /** Line, zone or sensor that the site plan does not know. */
  readonly unknownIds: number;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Takes events into the stores, in any order, each once. */
export class Intake {
  readonly #stores: Stores;
  readonly #crossings: CrossingTally;
  readonly #origins = new SeenOrigins();
  readonly #counters: Mutable<IntakeCounters> = {
    accepted: 0,
    duplicates: 0,
    repeatedReceipts: 0,
    tooLate: 0,
    late: 0,
    unknownIds: 0,
  };

  constructor(stores: Stores, crossings: CrossingTally) {
    this.#stores = stores;
    this.#crossings = crossings;
  }

  get counters(): IntakeCounters {
    return { ...this.#counters };
  }

  /** Sources remembered. */
  get sources(): number {
    return this.#origins.size;
  }

  take(event: JourneyEvent): void {
    const { time } = this.#stores;
    if (!this.#isNew(event)) {
      this.#counters.duplicates += 1;
      return;
    }
    // A journey is told when it is over: that its beginning is long ago corrects nothing.
    const isLate = event.kind !== "completed" && time.isClosed(event.at);
    const isTrusted = this.#isTrusted(event);
    if (isTrusted) time.noteReal(event.at);
    if (!this.#takeKind(event, isLate)) return;
    this.#counters.accepted += 1;
    if (isLate) this.#counters.late += 1;
    time.noteEvent(event.at);
    if (event.kind !== "completed") this.#stores.book.find(event.at)?.origins.note(event);
    if (isTrusted) this.#advance(event.at);
  }

  /** A visit is known by its id and revision: each has a source of its own, and there is no room for so many. */
  #isNew(event: JourneyEvent): boolean {
    const day = this.#stores.book.find(timeOf(event));
    if (event.kind !== "completed")
      return this.#origins.admit(event, event.atMono) && day?.origins.holds(event) !== true;
    return (day?.visits.find(event.visitId)?.revision ?? -1) < event.revision;
  }

  /** Whether the event was taken in; why not is counted. */
  #takeKind(event: JourneyEvent, isLate: boolean): boolean {
    const { openVisits } = this.#stores;
    switch (event.kind) {
      case "entered":
      case "exited":
      case "passed":
        openVisits.takeCrossing(event);
        return this.#isTaken(this.#crossings.takeCrossing(event, isLate));
      case "group-crossed":
        if (this.#stores.lookups.lines.has(event.lineId)) this.#stores.noteGroups();
        return this.#isTaken(this.#crossings.takeGroup(event, isLate));
      case "staff-crossed":
        openVisits.takeStaff(event);
        return this.#isTaken(this.#crossings.takeStaff(event, isLate));
      case "zone-entered":
      case "zone-exited":
        openVisits.takeStay(event);
        return this.#takeStay(event, isLate);
      case "tag-zone-entered":
      case "tag-zone-exited":
        return this.#takeTagStay(event, isLate);
      case "completed":
        openVisits.takeCompleted(event);
        return this.#takeVisit(event);
      case "queue-joined":
      case "queue-left":
        return this.#takeQueue(event, isLate);
      case "basket-changed":
        return this.#takeBasket(event, isLate);
      case "transacted":
        return this.#takeReceipt(event, isLate);
      case "sensor-changed":
        return this.#takeSensor(event, isLate);
      case "tag-presence":
        openVisits.takePresence(event);
        return true;
      case "track-renamed":
        openVisits.takeRename(event);
        return true;
      case "zone-approached":
      case "sensor-condition":
      case "tag-moved":
      case "staff-unseen":
      case "audited":
      case "time-fix":
      case "identifier-anomaly":
      case "shopper-recognised":
      case "consent-recorded":
      case "consent-applied":
      case "erasure-answered":
        // A forecast is for signage, a camera with a condition still counts, and a recognition is told as a visit: no
        // figure rests on any of these.
        return true;
    }
  }

  #isTaken(taken: Taken): boolean {
    if (taken === "unknown") return this.#refuseId();
    return taken === "taken" || this.#refuseLate();
  }

  #takeStay(event: ZoneStayBegan | ZoneStayEnded, isLate: boolean): boolean {
    const { lookups, stays } = this.#stores;
    if (!lookups.cameraByZone.has(event.zoneId)) return this.#refuseId();
    return this.#takeAnyStay(stays, event, isLate);
  }

  #takeTagStay(event: TagZoneStayBegan | TagZoneStayEnded, isLate: boolean): boolean {
    const { lookups, tagStays } = this.#stores;
    if (!lookups.floorZones.has(event.zoneId)) return this.#refuseId();
    if (!CUSTOMER_TAGS.has(event.tagKind)) return true;
    return this.#takeAnyStay(tagStays, event, isLate);
  }

  #takeAnyStay(
    stays: ZoneStays,
    event: ZoneStayBegan | ZoneStayEnded | TagZoneStayBegan | TagZoneStayEnded,
    isLate: boolean,
  ): boolean {
    const day = this.#dayFor(event.at);
    if (day === null) return this.#refuseLate();
    if (event.kind === "zone-entered" || event.kind === "tag-zone-entered") {
      stays.enter(event, isLate);
      day.changes.mark(slotOf(day, event.at), isLate);
    } else this.#noteStay(stays.exit(event, isLate));
    return true;
  }

  /** Whatever a stay that ended changes in the figures of the days it lies in. */
  #noteStay(stay: EndedStay): void {
    const end = epochMs(Math.max(stay.end, stay.start + 1));
    for (const { day, range } of this.#stores.book.parts(stay.start, end)) {
      day.origins.note(stay);
      day.changes.markAll(range.from, range.to, stay.isLate);
    }
  }

  #takeReceipt(event: TransactionRecorded, isLate: boolean): boolean {
    const { book } = this.#stores;
    const known = book.days.find((day) => day.sales.has(event));
    if (known !== undefined) {
      known.sales.repeat(event);
      this.#counters.repeatedReceipts += 1;
      return false;
    }
    const day = this.#dayFor(event.at);
    if (day === null) return this.#refuseLate();
    this.#stores.noteReceipts(day.span.start);
    day.sales.add(event, slotOf(day, event.at), isLate);
    return true;
  }

  #takeVisit(event: JourneyCompleted): boolean {
    const day = this.#dayFor(event.enteredAt);
    if (day === null) return this.#refuseLate();
    for (const other of this.#neighboursOf(day)) {
      const known = other.visits.find(event.visitId);
      if (known === null) continue;
      // A correction moved the visit over the cut-over: it stands on one day only.
      if (known.revision >= event.revision) return true;
      this.#putVisit(other, { ...plainVisit(known), isWithdrawn: true, revision: event.revision });
      this.#countCustomer(other, event);
    }
    this.#putVisit(day, event);
    return true;
  }

  /** Puts a visit; a newer telling may name its customer otherwise, as when they were forgotten in between. */
  #putVisit(day: Day, visit: VisitRow): void {
    const known = day.visits.find(visit.visitId);
    const before = known === null ? null : { tagKind: known.tagKind, tagId: known.tagId };
    day.visits.put(visit);
    this.#countCustomer(day, visit);
    if (before !== null && before.tagId !== visit.tagId) this.#countCustomer(day, before);
  }

  #neighboursOf({ span }: Day): Day[] {
    const { book } = this.#stores;
    const neighbours = [book.find(epochMs(span.start - 1)), book.find(span.end)];
    return neighbours.filter((day) => day !== null);
  }

  #countCustomer(day: Day, { tagKind, tagId }: Pick<VisitRow, "tagKind" | "tagId">): void {
    if (tagKind !== "loyalty-card" || tagId === null) return;
    const { customers, reentryGapMs } = this.#stores;
    const own = [...day.visits.rows()].filter((visit) => visit.tagId === tagId);
    customers.put(tagId, day.span.start, identifiedVisits(own, reentryGapMs).length);
  }

  #takeQueue(event: QueueJoined | QueueLeft, isLate: boolean): boolean {
    const day = this.#dayFor(event.at);
    if (day === null) return this.#refuseLate();
    const queue = day.queues.get(event.zoneId);
    if (queue === undefined) return this.#refuseId();
    // The camera sees everybody in its queue: those who carry a tag as well must not count twice.
    const isSeenTwice = event.tagId !== null && this.#stores.lookups.cameraByZone.has(event.zoneId);
    if (isSeenTwice) return true;
    const slot = slotOf(day, event.at);
    if (event.kind === "queue-joined") queue.join(slot, isLate);
    else queue.leave(slot, event.outcome, event.waitMs, isLate);
    return true;
  }

  #takeBasket(event: BasketChangeRecorded, isLate: boolean): boolean {
    const day = this.#dayFor(event.at);
    if (day === null) return this.#refuseLate();
    day.baskets.take(event, slotOf(day, event.at), isLate);
    return true;
  }

  /** What a sensor saw until its next change depends on this one. */
  #takeSensor(event: SensorRecorded, isLate: boolean): boolean {
    const { coverage, book, time } = this.#stores;
    if (!coverage.record(event, isLate)) return this.#refuseId();
    const next = coverage.nextChangeAfter(event.sensorId, event.at);
    const until = Math.max(event.at + 1, Math.min(next, time.known));
    for (const { day, range } of book.parts(event.at, epochMs(until)))
      day.changes.markAll(range.from, range.to, isLate);
    return true;
  }

  /** Closes slots as time goes on. */
  #advance(at: EpochMs): void {
    const { time, stays, tagStays } = this.#stores;
    const before = time.watermark;
    if (at <= before) return;
    time.noteWatermark(at);
    if (Math.floor(at / SLOT_MS) === Math.floor(before / SLOT_MS)) return;
    stays.settle(at);
    tagStays.settle(at);
    this.#stores.passTime();
  }

  /**
   * Whether the event's time says how far the day has come. A receipt carries the till's clock and may come late; a
   * clock never set in this boot is believed only as far as it stays near what is known already.
   */
  #isTrusted({ kind, clock, at }: JourneyEvent): boolean {
    if (kind === "transacted") return false;
    const { known } = this.#stores.time;
    return clock !== "unsynced" || !Number.isFinite(known) || at <= known + UNSET_CLOCK_REACH_MS;
  }

  #dayFor(at: EpochMs): Day | null {
    return this.#stores.book.dayFor(at, this.#stores.time.horizon);
  }

  #refuseId(): false {
    this.#counters.unknownIds += 1;
    return false;
  }

  #refuseLate(): false {
    this.#counters.tooLate += 1;
    return false;
  }
}

/** The instant by which an event belongs to a day. */
const timeOf = (event: JourneyEvent): EpochMs =>
  event.kind === "completed" ? event.enteredAt : event.at;

import { type CameraId, type EpochMs, epochMs, type VisitId, visitId } from "../../core/brand.ts";
import type { JourneyCompleted } from "../../core/events.ts";
import { limitOf, type VisitCalendar } from "./calendar.ts";
import { carriedMarks } from "./carried.ts";
import { type Carrier, isCarried, type NameAt } from "./carrier.ts";
import { type Carriers, marksOf } from "./carriers.ts";
import { documentOf, isStaffVisit, type VisitBody } from "./document.ts";
import type { DoorCrossings } from "./door-crossings.ts";
import type { Intake } from "./intake.ts";
import type { Mark } from "./marks.ts";
import { visitOrigin } from "./numbering.ts";
import { QUEUE_RULES, VISIT_RULES } from "./rules.ts";
import { type Segment, type SegmentContext, segmentsOf } from "./segments.ts";
import type { SensorSights } from "./sensor-sights.ts";
import { isSameBody, ToldVisits } from "./told-visits.ts";
import type { VisitSite } from "./visit-site.ts";

export interface VisitTellerOptions {
  readonly site: VisitSite;
  readonly calendar: VisitCalendar;
  readonly reentryGapMs: number;
  readonly hash: (text: string) => string;
  readonly carriers: Carriers;
  readonly sights: SensorSights;
  readonly crossings: DoorCrossings;
  readonly intake: Intake;
  /** Whether an earlier life told whatever is decided now. */
  readonly isSilent: () => boolean;
  readonly onEvent: (event: JourneyCompleted) => void;
}

/** Documents of visits told, those that replace an earlier one, those that take a visit back, and what was wrong. */
export interface TellerCounters {
  readonly visitDocuments: number;
  readonly visitRevisions: number;
  readonly visitWithdrawals: number;
  /** Crossings of one track that do not fit: in again without having gone out. */
  readonly contradictoryVisits: number;
  /** Changes of visits that were told too long ago to be told again. */
  readonly lateVisitChanges: number;
}

/** From when on nothing can be part of a visit, and everything of its time has come. */
export const settledAt = ({ over }: Segment): EpochMs => epochMs(over + VISIT_RULES.settleMs);

/**
 * Tells visits: each once when it is settled, and again with a higher revision whenever something about it changes, as
 * long as it is kept. A document depends on what happened, never on when it was asked for.
 */
export class VisitTeller {
  readonly #options: VisitTellerOptions;
  readonly #told = new ToldVisits();
  /** By camera of the plan; of tags, null. */
  readonly #contexts = new Map<CameraId | null, SegmentContext>();
  readonly #counters = {
    visitDocuments: 0,
    visitRevisions: 0,
    visitWithdrawals: 0,
    contradictoryVisits: 0,
    lateVisitChanges: 0,
  };

  constructor(options: VisitTellerOptions) {
    this.#options = options;
  }

  get counters(): TellerCounters {
    return { ...this.#counters };
  }

  /** The visits of one person, over or not, in order of time. */
  segmentsOf(group: readonly Carrier[]): readonly Segment[] {
    const [one] = group;
    if (one?.makesVisits !== true) return [];
    return segmentsOf(this.#wayOf(one, marksOf(group)), this.#contextOf(one));
  }

  /** Of a basket or a cart only what happened while somebody had it. */
  #wayOf(carrier: Carrier, marks: readonly Mark[]): readonly Mark[] {
    if (!isCarried(carrier)) return marks;
    const { site, carriers, reentryGapMs } = this.#options;
    const moverSince = carriers.moverSince(carrier.key);
    return carriedMarks(marks, { site, moverSince, reentryGapMs });
  }

  /** Names a visit by what it began with. */
  idOf({ first }: Segment): VisitId {
    const { site, hash } = this.#options;
    const { source, seq } = first.head;
    return visitId(hash(JSON.stringify(["visit", site.storeId, source, seq])));
  }

  isStaff(segment: Segment): boolean {
    return isStaffVisit(segment, (key) => this.#options.intake.isStaff(key));
  }

  /** What was told of a tag that has another name now. */
  rename({ told }: Carrier, nameAt: NameAt): void {
    for (const id of told) this.#told.rename(id, nameAt);
  }

  /** A document that was told in an earlier life. */
  restore(event: JourneyCompleted): void {
    this.#told.restore(event);
    this.#options.intake.ownerOf(event.began)?.told.add(event.visitId);
  }

  /**
   * Tells of this person what is settled at `asOf` and new or changed; the next visit of theirs that is not settled, null
   * when all are. What was told too long before `now` stands as it is.
   */
  tell(group: readonly Carrier[], asOf: EpochMs, now: EpochMs): EpochMs | null {
    const segments = this.segmentsOf(group);
    const over = segments.filter((segment) => settledAt(segment) <= now);
    this.#withdraw(group, new Set(over.map((segment) => this.idOf(segment))));
    for (const segment of segments)
      if (settledAt(segment) <= asOf) this.#tellOne(segment, group, { asOf, now });
    const next = segments.find((segment) => settledAt(segment) > asOf);
    return next === undefined ? null : settledAt(next);
  }

  /** When something of this carrier can be let go of. */
  forgottenAt(carrier: Carrier): EpochMs {
    const { carriers, reentryGapMs } = this.#options;
    const { settleMs, keepMs } = VISIT_RULES;
    const until = carrier.marks.until ?? epochMs(0);
    if (!carrier.makesVisits) {
      const isOpen = carrier.marks.all.some((mark) => mark.kind === "stay" && mark.to === null);
      return epochMs(until + (isOpen ? QUEUE_RULES.maxOpenMs : QUEUE_RULES.settleMs));
    }
    const segments = this.segmentsOf(carriers.group(carrier));
    // A tag goes from visit to visit, a track is over with its last.
    const last = carrier.method === "tag" ? segments[0] : segments.at(-1);
    const over = (last?.over ?? until + reentryGapMs) + settleMs + keepMs;
    if (carrier.method === "tag") return epochMs(over);
    const isByClock = last?.endedBy === "closing" || last?.endedBy === "day-end";
    const leaves = isByClock ? last.over + VISIT_RULES.leaveMs : over;
    return epochMs(Math.max(over, leaves, until + QUEUE_RULES.settleMs));
  }

  /** Lets go of what cannot change any more; when there will be more of that, null when nothing is left. */
  forget(carrier: Carrier): EpochMs | null {
    const { carriers } = this.#options;
    const group = carriers.group(carrier);
    const [first] = carrier.method === "tag" ? this.segmentsOf(group) : [];
    if (first !== undefined) {
      const id = this.idOf(first);
      carrier.forget(epochMs(Math.max(first.last.at, first.exitedAt)));
      carrier.told.delete(id);
      this.#told.delete(id);
      if (carrier.marks.all.length > 0) return this.forgottenAt(carrier);
    }
    for (const { key, told } of group) {
      for (const id of told) this.#told.delete(id);
      carriers.delete(key);
    }
    return null;
  }

  #tellOne(
    segment: Segment,
    group: readonly Carrier[],
    { asOf, now }: { readonly asOf: EpochMs; readonly now: EpochMs },
  ): void {
    const { site, crossings, intake } = this.#options;
    const id = this.idOf(segment);
    const isStaffCrossing = (key: string): boolean => intake.isStaff(key);
    const body = documentOf(segment, group, {
      queues: site.queues,
      visitId: id,
      isStaff: this.isStaff(segment),
      lineNear: ({ enteredAt, exitedAt }, direction) => {
        const at = direction === "in" ? enteredAt : exitedAt;
        return crossings.lineNear(at, direction, isStaffCrossing);
      },
    });
    const told = this.#told.find(id);
    if (told !== null && isSameBody(told.body, body)) return;
    // After a restart all of the day is decided anew at once: then only the true time says what is too old to change.
    const time = told?.isRestored === true ? now : asOf;
    if (told !== null && time > settledAt(segment) + VISIT_RULES.keepMs) {
      this.#counters.lateVisitChanges += 1;
      return;
    }
    if (told === null) this.#counters.contradictoryVisits += segment.contradictions;
    intake.ownerOf(segment.first.head)?.told.add(id);
    this.#emit(body);
  }

  /** Takes back what was told of visits that are parts of others now, or go on after all. */
  #withdraw(group: readonly Carrier[], standing: ReadonlySet<VisitId>): void {
    for (const id of group.flatMap((carrier) => [...carrier.told])) {
      const told = this.#told.find(id);
      if (told === null || told.body.isWithdrawn || standing.has(id)) continue;
      this.#counters.visitWithdrawals += 1;
      this.#emit({ ...told.body, isWithdrawn: true });
    }
  }

  #emit(body: VisitBody): void {
    const { isSilent, onEvent } = this.#options;
    if (isSilent()) {
      this.#told.assume(body);
      return;
    }
    const revision = this.#told.tell(body);
    this.#counters.visitDocuments += 1;
    if (revision > 0) this.#counters.visitRevisions += 1;
    const { source, seq } = visitOrigin(body.began, revision);
    onEvent({ source, seq, kind: "completed", revision, ...body });
  }

  #contextOf({ method, who: { cameraId } }: Carrier): SegmentContext {
    const known = this.#contexts.get(cameraId);
    if (known !== undefined) return known;
    const { calendar, sights, site, reentryGapMs } = this.#options;
    const context: SegmentContext = {
      method,
      reentryGapMs,
      limitOf: (enteredAt) => limitOf(calendar, enteredAt),
      breakAfter: (from) =>
        cameraId === null ? sights.endAfter(from) : sights.cameraBreak(cameraId, from),
      seenUntil: (from, to) => (cameraId === null ? sights.heardUntil(from, to) : to),
      isStartUp: (at) => cameraId === null && sights.isStartUp(at),
      isInside: (zoneId) => site.isInside(zoneId),
    };
    this.#contexts.set(cameraId, context);
    return context;
  }
}

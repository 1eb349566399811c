import { type EpochMs, epochMs, type TagId, type ZoneId } from "../../core/brand.ts";
import type { JourneyEvent, TagMovementRecorded } from "../../core/events.ts";
import type { SitePlan, ZoneKind } from "../../core/site.ts";
import { BasketTags } from "./basket-tags.ts";
import { plainCalendar, type VisitCalendar } from "./calendar.ts";
import { type Carrier, isCarried, type NameAt, receiptName, tagKey } from "./carrier.ts";
import { Carriers } from "./carriers.ts";
import { isIn } from "./document.ts";
import { DoorCrossings } from "./door-crossings.ts";
import { DueQueue } from "./due-queue.ts";
import { Intake, type Touched } from "./intake.ts";
import { basketOrigin, isOurs, QueueNumbers } from "./numbering.ts";
import { type PayingPlace, payingPlaces } from "./paying-places.ts";
import { QueueTeller } from "./queue-teller.ts";
import {
  type PayerSort,
  type PayingVisit,
  type ReceiptCounters,
  ReceiptLinks,
} from "./receipt-links.ts";
import { QUEUE_RULES, VISIT_RULES } from "./rules.ts";
import { SensorSights } from "./sensor-sights.ts";
import { type VisitSite, visitSite } from "./visit-site.ts";
import { type TellerCounters, VisitTeller } from "./visit-teller.ts";

/** What an app gives to the visits. */
export interface VisitOptions {
  /** The shop's days and hours; absent = days of UTC, and no closing time. */
  readonly calendar?: VisitCalendar | undefined;
  /** Maps text to a short id of topic-safe characters; absent = the text itself, made safe. */
  readonly hash?: ((text: string) => string) | undefined;
  /** Tags that told a movement in an earlier life, and when they first did; absent = none is known. */
  readonly movers?: Iterable<readonly [TagId, EpochMs]> | undefined;
}

/** What the visits did since the start. */
export interface VisitCounters extends TellerCounters, ReceiptCounters {
  /** News and renames of somebody forgotten already. */
  readonly lateVisitEvents: number;
  readonly lateRenames: number;
  /** Tracks, tags, marks, changes of baskets and receipts let go of for want of room. */
  readonly visitsDropped: number;
  /** Tracks and tags followed now. */
  readonly followed: number;
}

/** What a later life must read back to go on where this one is. */
export interface UnderWay {
  /** When the first thing happened that anything not yet over rests on; null when nothing is under way. */
  readonly since: EpochMs | null;
  /** Whatever was due by then has been told; null before the first decision. */
  readonly decidedUntil: EpochMs | null;
}

type OnEvent = (event: JourneyEvent) => void;

const NEVER = epochMs(Number.NEGATIVE_INFINITY);

/**
 * Makes visits of what was told: each track and each tag has a timeline of its marks, which is cut into visits by the
 * time of what happened and by nothing else. A visit is told when everything of its time has come, and again when
 * something about it changes in the quarter of an hour after that. Events may come in any order and twice; when
 * `advance` is called does not matter as long as none comes later than `VISIT_RULES.settleMs` (for queues,
 * `QUEUE_RULES.lateMs`). Pure; bounded.
 */
export class VisitBuilder {
  readonly #onEvent: OnEvent;
  readonly #site: VisitSite;
  readonly #spanMs: number;
  readonly #gapMs: number;
  readonly #carriers = new Carriers();
  readonly #baskets = new BasketTags();
  readonly #due = new DueQueue();
  readonly #intake: Intake;
  readonly #queues: QueueTeller;
  readonly #visits: VisitTeller;
  readonly #receipts: ReceiptLinks<Carrier>;
  #now = NEVER;
  /** The time of the decision at hand; between decisions, now. */
  #asOf = NEVER;
  #decidedUntil: EpochMs | null = null;
  #isSilent = false;
  #noRoom = 0;

  constructor(plan: SitePlan, options: VisitOptions, onEvent: OnEvent) {
    const site = visitSite(plan);
    const calendar = options.calendar ?? plainCalendar(plan.store.dayCutoverMin);
    const reentryGapMs = plan.measures?.reentryGapMs ?? VISIT_RULES.reentryGapMs;
    const carriers = this.#carriers;
    for (const [id, since] of options.movers ?? []) carriers.noteMover(tagKey(id), since);
    const [crossings, sights] = [new DoorCrossings(), new SensorSights()];
    const intake = new Intake({ site, carriers, crossings, sights });
    const numbers = new QueueNumbers((at) => calendar.dayOf(at).start);
    const hash = options.hash ?? topicSafe;
    const known = { site, calendar, reentryGapMs, hash, carriers, sights, crossings };
    this.#onEvent = onEvent;
    this.#site = site;
    this.#gapMs = reentryGapMs;
    this.#spanMs = reentryGapMs + VISIT_RULES.settleMs + VISIT_RULES.keepMs;
    this.#intake = intake;
    const isSilent = (): boolean => this.#isSilent;
    this.#queues = new QueueTeller({ queues: site.queues, numbers, isSilent, onEvent });
    this.#visits = new VisitTeller({ ...known, intake, isSilent, onEvent });
    this.#receipts = new ReceiptLinks<Carrier>({
      ofTag: (tagId, at) => this.#payingTag(carriers.find(tagKey(tagId)), at),
      sortOfTag: (tagId) => {
        const tagKind = carriers.find(tagKey(tagId))?.tagKind ?? site.kindOfTag(tagId);
        return tagKind !== null && site.isCustomer(tagKind) ? sortOfTag({ tagKind }) : null;
      },
      inZone: (sort, kind, from, to) => this.#payingIn(sort, kind, from, to),
    });
  }

  get counters(): VisitCounters {
    const { late, lateRenames, dropped } = this.#intake.counters;
    let visitsDropped = this.#carriers.evicted + this.#noRoom + dropped;
    for (const { marks } of this.#carriers.all()) visitsDropped += marks.dropped;
    return {
      ...this.#visits.counters,
      ...this.#receipts.counters,
      lateVisitEvents: late,
      lateRenames,
      visitsDropped,
      followed: this.#carriers.size,
    };
  }

  /**
   * What is under way. A visit is no longer than its day and is kept a while when it is over, so this never reaches back
   * further than `reachMs`.
   */
  get underWay(): UnderWay {
    const decidedUntil = this.#decidedUntil;
    const known = [this.#carriers.since, this.#receipts.since].filter((at) => at !== null);
    if (known.length === 0) return { since: null, decidedUntil };
    const reach = (decidedUntil ?? NEVER) - this.reachMs;
    return { since: epochMs(Math.max(reach, Math.min(...known))), decidedUntil };
  }

  /** How long a visit and what may still change it can go on. */
  get reachMs(): number {
    return VISIT_RULES.longestMs + this.#spanMs;
  }

  /** Takes an event that was told. Says at once what it means for baskets, and nothing else before `advance`. */
  take(event: JourneyEvent): void {
    this.#take(event, (moved) => this.#sayBasket(moved));
  }

  /** Takes an event that was told in an earlier life, ours included: nothing is said again. */
  restore(event: JourneyEvent): void {
    if (isOurs(event)) {
      if (event.kind === "completed") this.#visits.restore(event);
      if (event.kind === "queue-joined" || event.kind === "queue-left") this.#queues.restore(event);
      return;
    }
    // The first thing told of anybody says how late it was then; a receipt has the till's clock and says nothing.
    const first = event.kind === "transacted" ? NEVER : event.at;
    this.#intake.setHorizon((this.#intake.newest ?? first) - this.#spanMs);
    this.#take(event, (moved) => void this.#baskets.take(moved));
  }

  /** Decides everything that is due at `now`, in order of time. */
  advance(now: EpochMs): void {
    this.#now = now;
    this.#intake.setHorizon(now - this.#spanMs);
    for (let entry = this.#due.next(now); entry !== null; entry = this.#due.next(now)) {
      this.#asOf = entry.due;
      this.#decide(entry.key.slice(0, 1), entry.key.slice(2), entry.due);
    }
    this.#asOf = now;
    this.#decidedUntil = now;
  }

  /**
   * Decides what was due at `until` and says nothing: an earlier life did, or what is left of its events is the end of
   * something that it told as a whole. Call after what was told before `until` was taken back, and before the rest is.
   */
  settle(until: EpochMs): void {
    this.#isSilent = true;
    this.advance(until);
    this.#isSilent = false;
  }

  /**
   * A tag goes by another name, and nothing here names it any more: its visits go on under the other one, each under that of
   * when it began, so that what is counted stays counted. Emits nothing. True when something was known of it.
   */
  renameTag(from: TagId, to: TagId, nameAt: NameAt): boolean {
    this.#receipts.rename(from, to);
    this.#queues.rename(from, to);
    const carrier = this.#carriers.renameTag(from, to, nameAt);
    if (carrier === null) return false;
    this.#intake.rename(tagKey(from), carrier.key);
    this.#visits.rename(carrier, nameAt);
    this.#touch({ carrier, at: null });
    this.#touchQueues({ carrier, at: null });
    return true;
  }

  /** Ends whatever goes on at the newest time told, and decides everything. */
  finish(): void {
    const end = this.#intake.newest;
    if (end === null) return;
    for (const touched of this.#intake.end()) {
      this.#touch(touched);
      this.#touchQueues(touched);
    }
    const settled = end + this.#gapMs + VISIT_RULES.settleMs + VISIT_RULES.keepMs;
    this.advance(epochMs(Math.max(this.#now, settled)));
  }

  #take(event: JourneyEvent, onMoved: (event: TagMovementRecorded) => void): void {
    if (isOurs(event) || this.#intake.hasCome(event)) return;
    if (event.kind === "tag-moved") onMoved(event);
    if (event.kind === "transacted") {
      const due = this.#receipts.take(event);
      if (due !== null) this.#due.set(`r ${receiptName(event)}`, due);
    } else {
      const touched = this.#intake.take(event);
      for (const one of touched) this.#touch(one);
      if (this.#mayQueue(event)) for (const one of touched) this.#touchQueues(one);
    }
  }

  /** Whether an event can change what is to be told of queues. */
  #mayQueue(event: JourneyEvent): boolean {
    if (this.#site.queues.length === 0) return false;
    const isStay = "zoneId" in event && event.zoneId !== null;
    if (isStay) return this.#site.queueZones.has(event.zoneId);
    return event.kind === "sensor-changed" || event.kind === "track-renamed";
  }

  #sayBasket(event: TagMovementRecorded): void {
    const change = this.#baskets.take(event);
    if (change === null) return;
    const { at, atMono, clock, tagId, zoneId } = event;
    const origin = basketOrigin(event);
    const what = { tagId, change, sku: null, units: 1, zoneId };
    this.#onEvent({ ...origin, at, atMono, clock, kind: "basket-changed", ...what });
  }

  /**
   * Something else is known of somebody: they are looked at again as soon as it can matter, which is well before it does,
   * and then when it is due. Looking too early says nothing.
   */
  #touch({ carrier, at }: Touched): void {
    const { key } = carrier;
    const isTold = this.#carriers.group(carrier).some(({ told }) => told.size > 0);
    if (at === null || isTold) this.#due.setBy(`v ${key}`, this.#asOf);
    else if (carrier.makesVisits) this.#due.setBy(`v ${key}`, epochMs(at + VISIT_RULES.settleMs));
    const keptMs = carrier.makesVisits
      ? VISIT_RULES.settleMs + VISIT_RULES.keepMs
      : QUEUE_RULES.reachMs;
    this.#due.setBy(`z ${key}`, epochMs(at === null ? this.#asOf : at + keptMs));
  }

  #touchQueues({ carrier, at }: Touched): void {
    const due = at === null ? this.#asOf : at + QUEUE_RULES.joinMs + QUEUE_RULES.lateMs;
    this.#due.setBy(`q ${carrier.key}`, epochMs(due));
  }

  /** `q`: queues, `r`: a receipt, `v`: visits, `z`: what to let go of; at one instant in this order. */
  #decide(what: string, key: string, asOf: EpochMs): void {
    if (what === "r") this.#linkReceipt(key);
    const carrier = what === "r" ? null : this.#carriers.find(key);
    if (carrier === null) return;
    const group = this.#carriers.group(carrier);
    if (what === "q") this.#setDue(`q ${key}`, this.#queues.tell(group, asOf));
    else if (what === "v") this.#setDue(`v ${key}`, this.#visits.tell(group, asOf, this.#now));
    else {
      const at = this.#visits.forgottenAt(carrier);
      this.#setDue(`z ${key}`, at > asOf ? at : this.#visits.forget(carrier));
    }
  }

  #setDue(key: string, due: EpochMs | null): void {
    if (due === null) this.#due.delete(key);
    else this.#due.set(key, due);
  }

  #linkReceipt(name: string): void {
    const decided = this.#receipts.decide(name);
    if (decided === null) return;
    for (const { of, at } of decided.visits) {
      if (of.link({ at, receipt: decided.receipt })) this.#touch({ carrier: of, at: null });
      else this.#noRoom += 1;
    }
  }

  #payingTag(carrier: Carrier | null, at: EpochMs): PayingVisit<Carrier> | null {
    if (carrier === null) return null;
    const segment = this.#visits.segmentsOf([carrier]).find((one) => isIn(one)({ at }));
    if (segment === undefined) return null;
    const visitId = this.#visits.idOf(segment);
    return { of: carrier, sort: sortOf(carrier), visitId, at, to: at };
  }

  #payingIn(
    sort: PayerSort,
    kind: ZoneKind,
    from: EpochMs,
    to: EpochMs,
  ): readonly PayingVisit<Carrier>[] {
    const isPlace = (id: ZoneId): boolean => this.#site.hasKind(id, kind);
    const found: PayingVisit<Carrier>[] = [];
    for (const carrier of this.#carriers.all()) {
      if (!carrier.makesVisits || sortOf(carrier) !== sort || !carrier.mayHavePaid(from, to))
        continue;
      for (const place of payingPlaces(carrier.marks.all, isPlace, from, to)) {
        const paying = this.#payingAt(carrier, place);
        if (paying !== null) found.push(paying);
      }
    }
    return found;
  }

  /** The customer's visit that a mark is part of. */
  #payingAt(carrier: Carrier, { mark, at, to }: PayingPlace): PayingVisit<Carrier> | null {
    const segments = this.#visits.segmentsOf(this.#carriers.group(carrier));
    const segment = segments.find((one) =>
      [...one.stays, ...one.passes].some(({ head }) => head === mark.head),
    );
    if (segment === undefined || this.#visits.isStaff(segment)) return null;
    return { of: carrier, sort: sortOf(carrier), visitId: this.#visits.idOf(segment), at, to };
  }
}

const sortOf = (carrier: Carrier): PayerSort => {
  return carrier.method === "track" ? "track" : sortOfTag(carrier);
};

const sortOfTag = (tag: Pick<Carrier, "tagKind">): PayerSort =>
  isCarried(tag) ? "carrier" : "card";

const topicSafe = (text: string): string => text.replace(/[^A-Za-z0-9_-]+/g, "-");

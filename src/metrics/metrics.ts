import type { EpochMs } from "../core/brand.ts";
import { epochMs } from "../core/brand.ts";
import type {
  BasketChangeRecorded,
  JourneyCompleted,
  JourneyEvent,
  QueueJoined,
  QueueLeft,
  TransactionRecorded,
  ZoneStayBegan,
  ZoneStayEnded,
} from "../core/events.ts";
import type { MetricId, MetricScope, MetricValue } from "../core/metric-value.ts";
import type { SitePlan } from "../core/site.ts";
import { Coverage } from "./coverage.ts";
import { CrossingTally, type Taken } from "./crossing-tally.ts";
import { CustomerBook } from "./customer-book.ts";
import { DayBook, slotOf } from "./day-book.ts";
import { answer } from "./figures.ts";
import { LearnedDays } from "./learned-days.ts";
import { SeenOrigins } from "./origins.ts";
import { measuresOf } from "./rules.ts";
import { createShopHours } from "./shop-hours.ts";
import { SLOT_MS } from "./slots.ts";
import { cameraOfZone, type Sources } from "./sources.ts";
import type { TodayView } from "./today.ts";
import { todayView } from "./today-view.ts";
import { createTradingCalendar } from "./trading-day.ts";
import { type ZoneStay, ZoneStays } from "./zone-stays.ts";

/** Time after the end of a slot in which its events may still arrive without correcting it. */
const UNSET_CLOCK_REACH_MS = 86_400_000;
const LATENESS_GRACE_MS = 60_000;

/** What was taken in and what was not, since the start. */
export interface MetricsCounters {
  readonly accepted: number;
  /** Same source and sequence number as before. */
  readonly duplicates: number;
  /** Receipts sent again under another sequence number. */
  readonly repeatedReceipts: number;
  /** Older than the days that are kept. */
  readonly tooLate: number;
  /** For a slot that had closed; they raised its revision. */
  readonly late: number;
  /** Line, zone or sensor that the site plan does not know. */
  readonly unknownIds: number;
  /** Crossings taken out of the customers because they turned out to be staff. */
  readonly staffCrossings: number;
}

/** Sizes of everything that is kept, to show that memory stays flat. */
export interface MetricsFootprint {
  readonly days: number;
  readonly slots: number;
  readonly sensorChanges: number;
  readonly sources: number;
  readonly tracks: number;
  readonly crossings: number;
  /** Marks of staff whose crossing has not come. */
  readonly waitingMarks: number;
  readonly zoneTracks: number;
  readonly zoneVisits: number;
  readonly receipts: number;
  readonly learnedDays: number;
}

/** Shop metrics from journey events, in any order. Pure: the same calls give the same values. */
export interface Metrics {
  /** Takes in one event. Repetitions, unknown ids and events older than what is kept are counted and left out. */
  ingest(event: JourneyEvent): void;
  /** Everything the Today page shows about the trading day that holds `now`. */
  today(now: EpochMs): TodayView;
  /**
   * One metric over [from, to), counted in slots of a minute; a slot that overlaps counts whole. `to` must not lie in
   * the future: an interval that reaches the end of a trading day is taken as proof that the day is over.
   */
  value(metric: MetricId, scope: MetricScope, from: EpochMs, to: EpochMs): MetricValue;
  readonly counters: MetricsCounters;
  readonly footprint: MetricsFootprint;
}

/** Creates the metrics of one store. Nothing is known before the first event. */
export function createMetrics(options: { readonly site: SitePlan }): Metrics {
  return new StoreMetrics(options.site);
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

class StoreMetrics implements Metrics {
  readonly #origins = new SeenOrigins();
  readonly #crossings: CrossingTally;
  readonly #coverage: Coverage;
  readonly #book: DayBook;
  readonly #stays: ZoneStays;
  readonly #learned: LearnedDays;
  readonly #customers = new CustomerBook();
  readonly #sources: Sources;
  #hasReceipts = false;
  #newestEventAt: EpochMs | null = null;
  /** Newest time known to be real: asked for, or of a trusted event. Days far beyond it are a wrong clock's. */
  #horizon = epochMs(Number.NEGATIVE_INFINITY);
  /** Newest time of a sensor's event; slots well before it are closed. */
  #watermark = epochMs(Number.NEGATIVE_INFINITY);
  readonly #counters: Mutable<Omit<MetricsCounters, "staffCrossings">> = {
    accepted: 0,
    duplicates: 0,
    repeatedReceipts: 0,
    tooLate: 0,
    late: 0,
    unknownIds: 0,
  };

  constructor(site: SitePlan) {
    const measures = measuresOf(site);
    const lines = site.cameras.flatMap((camera) => camera.lines);
    this.#coverage = new Coverage([...site.cameras, ...site.receivers].map(({ id }) => id));
    this.#learned = new LearnedDays(site, this.#coverage);
    const calendar = createTradingCalendar(site.store.timeZone, site.store.dayCutoverMin);
    this.#book = new DayBook(site, calendar, (day) => {
      this.#learned.remember(day);
      this.#coverage.forgetBefore(day.span.end);
    });
    this.#crossings = new CrossingTally({
      roles: new Map(lines.map((line) => [line.id, line.role])),
      reentryGapMs: measures.reentryGapMs,
      dayFor: (at) => this.#book.dayFor(at, this.#horizon),
    });
    this.#stays = new ZoneStays({
      firstUnseen: (zone, from) =>
        this.#coverage.firstUnseenAfter(cameraOfZone(site, zone) ?? "", from, this.#watermark),
      onSettled: (stay) => this.#settle(stay),
    });
    this.#sources = {
      site,
      calendar,
      book: this.#book,
      coverage: this.#coverage,
      stays: this.#stays,
      measures,
      hours: createShopHours(site.store.hours, calendar),
      customers: this.#customers,
      openVisits: () => [],
      hasReceipts: () => this.#hasReceipts,
      hasGroups: () => this.#crossings.hasGroups,
      driftBefore: (at) => this.#learned.driftBefore(at, this.#book.days),
    };
  }

  get counters(): MetricsCounters {
    return { ...this.#counters, staffCrossings: this.#crossings.staffCrossings };
  }

  get footprint(): MetricsFootprint {
    const days = this.#book.days;
    const visits = days.flatMap((day) => [...day.zones.values()].map((zone) => zone.size));
    return {
      days: days.length,
      slots: this.#book.slots,
      sensorChanges: this.#coverage.size,
      sources: this.#origins.size,
      tracks: this.#crossings.tracks,
      crossings: this.#crossings.crossings,
      waitingMarks: this.#crossings.waitingMarks,
      zoneTracks: this.#stays.size,
      zoneVisits: visits.reduce((sum, size) => sum + size, 0),
      receipts: days.reduce((sum, day) => sum + day.sales.size, 0),
      learnedDays: this.#learned.size,
    };
  }

  ingest(event: JourneyEvent): void {
    if (!this.#origins.admit(event, event.atMono)) {
      this.#counters.duplicates += 1;
      return;
    }
    const isLate = this.#isLate(event.at);
    if (this.#isTrusted(event)) this.#horizon = epochMs(Math.max(this.#horizon, event.at));
    if (!this.#take(event, isLate)) return;
    this.#counters.accepted += 1;
    if (isLate) this.#counters.late += 1;
    this.#newestEventAt = epochMs(Math.max(event.at, this.#newestEventAt ?? event.at));
    this.#advance(event);
  }

  today(now: EpochMs): TodayView {
    this.#horizon = epochMs(Math.max(this.#horizon, now));
    return todayView(this.#sources, now, this.#newestEventAt);
  }

  value(metric: MetricId, scope: MetricScope, from: EpochMs, to: EpochMs): MetricValue {
    return answer(this.#sources, { metric, scope, from, to });
  }

  #isLate(at: EpochMs): boolean {
    return Math.floor(at / SLOT_MS + 1) * SLOT_MS + LATENESS_GRACE_MS <= this.#watermark;
  }

  /** Whether the event was taken in; why not is counted. */
  #take(event: JourneyEvent, isLate: boolean): boolean {
    switch (event.kind) {
      case "entered":
      case "exited":
      case "passed":
        return this.#isTaken(this.#crossings.takeCrossing(event, isLate));
      case "zone-entered":
      case "zone-exited":
        return this.#takeStay(event, isLate);
      case "transacted":
        return this.#takeReceipt(event, isLate);
      case "sensor-changed":
        return this.#coverage.record(event, isLate) || this.#refuseId();
      case "group-crossed":
        return this.#isTaken(this.#crossings.takeGroup(event, isLate));
      case "staff-crossed":
        return this.#isTaken(this.#crossings.takeStaff(event, isLate));
      case "completed":
        return this.#takeVisit(event);
      case "queue-joined":
      case "queue-left":
        return this.#takeQueue(event, isLate);
      case "basket-changed":
        return this.#takeBasket(event, isLate);
      case "track-renamed":
      case "zone-approached":
      case "sensor-condition":
        // A forecast is for signage, and a camera with a condition still counts: no figure rests on either.
        return true;
      case "tag-zone-entered":
      case "tag-zone-exited":
      case "tag-moved":
      case "staff-unseen":
      case "tag-presence":
        // No metric rests on where tags are yet; they are anonymous carriers until visits are built from them.
        return true;
    }
  }

  #isTaken(taken: Taken): boolean {
    if (taken === "unknown") return this.#refuseId();
    return taken === "taken" || this.#refuseLate();
  }

  #takeStay(event: ZoneStayBegan | ZoneStayEnded, isLate: boolean): boolean {
    if (cameraOfZone(this.#sources.site, event.zoneId) === null) return this.#refuseId();
    if (this.#book.isForgotten(event.at)) return this.#refuseLate();
    if (event.kind === "zone-entered") this.#stays.enter(event, isLate);
    else this.#stays.exit(event, isLate);
    return true;
  }

  #takeReceipt(event: TransactionRecorded, isLate: boolean): boolean {
    this.#hasReceipts = true;
    if (this.#book.days.some((day) => day.sales.has(event))) {
      this.#counters.repeatedReceipts += 1;
      return false;
    }
    const day = this.#book.dayFor(event.at, this.#horizon);
    if (day === null) return this.#refuseLate();
    day.sales.add(event, slotOf(day, event.at), isLate);
    return true;
  }

  #takeVisit(event: JourneyCompleted): boolean {
    const day = this.#book.dayFor(event.enteredAt, this.#horizon);
    if (day === null) return this.#refuseLate();
    day.visits.put(event);
    if (event.tagKind === "loyalty-card" && event.tagId !== null && !event.isWithdrawn)
      this.#customers.note(event.tagId, day.span.start);
    return true;
  }

  #takeQueue(event: QueueJoined | QueueLeft, isLate: boolean): boolean {
    const day = this.#book.dayFor(event.at, this.#horizon);
    if (day === null) return this.#refuseLate();
    const queue = day.queues.get(event.zoneId);
    if (queue === undefined) return this.#refuseId();
    const slot = slotOf(day, event.at);
    if (event.kind === "queue-joined") queue.join(slot, isLate);
    else queue.leave(slot, event.outcome, event.waitMs, isLate);
    return true;
  }

  #takeBasket(event: BasketChangeRecorded, isLate: boolean): boolean {
    const day = this.#book.dayFor(event.at, this.#horizon);
    if (day === null) return this.#refuseLate();
    day.baskets.take(event, slotOf(day, event.at), isLate);
    return true;
  }

  #settle(stay: ZoneStay & { readonly end: EpochMs }): void {
    const ms = stay.end - stay.start;
    const first = this.#book.dayFor(stay.start, this.#horizon);
    if (first !== null && ms >= 0) {
      const duration = { ms, isCensored: stay.isCensored };
      first.zones.get(stay.zoneId)?.addStay(slotOf(first, stay.start), duration, stay.isLate);
    }
    for (let at = stay.start; at < stay.end; ) {
      const next = epochMs(Math.min(stay.end, (Math.floor(at / SLOT_MS) + 1) * SLOT_MS));
      const day = this.#book.dayFor(at, this.#horizon);
      if (day !== null)
        day.zones.get(stay.zoneId)?.addPresence(slotOf(day, at), next - at, stay.isLate);
      at = next;
    }
  }

  /** Closes slots as time goes on. */
  #advance(event: JourneyEvent): void {
    if (!this.#isTrusted(event) || event.at <= this.#watermark) return;
    const isNewSlot = Math.floor(event.at / SLOT_MS) > Math.floor(this.#watermark / SLOT_MS);
    this.#watermark = event.at;
    if (isNewSlot) this.#stays.settle(event.at);
  }

  /**
   * Whether the event's time says how far the day has come. A receipt carries the till's clock and may come late; a
   * clock never set in this boot is believed only as far as it stays near what is known already.
   */
  #isTrusted({ kind, clock, at }: JourneyEvent): boolean {
    if (kind === "transacted") return false;
    const known = Math.max(this.#horizon, this.#watermark);
    return clock !== "unsynced" || !Number.isFinite(known) || at <= known + UNSET_CLOCK_REACH_MS;
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

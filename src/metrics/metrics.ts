import { type EpochMs, epochMs, type TagId } from "../core/brand.ts";
import type { JourneyEvent } from "../core/events.ts";
import type { MetricId, MetricScope, MetricValue } from "../core/metric-value.ts";
import type { SitePlan } from "../core/site.ts";
import { CrossingTally } from "./days/crossing-tally.ts";
import type { CustomerVisits } from "./days/customer-book.ts";
import type { Day } from "./days/day-book.ts";
import type { DayRecord } from "./days/day-record.ts";
import { Intake, type IntakeCounters } from "./days/intake.ts";
import { sourcesOf } from "./days/store-sources.ts";
import { Stores } from "./days/stores.ts";
import type { Estimating } from "./estimate/estimates.ts";
import { answer } from "./figures/figures.ts";
import { journeysReport } from "./reports/journeys-report.ts";
import { LiveAnswers } from "./reports/live-answers.ts";
import type { JourneysReport, ReportPeriod } from "./reports/reports.ts";
import {
  type DirtySlot,
  type RollupQuery,
  type RollupSlot,
  rollup,
  takeDirtySlots,
} from "./reports/rollups.ts";
import { SameWeekday } from "./reports/same-weekday.ts";
import type { TodayView } from "./reports/today.ts";
import { todayView } from "./reports/today-view.ts";
import type { Sources } from "./sources.ts";

/** What was taken in and what was not, since the start; of the days kept now where it says so. */
export interface MetricsCounters extends IntakeCounters {
  /** Crossings taken out of the customers because they turned out to be staff. */
  readonly staffCrossings: number;
  /** Receipts that came again with another content; of the days kept now. */
  readonly receiptConflicts: number;
  /** What found no room in the days kept now, besides its counts: visits, door times, receipts' lines. */
  readonly dropped: number;
  /** Visits whose end lies before their beginning, or weeks after it; of the days kept now. */
  readonly impossibleVisits: number;
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
  readonly visits: number;
  readonly doorTimes: number;
  /** Tracks, tags and events by which visits going on are known. */
  readonly openVisits: number;
  readonly customers: number;
  readonly learnedDays: number;
  /** Answers remembered, to be used again. */
  readonly answers: number;
}

/** Shop metrics from journey events, in any order. Pure: the same calls give the same values. */
export interface Metrics {
  /** Takes in one event. Repetitions, unknown ids and events older than what is kept are counted and left out. */
  ingest(event: JourneyEvent): void;
  /**
   * Everything the Today page shows about the trading day that holds `now`. A value that nothing has touched within
   * this minute is the one shown before; its `to` says when it was true.
   */
  today(now: EpochMs): TodayView;
  /**
   * One metric over [from, to), counted in slots of a minute; a slot that overlaps counts whole. `to` must not lie in
   * the future: an interval that reaches the end of a trading day is taken as proof that the day is over.
   */
  value(metric: MetricId, scope: MetricScope, from: EpochMs, to: EpochMs): MetricValue;
  /** How visits went in a period: funnel, transitions, paths, queues; of one that is not over, up to `now`. */
  journeys(period: ReportPeriod, now: EpochMs): JourneysReport;
  /** Values slot by slot, as far as the newest time that an event or a question has told. */
  rollup(query: RollupQuery): readonly RollupSlot[];
  /** Slots whose values may have changed since the last time, and the days that hold them. */
  takeDirtySlots(): readonly DirtySlot[];
  /**
   * Everything kept of the days that changed since the last time, oldest first; only of those that ended by `endedBy`
   * where it is given, the others stay marked as changed.
   */
  takeChangedDays(endedBy?: EpochMs): readonly DayRecord[];
  /**
   * Puts a day back as it was when its record was taken, before any event of it is taken in. False when that cannot be:
   * it is there already, older than what is kept, no trading day of this shop's calendar, or not readable.
   */
  restore(record: DayRecord): boolean;
  /** On which days identified customers came, as far as it changed since the last time. */
  takeChangedCustomers(): readonly CustomerVisits[];
  /** Takes in what was kept of customers; days that are kept in full know better and are left as they are. */
  restoreCustomers(
    days: Iterable<Pick<CustomerVisits, "customer" | "dayStart"> & { readonly visits?: number }>,
  ): void;
  /**
   * Forgets a customer: the days on which they came, and their name on visits and receipts, which go on under the other one
   * of their trading day. Counts stay; who came before is fewer. Returns on how many days they were known to have come.
   */
  forgetCustomer(customer: TagId, otherOn: (dayStart: EpochMs) => TagId): number;
  /** Does some milliseconds of the waiting work on estimates (`in-slices`); true while there is more to do. */
  advanceEstimates(): boolean;
  /** What figures are read from, for reports that need more than values. Not to be changed. */
  readonly sources: Sources;
  readonly counters: MetricsCounters;
  readonly footprint: MetricsFootprint;
}

/** What metrics are made for. */
export interface MetricsOptions {
  readonly site: SitePlan;
  /** Absent = `at-once`; a live gateway works `in-slices` and calls `advanceEstimates` again and again. */
  readonly estimating?: Estimating;
}

/** Creates the metrics of one store. Nothing is known before the first event. */
export function createMetrics(options: MetricsOptions): Metrics {
  return new StoreMetrics(options);
}

class StoreMetrics implements Metrics {
  readonly sources: Sources;
  readonly #stores: Stores;
  readonly #crossings: CrossingTally;
  readonly #intake: Intake;
  readonly #answers: LiveAnswers;
  readonly #sameWeekday: SameWeekday;

  constructor({ site, estimating = "at-once" }: MetricsOptions) {
    const stores = new Stores(site);
    const lines = site.cameras.flatMap((camera) => camera.lines);
    this.#stores = stores;
    this.sources = sourcesOf(site, stores, estimating);
    this.#crossings = new CrossingTally({
      roles: new Map(lines.map((line) => [line.id, line.role])),
      reentryGapMs: this.sources.measures.reentryGapMs,
      dayFor: (at) => stores.book.dayFor(at, stores.time.horizon),
    });
    this.#intake = new Intake(stores, this.#crossings);
    this.#answers = new LiveAnswers(this.sources, stores.readings);
    this.#sameWeekday = new SameWeekday(this.sources);
  }

  get counters(): MetricsCounters {
    const { book } = this.#stores;
    const sum = (read: (day: Day) => number): number =>
      book.days.reduce((total, day) => total + read(day), 0);
    return {
      ...this.#intake.counters,
      staffCrossings: this.#crossings.staffCrossings,
      receiptConflicts: sum((day) => day.sales.conflicts),
      dropped: sum((day) => day.visits.dropped + day.doorTimes.dropped + day.sales.linesDropped),
      impossibleVisits: sum((day) => day.visits.refused),
    };
  }

  get footprint(): MetricsFootprint {
    const { book, coverage, stays, tagStays, customers, openVisits, learned, readings } =
      this.#stores;
    const sum = (read: (day: Day) => number): number =>
      book.days.reduce((total, day) => total + read(day), 0);
    return {
      days: book.days.length,
      slots: book.slots,
      sensorChanges: coverage.size,
      sources: this.#intake.sources,
      tracks: this.#crossings.tracks,
      crossings: this.#crossings.crossings,
      waitingMarks: this.#crossings.waitingMarks,
      zoneTracks: stays.size + tagStays.size,
      zoneVisits: sum((day) => zoneVisitsOf(day)),
      receipts: sum((day) => day.sales.size),
      visits: sum((day) => day.visits.size),
      doorTimes: sum((day) => day.doorTimes.size),
      openVisits: openVisits.size,
      customers: customers.size,
      learnedDays: learned.size,
      answers: readings.size + this.#answers.size,
    };
  }

  ingest(event: JourneyEvent): void {
    this.#intake.take(event);
  }

  today(now: EpochMs): TodayView {
    const { time } = this.#stores;
    time.noteReal(now);
    const comparison = this.#sameWeekday.at(now);
    return {
      ...todayView(this.sources, this.#answers, now, time.newestEventAt),
      comparison,
    };
  }

  value(metric: MetricId, scope: MetricScope, from: EpochMs, to: EpochMs): MetricValue {
    return this.#answers.exact({ metric, scope, from, to });
  }

  journeys(period: ReportPeriod, now: EpochMs): JourneysReport {
    return journeysReport(this.sources, period, now);
  }

  rollup(query: RollupQuery): readonly RollupSlot[] {
    const { calendar, time } = this.#stores;
    // Short slots are asked for once and then kept by whoever asked: they would push everything else out.
    const isShort = query.grain === "minute" || query.grain === "quarter";
    return rollup(query, {
      calendar,
      known: time.known,
      ask: (metric, scope, from, to) =>
        isShort
          ? answer(this.sources, { metric, scope, from, to })
          : this.value(metric, scope, from, to),
    });
  }

  takeDirtySlots(): readonly DirtySlot[] {
    return takeDirtySlots(this.#stores.book.days);
  }

  takeChangedDays(endedBy = epochMs(Number.POSITIVE_INFINITY)): readonly DayRecord[] {
    return this.#stores.takeChangedDays(endedBy, this.sources.estimates.floors);
  }

  restore(record: DayRecord): boolean {
    if (!this.#stores.restore(record)) return false;
    for (const floor of record.floors) this.sources.estimates.restoreFloor(floor);
    return true;
  }

  takeChangedCustomers(): readonly CustomerVisits[] {
    return this.#stores.customers.takeChanged();
  }

  restoreCustomers(
    days: Iterable<Pick<CustomerVisits, "customer" | "dayStart"> & { readonly visits?: number }>,
  ): void {
    const { customers, book } = this.#stores;
    for (const { customer, dayStart, visits = 1 } of days)
      if (book.find(dayStart) === null) customers.restore([{ customer, dayStart, visits }]);
  }

  forgetCustomer(customer: TagId, otherOn: (dayStart: EpochMs) => TagId): number {
    return this.#stores.forgetCustomer(customer, otherOn);
  }

  advanceEstimates(): boolean {
    return this.sources.estimates.advance();
  }
}

function zoneVisitsOf({ zones, tagZones }: Day): number {
  let visits = 0;
  for (const zone of [...zones.values(), ...tagZones.values()]) visits += zone.size;
  return visits;
}

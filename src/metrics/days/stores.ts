import { type EpochMs, epochMs, type LineId, type TagId, type ZoneId } from "../../core/brand.ts";
import type { SitePlan } from "../../core/site.ts";
import { createTradingCalendar, type TradingCalendar } from "../calendar/trading-day.ts";
import { Facet, Readings } from "../figures/facets.ts";
import { measuresOf } from "../rules.ts";
import { Coverage } from "./coverage.ts";
import { CustomerBook, type CustomerVisits } from "./customer-book.ts";
import { type Day, DayBook } from "./day-book.ts";
import {
  type DayRecord,
  fillDay,
  isDayRecord,
  recordOfDay,
  type StrangeParts,
  settleInto,
} from "./day-record.ts";
import { identifiedVisits } from "./identified-visits.ts";
import { LearnedDays } from "./learned-days.ts";
import { OpenVisits } from "./open-visits.ts";
import { StoreTime } from "./store-time.ts";
import { type EndedStay, ZoneStays } from "./zone-stays.ts";

/** What of the plan is looked up with every event. */
interface Lookups {
  readonly lines: ReadonlySet<LineId>;
  readonly cameraByZone: ReadonlyMap<ZoneId, string>;
  readonly floorZones: ReadonlySet<ZoneId>;
}

/** Everything that is kept of one store. Filled by the intake, read by the figures. */
export class Stores {
  readonly calendar: TradingCalendar;
  readonly readings = new Readings();
  readonly time = new StoreTime();
  readonly reentryGapMs: number;
  readonly lookups: Lookups;
  readonly coverage: Coverage;
  readonly book: DayBook;
  readonly stays: ZoneStays;
  readonly tagStays: ZoneStays;
  readonly openVisits: OpenVisits;
  readonly customers: CustomerBook;
  readonly learned: LearnedDays;
  /** Whether there have ever been receipts, and groups. */
  readonly #news: Facet;
  /** Beginning of the trading day that goes on, by the newest news of a sensor. */
  readonly #days: Facet;
  #dayStart = epochMs(Number.NEGATIVE_INFINITY);
  #receiptsSince: EpochMs | null = null;
  #hasGroups = false;
  /** By the beginning of the day: what its record told of lines and zones that the plan does not know. */
  readonly #strange = new Map<EpochMs, StrangeParts>();

  constructor(site: SitePlan) {
    const { readings, time } = this;
    this.reentryGapMs = measuresOf(site).reentryGapMs;
    const sensors = [...site.cameras, ...site.receivers];
    this.lookups = lookupsOf(site);
    this.#news = new Facet(readings);
    this.#days = new Facet(readings);
    this.coverage = new Coverage(
      sensors.map(({ id }) => id),
      readings,
    );
    this.customers = new CustomerBook(readings);
    this.learned = new LearnedDays(site, this.coverage);
    this.calendar = createTradingCalendar(site.store.timeZone, site.store.dayCutoverMin);
    this.book = new DayBook(
      site,
      this.calendar,
      (day) => {
        this.learned.remember(day);
        this.coverage.forgetBefore(day.span.end);
        this.customers.forgetOld();
        this.#strange.delete(day.span.start);
      },
      readings,
    );
    const firstUnseen = (camera: string, from: EpochMs, to: EpochMs): EpochMs | null =>
      this.coverage.firstUnseenAfter(camera, from, to);
    this.stays = new ZoneStays(
      {
        firstUnseen: (zone, from) =>
          firstUnseen(this.lookups.cameraByZone.get(zone) ?? "", from, time.watermark),
        onSettled: (stay) => this.#settle(stay, "zones"),
      },
      readings,
    );
    // Whoever locates tags ends the stays of those it does not hear any more.
    this.tagStays = new ZoneStays(
      { firstUnseen: () => null, onSettled: (stay) => this.#settle(stay, "tagZones") },
      readings,
    );
    const followed = new Set(site.cameras.filter((c) => c.followsVisits === true).map((c) => c.id));
    const { reentryGapMs } = this;
    const outside = outsideZones(site);
    const isInside = (zone: ZoneId): boolean => !outside.has(zone);
    this.openVisits = new OpenVisits({ reentryGapMs, followed, isInside, firstUnseen }, readings);
  }

  /** Beginning of the first trading day with a receipt; null before there was one. */
  get receiptsSince(): EpochMs | null {
    this.#news.read();
    return this.#receiptsSince;
  }

  /** Whether a trading day that ends then is over, as far as sensors have told. */
  isOver(end: EpochMs): boolean {
    this.#days.read();
    return end <= this.#dayStart;
  }

  /** Time has come as far as the watermark: what is left of the days before is final. */
  passTime(): void {
    const { watermark } = this.time;
    const { start } = this.calendar.dayOf(watermark);
    this.openVisits.settle(watermark, start);
    if (start <= this.#dayStart) return;
    this.#dayStart = start;
    this.#days.change();
  }

  /** Whether people have ever been seen crossing together. */
  get hasGroups(): boolean {
    this.#news.read();
    return this.#hasGroups;
  }

  noteReceipts(dayStart: EpochMs): void {
    if (this.#receiptsSince !== null && this.#receiptsSince <= dayStart) return;
    this.#receiptsSince = dayStart;
    this.#news.change();
  }

  noteGroups(): void {
    if (this.#hasGroups) return;
    this.#hasGroups = true;
    this.#news.change();
  }

  /** Records of the days that changed since the last time and end by `endedBy`, oldest first. */
  takeChangedDays(endedBy: EpochMs, floors: DayRecord["floors"]): DayRecord[] {
    const records: DayRecord[] = [];
    for (const day of this.book.days) {
      const { start, end } = day.span;
      if (end > endedBy || !day.changes.takeTouched()) continue;
      const until = Math.min(end, Math.max(start, this.time.watermark));
      const endedIn = (stays: ZoneStays): EndedStay[] =>
        [...stays.ended()].filter(
          (stay) => stay.start < end && stay.end > start && !day.origins.holds(stay),
        );
      records.push(
        recordOfDay(day, {
          floors,
          knownUntil: epochMs(until),
          hasReceipts: this.#receiptsSince !== null,
          ...(this.#receiptsSince === null ? {} : { receiptsSince: this.#receiptsSince }),
          hasGroups: this.#hasGroups,
          sensors: this.coverage.toRecord(start, end),
          pending: { zones: endedIn(this.stays), tagZones: endedIn(this.tagStays) },
          strange: this.#strange.get(start) ?? null,
        }),
      );
    }
    return records;
  }

  /** Puts a day back; false when it is there already, is not kept any more, or cannot be read. */
  restore(record: DayRecord): boolean {
    if (!isDayRecord(record)) return false;
    const span = { start: record.start, end: record.end };
    let strange: StrangeParts | null = null;
    try {
      const day = this.book.restore(span, this.time.horizon, (empty) => {
        strange = fillDay(empty, record);
      });
      if (day === null) return false;
      if (strange !== null) this.#strange.set(span.start, strange);
      this.coverage.restore(record.sensors);
      this.customers.restore(customersOf(day, this.reentryGapMs));
    } catch (error) {
      // A record that was cut off or bent on the disk: the day is as unknown as one that was never kept.
      if (error instanceof RangeError || error instanceof TypeError) return false;
      throw error;
    }
    this.time.noteWatermark(record.knownUntil);
    this.passTime();
    if (record.hasReceipts) this.noteReceipts(record.receiptsSince ?? record.start);
    if (record.hasGroups) this.noteGroups();
    return true;
  }

  /**
   * Forgets a customer. Their visits of the days that are kept in full go on as somebody's, under another name for each
   * day that says nothing. Returns the days on which they were known to have come.
   */
  forgetCustomer(customer: TagId, otherOn: (dayStart: EpochMs) => TagId): number {
    const since = this.book.days[0]?.span.start ?? Number.POSITIVE_INFINITY;
    for (const { visits, sales, span } of this.book.days) {
      visits.renameTag(customer, otherOn(span.start));
      sales.renameTag(customer, otherOn(span.start));
    }
    const newest = this.book.days.at(-1);
    if (newest !== undefined) this.openVisits.renameTag(customer, otherOn(newest.span.start));
    return this.customers.forget(customer, otherOn, since);
  }

  #settle(stay: EndedStay, where: "zones" | "tagZones"): void {
    if (stay.end < stay.start) return;
    const until = epochMs(Math.max(stay.end, stay.start + 1));
    for (let at = stay.start; at < until; ) {
      const day = this.book.dayFor(at, this.time.horizon);
      const zone = day?.[where].get(stay.zoneId);
      if (day !== null && zone !== undefined && !day.origins.holds(stay))
        settleInto(day, zone, stay);
      at = this.calendar.dayOf(at).end;
    }
  }
}

/** Visits of each identified customer that stand on a day. */
function customersOf({ visits, span }: Day, reentryGapMs: number): CustomerVisits[] {
  const counts = new Map<string, number>();
  for (const { customer } of identifiedVisits(visits.rows(), reentryGapMs))
    counts.set(customer, (counts.get(customer) ?? 0) + 1);
  return [...counts].map(([customer, count]) => ({
    customer,
    dayStart: span.start,
    visits: count,
  }));
}

/** Zones that are no part of the shop: people in them have not come in, or have left. */
const outsideZones = ({ cameras, floor }: SitePlan): ReadonlySet<ZoneId> =>
  new Set(
    [...cameras.flatMap((camera) => camera.zones), ...(floor?.zones ?? [])]
      .filter(({ kind }) => kind === "window" || kind === "outside")
      .map(({ id }) => id),
  );

function lookupsOf({ cameras, floor }: SitePlan): Lookups {
  const cameraByZone = new Map<ZoneId, string>();
  for (const camera of cameras)
    for (const zone of camera.zones) cameraByZone.set(zone.id, camera.id);
  return {
    lines: new Set(cameras.flatMap((camera) => camera.lines.map((line) => line.id))),
    cameraByZone,
    floorZones: new Set((floor?.zones ?? []).map((zone) => zone.id)),
  };
}

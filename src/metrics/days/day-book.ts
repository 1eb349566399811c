import { type EpochMs, epochMs, type LineId, type ZoneId } from "../../core/brand.ts";
import type { SitePlan } from "../../core/site.ts";
import { SLOT_MS, SlotLedger, type SlotRange } from "../calendar/slots.ts";
import type { TradingCalendar, TradingDay } from "../calendar/trading-day.ts";
import { Facet, Readings, type SlotMarks } from "../figures/facets.ts";
import { BasketDay } from "./basket-day.ts";
import { DayChanges, DayOrigins } from "./day-changes.ts";
import { DoorTimes } from "./door-times.ts";
import { SharedTexts } from "./id-list.ts";
import { QueueDay } from "./queue-day.ts";
import { SalesDay } from "./sales.ts";
import { VisitTable } from "./visit-table.ts";
import { ZoneDay } from "./zone-day.ts";

/** Trading days kept: today and six weeks before it, for comparison, for learning and for filling gaps. */
export const KEPT_DAYS = 43;
/** Texts that the days share: articles, departments, zones, tags. */
const MAX_TEXTS = 16_384;
/** A day further ahead than this of the newest time known to be real is a wrong clock's and goes first. */
const AHEAD_MS = 36 * 3_600_000;

/** Crossings of one line in one trading day; the sums are milliseconds into the slot. */
export interface LineDay {
  readonly in: SlotLedger;
  readonly out: SlotLedger;
  /** People who came in with somebody before them: one less than each group that went in has members. */
  readonly companions: SlotLedger;
  /** Entries that a track proves to be of someone who had entered shortly before. */
  readonly reentries: SlotLedger;
  /** Of the crossings: those that turned out to be staff. */
  readonly staff: { readonly in: SlotLedger; readonly out: SlotLedger };
  /** Of the re-entries: those that turned out to be staff, so that nobody is taken out twice. */
  readonly staffReentries: SlotLedger;
  /** Of the entries: children, as a counter that measures height told; neither staff nor re-entries. */
  readonly children: SlotLedger;
  /** Entries of people whose height was measured. */
  readonly measured: SlotLedger;
}

/** Everything counted in one trading day. Its size depends on the site plan, not on the number of visitors. */
export interface Day {
  readonly span: TradingDay;
  readonly slots: number;
  readonly lines: ReadonlyMap<LineId, LineDay>;
  /** Passing crossings that a track proves to be of someone already counted as passing. */
  readonly repeatPasses: SlotLedger;
  /** Times of customers through all doors together. */
  readonly doorTimes: DoorTimes;
  readonly sales: SalesDay;
  /** Completed visits that began on this day. */
  readonly visits: VisitTable;
  /** By the id of the queue zone. */
  readonly queues: ReadonlyMap<ZoneId, QueueDay>;
  readonly baskets: BasketDay;
  /** Zones in pictures: everybody, as cameras see them. */
  readonly zones: ReadonlyMap<ZoneId, ZoneDay>;
  /** Zones of the floor: who carries a tag of the shop. A zone of the same id in a picture is the same place. */
  readonly tagZones: ReadonlyMap<ZoneId, ZoneDay>;
  readonly changes: DayChanges;
  readonly origins: DayOrigins;
  /** A result of `compute` about this day, worked out again when something it read has changed; see `Readings.memo`. */
  memo<T>(key: string, compute: () => T, variant?: string): T;
}

/** The part of one kept day that an interval covers. */
export interface DayPart {
  readonly day: Day;
  /** Slots that overlap the interval; a slot is never split. */
  readonly range: SlotRange;
  /** The interval holds the whole trading day, so the day can be closed. */
  readonly isWhole: boolean;
}

/** Crossings of one line in one direction that were not staff. Pure. */
export const customers = (line: LineDay, direction: "in" | "out", range: SlotRange): number =>
  line[direction].count(range) - line.staff[direction].count(range);

/** Corrections of closed slots of one line in one direction, marks of staff among them. Pure. */
export const corrections = (line: LineDay, direction: "in" | "out", range: SlotRange): number =>
  line[direction].revision(range) + line.staff[direction].revision(range);

/** Zones of kind `queue`, in pictures and on the floor, each once. Pure. */
export function queuesOf(site: SitePlan): readonly ZoneId[] {
  const zones = [...site.cameras.flatMap((camera) => camera.zones), ...(site.floor?.zones ?? [])];
  return [...new Set(zones.filter((zone) => zone.kind === "queue").map((zone) => zone.id))];
}

/** Slot of an instant within a day. Pure. */
export const slotOf = (day: Day, at: EpochMs): number =>
  Math.floor((at - day.span.start) / SLOT_MS);

/** The last few trading days of a store; older ones are let go of through `onForgotten`. */
export class DayBook {
  readonly #site: SitePlan;
  readonly #calendar: TradingCalendar;
  readonly #onForgotten: (day: Day) => void;
  readonly #readings: Readings;
  readonly #texts = new SharedTexts(MAX_TEXTS);
  /** Which days there are. */
  readonly #facet: Facet;
  readonly #days: Day[] = [];
  #forgottenUntil = epochMs(Number.NEGATIVE_INFINITY);

  constructor(
    site: SitePlan,
    calendar: TradingCalendar,
    onForgotten: (day: Day) => void,
    readings = new Readings(),
  ) {
    this.#site = site;
    this.#calendar = calendar;
    this.#onForgotten = onForgotten;
    this.#readings = readings;
    this.#facet = new Facet(readings);
  }

  /** Kept days, oldest first. */
  get days(): readonly Day[] {
    this.#facet.read();
    return this.#days;
  }

  /** Slots of all kept days together. */
  get slots(): number {
    return this.#days.reduce((sum, day) => sum + day.slots, 0);
  }

  /** Whether the interval reaches back before what is kept. */
  isForgotten(from: EpochMs): boolean {
    this.#facet.read();
    return from < this.#forgottenUntil;
  }

  /**
   * The day of an instant, made when it is new; null when it lies before the kept ones, or so far ahead that a wrong
   * clock must have made it and there is no room. `horizon` is the newest time known to be real, -Infinity if none is.
   */
  dayFor(at: EpochMs, horizon: EpochMs): Day | null {
    const known = this.find(at);
    if (known !== null) return known;
    if (at < this.#forgottenUntil) return null;
    this.#insert(this.#createDay(this.#calendar.dayOf(at)), horizon);
    return this.find(at);
  }

  /** The kept day that holds an instant; null when there is none. */
  find(at: EpochMs): Day | null {
    return this.#days.findLast((day) => at >= day.span.start && at < day.span.end) ?? null;
  }

  /**
   * Puts a day back that `fill` fills; null when there is one already, when it is no trading day of the calendar, or
   * when it lies before what is kept. Whatever `fill` throws leaves the book as it was.
   */
  restore(span: TradingDay, horizon: EpochMs, fill: (day: Day) => void): Day | null {
    const { start, end } = this.#calendar.dayOf(span.start);
    if (start !== span.start || end !== span.end || start < this.#forgottenUntil) return null;
    if (this.find(start) !== null) return null;
    const day = this.#createDay({ start, end });
    fill(day);
    rest(day);
    this.#insert(day, horizon);
    return this.find(start);
  }

  /** Parts of the kept days that overlap [from, to), oldest first. Days without any event are not among them. */
  parts(from: EpochMs, to: EpochMs): DayPart[] {
    this.#facet.read();
    const parts: DayPart[] = [];
    for (const day of this.#days) {
      const begin = Math.max(from, day.span.start);
      const end = Math.min(to, day.span.end);
      if (end <= begin) continue;
      const range = {
        from: slotOf(day, epochMs(begin)),
        to: Math.ceil((end - day.span.start) / SLOT_MS),
      };
      parts.push({ day, range, isWhole: from <= day.span.start && to >= day.span.end });
    }
    return parts;
  }

  #insert(day: Day, horizon: EpochMs): void {
    this.#days.push(day);
    this.#days.sort((a, b) => a.span.start - b.span.start);
    if (this.#days.length > KEPT_DAYS) this.#forgetOne(horizon);
    // Yesterday may still be corrected; of the day before little is to come.
    const quiet = this.#days.at(-3);
    if (quiet !== undefined) rest(quiet);
    this.#facet.change();
  }

  #forgetOne(horizon: EpochMs): void {
    const ahead = this.#days.at(-1);
    const isKnown = horizon > Number.NEGATIVE_INFINITY;
    if (ahead !== undefined && isKnown && ahead.span.start > horizon + AHEAD_MS) {
      this.#days.pop();
      return;
    }
    const oldest = this.#days.shift();
    if (oldest === undefined) return;
    this.#forgottenUntil = oldest.span.end;
    this.#onForgotten(oldest);
  }

  #createDay(span: TradingDay): Day {
    const slots = Math.ceil((span.end - span.start) / SLOT_MS);
    const changes = new DayChanges(slots);
    const facet = (): Facet => new Facet(this.#readings, changes);
    const { cameras, floor } = this.#site;
    const lines = cameras.flatMap((camera) => camera.lines);
    const zones = cameras.flatMap((camera) => camera.zones);
    // What a stay changes is told when it is told of, not when it becomes final: the figures are the same then.
    const zoneDays = (ids: readonly ZoneId[]): ReadonlyMap<ZoneId, ZoneDay> =>
      new Map(
        ids.map((id) => [id, new ZoneDay(slots, new Facet(this.#readings, withoutSlots(changes)))]),
      );
    const texts = this.#texts;
    return {
      span,
      slots,
      lines: new Map(lines.map((line) => [line.id, createLineDay(slots, facet())])),
      repeatPasses: new SlotLedger(slots, facet()),
      doorTimes: new DoorTimes(facet()),
      sales: new SalesDay(slots, { dayStart: span.start, facet: facet(), texts }),
      visits: new VisitTable({ dayStart: span.start, facet: facet(), texts }),
      queues: new Map(queuesOf(this.#site).map((id) => [id, new QueueDay(slots, facet())])),
      baskets: new BasketDay(slots, facet()),
      zones: zoneDays(zones.map((zone) => zone.id)),
      tagZones: zoneDays((floor?.zones ?? []).map((zone) => zone.id)),
      changes,
      origins: new DayOrigins(),
      memo: (key, compute, variant) =>
        this.#readings.memo(`${key} ${span.start}`, compute, variant),
    };
  }
}

/** A line of the plan with nothing counted. */
function createLineDay(slots: number, facet: Facet): LineDay {
  const ledger = (): SlotLedger => new SlotLedger(slots, facet);
  return {
    in: ledger(),
    out: ledger(),
    companions: ledger(),
    reentries: ledger(),
    staff: { in: ledger(), out: ledger() },
    staffReentries: ledger(),
    children: ledger(),
    measured: ledger(),
  };
}

const withoutSlots = (changes: DayChanges): SlotMarks => ({
  touch: () => changes.touch(),
  mark: () => changes.touch(),
});

function rest(day: Day): void {
  day.visits.rest();
  day.sales.rest();
  for (const zone of [...day.zones.values(), ...day.tagZones.values()]) zone.rest();
}

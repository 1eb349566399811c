import { type EpochMs, epochMs, type LineId, type ZoneId } from "../core/brand.ts";
import type { SitePlan } from "../core/site.ts";
import { BasketDay } from "./basket-day.ts";
import { DoorTimes } from "./door-times.ts";
import { QueueDay } from "./queue-day.ts";
import { SalesDay } from "./sales.ts";
import { SLOT_MS, SlotLedger, type SlotRange } from "./slots.ts";
import type { TradingCalendar, TradingDay } from "./trading-day.ts";
import { VisitTable } from "./visit-table.ts";
import { ZoneDay } from "./zone-day.ts";

/** Trading days kept: today and six weeks before it, for comparison, for learning and for filling gaps. */
export const KEPT_DAYS = 43;
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
  readonly zones: ReadonlyMap<ZoneId, ZoneDay>;
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
  readonly #days: Day[] = [];
  #forgottenUntil = epochMs(Number.NEGATIVE_INFINITY);

  constructor(site: SitePlan, calendar: TradingCalendar, onForgotten: (day: Day) => void) {
    this.#site = site;
    this.#calendar = calendar;
    this.#onForgotten = onForgotten;
  }

  /** Kept days, oldest first. */
  get days(): readonly Day[] {
    return this.#days;
  }

  /** Slots held in all kept days together. */
  get slots(): number {
    return this.#days.reduce((sum, day) => sum + day.slots, 0);
  }

  /** Whether the interval reaches back before what is kept. */
  isForgotten(from: EpochMs): boolean {
    return from < this.#forgottenUntil;
  }

  /**
   * The day of an instant, made when it is new; null when it lies before the kept ones, or so far ahead that a wrong
   * clock must have made it and there is no room. `horizon` is the newest time known to be real, -Infinity if none is.
   */
  dayFor(at: EpochMs, horizon: EpochMs): Day | null {
    const known = this.#find(at);
    if (known !== undefined) return known;
    if (at < this.#forgottenUntil) return null;
    const day = this.#createDay(this.#calendar.dayOf(at));
    this.#days.push(day);
    this.#days.sort((a, b) => a.span.start - b.span.start);
    if (this.#days.length > KEPT_DAYS) this.#forgetOne(horizon);
    return this.#find(at) ?? null;
  }

  /** Parts of the kept days that overlap [from, to), oldest first. Days without any event are not among them. */
  parts(from: EpochMs, to: EpochMs): DayPart[] {
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

  #find(at: EpochMs): Day | undefined {
    return this.#days.findLast((day) => at >= day.span.start && at < day.span.end);
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
    const lines = this.#site.cameras.flatMap((camera) => camera.lines);
    const zones = this.#site.cameras.flatMap((camera) => camera.zones);
    return {
      span,
      slots,
      lines: new Map(
        lines.map((line) => [
          line.id,
          {
            in: new SlotLedger(slots),
            out: new SlotLedger(slots),
            companions: new SlotLedger(slots),
            reentries: new SlotLedger(slots),
            staff: { in: new SlotLedger(slots), out: new SlotLedger(slots) },
            staffReentries: new SlotLedger(slots),
          },
        ]),
      ),
      repeatPasses: new SlotLedger(slots),
      doorTimes: new DoorTimes(),
      sales: new SalesDay(slots),
      visits: new VisitTable(),
      queues: new Map(queuesOf(this.#site).map((id) => [id, new QueueDay(slots)])),
      baskets: new BasketDay(slots),
      zones: new Map(zones.map((zone) => [zone.id, new ZoneDay(slots)])),
    };
  }
}

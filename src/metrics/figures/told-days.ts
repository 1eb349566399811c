import type { EpochMs } from "../../core/brand.ts";
import { civilFromDays, daysFromCivil } from "../../core/civil-date.ts";
import type { TimeSpan } from "../calendar/shop-hours.ts";
import type { Sources } from "../sources.ts";

const DAY_MS = 86_400_000;

/** One customer on one trading day. */
export interface CustomerOnDay {
  readonly customer: string;
  readonly day: EpochMs;
  /** Starts of the customer's earlier trading days, ascending. */
  readonly earlier: readonly EpochMs[];
}

/** On which side of a figure a customer stands on a day: say, new or returning; null = in none. */
export type SideOf = (one: CustomerOnDay) => string | null;

/** Starts of the trading days of an interval that are told, and of those that hold somebody and are not, in order. */
export interface ToldDays {
  readonly starts: ReadonlySet<EpochMs>;
  readonly withheld: readonly EpochMs[];
}

/**
 * The trading days of which a figure about customers may be told: no two answers may differ by fewer than `least`
 * customers on any side of it. A day with enough on each side, or nobody, stands for itself; the others wait, from the
 * beginning of the calendar month on, until together they are enough, and are told together or not at all. So
 * every answer is about a union of such blocks, and so is the difference of any two. Of a month whose beginning is not
 * remembered any more nothing is told: its blocks would shift from day to day. Pure.
 * @source microaggregation: L. Willenborg, T. de Waal, Elements of statistical disclosure control, 2001.
 */
export function toldDays(
  sources: Sources,
  { from, to }: TimeSpan,
  sideOf: SideOf,
  least: number,
): ToldDays {
  const first = monthStart(sources, from);
  const byDay = sources.memo(
    "customers by day",
    () => customersByDay(sources, first, to),
    `${first} ${to}`,
  );
  const starts = new Set<EpochMs>();
  const withheld: EpochMs[] = [];
  let waiting = new Block(least);
  let month: EpochMs | null = null;
  const { rememberedFrom } = sources.customers;
  const close = (block: Block): void => {
    const isWhole = month === null || month >= rememberedFrom;
    const isInside =
      isWhole && block.days.every((day) => day >= from && sources.calendar.dayOf(day).end <= to);
    if (isInside && block.isEnough) for (const day of block.days) starts.add(day);
    else withheld.push(...block.days.filter((day) => day >= from));
  };
  for (const [day, customers] of byDay) {
    const begin = monthStart(sources, day);
    if (month !== begin) {
      close(waiting);
      waiting = new Block(least);
      month = begin;
    }
    const own = new Block(least);
    own.add(day, customers, sideOf);
    if (own.isEnough) close(own);
    else waiting.add(day, customers, sideOf);
    if (!waiting.isEnough) continue;
    close(waiting);
    waiting = new Block(least);
  }
  close(waiting);
  return { starts, withheld: withheld.sort((a, b) => a - b) };
}

/** Days that are told together, with the customers on each side. */
class Block {
  readonly days: EpochMs[] = [];
  readonly #sides = new Map<string, Set<string>>();
  readonly #least: number;

  constructor(least: number) {
    this.#least = least;
  }

  /** Somebody is in it, and enough on every side where anybody is. */
  get isEnough(): boolean {
    return this.#sides.size > 0 && [...this.#sides.values()].every((on) => on.size >= this.#least);
  }

  add(day: EpochMs, customers: readonly CustomerOnDay[], sideOf: SideOf): void {
    this.days.push(day);
    for (const one of customers) {
      const side = sideOf(one);
      if (side === null) continue;
      const on = this.#sides.get(side) ?? new Set<string>();
      on.add(one.customer);
      this.#sides.set(side, on);
    }
  }
}

/** Who came on the trading days that begin in [from, to), oldest first. */
function customersByDay(
  sources: Sources,
  from: EpochMs,
  to: EpochMs,
): readonly (readonly [EpochMs, readonly CustomerOnDay[]])[] {
  const byDay = new Map<EpochMs, CustomerOnDay[]>();
  for (const [customer, days] of sources.customers.entries()) {
    for (const [i, day] of days.entries()) {
      if (day < from || day >= to) continue;
      const known = byDay.get(day) ?? [];
      known.push({ customer, day, earlier: days.slice(0, i) });
      byDay.set(day, known);
    }
  }
  return [...byDay].sort(([a], [b]) => a - b);
}

/** Start of the first trading day of the calendar month that holds an instant. */
function monthStart({ calendar }: Sources, at: EpochMs): EpochMs {
  const wall = calendar.wallOf(calendar.dayOf(at).start);
  const date = Math.floor(wall / DAY_MS);
  const { year, month } = civilFromDays(date);
  const first = daysFromCivil(year, month, 1);
  return calendar.dayOf(calendar.instantOfWall(first * DAY_MS + wall - date * DAY_MS)).start;
}

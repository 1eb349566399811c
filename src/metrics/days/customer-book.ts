import { type EpochMs, epochMs } from "../../core/brand.ts";
import { CUSTOMER_RULES } from "../figures/customer-rules.ts";
import { Facet, type Readings } from "../figures/facets.ts";

/** Customers remembered; those not seen longest are forgotten first, and are new when they come again. */
const MAX_CUSTOMERS = 100_000;
/** So many are forgotten at once when there is no room, since looking for them takes time. */
const FORGOTTEN_AT_ONCE = 1_000;
/** Trading days remembered per customer; the oldest go first. */
const MAX_DAYS = 128;
/** Before the newest trading day; half a day more, since the clocks may change in between. */
const KEPT_MS = (CUSTOMER_RULES.memoryDays + 0.5) * 86_400_000;
/** Changes that wait to be taken; the oldest are let go of and not kept over a restart. */
const MAX_CHANGES = 65_536;

/** Visits of one customer on one trading day. */
export interface CustomerDay {
  readonly dayStart: EpochMs;
  readonly visits: number;
}

/** What is known of one customer and one trading day, for keeping it; no visits = the day is taken back. */
export interface CustomerVisits extends CustomerDay {
  readonly customer: string;
}

/**
 * On which trading days identified customers came: what repeat figures rest on. Keyed by what identifies a visit (a
 * registered loyalty card); holds nothing else about them. Bounded.
 */
export class CustomerBook {
  /** Ascending in time. */
  readonly #days = new Map<string, CustomerDay[]>();
  readonly #facet: Facet;
  #newest = Number.NEGATIVE_INFINITY;
  readonly #changes = new Map<string, CustomerVisits>();
  #forgotten = 0;

  constructor(readings: Readings | null = null) {
    this.#facet = new Facet(readings);
  }

  get size(): number {
    return this.#days.size;
  }

  /** Customers forgotten because there was no room. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Trading days that began before are forgotten, or will be with the next one that is. */
  get rememberedFrom(): number {
    this.#facet.read();
    return this.#newest - KEPT_MS;
  }

  /** Notes a visit on the trading day that begins at `dayStart`; a second one on it changes nothing. */
  note(customer: string, dayStart: EpochMs): void {
    const known = this.#days.get(customer)?.some((day) => day.dayStart === dayStart) ?? false;
    if (!known) this.put(customer, dayStart, 1);
  }

  /** Says how many visits of a customer stand on a trading day; 0 takes the day back. */
  put(customer: string, dayStart: EpochMs, visits: number): void {
    this.#newest = Math.max(this.#newest, dayStart);
    if (dayStart < this.#newest - KEPT_MS) return;
    const known = this.#days.get(customer) ?? [];
    if ((known.find((day) => day.dayStart === dayStart)?.visits ?? 0) === visits) return;
    const days = known.filter((day) => day.dayStart !== dayStart);
    if (visits > 0) days.push({ dayStart, visits });
    days.sort((a, b) => a.dayStart - b.dayStart);
    if (days.length > MAX_DAYS) days.shift();
    if (days.length === 0) this.#days.delete(customer);
    else this.#days.set(customer, days);
    if (this.#days.size > MAX_CUSTOMERS) this.#forgetOldest();
    this.#noteChange({ customer, dayStart, visits });
  }

  /** Beginnings of the trading days on which the customer came, ascending. */
  daysOf(customer: string): readonly EpochMs[] {
    return this.visitsOf(customer).map((day) => day.dayStart);
  }

  /** Trading days on which the customer came, ascending, with the number of visits. */
  visitsOf(customer: string): readonly CustomerDay[] {
    this.#facet.read();
    return this.#days.get(customer) ?? [];
  }

  /** Lets go of everything before an instant. */
  forgetBefore(at: EpochMs): void {
    let isAny = false;
    for (const [customer, days] of this.#days) {
      if ((days[0]?.dayStart ?? at) >= at) continue;
      isAny = true;
      const kept = days.filter((day) => day.dayStart >= at);
      if (kept.length === 0) this.#days.delete(customer);
      else this.#days.set(customer, kept);
    }
    if (isAny) this.#facet.change();
  }

  /** Lets go of what is older than is remembered; to be called as days go by. */
  forgetOld(): void {
    if (Number.isFinite(this.#newest)) this.forgetBefore(epochMs(this.#newest - KEPT_MS));
  }

  /** Customers with the beginnings of their trading days, ascending. */
  *entries(): Generator<readonly [customer: string, days: readonly EpochMs[]]> {
    this.#facet.read();
    for (const [customer, days] of this.#days) yield [customer, days.map((day) => day.dayStart)];
  }

  /** What changed since the last time, each customer and day once, as it stands now. */
  takeChanged(): readonly CustomerVisits[] {
    const changed = [...this.#changes.values()];
    this.#changes.clear();
    return changed;
  }

  /**
   * Forgets a customer; on trading days from `since` on somebody else came in their place, on each another one, of whom
   * nothing else is known.
   * Returns how many days were forgotten; nothing of it counts as changed.
   */
  forget(customer: string, otherOn: (dayStart: EpochMs) => string, since: number): number {
    const days = this.#days.get(customer) ?? [];
    for (const { dayStart } of days) this.#changes.delete(`${dayStart} ${customer}`);
    if (!this.#days.delete(customer)) return 0;
    const kept = days.filter(({ dayStart }) => dayStart >= since);
    this.restore(kept.map((day) => ({ ...day, customer: otherOn(day.dayStart) })));
    this.#facet.change();
    return days.length;
  }

  /** Takes in what was kept before; nothing of it counts as changed. */
  restore(days: Iterable<CustomerVisits>): void {
    for (const { customer, dayStart, visits } of days) {
      this.put(customer, dayStart, visits);
      this.#changes.delete(`${dayStart} ${customer}`);
    }
  }

  #noteChange(change: CustomerVisits): void {
    const key = `${change.dayStart} ${change.customer}`;
    this.#changes.delete(key);
    this.#changes.set(key, change);
    if (this.#changes.size > MAX_CHANGES) {
      for (const oldest of [...this.#changes.keys()].slice(0, FORGOTTEN_AT_ONCE))
        this.#changes.delete(oldest);
    }
    this.#facet.change();
  }

  #forgetOldest(): void {
    const lastDayOf = (days: readonly CustomerDay[]): number => days.at(-1)?.dayStart ?? 0;
    const byAge = [...this.#days].sort(
      ([a, x], [b, y]) => lastDayOf(x) - lastDayOf(y) || (a < b ? -1 : 1),
    );
    for (const [customer] of byAge.slice(0, FORGOTTEN_AT_ONCE)) this.#days.delete(customer);
    this.#forgotten += FORGOTTEN_AT_ONCE;
  }
}

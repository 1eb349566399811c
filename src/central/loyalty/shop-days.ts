import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { SitePlan } from "../../core/site.ts";
import { createTradingCalendar, type TradingCalendar } from "../../metrics/calendar/trading-day.ts";

const DAY_MS = 86_400_000;
/** Calendars that are kept: one for each time zone and hour at which the day changes. */
const CALENDARS = 64;

/** Begins the day of a shop that an instant lies in. */
export type DayOf = (at: EpochMs) => EpochMs;

const utcDay: DayOf = (at) => epochMs(Math.floor(at / DAY_MS) * DAY_MS);

/** The trading days of the shops; of a shop without a plan, which has no figures, those of UTC. */
export class ShopDays {
  readonly #planOf: (storeId: string) => Promise<SitePlan | null>;
  readonly #calendars = new Map<string, TradingCalendar>();

  constructor(planOf: (storeId: string) => Promise<SitePlan | null>) {
    this.#planOf = planOf;
  }

  /** @throws STORE_FAILED */
  async of(storeId: string): Promise<DayOf> {
    const plan = await this.#planOf(storeId);
    if (plan === null) return utcDay;
    const { timeZone, dayCutoverMin } = plan.store;
    const calendar = this.#calendar(timeZone, dayCutoverMin);
    return (at) => calendar.dayOf(at).start;
  }

  #calendar(timeZone: string, dayCutoverMin: number): TradingCalendar {
    const key = `${timeZone} ${dayCutoverMin}`;
    const known = this.#calendars.get(key);
    if (known !== undefined) return known;
    const made = createTradingCalendar(timeZone, dayCutoverMin);
    const [first] = this.#calendars.keys();
    if (this.#calendars.size >= CALENDARS && first !== undefined) this.#calendars.delete(first);
    this.#calendars.set(key, made);
    return made;
  }
}

import type { EpochMs } from "../core/brand.ts";
import type { SitePlan } from "../core/site.ts";
import { eventHash } from "../io/mqtt/event-hash.ts";
import type { VisitCalendar } from "../journey/visits/calendar.ts";
import type { VisitOptions } from "../journey/visits/visit-builder.ts";
import { createShopHours } from "../metrics/calendar/shop-hours.ts";
import { createTradingCalendar } from "../metrics/calendar/trading-day.ts";

/** What visits need of the app: the shop's own days and hours, and ids that name nobody. */
export function visitOptionsOf(site: SitePlan): VisitOptions {
  return { calendar: visitCalendar(site), hash: eventHash };
}

/**
 * The trading days and closing times of a shop for its visits. A shop that is open until its day is cut over, or says
 * nothing about its hours, has no closing time.
 */
export function visitCalendar({ store }: Pick<SitePlan, "store">): VisitCalendar {
  const calendar = createTradingCalendar(store.timeZone, store.dayCutoverMin);
  const hours = createShopHours(store.hours, calendar);
  // Asked over and over for visits of one day.
  let latest: { readonly start: EpochMs; readonly closing: EpochMs } | null = null;
  return {
    dayOf: (at) => calendar.dayOf(at),
    closingOf: (at) => {
      const day = calendar.dayOf(at);
      if (latest?.start !== day.start) {
        const closing = hours.openSpans(day).at(-1)?.to ?? day.end;
        latest = { start: day.start, closing };
      }
      const { closing } = latest;
      return closing > at && closing < day.end ? closing : null;
    },
  };
}

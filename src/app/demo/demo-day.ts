import type { EpochMs } from "../../core/brand.ts";
import type { SitePlan } from "../../core/site.ts";

/**
 * The site with a trading day that begins at the minute of `now` in the time zone given. A demonstration that starts in
 * the middle of an ordinary trading day would show little but how much of that day nobody saw.
 */
export function beginningNow(site: SitePlan, timeZone: string, now: EpochMs): SitePlan {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatToParts(now);
  const number = (type: "hour" | "minute"): number =>
    Number(parts.find((part) => part.type === type)?.value ?? 0);
  const dayCutoverMin = number("hour") * 60 + number("minute");
  return { ...site, store: { ...site.store, timeZone, dayCutoverMin } };
}

import type { EpochMs } from "../../core/brand.ts";
import type { SitePlan } from "../../core/site.ts";
import { createShopHours } from "../calendar/shop-hours.ts";
import { Estimates, type Estimating } from "../estimate/estimates.ts";
import { Facet } from "../figures/facets.ts";
import { measuresOf } from "../rules.ts";
import type { Sources } from "../sources.ts";
import type { Stores } from "./stores.ts";

/** What figures read of the stores of one shop: whatever they read is noted, so that answers can be used again. */
export function sourcesOf(site: SitePlan, stores: Stores, estimating: Estimating): Sources {
  const { calendar, book, coverage, stays, tagStays, customers, readings, learned } = stores;
  const estimated = new Facet(readings);
  const estimates = new Estimates(estimating, () => estimated.change());
  return {
    site,
    calendar,
    book,
    coverage,
    stays,
    tagStays,
    measures: measuresOf(site),
    hours: createShopHours(site.store.hours, calendar),
    customers,
    get estimates() {
      estimated.read();
      return estimates;
    },
    openVisits: (at: EpochMs) => stores.openVisits.openAt(at),
    isOver: ({ span }) => stores.isOver(span.end),
    presentTracks: (at: EpochMs) => stores.openVisits.presentAt(at),
    leftTracks: (at: EpochMs) => stores.openVisits.leftTracksAt(at),
    leftVisits: (at: EpochMs) => stores.openVisits.leftAt(at),
    hasReceipts: () => stores.receiptsSince !== null,
    receiptsSince: () => stores.receiptsSince,
    hasGroups: () => stores.hasGroups,
    driftBefore: (at: EpochMs) =>
      readings.memo(`drift before ${at}`, () => learned.driftBefore(at, book.days)),
    memo: (key, compute, variant) => readings.memo(key, compute, variant),
  };
}

import type { EpochMs } from "./brand.ts";

/** Names of the published metrics, in the glossary's words. */
export type MetricId =
  // Doors and frontage.
  | "passing-traffic"
  | "entrants"
  | "entrants-raw"
  | "children"
  | "buying-units"
  | "exits"
  | "shopfront-conversion"
  // Visits.
  | "occupancy"
  | "occupancy-peak"
  | "visit-duration-mean"
  | "visit-duration-median"
  | "visit-duration-p90"
  | "bounce-rate"
  | "bounce-rate-ga4"
  | "door-drift"
  // The till.
  | "transactions"
  | "net-sales"
  | "sales-conversion"
  | "sales-conversion-units"
  | "average-transaction-value"
  | "units-per-transaction"
  | "shopper-yield"
  | "click-collect-arrivals"
  | "click-collect-handovers"
  | "click-collect-attach"
  // Zones.
  | "zone-people-now"
  | "zone-visits"
  | "zone-unique-visits"
  | "zone-dwell-mean"
  | "zone-dwell-median"
  | "zone-dwell-p90"
  | "zone-dwell-total"
  | "zone-seconds-per-entrant"
  | "zone-draw"
  | "zone-engagement"
  | "zone-conversion"
  | "zone-holding-power"
  | "zone-lift"
  | "zone-transition"
  // Queues.
  | "queue-length"
  | "queue-wait-mean"
  | "queue-service-rate"
  | "queue-abandonment"
  | "queue-balking"
  // Baskets and customers.
  | "basket-put-back-rate"
  | "baskets-abandoned"
  | "identification-coverage"
  | "repeat-rate"
  | "repeat-rate-30"
  | "repeat-rate-60"
  | "visit-recency"
  | "visit-frequency"
  | "customer-tenure";

/** `ratio`: of like to like. `per-transaction`: pieces on one purchase. `minor`: hundredths of the shop's currency. */
export type MetricUnit =
  | "people"
  | "count"
  | "ratio"
  | "ms"
  | "minor"
  | "days"
  | "per-hour"
  | "per-transaction";

/**
 * How a value came about. `count`: counted. `little-closure`: Little's law after day closure. `track`: measured on
 * tracks. `tag-ht`: tag samples weighted for how likely each was to be heard (Horvitz-Thompson), calibrated to the
 * counts. `deconvolution`: the distribution that best explains exits from entries. `tag`: of identified visits only.
 * `receipts`: from the till. `none`: no method applies; the value is null.
 */
export type MetricMethod =
  | "count"
  | "little-closure"
  | "track"
  | "tag-ht"
  | "deconvolution"
  | "tag"
  | "receipts"
  | "none";

/** Where a visit goes on to from a zone: another zone, or out with or without having bought. `entry`: from the door. */
export type PathEnd = "entry" | "exit-with-tx" | "exit-without";

/** What a value is about. A pair is ordered for transitions; either end may be the id of a zone or a `PathEnd`. */
export type MetricScope =
  | { readonly kind: "store" }
  | { readonly kind: "zone"; readonly id: string }
  | { readonly kind: "line"; readonly id: string }
  | { readonly kind: "zone-pair"; readonly from: string; readonly to: string };

/** Why there is no value, or what to keep in mind about it: a stable code and a sentence for people. */
export interface MetricReason {
  readonly code: string;
  readonly text: string;
}

/** A number that explains itself; the only form in which a metric is shown or published. */
export interface MetricValue {
  readonly metric: MetricId;
  readonly scope: MetricScope;
  /** null when it cannot be known; `reason` then says why. Never 0 for "unknown". */
  readonly value: number | null;
  readonly unit: MetricUnit;
  readonly reason: MetricReason | null;
  readonly definition: {
    readonly id: string;
    readonly version: number;
    readonly parameters: Readonly<Record<string, number | string>>;
  };
  readonly method: MetricMethod;
  /** Share of the interval in which the sensors it needs were seeing, 0..1. */
  readonly coverage: number;
  /** Share of the value that was imputed, 0..1. */
  readonly imputedShare: number;
  /** Observations behind the value. */
  readonly n: number;
  /** As many equally weighted observations would be as sure; null where none are weighted: then it is `n`. */
  readonly effectiveN: number | null;
  readonly ci95: readonly [low: number, high: number] | null;
  /** Half-open interval [from, to). */
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Raised whenever a published value of the same interval is corrected. */
  readonly revision: number;
}

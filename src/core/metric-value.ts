import type { EpochMs } from "./brand.ts";

/** Names of the published metrics, in the glossary's words. */
export type MetricId =
  | "passing-traffic"
  | "entrants"
  | "buying-units"
  | "exits"
  | "shopfront-conversion"
  | "occupancy"
  | "visit-duration-mean"
  | "bounce-rate"
  | "transactions"
  | "net-sales"
  | "sales-conversion"
  | "zone-people-now"
  | "zone-visits"
  | "zone-dwell-mean"
  | "zone-dwell-median"
  | "zone-dwell-total";

export type MetricUnit = "people" | "count" | "ratio" | "ms" | "minor";

/**
 * How a value came about. `count`: counted. `little-closure`: Little's law after day closure. `track`: measured on
 * tracks. `receipts`: from the till. `none`: no method applies; the value is null.
 */
export type MetricMethod = "count" | "little-closure" | "track" | "receipts" | "none";

/** What a value is about. */
export type MetricScope =
  | { readonly kind: "store" }
  | { readonly kind: "zone"; readonly id: string }
  | { readonly kind: "line"; readonly id: string };

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
  readonly ci95: readonly [low: number, high: number] | null;
  /** Half-open interval [from, to). */
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Raised whenever a published value of the same interval is corrected. */
  readonly revision: number;
}

import type { EpochMs } from "../../core/brand.ts";
import type { MetricId, MetricMethod, MetricReason, MetricValue } from "../../core/metric-value.ts";
import type { FloorZoneKind } from "../../core/site.ts";

/** Length of a slot of a rollup; days are trading days of the shop's zone, 23 or 25 hours where clocks change. */
export type Grain = "minute" | "quarter" | "hour" | "day";

/** Half-open [from, to), whole trading days; `to` may lie in the future for a period that is not over. */
export interface ReportPeriod {
  readonly kind: "day" | "week" | "month" | "custom";
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/**
 * With what a period is compared. `previous`: the period of the same length before. `same-weekday`: the same days one
 * week earlier, and of a period not over up to the same time of day. `custom`: any other.
 */
export type ComparisonKind = "previous" | "same-weekday" | "custom";

/** Values per slot; `null` = not known. Columns are as long as `slots`. */
export interface ReportSeries {
  readonly grain: Grain;
  readonly slots: readonly { readonly from: EpochMs; readonly to: EpochMs }[];
  /** Per slot the minutes by the wall clock from the beginning of the period: 1440 a day, whatever the clocks do. */
  readonly localMin: readonly number[];
  readonly columns: Readonly<Partial<Record<MetricId, readonly (number | null)[]>>>;
}

/** One zone, door or other part of the shop with its values. */
export interface ReportPart {
  readonly id: string;
  readonly name: string;
  readonly kind: FloorZoneKind | "door";
  readonly values: readonly MetricValue[];
}

/** The figures of one period. */
export interface PeriodFigures {
  readonly period: ReportPeriod;
  /** Store-level values in display order. */
  readonly tiles: readonly MetricValue[];
  readonly series: ReportSeries;
  readonly zones: readonly ReportPart[];
  readonly doors: readonly ReportPart[];
}

/** Body of GET /api/report: a period and what it is compared with. */
export interface PeriodReport {
  readonly now: EpochMs;
  readonly current: PeriodFigures;
  /** null when none was asked for. Days that are not kept have null values with a reason. */
  readonly comparison: ({ readonly kind: ComparisonKind } & PeriodFigures) | null;
}

/** One step of the way from passing by to buying. */
export interface FunnelStep {
  readonly id: "passing" | "entered" | "engaged" | "purchased";
  /** People; null when it cannot be known, `reason` then says why. */
  readonly people: number | null;
  readonly reason: MetricReason | null;
  /** Share of the step before, 0..1; null for the first, and when either is unknown. */
  readonly shareOfPrevious: number | null;
  /** The published figure it rests on, which explains itself; null where there is none. */
  readonly basis: MetricValue | null;
}

/** A way through the shop that several visits took; never one person's. */
export interface CommonPath {
  /** Zone ids in order; a stay in the same zone twice in a row is one; "…" ends a longer path; empty: no stop at all. */
  readonly zones: readonly string[];
  /** Visits that took it, in steps of the least number for paths. */
  readonly visits: number;
  readonly shareOfVisits: number;
  /** Share of them that bought something; null when payments are not linked to visits, and of few visits. */
  readonly boughtRatio: number | null;
}

/** Body of GET /api/journeys. */
export interface JourneysReport {
  readonly now: EpochMs;
  readonly period: ReportPeriod;
  readonly funnel: readonly FunnelStep[];
  readonly zones: readonly {
    readonly id: string;
    readonly name: string;
    readonly kind: FloorZoneKind;
  }[];
  /** `zone-transition` values, one per ordered pair that enough visits went; which of the others are empty is not told. */
  readonly transitions: readonly MetricValue[];
  /** `zone-lift` values, one per unordered pair. */
  readonly lifts: readonly MetricValue[];
  /** Commonest first, at most 12. */
  readonly paths: readonly CommonPath[];
  /** Visits behind the paths, and those that took a path too rare to show. */
  readonly pathVisits: number;
  readonly rareVisits: number;
  /** How the visits behind zones, transitions, lifts and paths are known; `none` when they are not: then all are empty. */
  readonly pathMethod?: MetricMethod;
  /** Why they are not known; null when they are. */
  readonly pathReason?: MetricReason | null;
  readonly queues: readonly ReportPart[];
}

/**
 * Figures about so few people that only whole trading days, and of the present one whole hours, are told: a narrower cut
 * could single one out.
 */
export const WHOLE_DAYS: ReadonlySet<MetricId> = new Set<MetricId>([
  "identification-coverage",
  "zone-transition",
  "zone-lift",
  "repeat-rate",
  "repeat-rate-30",
  "repeat-rate-60",
  "visit-recency",
  "visit-frequency",
  "customer-tenure",
]);

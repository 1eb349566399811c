import type { EpochMs } from "../../core/brand.ts";
import type { MetricValue } from "../../core/metric-value.ts";
import type { ZoneKind } from "../../core/site.ts";

/** One zone's row of the Today page. */
export interface ZoneToday {
  readonly zoneId: string;
  readonly name: string;
  readonly kind: ZoneKind;
  readonly peopleNow: MetricValue;
  readonly visits: MetricValue;
  readonly dwellMedian: MetricValue;
  readonly dwellTotal: MetricValue;
}

/** One door line's values of the day; every crossing counts, re-entries are not merged. */
export interface DoorToday {
  readonly lineId: string;
  readonly name: string;
  readonly entrants: MetricValue;
  readonly exits: MetricValue;
}

/**
 * Counts per slot since the start of the trading day. Slots are `stepMs` long from `from`; the last one is open.
 * null = no sensor saw this slot (unknown, not zero).
 */
export interface DaySeries {
  readonly from: EpochMs;
  readonly stepMs: number;
  readonly passing: readonly (number | null)[];
  readonly entrants: readonly (number | null)[];
  readonly exits: readonly (number | null)[];
  /** Mean occupancy of the slot, people. */
  readonly occupancy: readonly (number | null)[];
  readonly transactions: readonly (number | null)[];
}

/** The same weekday one week earlier, its values up to the same time of day. */
export interface TodayComparison {
  readonly kind: "same-weekday";
  /** Half-open trading day [from, to) that is compared with. */
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly tiles: readonly MetricValue[];
  readonly series: DaySeries;
}

/** Everything the Today page shows about the trading day that contains `now`. */
export interface TodayView {
  readonly now: EpochMs;
  /** Half-open trading day [dayStart, dayEnd). */
  readonly dayStart: EpochMs;
  readonly dayEnd: EpochMs;
  /** Time of the newest event taken in; null before the first. */
  readonly newestEventAt: EpochMs | null;
  /** Store-level values in display order. */
  readonly tiles: readonly MetricValue[];
  readonly zones: readonly ZoneToday[];
  /** Door by door, in the order of the site plan; left out by views that do not need it. */
  readonly doors?: readonly DoorToday[];
  readonly series: DaySeries;
  /** null when that day is not kept; absent from views that do not compare. */
  readonly comparison?: TodayComparison | null;
}

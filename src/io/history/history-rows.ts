import type { EpochMs } from "../../core/brand.ts";
import type { MetricValue } from "../../core/metric-value.ts";

/** Length of a slot whose values are kept; days are trading days of the shop. */
export type SavedGrain = "minute" | "quarter" | "hour" | "day";

/** All grains; the place in this list is the number on the disk, so nothing may be moved. */
export const SAVED_GRAINS = ["minute", "quarter", "hour", "day"] as const satisfies SavedGrain[];

/** What is kept of one trading day: a text that the metrics can be restored from, opaque here. */
export interface SavedDay {
  /** Half-open trading day [dayStart, dayEnd). */
  readonly dayStart: EpochMs;
  readonly dayEnd: EpochMs;
  /** Version of the form of `body`. */
  readonly v: number;
  /** JSON text. */
  readonly body: string;
}

/** How often an identified customer came on a trading day; no visits = the day is taken back. */
export interface SavedCustomerDay {
  readonly customer: string;
  readonly dayStart: EpochMs;
  readonly visits: number;
}

/** From where the daybook is read before the base, so that visits which were under way then go on. */
export interface ResumePoint {
  readonly from: EpochMs;
  /** Whatever was due by then had been told; null when that is not known. */
  readonly decidedUntil: EpochMs | null;
}

/**
 * Everything known before `base`, to be written at once: what was recorded from `base` on is told again by the daybook
 * at the next start, and the two together tell each event exactly once.
 */
export interface Snapshot {
  readonly base: EpochMs;
  /** Absent = as it was. */
  readonly resume?: ResumePoint;
  readonly days: readonly SavedDay[];
  readonly customers: readonly SavedCustomerDay[];
}

/** The value of one slot. Its interval, scope and metric are its key; a later one replaces an earlier. */
export interface SavedRollup {
  readonly grain: SavedGrain;
  readonly value: MetricValue;
  /** Nothing but a late event can change it. */
  readonly isFinal: boolean;
  /** Whether its definition has no parameter of its own, so that one copy on the disk serves all. */
  readonly sharesDefinition: boolean;
}

/** Which rows to read; an absent part = all. Intervals are half-open and judged by the beginning of the slot. */
export interface RollupQuery {
  readonly grain: SavedGrain;
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly scope?: MetricValue["scope"] | undefined;
  readonly metric?: MetricValue["metric"] | undefined;
}

/** How long each kind of row is kept, milliseconds back from the newest saved day. */
export interface Retention {
  readonly rollupMs: Readonly<Record<SavedGrain, number>>;
  readonly dayMs: number;
  readonly customerMs: number;
}

const DAY_MS = 86_400_000;
const YEARS_MS = 5 * 366 * DAY_MS;

/**
 * Minutes for 90 days, coarser grains for five years (both anonymous). Day records name visits by pseudonyms: they are
 * let go as soon as no figure needs them, with three days to spare. Customers' days name registered cards: they are kept as
 * long as a pseudonymous journey may be, and figures that would need longer say so. Half a day more, for a change of the
 * clocks in between.
 */
export const RETENTION: Retention = Object.freeze({
  rollupMs: Object.freeze({
    minute: 90 * DAY_MS,
    quarter: YEARS_MS,
    hour: YEARS_MS,
    day: YEARS_MS,
  }),
  dayMs: 45 * DAY_MS,
  customerMs: 90.5 * DAY_MS,
});

/** How many rows of each kind a purge removed. */
export interface PurgeReceipt {
  readonly rollups: Readonly<Record<SavedGrain, number>>;
  readonly days: number;
  readonly customers: number;
  /** The limit was reached: there may be more. */
  readonly hasMore: boolean;
}

/** What of a customer was removed. */
export interface Forgotten {
  readonly customerDays: number;
  /** Records of days that named them and do not any more. */
  readonly dayRecords: number;
}

/** What the file holds. */
export interface HistoryStats {
  readonly bytes: number;
  readonly days: number;
  readonly rollups: number;
  readonly customers: number;
}

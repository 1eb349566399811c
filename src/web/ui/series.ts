import type { DaySeries } from "../../metrics/today.ts";

/** One slot of the chart and of the table behind it. null = nothing saw it. */
export interface Slot {
  readonly from: number;
  readonly to: number;
  readonly passing: number | null;
  readonly entrants: number | null;
  readonly exits: number | null;
  readonly occupancy: number | null;
  readonly transactions: number | null;
  /** Part of it was not seen: its counts are lower bounds. */
  readonly isPartial: boolean;
}

/** Span shown at least, so that the first bars of a day do not fill the whole width. */
const SHORTEST_MS = 2 * 3_600_000;
/** Multiples of the series' step that keep slots on round times. */
const MERGES = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60];

/**
 * The last `hours` of the day in at most `maxSlots` slots, oldest first; slots before anything was seen are left
 * out, down to two hours. Counts are added up, occupancy is averaged, and unknown stays unknown. Pure.
 */
export function slotsOf(series: DaySeries, hours: number, maxSlots: number): readonly Slot[] {
  const total = lengthOf(series);
  const wanted = Math.min(total, Math.max(1, Math.ceil((hours * 3_600_000) / series.stepMs)));
  const shortest = Math.ceil(SHORTEST_MS / series.stepMs);
  const first = Math.max(0, total - wanted, Math.min(firstSeen(series, total), total - shortest));
  const merge = MERGES.find((m) => Math.ceil((total - first) / m) + 1 <= maxSlots) ?? 60;
  const slots: Slot[] = [];
  for (let at = first - (first % merge); at < total; at += merge) {
    slots.push(slotAt(series, at, Math.min(total, at + merge), merge));
  }
  return slots;
}

/** Newest slot that holds any value; null when none does. Pure. */
export function newestSeen(slots: readonly Slot[]): Slot | null {
  for (let i = slots.length - 1; i >= 0; i -= 1) {
    const slot = slots[i];
    if (slot !== undefined && (slot.passing ?? slot.entrants ?? slot.occupancy) !== null) {
      return slot;
    }
  }
  return null;
}

function slotAt(series: DaySeries, start: number, end: number, merge: number): Slot {
  const passing = series.passing.slice(start, end);
  const entrants = series.entrants.slice(start, end);
  return {
    from: series.from + start * series.stepMs,
    to: series.from + (start + merge) * series.stepMs,
    passing: sumOf(passing),
    entrants: sumOf(entrants),
    exits: sumOf(series.exits.slice(start, end)),
    occupancy: meanOf(series.occupancy.slice(start, end)),
    transactions: sumOf(series.transactions.slice(start, end)),
    isPartial: isMixed(passing) || isMixed(entrants),
  };
}

function lengthOf(series: DaySeries): number {
  return Math.max(series.passing.length, series.entrants.length, series.occupancy.length);
}

function firstSeen(series: DaySeries, total: number): number {
  for (let i = 0; i < total; i += 1) {
    if ((series.passing[i] ?? series.entrants[i] ?? series.occupancy[i] ?? null) !== null) return i;
  }
  return Math.max(0, total - 1);
}

function known(values: readonly (number | null)[]): readonly number[] {
  return values.filter((value) => value !== null);
}

function sumOf(values: readonly (number | null)[]): number | null {
  const seen = known(values);
  return seen.length === 0 ? null : seen.reduce((sum, value) => sum + value, 0);
}

function meanOf(values: readonly (number | null)[]): number | null {
  const seen = known(values);
  return seen.length === 0 ? null : seen.reduce((sum, value) => sum + value, 0) / seen.length;
}

function isMixed(values: readonly (number | null)[]): boolean {
  const seen = known(values).length;
  return seen > 0 && seen < values.length;
}

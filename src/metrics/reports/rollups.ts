import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { MetricId, MetricScope, MetricValue } from "../../core/metric-value.ts";
import { LATENESS_GRACE_MS, SLOT_MS } from "../calendar/slots.ts";
import type { TradingCalendar, TradingDay } from "../calendar/trading-day.ts";
import type { Day } from "../days/day-book.ts";
import type { Grain } from "./reports.ts";

/** Slots of a rollup; the length of a day is that of the trading day. */
const GRAIN_SLOTS: Readonly<Record<Exclude<Grain, "day">, number>> = {
  minute: 1,
  quarter: 15,
  hour: 60,
};
const GRAINS: readonly Grain[] = ["minute", "quarter", "hour", "day"];
/** With more changed minutes than this, only days are told. */
const MAX_DIRTY_MINUTES = 8_192;

/** What to roll up. */
export interface RollupQuery {
  readonly grain: Grain;
  readonly metrics: readonly MetricId[];
  readonly scope: MetricScope;
  /** Half-open; widened to whole slots. */
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** One slot with the values of the metrics asked for, in their order. */
export interface RollupSlot {
  /** Half-open [from, to), counted from the beginning of the trading day; the last of a day may be shorter. */
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly values: readonly MetricValue[];
  /** Only a late event can change it. A slot that goes on has values up to the newest time known. */
  readonly isFinal: boolean;
}

/** A slot whose values may have changed. */
export interface DirtySlot {
  readonly grain: Grain;
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Corrections of what had closed in it. */
  readonly revision: number;
  /** Too much changed to be told apart: every shorter slot of the day may have changed too. */
  readonly isWhole: boolean;
}

/** Half-open slots that overlap [from, to), whole, counted from the beginning of each trading day. Pure. */
export function* rollupSlots(
  calendar: TradingCalendar,
  grain: Grain,
  from: EpochMs,
  to: EpochMs,
): Generator<TradingDay> {
  let at = from;
  while (at < to) {
    const day = calendar.dayOf(at);
    const slot = slotAround(day, grain, Math.floor((at - day.start) / SLOT_MS));
    yield slot;
    at = slot.end;
  }
}

/** Values of slots, as far as time has come. */
export function rollup(
  query: RollupQuery,
  parts: {
    readonly calendar: TradingCalendar;
    /** Newest time known. */
    readonly known: EpochMs;
    ask(metric: MetricId, scope: MetricScope, from: EpochMs, to: EpochMs): MetricValue;
  },
): RollupSlot[] {
  const { calendar, known, ask } = parts;
  const slots: RollupSlot[] = [];
  for (const { start, end } of rollupSlots(calendar, query.grain, query.from, query.to)) {
    if (start >= known) break;
    const to = end < known ? end : known;
    const values = query.metrics.map((metric) => ask(metric, query.scope, start, to));
    slots.push({ from: start, to: end, values, isFinal: end + LATENESS_GRACE_MS <= known });
  }
  return slots;
}

/**
 * Slots of all grains that changed since the last time, oldest first, and of one beginning the shortest first. When too
 * much changed at once, only days.
 */
export function takeDirtySlots(days: readonly Day[]): DirtySlot[] {
  const total = days.reduce((sum, day) => sum + day.changes.dirty, 0);
  const isWhole = total > MAX_DIRTY_MINUTES;
  return days.flatMap((day) => {
    const minutes = day.changes.takeDirty();
    if (minutes.length === 0) return [];
    const grains = isWhole ? (["day"] as const) : GRAINS;
    return grains
      .flatMap((grain) => dirtySlots(day, grain, minutes, isWhole))
      .sort((a, b) => a.from - b.from || a.to - b.to);
  });
}

function dirtySlots(
  day: Day,
  grain: Grain,
  minutes: readonly number[],
  isWhole: boolean,
): DirtySlot[] {
  const slots: DirtySlot[] = [];
  for (const minute of minutes) {
    const { start: from, end: to } = slotAround(day.span, grain, minute);
    if (slots.at(-1)?.from === from) continue;
    const first = (from - day.span.start) / SLOT_MS;
    const revision = day.changes.corrections(first, Math.ceil((to - day.span.start) / SLOT_MS));
    slots.push({ grain, from, to, revision, isWhole });
  }
  return slots;
}

/** The slot of a grain that holds a minute of a trading day. */
function slotAround({ start, end }: TradingDay, grain: Grain, minute: number): TradingDay {
  if (grain === "day") return { start, end };
  const length = GRAIN_SLOTS[grain];
  const from = start + Math.floor(minute / length) * length * SLOT_MS;
  return {
    start: epochMs(from),
    end: epochMs(Math.min(end, from + length * SLOT_MS)),
  };
}

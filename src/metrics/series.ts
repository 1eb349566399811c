import { type EpochMs, epochMs } from "../core/brand.ts";
import type { SeenSpans } from "./coverage.ts";
import { customers } from "./day-book.ts";
import { entrantsIn } from "./door-figures.ts";
import { SLOT_MS } from "./slots.ts";
import { camerasWith, linesOf, type Sources, totalOf } from "./sources.ts";
import type { DaySeries } from "./today.ts";
import type { TradingDay } from "./trading-day.ts";
import { curveOf } from "./visit-figures.ts";

/** Length of a slot of the day's chart, the exchange interval of the field. */
export const SERIES_STEP_MS = 900_000;

type Column = (number | null)[];

/** One slot of the chart, cut off at now. */
interface ChartSlot {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** Counts per quarter of an hour from the start of the trading day up to `now`; slots nobody saw are null. */
export function daySeries(sources: Sources, day: TradingDay, now: EpochMs): DaySeries {
  const { site, coverage } = sources;
  const doorCameras = camerasWith(site, "door");
  const passingCameras = camerasWith(site, "passing");
  const doorsSeen = coverage.seen(doorCameras, day.start, now);
  const passingSeen = coverage.seen(passingCameras, day.start, now);
  const slots = chartSlots(day, now);
  const count = (seen: SeenSpans, read: (slot: ChartSlot) => number): Column =>
    slots.map((slot) => (seen.lengthWithin(slot.from, slot.to) > 0 ? read(slot) : null));
  return {
    from: day.start,
    stepMs: SERIES_STEP_MS,
    passing: count(passingSeen, (slot) => passingIn(sources, slot)),
    entrants: count(doorsSeen, (slot) => entrantsIn(sources, partsOf(sources, slot)).people),
    exits: count(doorsSeen, (slot) => exitsIn(sources, slot)),
    occupancy: occupancyColumn(sources, slots, doorsSeen, now),
    transactions: slots.map((slot) =>
      sources.hasReceipts()
        ? totalOf(partsOf(sources, slot), ({ day: kept, range }) => kept.sales.transactions(range))
        : null,
    ),
  };
}

const partsOf = (sources: Sources, slot: ChartSlot) => sources.book.parts(slot.from, slot.to);

function chartSlots(day: TradingDay, now: EpochMs): ChartSlot[] {
  const slots: ChartSlot[] = [];
  for (let from = day.start; from < now; from = epochMs(from + SERIES_STEP_MS)) {
    slots.push({ from, to: epochMs(Math.min(from + SERIES_STEP_MS, now, day.end)) });
  }
  return slots;
}

function passingIn(sources: Sources, slot: ChartSlot): number {
  const lines = linesOf(sources.site, "passing");
  return totalOf(partsOf(sources, slot), ({ day, range }) => {
    const raw = lines.reduce((sum, line) => sum + (day.lines.get(line)?.in.count(range) ?? 0), 0);
    return raw - day.repeatPasses.count(range);
  });
}

function exitsIn(sources: Sources, slot: ChartSlot): number {
  const lines = linesOf(sources.site, "door");
  return totalOf(partsOf(sources, slot), ({ day, range }) =>
    lines.reduce((sum, id) => {
      const line = day.lines.get(id);
      return line === undefined ? sum : sum + customers(line, "out", range);
    }, 0),
  );
}

function occupancyColumn(
  sources: Sources,
  slots: readonly ChartSlot[],
  seen: SeenSpans,
  now: EpochMs,
): Column {
  const first = slots[0];
  const part = first === undefined ? undefined : sources.book.parts(first.from, now)[0];
  const personMs = part === undefined ? null : curveOf(sources, part.day, now).personMs;
  return slots.map((slot, index) => {
    if (seen.lengthWithin(slot.from, slot.to) === 0) return null;
    const begin = (index * SERIES_STEP_MS) / SLOT_MS;
    const minutes = personMs?.subarray(begin, begin + SERIES_STEP_MS / SLOT_MS) ?? [];
    let sum = 0;
    for (const ms of minutes) sum += ms;
    return sum / (slot.to - slot.from);
  });
}

import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { LineRole } from "../../core/site.ts";
import { SLOT_MS } from "../calendar/slots.ts";
import type { TradingDay } from "../calendar/trading-day.ts";
import { customers } from "../days/day-book.ts";
import { minutesInside } from "../estimate/people-inside.ts";
import { entrantsIn } from "../figures/door-count.ts";
import { camerasWith, linesOf, type Sources, shopParts, totalOf } from "../sources.ts";
import type { DaySeries } from "./today.ts";

/** Length of a slot of the day's chart, the exchange interval of the field. */
export const SERIES_STEP_MS = 900_000;

type Column = (number | null)[];

/** One slot of the chart, cut off at now. */
interface ChartSlot {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** Remembers a column as long as nothing it rests on changes. */
export type KeepColumn = (name: string, compute: () => Column) => Column;

/**
 * Counts per quarter of an hour from the start of the trading day up to `now`; slots nobody saw are null. `keep` may
 * hand back a column that was worked out before.
 */
export function daySeries(
  sources: Sources,
  day: TradingDay,
  now: EpochMs,
  keep: KeepColumn = (_, compute) => compute(),
): DaySeries {
  const { site, coverage } = sources;
  const slots = chartSlots(day, now);
  const count = (name: string, role: LineRole, read: (slot: ChartSlot) => number): Column =>
    keep(name, () => {
      const seen = coverage.seen(camerasWith(site, role), day.start, now);
      return slots.map((slot) => (seen.lengthWithin(slot.from, slot.to) > 0 ? read(slot) : null));
    });
  return {
    from: day.start,
    stepMs: SERIES_STEP_MS,
    passing: count("passing", "passing", (slot) => passingIn(sources, slot)),
    entrants: count(
      "entrants",
      "door",
      (slot) => entrantsIn(sources, shopParts(sources, slot)).people,
    ),
    exits: count("exits", "door", (slot) => exitsIn(sources, slot)),
    occupancy: keep("occupancy", () => occupancyColumn(sources, day, slots, now)),
    transactions: keep("transactions", () => transactionColumn(sources, slots)),
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
  return totalOf(shopParts(sources, slot), ({ day, range }) => {
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

function transactionColumn(sources: Sources, slots: readonly ChartSlot[]): Column {
  const since = sources.receiptsSince() ?? Number.POSITIVE_INFINITY;
  return slots.map((slot) =>
    slot.to <= since
      ? null
      : totalOf(partsOf(sources, slot), ({ day, range }) => day.sales.transactions(range)),
  );
}

function occupancyColumn(
  sources: Sources,
  day: TradingDay,
  slots: readonly ChartSlot[],
  now: EpochMs,
): Column {
  const { site, coverage, book } = sources;
  const seen = coverage.seen(camerasWith(site, "door"), day.start, now);
  const part = book.parts(day.start, now)[0];
  const personMs = part === undefined ? null : minutesInside(sources, part.day, now).personMs;
  return slots.map((slot, index) => {
    if (seen.lengthWithin(slot.from, slot.to) === 0) return null;
    const begin = (index * SERIES_STEP_MS) / SLOT_MS;
    const minutes = personMs?.subarray(begin, begin + SERIES_STEP_MS / SLOT_MS) ?? [];
    let sum = 0;
    for (const ms of minutes) sum += ms;
    return sum / (slot.to - slot.from);
  });
}

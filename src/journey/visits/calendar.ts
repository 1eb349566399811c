import { type EpochMs, epochMs } from "../../core/brand.ts";
import { VISIT_RULES } from "./rules.ts";
import type { VisitLimit } from "./segments.ts";

const DAY_MS = 86_400_000;

/** The shop's days, as far as visits need them. */
export interface VisitCalendar {
  /** The trading day that holds an instant, half-open. */
  dayOf(at: EpochMs): { readonly start: EpochMs; readonly end: EpochMs };
  /** The last closing time of that day that lies after the instant; null when hours are not known or it is past them. */
  closingOf(at: EpochMs): EpochMs | null;
}

/** Days of UTC that begin at a local time of day, and no opening hours: for a shop whose calendar nobody gave. */
export function plainCalendar(dayCutoverMin: number): VisitCalendar {
  const shiftMs = dayCutoverMin * 60_000;
  return {
    dayOf: (at) => {
      const start = epochMs(Math.floor((at - shiftMs) / DAY_MS) * DAY_MS + shiftMs);
      return { start, end: epochMs(start + DAY_MS) };
    },
    closingOf: () => null,
  };
}

/** When a visit that began at an instant is ended by the clock: an hour after closing time, else with its day. Pure. */
export function limitOf(calendar: VisitCalendar, enteredAt: EpochMs): VisitLimit {
  const { end } = calendar.dayOf(enteredAt);
  const closing = calendar.closingOf(enteredAt);
  const bound = closing ?? end;
  const late = bound + VISIT_RULES.closingGraceMs;
  if (closing !== null && late < end) return { at: epochMs(late), endedBy: "closing", bound };
  return { at: end, endedBy: "day-end", bound };
}

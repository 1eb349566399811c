import type { MetricReason, MetricValue } from "../../core/metric-value.ts";
import { type Formats, halfWidthOf } from "./format.ts";
import { isShare } from "./metric-kinds.ts";

/** Below this share of seeing time a figure carries a badge. */
const GOOD_COVERAGE = 0.95;
/** Half-widths of the 95 % interval from which a figure carries a badge: of a rate, and relative to any other value. */
const WIDE_RATIO = 0.1;
const WIDE_RELATIVE = 0.25;

/** Notes that belong to any open day, or that another badge says already; they stand in the panel only. */
const ROUTINE_NOTES: ReadonlySet<string> = new Set([
  "day-open",
  "edge-effects",
  "partly-blind",
  "re-entries-merged",
  "staff-excluded",
  "imputed",
]);

/** Whether a note belongs to any figure of its kind, and stands in the panel only. Pure. */
export function isRoutine({ code }: MetricReason): boolean {
  return ROUTINE_NOTES.has(code);
}

/** Words for the badges of a figure; empty when nothing is off. An unknown value explains itself by its reason. Pure. */
export function badgesOf(metric: MetricValue, formats: Formats): readonly string[] {
  if (metric.value === null) return [];
  const badges: string[] = [];
  // Floored, so that 94.9 % never reads as 95 %.
  if (metric.coverage < GOOD_COVERAGE) {
    badges.push(`${formats.percent(Math.floor(metric.coverage * 100) / 100, 0)} covered`);
  }
  if (metric.imputedShare > 0) {
    badges.push(`${formats.percent(Math.max(0.01, metric.imputedShare), 0)} estimated`);
  }
  if (isWide(metric, metric.value)) badges.push("wide interval");
  if (metric.reason !== null && !isRoutine(metric.reason)) badges.push("see note");
  return badges;
}

function isWide(metric: MetricValue, value: number): boolean {
  const half = halfWidthOf(metric);
  if (half === null) return false;
  return isShare(metric.metric, metric.unit)
    ? half > WIDE_RATIO
    : half > WIDE_RELATIVE * Math.abs(value);
}

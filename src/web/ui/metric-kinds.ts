import type { MetricId, MetricUnit } from "../../core/metric-value.ts";

/** Ratios that are no shares of anything: so many times as often as by chance. */
const FACTORS: ReadonlySet<MetricId> = new Set(["zone-lift"]);

/** Whether a value is a share, read in percent and compared in points. Pure. */
export function isShare(metric: MetricId, unit: MetricUnit): boolean {
  return unit === "ratio" && !FACTORS.has(metric);
}

import type { MetricId } from "../../core/metric-value.ts";
import type { Figure } from "../sources.ts";
import { bounceRate, bounceRateGa4 } from "./bounce-figures.ts";
import { doorDrift } from "./drift-figures.ts";
import { visitDurationMean, visitDurationMedian, visitDurationP90 } from "./duration-figures.ts";
import { occupancy, occupancyPeak } from "./occupancy-figures.ts";

/** Figures by metric. */
export const VISIT_FIGURES = {
  occupancy,
  "occupancy-peak": occupancyPeak,
  "visit-duration-mean": visitDurationMean,
  "visit-duration-median": visitDurationMedian,
  "visit-duration-p90": visitDurationP90,
  "bounce-rate": bounceRate,
  "bounce-rate-ga4": bounceRateGa4,
  "door-drift": doorDrift,
} as const satisfies Partial<Record<MetricId, Figure>>;

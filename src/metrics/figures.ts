import type { MetricId, MetricValue } from "../core/metric-value.ts";
import {
  buyingUnits,
  entrants,
  exits,
  passingTraffic,
  shopfrontConversion,
} from "./door-figures.ts";
import { netSales, salesConversion, transactions } from "./sales-figures.ts";
import type { Question, Sources } from "./sources.ts";
import { bounceRate, occupancy, visitDurationMean } from "./visit-figures.ts";
import { zoneFigure } from "./zone-figures.ts";

const FIGURES: Readonly<Record<MetricId, (sources: Sources, question: Question) => MetricValue>> = {
  "passing-traffic": passingTraffic,
  entrants,
  "buying-units": buyingUnits,
  exits,
  "shopfront-conversion": shopfrontConversion,
  occupancy,
  "visit-duration-mean": visitDurationMean,
  "bounce-rate": bounceRate,
  transactions,
  "net-sales": netSales,
  "sales-conversion": salesConversion,
  "zone-people-now": zoneFigure,
  "zone-visits": zoneFigure,
  "zone-dwell-mean": zoneFigure,
  "zone-dwell-median": zoneFigure,
  "zone-dwell-total": zoneFigure,
};

/** Answers any question about any metric; what cannot be known comes back as null with a reason. */
export function answer(sources: Sources, question: Question): MetricValue {
  return FIGURES[question.metric](sources, question);
}

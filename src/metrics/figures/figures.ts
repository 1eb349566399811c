import type { MetricId, MetricValue } from "../../core/metric-value.ts";
import type { Figure, Question, Sources } from "../sources.ts";
import { CUSTOMER_FIGURES } from "./customer-figures.ts";
import { DOOR_FIGURES } from "./door-figures.ts";
import { QUEUE_FIGURES } from "./queue-figures.ts";
import { SALES_FIGURES } from "./sales-figures.ts";
import { VISIT_FIGURES } from "./visit-figures.ts";
import { ZONE_FIGURES } from "./zone-figures.ts";

const FIGURES: Readonly<Partial<Record<MetricId, Figure>>> = {
  ...DOOR_FIGURES,
  ...VISIT_FIGURES,
  ...SALES_FIGURES,
  ...ZONE_FIGURES,
  ...QUEUE_FIGURES,
  ...CUSTOMER_FIGURES,
};

/** Answers any question about any metric; what cannot be known comes back as null with a reason. */
export function answer(sources: Sources, question: Question): MetricValue {
  const figure = FIGURES[question.metric];
  if (figure === undefined) throw new TypeError(`metric without a figure: ${question.metric}`);
  return figure(sources, { ...question, measures: sources.measures });
}

import type { MetricDefinition } from "./terms.ts";

/** Figures of baskets and of customers who come again. */
export const CUSTOMERS: readonly MetricDefinition[] = [];

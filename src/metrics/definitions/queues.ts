import type { MetricDefinition } from "./terms.ts";

/** Figures of queues. */
export const QUEUES: readonly MetricDefinition[] = [];

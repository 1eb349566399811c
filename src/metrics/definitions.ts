import type { MetricId } from "../core/metric-value.ts";
import { COUNTS } from "./definitions/counts.ts";
import { CUSTOMERS } from "./definitions/customers.ts";
import { QUEUES } from "./definitions/queues.ts";
import { SALES } from "./definitions/sales.ts";
import type { MetricDefinition } from "./definitions/terms.ts";
import { VISITS } from "./definitions/visits.ts";
import { ZONES } from "./definitions/zones.ts";

/** Every published metric, in display order; the single source of docs/metrics.md and of the Definitions page. */
export const DEFINITIONS: readonly MetricDefinition[] = Object.freeze([
  ...COUNTS,
  ...VISITS,
  ...SALES,
  ...ZONES,
  ...QUEUES,
  ...CUSTOMERS,
]);

const BY_ID = new Map(DEFINITIONS.map((definition) => [definition.metric, definition]));

/** Whether the product knows how to measure it. Pure. */
export const isDefined = (metric: string): metric is MetricId => BY_ID.has(metric as MetricId);

/** The definition of a metric. A metric without one is a bug and throws a TypeError. Pure. */
export function definitionOf(metric: MetricId): MetricDefinition {
  const definition = BY_ID.get(metric);
  if (definition === undefined) throw new TypeError(`metric without a definition: ${metric}`);
  return definition;
}

const REFERENCES = new Map(
  DEFINITIONS.map((definition) => [
    definition.metric,
    Object.freeze({
      id: definition.metric,
      version: definition.version,
      parameters: Object.freeze(
        Object.fromEntries(definition.parameters.map(({ name, value }) => [name, value])),
      ),
    }),
  ]),
);

/** What a value carries of its definition: id, version and parameters. Shared and frozen. Pure. */
export function definitionReference(metric: MetricId): {
  readonly id: string;
  readonly version: number;
  readonly parameters: Readonly<Record<string, number | string>>;
} {
  return (
    REFERENCES.get(metric) ?? { id: metric, version: definitionOf(metric).version, parameters: {} }
  );
}

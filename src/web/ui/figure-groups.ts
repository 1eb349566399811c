import type { MetricId } from "../../core/metric-value.ts";

/** Figures of the large row, in the order of a visit: the street, the door, the shop, the till. */
export const HEADLINE: readonly MetricId[] = [
  "passing-traffic",
  "shopfront-conversion",
  "entrants",
  "occupancy",
  "visit-duration-mean",
  "bounce-rate",
  "sales-conversion",
  "net-sales",
];

/** A part of the shop's story with its figures. */
export interface FigureGroup {
  readonly id: string;
  readonly name: string;
  readonly metrics: readonly MetricId[];
}

/** All store-level figures by what they are about; the headline stands in its group too. */
export const STORE_GROUPS: readonly FigureGroup[] = [
  {
    id: "front",
    name: "The shop front",
    metrics: [
      "passing-traffic",
      "shopfront-conversion",
      "entrants",
      "entrants-raw",
      "buying-units",
      "children",
      "exits",
    ],
  },
  {
    id: "visit",
    name: "The visit",
    metrics: [
      "occupancy",
      "occupancy-peak",
      "visit-duration-mean",
      "visit-duration-median",
      "visit-duration-p90",
      "bounce-rate",
      "bounce-rate-ga4",
      "door-drift",
    ],
  },
  {
    id: "till",
    name: "The till",
    metrics: [
      "sales-conversion",
      "sales-conversion-units",
      "transactions",
      "net-sales",
      "average-transaction-value",
      "units-per-transaction",
      "shopper-yield",
      "basket-put-back-rate",
      "baskets-abandoned",
    ],
  },
  {
    id: "again",
    name: "Coming back and collecting",
    metrics: [
      "repeat-rate",
      "identification-coverage",
      "repeat-rate-30",
      "repeat-rate-60",
      "visit-frequency",
      "visit-recency",
      "customer-tenure",
      "click-collect-arrivals",
      "click-collect-handovers",
      "click-collect-attach",
    ],
  },
];

/** Figures of one zone, in the order in which one asks for them. */
export const ZONE_FIGURES: readonly MetricId[] = [
  "zone-people-now",
  "zone-unique-visits",
  "zone-draw",
  "zone-visits",
  "zone-engagement",
  "zone-dwell-median",
  "zone-dwell-mean",
  "zone-dwell-p90",
  "zone-dwell-total",
  "zone-seconds-per-entrant",
  "zone-conversion",
  "zone-holding-power",
];

/** Figures of one queue. */
export const QUEUE_FIGURES: readonly MetricId[] = [
  "queue-length",
  "queue-wait-mean",
  "queue-service-rate",
  "queue-abandonment",
  "queue-balking",
];

/** Every metric by subject, for the definitions; what is in no group comes last under "More". */
export const DEFINITION_GROUPS: readonly FigureGroup[] = [
  ...STORE_GROUPS,
  { id: "zones", name: "Zones", metrics: [...ZONE_FIGURES, "zone-lift", "zone-transition"] },
  { id: "queues", name: "Queues", metrics: QUEUE_FIGURES },
];

/**
 * The groups with only what `has`, and whatever is in none of them under "More"; `without` leaves some out. Groups
 * that hold nothing are left out. Pure.
 */
export function groupsOf(
  groups: readonly FigureGroup[],
  has: Iterable<MetricId>,
  without: readonly MetricId[] = [],
): readonly FigureGroup[] {
  const left = new Set(has);
  for (const metric of without) left.delete(metric);
  const found = groups.map((group) => ({
    ...group,
    metrics: group.metrics.filter((metric) => left.delete(metric)),
  }));
  const more = { id: "more", name: "More", metrics: [...left] };
  return [...found, more].filter(({ metrics }) => metrics.length > 0);
}

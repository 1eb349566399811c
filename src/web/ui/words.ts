import type { MetricId, MetricMethod, MetricUnit } from "../../core/metric-value.ts";
import type { LineRole, ZoneKind } from "../../core/site.ts";

/** The glossary's word for each metric, as written above a figure. */
export const METRIC_NAMES: Readonly<Record<MetricId, string>> = {
  "passing-traffic": "Passing traffic",
  entrants: "Entrants",
  "buying-units": "Buying units",
  exits: "Exits",
  "shopfront-conversion": "Shopfront conversion",
  occupancy: "Occupancy now",
  "visit-duration-mean": "Visit duration",
  "bounce-rate": "Bounce rate",
  transactions: "Transactions",
  "net-sales": "Net sales",
  "sales-conversion": "Sales conversion",
  "zone-people-now": "People now",
  "zone-visits": "Visits",
  "zone-dwell-mean": "Mean dwell",
  "zone-dwell-median": "Median dwell",
  "zone-dwell-total": "Total dwell",
};

/** Figures of the large row, in reading order; every other store-level value stands in the small row. */
export const HEADLINE: readonly MetricId[] = [
  "passing-traffic",
  "entrants",
  "shopfront-conversion",
  "occupancy",
  "visit-duration-mean",
  "sales-conversion",
];

export const METHOD_WORDS: Readonly<Record<MetricMethod, string>> = {
  count: "Counted at the lines and zones",
  "little-closure": "Little\u2019s law after day closure",
  track: "Measured on anonymous tracks",
  receipts: "From the till\u2019s receipts",
  none: "No method applies",
};

export const UNIT_WORDS: Readonly<Record<MetricUnit, string>> = {
  people: "people",
  count: "number",
  ratio: "share, shown in percent",
  ms: "time",
  minor: "money",
};

export const ROLE_WORDS: Readonly<Record<LineRole, string>> = {
  door: "door",
  passing: "passing",
  internal: "internal",
};

/** Where the arrow of a line points, by the role of the line. */
export const ARROW_WORDS: Readonly<Record<LineRole, string>> = {
  door: "into the shop",
  passing: "towards the door",
  internal: "in",
};

export const ZONE_WORDS: Readonly<Record<ZoneKind, string>> = {
  display: "display",
  window: "window",
  queue: "queue",
  till: "till",
  area: "area",
};

import type { MetricId, MetricMethod, MetricUnit } from "../../core/metric-value.ts";
import type { FloorZoneKind, LineRole } from "../../core/site.ts";

/** The glossary's word for each metric, as written above a figure. */
export const METRIC_NAMES: Readonly<Record<MetricId, string>> = {
  "passing-traffic": "Passing traffic",
  entrants: "Entrants",
  "buying-units": "Buying units",
  exits: "Exits",
  "shopfront-conversion": "Shopfront conversion",
  occupancy: "Occupancy",
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
  "entrants-raw": "Entries, raw count",
  children: "Children",
  "occupancy-peak": "Peak occupancy",
  "visit-duration-median": "Median visit",
  "visit-duration-p90": "Long visit (p90)",
  "bounce-rate-ga4": "Bounce rate (GA4)",
  "door-drift": "Door drift",
  "sales-conversion-units": "Conversion by groups",
  "average-transaction-value": "Average sale",
  "units-per-transaction": "Items per sale",
  "shopper-yield": "Sales per entrant",
  "click-collect-arrivals": "Collect arrivals",
  "click-collect-handovers": "Collect hand-overs",
  "click-collect-attach": "Bought beside collecting",
  "zone-unique-visits": "Visitors",
  "zone-dwell-p90": "Long dwell (p90)",
  "zone-seconds-per-entrant": "Dwell per entrant",
  "zone-draw": "Draw",
  "zone-engagement": "Engaged",
  "zone-conversion": "Zone conversion",
  "zone-holding-power": "Holding power",
  "zone-lift": "Cross-shopping",
  "zone-transition": "Goes on to",
  "queue-length": "Mean length",
  "queue-wait-mean": "Mean wait",
  "queue-service-rate": "Served",
  "queue-abandonment": "Abandoned",
  "queue-balking": "Turned back",
  "basket-put-back-rate": "Put-back rate",
  "baskets-abandoned": "Abandoned baskets",
  "identification-coverage": "Identified visits",
  "repeat-rate": "Repeat rate",
  "repeat-rate-30": "Repeat rate, 30 days",
  "repeat-rate-60": "Repeat rate, 60 days",
  "visit-recency": "Since the visit before",
  "visit-frequency": "Visits per customer",
  "customer-tenure": "Since the first visit",
};

export const METHOD_WORDS: Readonly<Record<MetricMethod, string>> = {
  count: "Counted at the lines and zones",
  "little-closure": "From the times people came and left, without pairing them (Little\u2019s law)",
  track: "Measured on anonymous tracks",
  "tag-ht": "From tagged visits, weighted and calibrated to the counts",
  deconvolution: "Estimated from when people come and go (deconvolution)",
  tag: "On identified visits only",
  receipts: "From the till\u2019s receipts",
  none: "No method applies",
};

export const UNIT_WORDS: Readonly<Record<MetricUnit, string>> = {
  people: "people",
  count: "number",
  ratio: "share, shown in percent",
  ms: "time",
  minor: "money",
  days: "days",
  "per-hour": "per hour",
  "per-transaction": "items per sale",
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

export const ZONE_WORDS: Readonly<Record<FloorZoneKind, string>> = {
  display: "display",
  window: "window",
  queue: "queue",
  till: "till",
  collect: "collect point",
  area: "area",
  outside: "outside",
};

import type { MetricId, MetricMethod, MetricUnit } from "../core/metric-value.ts";
import { DRIFT_RULES } from "./occupancy.ts";
import { ZONE_RULES } from "./zone-rules.ts";

/** What must see for the value to be known: cameras with door lines, with passing lines, of the zone; or the till. */
export type SensorNeed =
  | "door-cameras"
  | "street-door-cameras"
  | "passing-cameras"
  | "zone-camera"
  | "till";

/** One parameter of a definition, with its meaning for people. */
export interface MetricParameter {
  readonly name: string;
  readonly value: number | string;
  readonly meaning: string;
}

/** One metric as it is defined. A change of meaning raises `version`; values carry id, version and parameters. */
export interface MetricDefinition {
  readonly metric: MetricId;
  readonly version: number;
  /** The glossary's word. */
  readonly name: string;
  readonly unit: MetricUnit;
  /** One or two sentences for a shop manager. */
  readonly meaning: string;
  readonly formula: string;
  readonly parameters: readonly MetricParameter[];
  readonly needs: readonly SensorNeed[];
  /** Methods the value may carry, best first. */
  readonly methods: readonly MetricMethod[];
  /** The ladder in words: what each method is, and what would be better but is not there yet. */
  readonly ladder: string;
  /** What happens where the value cannot be known, or needs a note. */
  readonly edges: string;
}

/** Numbers the definitions rest on. */
export const RULES = Object.freeze({
  /** Entries of one track closer together than this are one visitor. */
  reentryGapMs: 900_000,
  /** Below so many observations a rate is given as an interval only. */
  minN: 20,
  /** Payment comes about one visit after the entry; with less time than this the two do not match. */
  minSalesSpanMs: 3_600_000,
  /** Shortest time to buy anything; a visit below it is a bounce. */
  bounceMaxMs: 120_000,
  /** Below this coverage a value carries a note. */
  goodCoverageRatio: 0.95,
});

const parameter = (name: string, value: number | string, meaning: string): MetricParameter => ({
  name,
  value,
  meaning,
});
const minN = parameter(
  "minN",
  RULES.minN,
  "Below so many observations only the interval is given, not the rate.",
);
const doors = parameter("doors", "all", "Which door lines count: all, back doors too.");
const streetDoors = parameter(
  "doors",
  "frontage",
  "Which door lines count: those onto the frontage that the passing lines watch.",
);
const staff = parameter(
  "staffExclusion",
  "tag",
  "Crossings that were more probably a staff tag at the door than a customer are left out, some minutes after they were counted.",
);
const zoneRules = [
  parameter("minDwellMs", ZONE_RULES.minDwellMs, "A shorter stay is walking through, not a visit."),
  parameter(
    "bridgedGapMs",
    ZONE_RULES.bridgedGapMs,
    "Out for less than this on the same track and back: one stay.",
  ),
];

const PEOPLE: readonly MetricDefinition[] = [
  {
    metric: "passing-traffic",
    version: 1,
    name: "Passing traffic",
    unit: "people",
    meaning: "People who came by the shopfront, whether they then entered or not.",
    formula:
      "A = in_L + in_R: people moving towards the door over the passing lines, one on each side of the frontage. Leavers cross outwards only and never count. A second crossing on the same track does not count again.",
    parameters: [],
    needs: ["passing-cameras"],
    methods: ["count"],
    ladder: "`count` on passing lines.",
    edges:
      "No passing line: unknown (`no-passing-line`). A single passing line: an index, not a number of people (`index-only`).",
  },
  {
    metric: "entrants",
    version: 2,
    name: "Entrants",
    unit: "people",
    meaning: "Customers who came into the shop.",
    formula:
      "E = inward crossings of all door lines, less those of staff, less entries that a track proves to be by someone who entered within the re-entry gap; who is both is taken out once. Anonymous people are never merged. A single door line counts every crossing that was not staff.",
    parameters: [
      parameter("reentryGapMs", RULES.reentryGapMs, "Re-entry on the same track merges within it."),
      doors,
      staff,
    ],
    needs: ["door-cameras"],
    methods: ["count"],
    ladder: "`count` on door lines.",
    edges:
      "Merged re-entries are named with the raw count (`re-entries-merged`), and so are staff (`staff-excluded`). Staff without a tag, or with an empty battery, count as customers.",
  },
  {
    metric: "buying-units",
    version: 2,
    name: "Buying units",
    unit: "count",
    meaning: "Groups of people who came in together, and those who came alone: who may buy as one.",
    formula:
      "U = E - sum(size - 1) over the groups that went in over door lines: entrants, less everybody who came in with somebody before them. A group counts when its first member crossed; of one that steps out and in again only those who are new to it. Staff are no members. Groups over other lines, and groups that leave, do not count.",
    parameters: [
      parameter("reentryGapMs", RULES.reentryGapMs, "As for entrants."),
      parameter("groups", "distance, direction, time", "What makes people one group at a line."),
      doors,
      staff,
    ],
    needs: ["door-cameras"],
    methods: ["count"],
    ladder: "`count` of groups on door lines.",
    edges:
      "No group was ever seen: equal to the entrants, and says so (`no-groups`). Beside the entrants, never instead of them: the default of every rate stays entrants.",
  },
  {
    metric: "exits",
    version: 2,
    name: "Exits",
    unit: "people",
    meaning: "Times a customer went out of the shop.",
    formula: "Outward crossings of all door lines, less those of staff.",
    parameters: [doors, staff],
    needs: ["door-cameras"],
    methods: ["count"],
    ladder: "`count` on door lines.",
    edges:
      "No door line: unknown (`no-door-line`). Staff left out are named with the raw count (`staff-excluded`).",
  },
  {
    metric: "shopfront-conversion",
    version: 3,
    name: "Shopfront conversion",
    unit: "ratio",
    meaning: "Share of the people coming by who entered.",
    formula:
      "E_street / A: entrants over the doors that open onto the frontage, over passing traffic, over the minutes that both groups of cameras saw; the interval is Wilson's. Back doors are in neither. Staff are left out of the entrants, not of the passing traffic: who of the passers-by wears a tag is not known.",
    parameters: [minN, streetDoors, staff],
    needs: ["street-door-cameras", "passing-cameras"],
    methods: ["count"],
    ladder: "`count` on door and passing lines.",
    edges:
      "Nobody passed: unknown (`no-passers-by`). Only back doors: unknown (`no-street-door`). More entrants than passers-by: shown as it is and flagged (`geometry-fault`). Single passing line: an index (`index-only`). Few people: interval only (`small-sample`).",
  },
  {
    metric: "occupancy",
    version: 2,
    name: "Occupancy",
    unit: "people",
    meaning: "Customers inside at the end of the interval.",
    formula:
      "Entries minus exits of customers since the trading day began, each direction scaled by the drift learned from closed days; never below zero: what is missing below zero goes to the drift account for good. A closed day is scaled by its own counts so that it ends at zero. Every crossing that was not staff is used, re-entries included: what is learned of the drift and what closes the day are the same counts, so that staff recognised more often in one direction than in the other are corrected like people missed.",
    parameters: [
      staff,
      parameter("driftWindowDays", DRIFT_RULES.windowDays, "Closed days looked back on."),
      parameter("driftMinDays", DRIFT_RULES.minDays, "With fewer usable days nothing is scaled."),
      parameter(
        "driftMinCoverage",
        DRIFT_RULES.minCoverage,
        "A day of which less was seen teaches nothing.",
      ),
    ],
    needs: ["door-cameras"],
    methods: ["count"],
    ladder: "`count` on door lines.",
    edges:
      "A door camera not seeing now: unknown (`sensor-blind`). A drift account above zero is named (`drift`).",
  },
  {
    metric: "visit-duration-mean",
    version: 2,
    name: "Visit duration, mean",
    unit: "ms",
    meaning: "How long a visit lasts on average, without following anybody.",
    formula:
      "Closed trading day: mean time of exit minus mean time of entry (Little's law after day closure; an identity). Open day: time spent inside by everyone so far / visits that ended. Crossings of staff, who stay for hours, are left out. The interval takes the spread of an exponential stay.",
    parameters: [
      staff,
      parameter("driftWindowDays", DRIFT_RULES.windowDays, "As for occupancy; open days only."),
      parameter("driftMinDays", DRIFT_RULES.minDays, "As for occupancy; open days only."),
    ],
    needs: ["door-cameras"],
    methods: ["little-closure"],
    ladder: "`little-closure`; tracks from door to door would be better and are not there yet.",
    edges:
      "Nobody left yet: unknown (`no-exits`). Day not closed: provisional (`day-open`). Part of a day: biased when traffic rises or falls (`edge-effects`).",
  },
  {
    metric: "bounce-rate",
    version: 1,
    name: "Bounce rate",
    unit: "ratio",
    meaning: "Share of entrants who leave before they could have bought anything.",
    formula: "P(W < tau) over entrants, W = visit duration.",
    parameters: [
      parameter("bounceMaxMs", RULES.bounceMaxMs, "tau, the shortest time to buy anything."),
    ],
    needs: ["door-cameras"],
    methods: ["none"],
    ladder:
      "`none` for now. Better, best first: one track from entry to exit; weighted tag samples; deconvolution of entries and exits.",
    edges:
      "Always unknown (`not-identifiable`): pairing anonymous entries with exits would invent a rate that follows traffic, not behaviour.",
  },
];

const SALES: readonly MetricDefinition[] = [
  {
    metric: "transactions",
    version: 1,
    name: "Transactions",
    unit: "count",
    meaning: "Purchases by visitors at the till.",
    formula:
      "Receipts of kind sale, by time of payment; the same receipt counts once. Refunds, exchanges, staff sales, click & collect hand-overs and deliveries do not count.",
    parameters: [parameter("kinds", "sale", "Kinds of receipt that count.")],
    needs: ["till"],
    methods: ["receipts"],
    ladder: "`receipts` from the till.",
    edges:
      "Before the first receipt ever: unknown (`no-receipts`), since nothing shows that the till is connected. Payment times far from their arrival are named (`payment-time-uncertain`).",
  },
  {
    metric: "net-sales",
    version: 1,
    name: "Net sales",
    unit: "minor",
    meaning: "Money taken at the till, less what was given back.",
    formula:
      "Sum of the net amounts of sales, refunds (negative) and exchanges, in hundredths of the currency. Staff sales, click & collect and deliveries are left out.",
    parameters: [parameter("kinds", "sale, refund, exchange", "Kinds of receipt in the sum.")],
    needs: ["till"],
    methods: ["receipts"],
    ladder: "`receipts` from the till.",
    edges: "As for transactions.",
  },
  {
    metric: "sales-conversion",
    version: 2,
    name: "Sales conversion",
    unit: "ratio",
    meaning: "Purchases per entrant.",
    formula:
      "Transactions / E over the minutes that the door cameras saw; the interval is Wilson's.",
    parameters: [
      minN,
      parameter(
        "minSpanMs",
        RULES.minSalesSpanMs,
        "Payment comes a visit later than the entry: no rate before so much time since the first entrant.",
      ),
      doors,
      staff,
    ],
    needs: ["door-cameras", "till"],
    methods: ["receipts"],
    ladder: "`receipts` over counted entrants.",
    edges:
      "No entrants: unknown (`no-entrants`). Less than an hour: unknown (`payment-lag`). More purchases than entrants: shown as it is and flagged (`more-sales-than-entrants`). Few people: interval only (`small-sample`).",
  },
];

const ZONES: readonly MetricDefinition[] = [
  {
    metric: "zone-people-now",
    version: 1,
    name: "People now",
    unit: "people",
    meaning: "People standing in the zone at the end of the interval.",
    formula: "Tracks whose foot point is in the zone.",
    parameters: [],
    needs: ["zone-camera"],
    methods: ["track"],
    ladder: "`track` in the zone's camera.",
    edges: "The camera is not seeing now: unknown (`sensor-blind`).",
  },
  {
    metric: "zone-visits",
    version: 1,
    name: "Zone visits",
    unit: "count",
    meaning: "How often someone stopped in the zone; one person may stop several times.",
    formula: "Stays of at least the least dwell that began in the interval.",
    parameters: zoneRules,
    needs: ["zone-camera"],
    methods: ["track"],
    ladder: "`track` in the zone's camera.",
    edges: "Stays still going on count as soon as they have lasted long enough.",
  },
  {
    metric: "zone-dwell-mean",
    version: 1,
    name: "Zone dwell, mean",
    unit: "ms",
    meaning: "How long a visit to the zone lasts on average.",
    formula:
      "Area under the Kaplan-Meier curve of the visits that began in the interval, up to the longest. Stays going on and stays whose end was not seen enter as lower bounds.",
    parameters: zoneRules,
    needs: ["zone-camera"],
    methods: ["track"],
    ladder: "`track` in the zone's camera.",
    edges:
      "No ended visit: unknown (`no-visits`). The longest stay is a lower bound: so is the mean (`lower-bound`).",
  },
  {
    metric: "zone-dwell-median",
    version: 1,
    name: "Zone dwell, median",
    unit: "ms",
    meaning: "Half of the visits to the zone last longer than this.",
    formula:
      "Kaplan-Meier median of the visits that began in the interval. Stays going on and stays whose end was not seen enter as lower bounds.",
    parameters: zoneRules,
    needs: ["zone-camera"],
    methods: ["track"],
    ladder: "`track` in the zone's camera.",
    edges:
      "No ended visit: unknown (`no-visits`). More than half may have lasted longer than any seen to its end: unknown (`too-many-censored`). Some lower bounds among them are named (`censored-stays`).",
  },
  {
    metric: "zone-dwell-total",
    version: 1,
    name: "Zone dwell, total",
    unit: "ms",
    meaning: "Time spent in the zone by everyone together.",
    formula:
      "Integral of the number of people in the zone over the interval, short stays included.",
    parameters: [
      parameter("bridgedGapMs", ZONE_RULES.bridgedGapMs, "Shorter breaks count as presence."),
    ],
    needs: ["zone-camera"],
    methods: ["track"],
    ladder: "`track` in the zone's camera.",
    edges: "Stays whose end was not seen count up to where they were seen (`censored-stays`).",
  },
];

/** Every published metric, in display order; the single source of docs/metrics.md and of the Definitions page. */
export const DEFINITIONS: readonly MetricDefinition[] = Object.freeze([
  ...PEOPLE,
  ...SALES,
  ...ZONES,
]);

const BY_ID = new Map(DEFINITIONS.map((definition) => [definition.metric, definition]));

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

import { ZONE_RULES } from "../figures/zone-rules.ts";
import { DEFAULT_MEASURES } from "../rules.ts";
import { doors, type MetricDefinition, minCell, minN, parameter, staff } from "./terms.ts";

const zoneRules = [
  parameter("minDwellMs", ZONE_RULES.minDwellMs, "A shorter stay is walking through, not a visit."),
  parameter(
    "bridgedGapMs",
    ZONE_RULES.bridgedGapMs,
    "Out for less than this on the same track and back: one stay.",
  ),
];

const borderError = parameter(
  "borderErrorMs",
  ZONE_RULES.borderErrorMs,
  "When somebody comes in and leaves is known to this: the interval allows for stays so near the least dwell that were walks through, and for as many walks through that were stays.",
);

const engaged = parameter(
  "engagedMs",
  DEFAULT_MEASURES.engagedMs,
  "Dwell from which a stay is engaged; the value carries the shop's own choice.",
);

const cellStep = parameter(
  "minCell",
  DEFAULT_MEASURES.minCell,
  "Visits are told in whole steps of so many; the value carries the shop's own choice.",
);
const STEPS =
  "Visits are counted on from the beginning of the week, Monday, and told in whole steps of `minCell` and by whole hours: an interval's visits are the difference of two such counts, so that no two answers can be subtracted to find a smaller number. How groups widen the interval is told to two digits.";

const zoneMethods = "`track` in the zone's camera; `tag` of those who carry one, elsewhere.";
const visitMethods =
  "`track` where a camera follows visits from door to door; else `tag`: of tagged visits only, `effectiveN` says how many they are worth.";
const censoring = "Stays going on and stays whose end was not seen enter as lower bounds.";
const widerForGroups =
  "The interval is made wider where stays that began in the same minute resemble one another: groups stop together.";
const unseenZone =
  "Nothing sees the zone: unknown (`unknown-scope`). Its sensors are blind: unknown (`sensor-blind`).";

/** Figures of zones. */
export const ZONES: readonly MetricDefinition[] = [
  {
    metric: "zone-people-now",
    version: 2,
    name: "People now",
    unit: "people",
    meaning: "People standing in the zone at the end of the interval.",
    formula: "Tracks whose foot point is in the zone; on the floor, tags located in it.",
    parameters: [],
    needs: ["zone-sensors"],
    methods: ["track", "tag"],
    ladder: zoneMethods,
    edges: "The zone's sensors do not see now: unknown (`sensor-blind`).",
  },
  {
    metric: "zone-visits",
    version: 2,
    name: "Zone visits",
    unit: "count",
    meaning: "How often someone stopped in the zone; one person may stop several times.",
    formula: "Stays of at least the least dwell that began in the interval.",
    parameters: zoneRules,
    needs: ["zone-sensors"],
    methods: ["track", "tag"],
    ladder: zoneMethods,
    edges: `Stays still going on count as soon as they have lasted long enough. ${unseenZone}`,
  },
  {
    metric: "zone-unique-visits",
    version: 1,
    name: "Unique zone visits",
    unit: "count",
    meaning: "Visits to the shop that stopped in the zone at least once.",
    formula:
      "Completed visits of customers that began in the interval and had a stay of at least the least dwell in the zone; a visit counts once however often it stopped.",
    parameters: [...zoneRules, staff],
    needs: ["visit-sensors"],
    methods: ["track", "tag"],
    ladder: visitMethods,
    edges:
      "No camera follows visits through the zone and no tags are located there: unknown (`not-identifiable`). A visit counts when it is over, so today's come later than its zone visits.",
  },
  {
    metric: "zone-dwell-mean",
    version: 3,
    name: "Zone dwell, mean",
    unit: "ms",
    meaning: "How long a visit to the zone lasts on average.",
    formula: `Area under the Kaplan-Meier curve of the visits that began in the interval, up to the longest. ${censoring} ${widerForGroups}`,
    parameters: [...zoneRules, borderError],
    needs: ["zone-sensors"],
    methods: ["track", "tag"],
    ladder: zoneMethods,
    edges:
      "No ended visit: unknown (`no-visits`). The longest stay is a lower bound: so is the mean (`lower-bound`).",
  },
  {
    metric: "zone-dwell-median",
    version: 3,
    name: "Zone dwell, median",
    unit: "ms",
    meaning: "Half of the visits to the zone last longer than this.",
    formula: `Kaplan-Meier median of the visits that began in the interval. ${censoring} ${widerForGroups}`,
    parameters: [...zoneRules, borderError],
    needs: ["zone-sensors"],
    methods: ["track", "tag"],
    ladder: zoneMethods,
    edges:
      "No ended visit: unknown (`no-visits`). More than half may have lasted longer than any seen to its end: unknown (`too-many-censored`). Some lower bounds among them are named (`censored-stays`).",
  },
  {
    metric: "zone-dwell-p90",
    version: 2,
    name: "Zone dwell, ninetieth percentile",
    unit: "ms",
    meaning: "One in ten visits to the zone lasts longer than this.",
    formula: `Duration that a tenth of the Kaplan-Meier curve of the visits that began in the interval lies beyond. ${censoring} ${widerForGroups}`,
    parameters: [...zoneRules, borderError],
    needs: ["zone-sensors"],
    methods: ["track", "tag"],
    ladder: zoneMethods,
    edges:
      "As for the median; with more than a tenth not seen to its end it is often unknown (`too-many-censored`).",
  },
  {
    metric: "zone-dwell-total",
    version: 2,
    name: "Zone dwell, total",
    unit: "ms",
    meaning: "Time spent in the zone by everyone together.",
    formula:
      "Integral of the number of people in the zone over the interval, short stays included.",
    parameters: [
      parameter("bridgedGapMs", ZONE_RULES.bridgedGapMs, "Shorter breaks count as presence."),
    ],
    needs: ["zone-sensors"],
    methods: ["track", "tag"],
    ladder: zoneMethods,
    edges: "Stays whose end was not seen count up to where they were seen (`censored-stays`).",
  },
  {
    metric: "zone-seconds-per-entrant",
    version: 1,
    name: "Dwell per entrant",
    unit: "ms",
    meaning:
      "Time spent in the zone for each customer who entered the shop: what a heat map shows, so that busy days do not glow for their traffic alone.",
    formula:
      "Time spent in the zone / E, both over the minutes of opening hours that the zone's camera and all door cameras saw.",
    parameters: [minCell, doors, staff],
    needs: ["zone-camera", "door-cameras"],
    methods: ["track"],
    ladder: "`track` in the zone's camera over counted entrants.",
    edges:
      "Fewer visits to the zone than the least: withheld (`small-cell`); nobody at all is 0. How many stopped in a zone and how long all of them together stayed are plain counts and told apart from this. No entrants: unknown (`no-entrants`). Only tags are located there: unknown (`not-identifiable`).",
  },
  {
    metric: "zone-draw",
    version: 2,
    name: "Draw",
    unit: "ratio",
    meaning: "Share of all visits that stopped in the zone.",
    formula:
      "Visits with a stay of at least the least dwell in the zone / visits, both of completed visits of customers that began in the interval and were seen from where they began to where they ended: a track that is lost inside comes again as one without an entry, and neither piece says where the other did not stop. The interval is Wilson's at the effective number of visits: those that came in together through one door are one group.",
    parameters: [minN, ...zoneRules, staff],
    needs: ["visit-sensors"],
    methods: ["track", "tag"],
    ladder: visitMethods,
    edges:
      "No visit has ended: unknown (`no-visits`). Few visits: interval only (`small-sample`). Otherwise as for unique zone visits.",
  },
  {
    metric: "zone-engagement",
    version: 2,
    name: "Engagement",
    unit: "ratio",
    meaning: "Share of the visits to the zone that stayed long enough to be engaged.",
    formula: `Share of the stays that began in the interval which last at least \`engagedMs\`, by the Kaplan-Meier curve: a stay not seen to its end counts as long as it was seen. ${widerForGroups}`,
    parameters: [engaged, minN, ...zoneRules, borderError],
    needs: ["zone-sensors"],
    methods: ["track", "tag"],
    ladder: zoneMethods,
    edges:
      "Nobody stopped: unknown (`no-visits`). Every stay was lost from sight too early: unknown (`too-many-censored`). Few stays: interval only (`small-sample`). Never above 1: engaged stays are some of the stays.",
  },
  {
    metric: "zone-conversion",
    version: 2,
    name: "Zone conversion",
    unit: "ratio",
    meaning: "Baskets with goods of the zone per visit that was engaged with it.",
    formula:
      "Purchases whose receipt holds an article or department of the zone / engaged visits of the zone. Where at least 98 in 100 purchases are linked to their visits: share of the engaged visits that are known to have bought such goods; the interval reaches to where every basket with such goods was one of theirs. Else all such receipts over engaged visits, or over engaged stays where visits are not followed; the parameter `basis` of the value says which.",
    parameters: [
      engaged,
      minN,
      parameter("basis", "as the value says", "Which receipts stand over which visits."),
    ],
    needs: ["zone-sensors", "till"],
    methods: ["track", "tag", "receipts"],
    ladder:
      "`track` or `tag` with linked receipts; `receipts` over engaged visits or stays, where goods that stand in several zones count in each.",
    edges:
      "The plan does not say what is sold there: unknown (`no-goods`). No receipt says what was bought: unknown (`no-receipt-lines`). Nobody engaged: unknown (`no-engagement`). More baskets than engaged visits: shown as it is and flagged (`more-baskets-than-engaged`).",
  },
  {
    metric: "zone-holding-power",
    version: 2,
    name: "Holding power",
    unit: "ratio",
    meaning: "How long people stay in the zone against how long it was laid out for.",
    formula: "Zone dwell, median / reference dwell of the plan. 1 is as planned; more is longer.",
    parameters: [
      parameter("referenceDwellMs", "of the plan", "Dwell that the zone was laid out for."),
      ...zoneRules,
      borderError,
    ],
    needs: ["zone-sensors"],
    methods: ["track", "tag"],
    ladder: zoneMethods,
    edges:
      "The plan gives no reference: unknown (`no-reference`). Otherwise as for the median dwell.",
  },
  {
    metric: "zone-lift",
    version: 2,
    name: "Cross-shopping",
    unit: "ratio",
    meaning:
      "How much oftener two zones are stopped at on one visit than if they had nothing to do with one another; 1 is chance.",
    formula: `P(AB) / (P(A) P(B)) over visits as for draw; the same in either order. Visits with both are told in steps. The interval is that of its logarithm, over groups that came in together, and wider by half a step. ${STEPS}`,
    parameters: [cellStep, minN, ...zoneRules, staff],
    needs: ["visit-sensors"],
    methods: ["track", "tag"],
    ladder: visitMethods,
    edges:
      "One of the zones without a visit: unknown (`no-visits`). Fewer visits with both than a step, or none: withheld (`small-cell`). Few visits: interval only (`small-sample`).",
  },
  {
    metric: "zone-transition",
    version: 2,
    name: "Zone transition",
    unit: "ratio",
    meaning: "Share of those leaving one zone who stop in another next, or leave the shop.",
    formula: `Departures from the one to the other / departures from the one, over completed visits of customers that began in the interval; stops in the same zone in a row are one. \`entry\` comes before the first stop; \`exit-with-tx\` and \`exit-without\` end a visit, with or without a purchase linked to it. What is told of each row adds up to 1, and \`n\` are the visits told of it. A beginning or an end that was not seen is no departure. ${STEPS}`,
    parameters: [cellStep, minN, ...zoneRules, staff],
    needs: ["visit-sensors"],
    methods: ["track", "tag"],
    ladder: visitMethods,
    edges:
      "Fewer visits than a step went that way, or none: withheld (`small-cell`); which of the two is not told apart. Nobody left from there: unknown (`no-visits`). No payment linked: everybody leaves by `exit-without`, which says so (`payments-not-linked`). Some linked: both ways out say so (`payments-partly-linked`), and their intervals reach to where the other purchases were of such visits. The week in which the interval begins is not kept in full: unknown (`not-kept`).",
  },
];

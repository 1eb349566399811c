import { PLAUSIBLE } from "../figures/plausibility.ts";
import { IMPUTE_RULES } from "../impute/blind-minutes.ts";
import { DEFAULT_MEASURES } from "../rules.ts";
import {
  doors,
  imputing,
  type MetricDefinition,
  minN,
  missing,
  openHours,
  parameter,
  staff,
  streetDoors,
  young,
} from "./terms.ts";

const comparable = parameter(
  "comparableShare",
  IMPUTE_RULES.comparableShare,
  "A day of which more is estimated is not comparable.",
);
const lopsided = parameter(
  "inOutRatio",
  `${PLAUSIBLE.leastRatio} to ${PLAUSIBLE.mostRatio}`,
  "Entries over exits of a closed day; beyond it a door miscounts.",
);
const ceiling = parameter(
  "mostPerMinute",
  PLAUSIBLE.mostPerMinute,
  "More people in a minute, direction and line cannot be.",
);
const gap = parameter(
  "reentryGapMs",
  DEFAULT_MEASURES.reentryGapMs,
  "Re-entry on the same track merges within it.",
);
const DOUBTS =
  "A line silent while those beside it count (`silent-line`) and an impossible rate (`impossible-rate`) are named, and shown all the same.";
const FILLED =
  "What was not seen and could be filled is in the value, with its share (`imputed`); more than a fifth of a day: `not-comparable`. A gap nothing can be said about lowers the coverage only.";

/** Figures of the doors and the frontage. */
export const COUNTS: readonly MetricDefinition[] = [
  {
    metric: "passing-traffic",
    version: 2,
    name: "Passing traffic",
    unit: "people",
    meaning:
      "People who came by the shopfront while the shop was open, whether they entered or not.",
    formula:
      "A = in_L + in_R: people moving towards the door over the passing lines, one on each side of the frontage. Leavers cross outwards only and never count. A second crossing on the same track does not count again.",
    parameters: [openHours, imputing, comparable, ceiling, missing],
    needs: ["passing-cameras"],
    methods: ["count"],
    ladder: "`count` on passing lines.",
    edges: `No passing line: unknown (\`no-passing-line\`). A single passing line: an index, not a number of people (\`index-only\`). ${FILLED} ${DOUBTS}`,
  },
  {
    metric: "entrants",
    version: 3,
    name: "Entrants",
    unit: "people",
    meaning: "Customers who came into the shop while it was open.",
    formula:
      "E = inward crossings of all door lines, less those of staff, less entries that a track proves to be by someone who entered within the re-entry gap, less children where the shop tells them apart; who is both is taken out once. Anonymous people are never merged. A single door line counts every crossing that was not staff. The interval reaches from the count, less double counts, to what a counter would have missed.",
    parameters: [
      gap,
      doors,
      staff,
      young,
      openHours,
      imputing,
      comparable,
      lopsided,
      ceiling,
      missing,
    ],
    needs: ["door-cameras"],
    methods: ["count"],
    ladder: "`count` on door lines.",
    edges: `Merged re-entries are named with the raw count (\`re-entries-merged\`), and so are staff (\`staff-excluded\`). Staff without a tag, or with an empty battery, count as customers. Outside of opening hours: named (\`outside-hours\`). Entries and exits that cannot both be right are named (\`counts-lopsided\`). ${FILLED} ${DOUBTS}`,
  },
  {
    metric: "entrants-raw",
    version: 1,
    name: "Entrants, raw",
    unit: "people",
    meaning: "Everybody who went in over a door, around the clock: what the sensors counted.",
    formula:
      "Inward crossings of all door lines. The parameters say how the entrants come of it: E = raw - staff - re-entries - children told apart - crossings outside of opening hours.",
    parameters: [doors, ceiling, missing],
    needs: ["door-cameras"],
    methods: ["count"],
    ladder: "`count` on door lines.",
    edges: `Nothing is taken out and nothing filled in. ${DOUBTS}`,
  },
  {
    metric: "children",
    version: 1,
    name: "Children",
    unit: "people",
    meaning: "Children among those who came in, as a counter that measures height told.",
    formula:
      "Entries within opening hours that a counter called a child, neither staff nor re-entries. Height is a poor guide between eight and twelve years. Never inferred from anything else.",
    parameters: [young, doors, openHours, missing],
    needs: ["door-cameras"],
    methods: ["count"],
    ladder: "`count` by counters that measure height.",
    edges:
      "No counter measures height: unknown (`no-heights`). How many entries were measured stands in the parameters.",
  },
  {
    metric: "buying-units",
    version: 4,
    name: "Buying units",
    unit: "count",
    meaning: "Groups of people who came in together, and those who came alone: who may buy as one.",
    formula:
      "U = E with children - sum(size - 1) over the groups that went in over door lines: entrants, less everybody who came in with somebody before them. A group counts when its first member crossed; of one that steps out and in again only those who are new to it. Staff are no members. A child alone is a unit. Groups over other lines, and groups that leave, do not count. Parts add up to the whole.",
    parameters: [
      parameter("reentryGapMs", DEFAULT_MEASURES.reentryGapMs, "As for entrants."),
      parameter("groups", "distance, direction, time", "What makes people one group at a line."),
      doors,
      staff,
      openHours,
      imputing,
      comparable,
      missing,
    ],
    needs: ["door-cameras"],
    methods: ["count"],
    ladder: "`count` of groups on door lines.",
    edges: `No group was ever seen: equal to the entrants, and says so (\`no-groups\`). Beside the entrants, never instead of them: the default of every rate stays entrants. An interval of minutes may end between the members of a group and hold less than nobody: shown as it is and named (\`group-cut\`). ${FILLED}`,
  },
  {
    metric: "exits",
    version: 3,
    name: "Exits",
    unit: "people",
    meaning: "Times a customer went out of the shop, after closing too.",
    formula: "Outward crossings of all door lines, less those of staff, around the clock.",
    parameters: [doors, staff, imputing, comparable, lopsided, ceiling, missing],
    needs: ["door-cameras"],
    methods: ["count"],
    ladder: "`count` on door lines.",
    edges: `No door line: unknown (\`no-door-line\`). Staff left out are named with the raw count (\`staff-excluded\`). ${FILLED} ${DOUBTS}`,
  },
  {
    metric: "shopfront-conversion",
    version: 4,
    name: "Shopfront conversion",
    unit: "ratio",
    meaning: "Share of the people coming by who entered.",
    formula:
      "E_street / A: entrants over the doors that open onto the frontage, over passing traffic, over the open minutes that both groups of cameras saw. Back doors are in neither. Staff are left out of the entrants, not of the passing traffic: who of the passers-by wears a tag is not known. Children are in both. The interval is Wilson's at the effective number of people: groups decide together, and the spread between days shows it where there are five or more; it is widened by what the counters may have missed.",
    parameters: [minN, streetDoors, staff, openHours, ceiling, missing],
    needs: ["street-door-cameras", "passing-cameras"],
    methods: ["count"],
    ladder: "`count` on door and passing lines.",
    edges: `Nobody passed: unknown (\`no-passers-by\`). Only back doors: unknown (\`no-street-door\`). More entrants than passers-by: shown as it is and flagged (\`geometry-fault\`). Single passing line: an index (\`index-only\`). Few people: interval only (\`small-sample\`). What is missed in both directions cannot be known from counts and is not corrected. ${DOUBTS}`,
  },
];

import { DEFAULT_MEASURES } from "../rules.ts";
import { doors, type MetricDefinition, minN, parameter, staff, streetDoors } from "./terms.ts";

/** Figures of the doors and the frontage. */
export const COUNTS: readonly MetricDefinition[] = [
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
      parameter(
        "reentryGapMs",
        DEFAULT_MEASURES.reentryGapMs,
        "Re-entry on the same track merges within it.",
      ),
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
      parameter("reentryGapMs", DEFAULT_MEASURES.reentryGapMs, "As for entrants."),
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
];

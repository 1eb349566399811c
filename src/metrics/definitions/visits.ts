import { DRIFT_RULES } from "../occupancy.ts";
import { DEFAULT_MEASURES } from "../rules.ts";
import { type MetricDefinition, parameter, staff } from "./terms.ts";

/** Figures of visits: how many are inside, how long they last, how many leave at once. */
export const VISITS: readonly MetricDefinition[] = [
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
      parameter(
        "bounceMaxMs",
        DEFAULT_MEASURES.bounceMaxMs,
        "tau, the shortest time to buy anything.",
      ),
    ],
    needs: ["door-cameras"],
    methods: ["none"],
    ladder:
      "`none` for now. Better, best first: one track from entry to exit; weighted tag samples; deconvolution of entries and exits.",
    edges:
      "Always unknown (`not-identifiable`): pairing anonymous entries with exits would invent a rate that follows traffic, not behaviour.",
  },
];

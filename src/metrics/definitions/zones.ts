import { ZONE_RULES } from "../zone-rules.ts";
import { type MetricDefinition, parameter } from "./terms.ts";

const zoneRules = [
  parameter("minDwellMs", ZONE_RULES.minDwellMs, "A shorter stay is walking through, not a visit."),
  parameter(
    "bridgedGapMs",
    ZONE_RULES.bridgedGapMs,
    "Out for less than this on the same track and back: one stay.",
  ),
];

/** Figures of zones. */
export const ZONES: readonly MetricDefinition[] = [
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

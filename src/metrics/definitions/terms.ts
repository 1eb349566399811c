import type { MetricId, MetricMethod, MetricUnit } from "../../core/metric-value.ts";
import { DOOR_ACCURACY_RATIO } from "../estimate/bootstrap.ts";
import { IMPUTE_RULES } from "../impute/blind-minutes.ts";
import { DEFAULT_MEASURES, RULES } from "../rules.ts";

/**
 * What must see for the value to be known: cameras with door lines, with passing lines, of the zone; the till. Zone
 * sensors: the zone's camera, else receivers. Visit sensors: cameras that follow visits, else receivers and tags.
 */
export type SensorNeed =
  | "door-cameras"
  | "street-door-cameras"
  | "passing-cameras"
  | "zone-camera"
  | "zone-sensors"
  | "visit-sensors"
  | "queue-events"
  | "baskets"
  | "loyalty-cards"
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

/** A parameter of a definition. */
export const parameter = (
  name: string,
  value: number | string,
  meaning: string,
): MetricParameter => ({
  name,
  value,
  meaning,
});
/** Parameters that several definitions share. */
export const minN = parameter(
  "minN",
  RULES.minN,
  "Below so many observations only the interval is given, not the rate.",
);
export const doors = parameter("doors", "all", "Which door lines count: all, back doors too.");
export const streetDoors = parameter(
  "doors",
  "frontage",
  "Which door lines count: those onto the frontage that the passing lines watch.",
);
export const staff = parameter(
  "staffExclusion",
  "tag",
  "Crossings that were more probably a staff tag at the door than a customer are left out, some minutes after they were counted.",
);
export const openHours = parameter(
  "openGraceMs",
  RULES.openGraceMs,
  "With known opening hours: counted from so long before opening until closing; who comes outside is told as preOpen and postClose. Without, around the clock.",
);
export const young = parameter(
  "children",
  "count",
  "Whether children are among the entrants, or told beside them (separate), where a counter measures height.",
);
export const imputing = parameter(
  "shortGapMs",
  IMPUTE_RULES.shortGapMs,
  "A gap of a sensor up to this long is bridged from the minutes on either side, up to a day filled from the median of the same weekday and quarter of an hour over six weeks times how busy the day is where it was seen; longer, or where too little is known, left empty. The share is stated; never in rates, learning or audits.",
);
export const missing = parameter(
  "countAccuracyRatio",
  DOOR_ACCURACY_RATIO,
  "What counters are taken to catch: the interval allows for twice as many missed.",
);

/** Least number of visits behind a published cell. */
export const minCell = parameter(
  "minCell",
  DEFAULT_MEASURES.minCell,
  "Least number of visits behind a published cell; the value carries the shop's own choice.",
);

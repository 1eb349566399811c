import type { MetricId, MetricMethod, MetricUnit } from "../../core/metric-value.ts";
import { RULES } from "../rules.ts";

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

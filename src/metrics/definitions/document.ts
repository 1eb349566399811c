import type { MetricUnit } from "../../core/metric-value.ts";
import { DEFINITIONS } from "../definitions.ts";
import { REASONS } from "../reasons.ts";
import type { MetricDefinition, SensorNeed } from "./terms.ts";

const UNIT_TEXT: Readonly<Record<MetricUnit, string>> = {
  people: "people",
  count: "number",
  ratio: "ratio; a share is above 1 only when flagged",
  ms: "milliseconds",
  minor: "hundredths of the store's currency",
  days: "days",
  "per-hour": "per hour",
  "per-transaction": "pieces per purchase",
};

const NEED_TEXT: Readonly<Record<SensorNeed, string>> = {
  "door-cameras": "every camera with a door line",
  "street-door-cameras": "every camera with a door line onto the frontage",
  "passing-cameras": "every camera with a passing line",
  "zone-camera": "the zone's camera",
  "zone-sensors": "the zone's camera, or receivers and tags where no camera looks at it",
  "visit-sensors": "a camera that follows visits from door to door, or receivers and tags",
  "queue-events": "what sees the queue",
  baskets: "baskets that tell what goes into them",
  "loyalty-cards":
    "customers who are recognised: receivers and registered loyalty cards, or members who opted in",
  till: "receipts from the till",
};

const SMALL_NUMBERS: readonly string[] = [
  "## Small numbers",
  "",
  "Counts of people at a line, in a zone or in the shop are shown as they are, down to 0 and 1. What follows somebody's",
  "way, or tells who came before, is never told of few, and two answers cannot be subtracted to find a few:",
  "",
  "- Transitions, cross-shopping and common paths count visits on from the beginning of each week and tell such a running",
  "  count in whole steps of `minCell` (paths: `minPathCell`), hour by hour. What is told of an interval is the difference",
  "  of two of these. Whoever asks all intervals there are learns the steps and nothing else: of no interval can a number",
  "  below a step be told from none, or else not from one of at least a step. Ways that few went, and that nobody went, are",
  "  not told apart.",
  "- Figures of returning customers are told of whole trading days on which at least `minPathCell` customers are on each",
  "  side; days of fewer wait until together they are enough, and are told together or not at all. Any two answers differ",
  "  by at least so many customers, or by none.",
  "- Dwell per entrant, which a heat map shows, is withheld below `minCell` visits.",
  "",
  "What is told late of a time that was told already changes its figures; both are true when they are told.",
  "",
];

/** The text of docs/metrics.md, from the table of definitions and the table of reasons. Pure. */
export function renderMetricsDocument(): string {
  return [
    "# Metrics",
    "",
    "Generated from `src/metrics/definitions.ts` by `npm run generate`; do not edit. Every figure that is shown or",
    "published is one of these and carries its definition (id, version, parameters), `method`, `coverage`,",
    "`imputedShare`, `n`, `ci95` and `revision`. What cannot be known is `null` with a reason, never 0.",
    "",
    "Intervals are half-open and counted in slots of one minute; a slot that overlaps the interval counts whole. A",
    "trading day begins at the store's cut-over in its own time zone, so it has 23 or 25 hours where clocks change.",
    "`coverage` is the share of the interval in which everything the value needs was seeing; time before a sensor's",
    "first news counts as unseen, and with known opening hours only the open part of the interval is looked at. Counts",
    "of the doors and the frontage are filled in where a sensor was blind, with the share in `imputedShare`; `n` is what",
    "was counted. Rates never hold anything filled in. An event for a slot that had closed",
    "raises `revision`.",
    "",
    ...SMALL_NUMBERS,
    ...DEFINITIONS.flatMap(sectionOf),
    "## Reasons",
    "",
    "| code | what it says |",
    "|---|---|",
    ...Object.entries(REASONS).map(([code, text]) => `| \`${code}\` | ${text} |`),
    "",
  ].join("\n");
}

function sectionOf(definition: MetricDefinition): string[] {
  const parameters = definition.parameters.map(
    ({ name, value, meaning }) => `- Parameter \`${name}\` = ${value}: ${meaning}`,
  );
  return [
    `## ${definition.name} (\`${definition.metric}\`, version ${definition.version})`,
    "",
    definition.meaning,
    "",
    `- Formula: ${definition.formula}`,
    `- Unit: ${UNIT_TEXT[definition.unit]}`,
    ...parameters,
    `- Needs: ${definition.needs.map((need) => NEED_TEXT[need]).join("; ")}`,
    `- Method: ${definition.ladder}`,
    `- Edges: ${definition.edges}`,
    "",
  ];
}

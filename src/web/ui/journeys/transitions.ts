import type { MetricValue } from "../../../core/metric-value.ts";
import type { JourneysReport } from "../../../metrics/reports/reports.ts";
import type { CsvCell } from "../table-csv.ts";

/** One place of the transition matrix, as row or column. */
export interface Place {
  readonly id: string;
  readonly name: string;
}

/** What is known of going from one place to the next. */
export type Step =
  | { readonly kind: "share"; readonly share: number; readonly value: MetricValue }
  /** Too few to be told without telling of somebody, or what would give such a number away. */
  | { readonly kind: "withheld"; readonly value: MetricValue }
  /** Not known for another reason. */
  | { readonly kind: "unknown"; readonly value: MetricValue }
  /** Too few went this way to be told, or nobody: that is not told apart. */
  | { readonly kind: "none" };

/** From where to where people went, ready to be drawn. */
export interface Transitions {
  readonly rows: readonly Place[];
  readonly columns: readonly Place[];
  readonly stepOf: (from: string, to: string) => Step;
}

/** Names of the ends that are no zones. */
const ENDS: Readonly<Record<string, string>> = {
  entry: "Came in",
  "exit-with-tx": "Left after buying",
  "exit-without": "Left without buying",
};

/** Reason under which a cell is hidden. */
const SMALL_CELL = "small-cell";

/** The matrix: zones that anybody came to or from, the door first, the ways out last. Pure. */
export function transitionsOf(report: JourneysReport): Transitions {
  const steps = new Map<string, MetricValue>();
  const [sources, targets] = [new Set<string>(), new Set<string>()];
  for (const value of report.transitions) {
    if (value.scope.kind !== "zone-pair") continue;
    steps.set(`${value.scope.from}>${value.scope.to}`, value);
    sources.add(value.scope.from);
    targets.add(value.scope.to);
  }
  const zones = report.zones.map(({ id, name }) => ({ id, name }));
  const end = (id: string): Place => ({ id, name: ENDS[id] ?? id });
  const all = [end("entry"), ...zones, end("exit-with-tx"), end("exit-without")];
  return {
    rows: all.filter(({ id }) => sources.has(id)),
    columns: all.filter(({ id }) => targets.has(id)),
    stepOf: (from, to) => stepOf(steps.get(`${from}>${to}`)),
  };
}

/** Head of the transitions as a table for a spreadsheet. */
const CSV_HEAD = ["from", "to", "share", "ci95_low", "ci95_high", "n", "method", "reason"];

/** The transitions as a table for a spreadsheet; withheld ones have their reason and no number. Pure. */
export function transitionRows(report: JourneysReport): readonly (readonly CsvCell[])[] {
  const rows = report.transitions.flatMap(({ scope, value, ci95, n, method, reason }) => {
    if (scope.kind !== "zone-pair") return [];
    const ends = [placeName(report, scope.from), placeName(report, scope.to)];
    const [low, high] = ci95 ?? [null, null];
    return [[...ends, value, low, high, n, method, reason?.text ?? null]];
  });
  return [CSV_HEAD, ...rows];
}

/** Name of a zone or of an end of a visit. Pure. */
export function placeName(report: JourneysReport, id: string): string {
  return ENDS[id] ?? report.zones.find((zone) => zone.id === id)?.name ?? id;
}

/** Fewest visits of a cell that is shown, as the values say it; null when none says it. Pure. */
export function leastCellOf(values: readonly MetricValue[]): number | null {
  for (const { definition } of values) {
    const least = definition.parameters["minCell"];
    if (typeof least === "number") return least;
  }
  return null;
}

/** Whether a value is kept back because it is about very few. Pure. */
export function isWithheld(value: MetricValue): boolean {
  return value.value === null && value.reason?.code === SMALL_CELL;
}

/** A way on from a place or into it, for a list: shares known, largest first, then those withheld. */
export interface Way {
  readonly place: Place;
  readonly step: Exclude<Step, { readonly kind: "none" }>;
}

/** Where people went from a place, or with `isInto` where they came from; ways that are not told are left out. Pure. */
export function waysOf(transitions: Transitions, id: string, isInto: boolean): readonly Way[] {
  const others = isInto ? transitions.rows : transitions.columns;
  const ways = others.flatMap((place): Way[] => {
    const step = isInto ? transitions.stepOf(place.id, id) : transitions.stepOf(id, place.id);
    return step.kind === "none" ? [] : [{ place, step }];
  });
  return ways.sort((a, b) => rank(b) - rank(a));
}

const rank = ({ step }: Way): number => (step.kind === "share" ? step.share : -1);

function stepOf(value: MetricValue | undefined): Step {
  if (value === undefined) return { kind: "none" };
  if (value.value !== null) return { kind: "share", share: value.value, value };
  return { kind: isWithheld(value) ? "withheld" : "unknown", value };
}

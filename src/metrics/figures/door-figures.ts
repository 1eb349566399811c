import type { LineId } from "../../core/brand.ts";
import type { MetricId, MetricReason, MetricValue } from "../../core/metric-value.ts";
import type { Day, DayPart } from "../days/day-book.ts";
import { countInterval95, DOOR_ACCURACY_RATIO } from "../estimate/bootstrap.ts";
import { type Interval, Z95 } from "../estimate/intervals.ts";
import { reason } from "../reasons.ts";
import {
  type Figure,
  figure,
  noted,
  type Question,
  type Sources,
  shopParts,
  unknown,
  unseen,
} from "../sources.ts";
import { counted, sightOfLines } from "./counted.ts";
import {
  type Count,
  childrenIn,
  companionsIn,
  crossings,
  type Direction,
  entries,
  isSeparate,
  lineTotal,
  outsideHours,
  passersBy,
} from "./door-count.ts";
import {
  cameOutside,
  childParameters,
  gapParameters,
  hourParameters,
  indexOnly,
  leftOut,
  linesInScope,
  staffParameters,
  withoutLines,
} from "./door-notes.ts";
import { flowDoubt, lineDoubts } from "./plausibility-notes.ts";
import { shopfrontConversion } from "./shopfront.ts";

/** Share of people whose height tells a child from an adult wrongly, either way: what is assumed of a counter. */
const HEIGHT_ERROR_RATIO = 0.1;

/** Entrants of the shop, or all entries over one door line. */
export function entrants(sources: Sources, question: Question): MetricValue {
  const lines = linesInScope(sources, question, "door");
  if (lines.length === 0) return withoutLines(sources, question, "door");
  const isStore = question.scope.kind === "store";
  const count = entryCount(sources, isStore);
  const came = count(shopParts(sources, question), lines);
  const outside = outsideHours(sources, question, (parts) => count(parts, lines).people);
  return counted(sources, question, {
    lines,
    hours: "open",
    count: (parts) => count(parts, lines),
    readLine: (part, line) => count([part], [line]).people,
    opposite: isStore ? leaversOf(sources, question, lines, came) : null,
    doubts: [lineDoubts(sources, question, lines), isStore ? flowDoubt(sources, question) : null],
    notes: [leftOut(came), cameOutside(outside)],
    parameters: {
      ...gapParameters(sources),
      ...staffParameters(came),
      ...childParameters(sources, came),
      ...hourParameters(sources, outside),
    },
  });
}

/** Everybody who crossed a door line inwards, around the clock: what the sensors counted, and what E makes of it. */
export function entrantsRaw(sources: Sources, question: Question): MetricValue {
  const lines = linesInScope(sources, question, "door");
  if (lines.length === 0) return withoutLines(sources, question, "door");
  const sight = sightOfLines(sources, question, lines);
  const blind = unseen(sources, question, sight);
  if (blind !== null) return blind;
  const rawIn = (parts: readonly DayPart[]): number =>
    lineTotal(parts, lines, (line, { range }) => line.in.count(range));
  const all = sources.book.parts(question.from, question.to);
  const open = shopParts(sources, question);
  const value = rawIn(all);
  const came = entryCount(sources, question.scope.kind === "store")(open, lines);
  return figure(question, {
    value,
    reason: noted(sight, lineDoubts(sources, question, lines)),
    coverage: sight.share,
    n: value,
    ci95: countInterval95(value, { opposite: null, accuracyRatio: DOOR_ACCURACY_RATIO }),
    revision: crossings(all, lines, "in").revision + sight.corrections,
    parameters: {
      entrants: came.people,
      reentriesMerged: came.merged,
      staffExcluded: came.staff,
      childrenSeparate: came.children,
      outsideHours: value - rawIn(open),
    },
  });
}

/** Children among those who came in, where a counter measures height. */
export function children(sources: Sources, question: Question): MetricValue {
  const lines = linesInScope(sources, question, "door");
  if (lines.length === 0) return withoutLines(sources, question, "door");
  const sight = sightOfLines(sources, question, lines);
  const blind = unseen(sources, question, sight);
  if (blind !== null) return blind;
  const measuredIn = (parts: readonly DayPart[]): number =>
    lineTotal(parts, lines, (line, { range }) => line.measured.count(range));
  if (measuredIn(sources.book.days.map(wholeOf)) === 0)
    return unknown(question, sight.share, "no-heights", "No counter here measures height.");
  const parts = shopParts(sources, question);
  const value = childrenIn(parts, lines);
  return figure(question, {
    value,
    reason: noted(sight, null),
    coverage: sight.share,
    n: value,
    ci95: childInterval(value),
    revision: crossings(parts, lines, "in").revision + sight.corrections,
    parameters: { children: sources.measures.children, measured: measuredIn(parts) },
  });
}

/** As for any count, and height misjudges some: children who are tall, adults who are not. */
function childInterval(value: number): Interval {
  const [low, high] = countInterval95(value, {
    opposite: null,
    accuracyRatio: DOOR_ACCURACY_RATIO,
  });
  const mistaken = Z95 * Math.sqrt(HEIGHT_ERROR_RATIO * value);
  return [Math.max(0, low - mistaken), high + mistaken];
}

/** Exits of the shop, or over one door line, around the clock: whoever came in may leave after closing. */
export function exits(sources: Sources, question: Question): MetricValue {
  const lines = linesInScope(sources, question, "door");
  if (lines.length === 0) return withoutLines(sources, question, "door");
  const isStore = question.scope.kind === "store";
  const left = crossings(sources.book.parts(question.from, question.to), lines, "out");
  return counted(sources, question, {
    lines,
    hours: "always",
    count: (parts) => crossings(parts, lines, "out"),
    readLine: (part, line) => crossings([part], [line], "out").people,
    opposite: isStore ? onWholeDays(sources, question, lines, "in") : null,
    doubts: [lineDoubts(sources, question, lines), isStore ? flowDoubt(sources, question) : null],
    notes: [leftOut(left)],
    parameters: staffParameters(left),
  });
}

/** Passing traffic of the shop, or towards the door over one passing line. */
export function passingTraffic(sources: Sources, question: Question): MetricValue {
  const lines = linesInScope(sources, question, "passing");
  if (lines.length === 0) return withoutLines(sources, question, "passing");
  const isStore = question.scope.kind === "store";
  const count = (parts: readonly DayPart[]): Count => passersBy(parts, lines, isStore);
  const outside = outsideHours(sources, question, (parts) => count(parts).people);
  return counted(sources, question, {
    lines,
    hours: "open",
    count,
    readLine: (part, line) =>
      crossings([part], [line], "in").people * (isStore ? onceRatio(part.day, lines) : 1),
    doubts: [lineDoubts(sources, question, lines)],
    notes: [isStore ? indexOnly(lines.length) : null],
    parameters: hourParameters(sources, outside),
  });
}

/** People who came in alone or as one group, for the whole shop or over one door line. */
export function buyingUnits(sources: Sources, question: Question): MetricValue {
  const lines = linesInScope(sources, question, "door");
  if (lines.length === 0) return withoutLines(sources, question, "door");
  const isStore = question.scope.kind === "store";
  const count = (parts: readonly DayPart[], doors: readonly LineId[]): Count => {
    const came = isStore ? entries(parts, doors, false) : crossings(parts, doors, "in");
    const corrected = lineTotal(parts, doors, (line, { range }) => line.companions.revision(range));
    return {
      ...came,
      people: came.people - companionsIn(parts, doors),
      revision: came.revision + corrected,
    };
  };
  const units = count(shopParts(sources, question), lines);
  const noGroups = reason(
    "no-groups",
    "Nobody has been seen coming in a group yet: every entrant counts as one unit.",
  );
  return counted(sources, question, {
    lines,
    hours: "open",
    count: (parts) => count(parts, lines),
    readLine: (part, line) => count([part], [line]).people,
    doubts: [lineDoubts(sources, question, lines)],
    notes: [cutGroup(units), sources.hasGroups() || units.people === 0 ? null : noGroups],
    parameters: { ...gapParameters(sources), ...staffParameters(units) },
  });
}

/**
 * A group counts when its first member crosses and its members each when they do, so an interval of a minute or two may
 * hold more of the one than of the other. Lifting it to zero would make the parts of a day more than the day.
 */
const cutGroup = ({ people }: Count): MetricReason | null =>
  people >= 0
    ? null
    : reason(
        "group-cut",
        "The interval ends between the members of a group: the next one holds the others.",
      );

/** How entrants are counted: of the shop with re-entries merged, of a single door without. */
const entryCount =
  (sources: Sources, isStore: boolean) =>
  (parts: readonly DayPart[], doors: readonly LineId[]): Count => {
    if (isStore) return entries(parts, doors, isSeparate(sources));
    const came = crossings(parts, doors, "in");
    const young = isSeparate(sources) ? childrenIn(parts, doors) : 0;
    return { ...came, people: came.people - young, children: young };
  };

/** Crossings in one direction when the interval is whole days, so that the two directions can be compared; else null. */
function onWholeDays(
  sources: Sources,
  { from, to }: Question,
  lines: readonly LineId[],
  direction: Direction,
): number | null {
  const parts = sources.book.parts(from, to);
  return parts.every(({ isWhole }) => isWhole) ? crossings(parts, lines, direction).people : null;
}

/** Leavers of whole days less those whose entry is not among the entrants. */
function leaversOf(
  sources: Sources,
  question: Question,
  lines: readonly LineId[],
  came: Count,
): number | null {
  const left = onWholeDays(sources, question, lines, "out");
  const all = onWholeDays(sources, question, lines, "in");
  return left === null || all === null ? null : left - (all - came.people);
}

/** Share of a day's passing crossings that are the first of their track; which line repeats is not known. */
function onceRatio(day: Day, lines: readonly LineId[]): number {
  const { people, merged } = passersBy([wholeOf(day)], lines, true);
  return people + merged > 0 ? people / (people + merged) : 1;
}

const wholeOf = (day: Day): DayPart => ({ day, range: { from: 0, to: day.slots }, isWhole: true });

/** Figures by metric. */
export const DOOR_FIGURES = {
  "passing-traffic": passingTraffic,
  entrants,
  "entrants-raw": entrantsRaw,
  children,
  "buying-units": buyingUnits,
  exits,
  "shopfront-conversion": shopfrontConversion,
} as const satisfies Partial<Record<MetricId, Figure>>;
